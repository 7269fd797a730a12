"""Domain-adversarial training: hidden features from which no one can tell the domain."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from polyculture.adapt.align import Task, unlabelled
from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone
from polyculture.features.network import weights_of
from polyculture.training import Objective


class _Reversed(torch.autograd.Function):
    """The same forwards; backwards the gradient is turned round."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, by: float) -> Tensor:
        ctx.by = by
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.by * gradients[0], None


def reverse_gradient(features: Tensor, by: float = 1.0) -> Tensor:
    """The features themselves, whose gradient is turned round and multiplied.

    Examples
    --------
    >>> import torch
    >>> from polyculture.adapt.dann import reverse_gradient
    >>> x = torch.ones(1, requires_grad=True)
    >>> reverse_gradient(3 * x, by=0.5).backward()
    >>> x.grad
    tensor([-1.5000])
    """
    turned: Tensor = _Reversed.apply(features, by)  # type: ignore[no-untyped-call]
    return turned


class Adversarial(nn.Module):
    """A network, and a judge that tells source from target by its hidden features.

    Parameters
    ----------
    network : torch.nn.Sequential
        Its last layer is the head.
    width : int
        Of the judge's hidden layer.
    """

    def __init__(self, network: nn.Sequential, width: int = 64) -> None:
        super().__init__()
        self.network = network
        received = cast("nn.Linear", network[-1]).in_features
        self.judge = nn.Sequential(nn.Linear(received, width), nn.ReLU(), nn.Linear(width, 1))

    def told_apart(self, source: Tensor, target: Tensor, by: float) -> Tensor:
        """Loss of the judge; its gradient reaches the features turned round."""
        both = reverse_gradient(torch.cat([source, target]), by)
        truth = torch.cat([both.new_ones(len(source)), both.new_zeros(len(target))])
        return binary_cross_entropy_with_logits(self.judge(both)[:, 0], truth)


def dann(
    backbone: Backbone,
    X: Floats,
    y: Array,
    domain: Array,
    *,
    weight: float = 1.0,
    validation: Mask | None = None,
    learning_rate: float = 1e-3,
    epochs: int = 15,
) -> dict[str, dict[str, Array]]:
    r"""An expert for each domain without labels, trained against a judge of domains.

    .. math:: \min_\theta \max_\phi L(\theta; X_s, y_s) - \lambda_p L_d(\phi; h_\theta(X_s), h_\theta(X_t)),
        \qquad \lambda_p = \lambda \Big( \frac{2}{1 + e^{-10 p}} - 1 \Big)

    with p the share of steps that are done: the judge learns first. All labelled items are the source.

    Features from which the domain cannot be told need not be features by which the classes can: where proportions of
    classes differ, some items of one class must be made to look like another's.

    Parameters
    ----------
    backbone : Backbone
        Fitted.
    X : array of shape (n, d)
    y : array of n rows
        What is learnt; see :mod:`polyculture.targets`.
    domain : array of str, shape (n,)
    weight : float >= 0
        :math:`\lambda`.
    validation : array of bool, shape (n,), or None
        Labelled items that are held out.
    learning_rate : float
    epochs : int
        All run: the loss on the source does not say when the target is served best.

    Returns
    -------
    dict of domain to weights
        Only domains without labels.

    Raises
    ------
    ParameterError
        If `weight` is below 0, or the backbone reads no vectors.

    References
    ----------
    Ganin et al. 2016, Domain-adversarial training of neural networks, JMLR 17, arXiv:1505.07818.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.dann import dann
    >>> from polyculture.features.backbone import Backbone
    >>> x = np.random.RandomState(0).randn(80, 3).astype("float32")
    >>> y, domain = (x[:, 0] > 0).astype(int), np.repeat(["a", "b"], 40)
    >>> y[40:] = -1
    >>> sorted(dann(Backbone(hidden=(4,), epochs=2).fit(x, y), x, y, domain, epochs=1))
    ['b']
    """
    if not weight >= 0:
        raise ParameterError(f"weight is {weight}; pass 0 or more.")
    experts = {}
    for name, rows in unlabelled(y, domain).items():
        task = Task(backbone, X, y, rows, validation)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(backbone.random_state)
            network = Adversarial(task.network())
        task.train(network, _objective(task, weight, epochs), learning_rate, epochs, f"adversarial {name}")
        experts[name] = weights_of(network.network)
    return experts


def _objective(task: Task, weight: float, epochs: int) -> Objective:
    seen = [0]

    def objective(network: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        adversarial = cast("Adversarial", network)
        body, head = adversarial.network[:-1], adversarial.network[-1]
        hidden = body(task.some(rows))
        loss, right = task.loss(head(hidden), rows, training=network.training)
        if network.training:
            done = seen[0] / max(epochs * len(task.rows), 1)
            seen[0] += len(rows)
            by = weight * (2 / (1 + math.exp(-10 * done)) - 1)
            loss = loss + adversarial.told_apart(hidden, body(task.some_target(len(rows))), by)
        return loss, right, len(rows)

    return objective
