"""Training on labels while hidden features of source and target are drawn together: Deep CORAL and deep MMD."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from polyculture.adapt.coral import coral_loss
from polyculture.adapt.mmd import mmd_loss
from polyculture.arrays import Array, Floats, Mask
from polyculture.device import moved
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.base import held_out
from polyculture.features.network import weights_of
from polyculture.progress import LOG
from polyculture.targets import kind_named, kind_of

if TYPE_CHECKING:
    from torch import Tensor, nn

    from polyculture.training import Objective

Penalty = Callable[["Tensor", "Tensor"], "Tensor"]

PENALTIES: dict[str, Penalty] = {"coral": coral_loss, "mmd": mmd_loss}


def align(
    backbone: Backbone,
    X: Floats,
    y: Array,
    domain: Array,
    *,
    penalty: str = "coral",
    weight: float = 1.0,
    validation: Mask | None = None,
    learning_rate: float = 1e-3,
    epochs: int = 15,
) -> dict[str, dict[str, Array]]:
    r"""An expert for each domain without labels, from the backbone's weights.

    .. math:: \min_\theta L(\theta; X_s, y_s) + \lambda\, D\big(h_\theta(X_s), h_\theta(X_t)\big)

    with D the distance of Deep CORAL, times :math:`4d` so that it does not vanish in wide layers, or the squared MMD
    of two batches of hidden features. All labelled items are the source.

    Parameters
    ----------
    backbone : Backbone
        Fitted.
    X : array of shape (n, d)
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)
    penalty : {"coral", "mmd"}
    weight : float >= 0
        :math:`\lambda`.
    validation : array of bool, shape (n,), or None
        Held-out labelled items decide when to stop; None holds out a tenth.
    learning_rate : float
    epochs : int

    Returns
    -------
    dict of domain to weights
        Only domains without labels.

    Raises
    ------
    ParameterError
        If there is no such penalty, or the backbone reads no vectors.

    References
    ----------
    Sun & Saenko 2016, Deep CORAL, arXiv:1607.01719; Long et al. 2015, arXiv:1502.02791.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.align import align
    >>> from polyculture.features.backbone import Backbone
    >>> x = np.random.RandomState(0).randn(80, 3).astype("float32")
    >>> y, domain = (x[:, 0] > 0).astype(int), np.repeat(["a", "b"], 40)
    >>> y[40:] = -1
    >>> sorted(align(Backbone(hidden=(4,), epochs=2).fit(x, y), x, y, domain, epochs=1))
    ['b']
    """
    if penalty not in PENALTIES or not weight >= 0:
        raise ParameterError(
            f"penalty is {penalty!r} and weight {weight}; use {' or '.join(PENALTIES)}, and 0 or more."
        )
    experts = {}
    for name, rows in unlabelled(y, domain).items():
        task = Task(backbone, X, y, rows, validation)
        network = task.network()
        objective = drawn_together(task, PENALTIES[penalty], weight)
        task.train(network, objective, learning_rate, epochs, f"aligned {name}")
        experts[name] = weights_of(network)
    return experts


def unlabelled(y: Array, domain: Array) -> dict[str, Array]:
    """Rows of each domain that has no label, by its name.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.align import unlabelled
    >>> unlabelled(np.array([0, 1, -1, -1]), np.array(["a", "b", "b", "c"]))
    {'c': array([3])}
    """
    if np.shape(domain) != (len(y),):
        raise ShapeError(f"domain has shape {np.shape(domain)}; pass one name for each of the {len(y)} items.")
    labelled, names = kind_of(y).labelled(y), np.asarray(domain)
    bare = sorted(set(names.tolist()) - set(names[labelled].tolist()))
    if not bare:
        LOG.info("every domain has labels: there is nothing to adapt without them")
    return {name: np.flatnonzero(names == name) for name in bare}


class Task:
    """What a network is to learn from labelled rows, for unlabelled ones.

    Parameters
    ----------
    backbone : Backbone
    X, y : arrays of n rows
    target : array of int
        Rows that it is to serve.
    validation : array of bool, shape (n,), or None
    """

    def __init__(self, backbone: Backbone, X: Floats, y: Array, target: Array, validation: Mask | None) -> None:
        import torch

        if backbone.reads != "vectors":
            raise ParameterError(f"the backbone reads {backbone.reads}; alignment is for one that reads vectors")
        self.backbone, self.kind = backbone, kind_named(backbone.target)
        self.rows, self.stop = held_out(y, validation, share=0.1, seed=backbone.random_state)
        self.inputs, self.truth = torch.from_numpy(np.require(X, np.float32, "W")), self.kind.tensor(y)
        self.target = target
        self._rng = np.random.RandomState(backbone.random_state)

    def network(self) -> nn.Sequential:
        """The backbone's network, with its weights."""
        return self.backbone.network(self.backbone.weights_)

    def some_target(self, count: int) -> Tensor:
        """Vectors of so many target items, drawn at random."""
        import torch

        return self.some(torch.from_numpy(self._rng.choice(self.target, count, replace=count > len(self.target))))

    def some(self, rows: Tensor) -> Tensor:
        """Vectors of some items, where networks compute."""
        return moved(self.inputs[rows])[0]

    def loss(self, scores: Tensor, rows: Tensor, *, training: bool) -> tuple[Tensor, int]:
        """Loss and right answers of some labelled rows."""
        (truth,) = moved(self.truth[rows])
        smoothing = self.backbone.smoothing if training else 0.0
        return self.kind.loss(scores, truth, smoothing), self.kind.hits(scores, truth)

    def train(self, network: nn.Module, objective: Objective, learning_rate: float, epochs: int, name: str) -> None:
        """Train in place; the caller's random numbers stay as they were."""
        import torch

        from polyculture.training import batch_for, train

        with torch.random.fork_rng(devices=[]):
            # the loss on the source says nothing about the target: all epochs run
            train(
                network,
                objective,
                self.rows,
                self.stop,
                optimizer=self.backbone.optimizer,
                learning_rate=learning_rate,
                weight_decay=self.backbone.weight_decay,
                batch_size=batch_for(len(self.rows), self.backbone.batch_size),
                epochs=epochs,
                patience=None,
                seed=self.backbone.random_state,
                name=name,
            )


def drawn_together(task: Task, penalty: Penalty, weight: float) -> Objective:
    """The loss of labelled rows and, while the network trains, a distance of their hidden features to the target's."""
    return partial(_objective, task, penalty, weight)


def _objective(
    task: Task, penalty: Penalty, weight: float, network: nn.Sequential, rows: Tensor
) -> tuple[Tensor, int, int]:
    body, head = network[:-1], network[-1]
    hidden = body(task.some(rows))
    loss, right = task.loss(head(hidden), rows, training=network.training)
    if network.training and weight and len(rows) > 1:
        scale = 4.0 * hidden.shape[1] if penalty is coral_loss else 1.0
        loss = loss + weight * scale * penalty(hidden, body(task.some_target(len(rows))))
    return loss, right, len(rows)
