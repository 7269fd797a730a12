"""Distillation: one network learns what several, or an ensemble, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.device import moved
from polyculture.errors import DataError, ShapeError
from polyculture.features.encoders.base import held_out
from polyculture.fuse.changes import check_setting
from polyculture.targets import KINDS, Target, kind_named

if TYPE_CHECKING:
    from torch import Tensor, nn

    from polyculture.features.backbone import Backbone
    from polyculture.features.network import Weights
    from polyculture.training.objectives import Fetch, Objective


def distil(
    backbone: Backbone,
    X: Floats,
    teacher: Floats,
    y: Array | None = None,
    *,
    temperature: float = 2.0,
    labels: float = 1.0,
    start: Weights | None = None,
    validation: Mask | None = None,
    learning_rate: float | None = None,
    epochs: int | None = None,
) -> dict[str, Array]:
    r"""Weights of a network of the backbone's shape that answers as its teacher does, on items with or without labels.

    .. math::
        T^2\, L\big(z_i / T,\; \sigma(t_i / T)\big) + \beta\, L(z_i, y_i)

    with z the student's scores, t the teacher's, :math:`\sigma` the softmax (for labels the sigmoid, for values
    nothing), and L the loss of the target. Items without a label have the first term alone. An ensemble of K experts
    answers at the cost of K networks, the student at that of one.

    Parameters
    ----------
    backbone : Backbone
        Fitted; its shape, target and way of training are the student's. It is left as it is.
    X : array of shape (n, d)
    teacher : array of shape (n, outputs)
        Scores of what is to be learnt: logits or log-probabilities, log-odds of labels, values. Of several experts the
        mean, or for each item those of its own domain's expert.
    y : array of n rows, or None
        What was to be answered, coded as for the backbone; -1, a row of -1 or NaN where an item has none.
    temperature : float > 0
        T: the higher, the more the student learns of the answers that are not the first.
    labels : float >= 0
        β, the say of the labels.
    start : mapping of name to array, or None
        First weights; the backbone's when None. Those of a merge are nearer to what all experts answer.
    validation : array of bool, shape (n,), or None
        Items that decide when to stop, by the same loss; a tenth of all when None.
    learning_rate, epochs : float, int, or None
        What suits an expert of the backbone when None.

    Returns
    -------
    dict of name to array

    Raises
    ------
    ParameterError
        If a setting is out of range.
    ShapeError
        If items, the teacher's answers and labels are not of one number, or the answers not of the backbone's width.
    DataError
        If an answer of the teacher is no number.

    References
    ----------
    Hinton, Vinyals & Dean 2015, arXiv:1503.02531.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.backbone import Backbone
    >>> from polyculture.fuse.distil import distil
    >>> x = np.random.RandomState(0).randn(200, 3).astype("float32")
    >>> backbone = Backbone(hidden=(8,), dropout=(0, 0), epochs=2).fit(x, (x[:, 0] > 0).astype(int))
    >>> teacher = np.stack([-3 * x[:, 1], 3 * x[:, 1]], axis=1)
    >>> student = distil(backbone, x, teacher, learning_rate=0.05, epochs=30)
    >>> bool((backbone.logits(x, student).argmax(axis=1) == (x[:, 1] > 0)).mean() > 0.9)
    True
    """
    check_setting("temperature", temperature, 0, np.inf, above=True, below=True)
    check_setting("labels", labels, 0, np.inf, below=True)
    _check_rows(X, teacher, y, backbone.coding_.width)
    kind, suits = kind_named(backbone.target), backbone.suits
    rows, stop = held_out(np.zeros(len(X), dtype=np.int64), validation, share=0.1, seed=backbone.random_state)
    return _trained(
        backbone,
        X,
        rows,
        stop,
        backbone.weights_ if start is None else start,
        lambda fetch: imitation(fetch, teacher, kind, y, temperature=temperature, labels=labels),
        learning_rate=suits.learning_rate if learning_rate is None else learning_rate,
        epochs=suits.epochs if epochs is None else epochs,
    )


def _check_rows(X: Floats, teacher: Floats, y: Array | None, width: int) -> None:
    if np.shape(teacher) != (len(X), width) or (y is not None and len(y) != len(X)):
        labels = "" if y is None else f", and {len(y)} labels"
        raise ShapeError(
            f"there are {len(X)} items and answers of shape {np.shape(teacher)}{labels}; give ({len(X)}, {width})"
        )
    if not np.isfinite(teacher).all():
        row = int(np.flatnonzero(~np.isfinite(teacher).all(axis=1))[0])
        raise DataError(f"the teacher's answer for item {row + 1} is no number; leave the item out")


def _trained(
    backbone: Backbone, X: Floats, rows: Array, stop: Array, start: Weights, asked: Any, **settings: Any
) -> dict[str, Array]:
    import torch

    from polyculture.features.network import weights_of
    from polyculture.training import batch_for, train

    network, inputs = backbone.network(start), torch.from_numpy(np.require(X, np.float32, "W"))
    with torch.random.fork_rng(devices=[]):
        train(
            network,
            asked(lambda r: (inputs[r],)),
            rows,
            stop,
            optimizer=backbone.optimizer,
            weight_decay=backbone.weight_decay,
            batch_size=batch_for(len(rows), max(backbone.batch_size, len(rows) // 1000)),
            patience=backbone.patience,
            seed=backbone.random_state,
            name="student",
            **settings,
        )
    return weights_of(network)


def imitation(
    fetch: Fetch, teacher: Floats, kind: type[Target], y: Array | None = None, *, temperature: float, labels: float
) -> Objective:
    """The loss of :func:`distil`, for :func:`polyculture.training.train`; right is what agrees with the teacher.

    Parameters
    ----------
    fetch : callable
        Rows (m,) to the network's inputs, each of length m.
    teacher : array of shape (n, outputs)
        Scores.
    kind : type of Target
    y : array of n rows, or None
    temperature, labels : float
        T and β.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from polyculture.fuse.distil import imitation
    >>> from polyculture.targets import Classes
    >>> scores = np.array([[2.0, 0.0]])
    >>> same = torch.tensor(scores)
    >>> alike = imitation(lambda rows: (same[rows],), scores, Classes, temperature=1.0, labels=0.0)
    >>> loss, right, answers = alike(torch.nn.Identity(), torch.arange(1))
    >>> round(float(loss), 4), right  # what is left is the teacher's own entropy
    (0.3653, 1)
    """
    import torch

    soft = torch.from_numpy(_column(kind, kind.answer(np.asarray(teacher, dtype=np.float64) / temperature), np.float32))
    decided = kind.tensor(_decided(kind, teacher))
    known = torch.from_numpy(kind.labelled(y) if y is not None and labels else np.zeros(len(teacher), dtype=bool))
    truth = decided if y is None else kind.tensor(y)

    def objective(network: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        scores, (has, aim, own, agreed) = (
            network(*moved(*fetch(rows))),
            moved(known[rows], soft[rows], truth[rows], decided[rows]),
        )
        loss = temperature**2 * kind.loss(scores / temperature, aim.to(scores.dtype), 0.0)
        if has.any():
            loss = loss + labels * float(has.double().mean()) * kind.loss(scores[has], own[has], 0.0)
        return loss, kind.hits(scores, agreed), len(rows)

    return objective


def _decided(kind: type[Target], teacher: Floats) -> Array:
    if kind is KINDS["classes"]:
        return np.asarray(np.argmax(teacher, axis=1))
    return _column(kind, np.asarray(teacher) >= 0 if kind is KINDS["labels"] else np.asarray(teacher), np.float32)


def _column(kind: type[Target], answers: Array, dtype: Any) -> Array:
    """Values are one number an item, and no row."""
    return np.asarray(answers[:, 0] if kind is KINDS["values"] else answers, dtype=dtype)
