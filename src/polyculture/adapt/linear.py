"""The linear model that methods on vectors are tried with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import DataError

Answer = Callable[[Matrix], Floats]
"""Vectors (m, d) to probabilities (m, classes)."""

Fit = Callable[[Matrix, Array], Answer]
"""Vectors (n, d), and classes (n,) or probabilities (n, classes), to a model."""


def logistic(X: Matrix, y: Array, *, classes: int, strength: float = 1.0) -> Answer:
    """Logistic regression on classes or on probabilities.

    Parameters
    ----------
    X : array or sparse array of shape (n, d)
    y : array of int, shape (n,), or of float, shape (n, classes)
        Classes, -1 where there is none; or probabilities, where an item counts as a share of each class.
    classes : int
    strength : float > 0
        Inverse of the penalty: C.

    Returns
    -------
    callable
        Vectors to probabilities; where one class occurs, that class has them all.

    Raises
    ------
    DataError
        If there is no label.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.linear import logistic
    >>> logistic(np.array([[-1.0], [1.0]]), np.array([0, 1]), classes=2)(np.array([[0.0]])).round(3)
    array([[0.5, 0.5]])
    """
    from polyculture.targets import Classes

    rows, labels, weights = _weighted(np.asarray(y))
    if not len(rows):
        raise DataError("There is no label to learn from; pass at least one.")
    if len(np.unique(labels)) < 2:
        return lambda asked: np.tile(np.eye(classes)[labels[0]], (asked.shape[0], 1))
    if weights is None:
        linear, bias = Classes.linear(X[rows], labels, strength, classes)
    else:
        linear, bias = _by_weight(X[rows], labels, weights, strength, classes)
    return lambda asked: Classes.answer(np.asarray(asked @ linear.T + bias))


def _by_weight(X: Matrix, y: Array, weights: Floats, strength: float, classes: int) -> tuple[Array, Array]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=strength, max_iter=1000).fit(X, y, sample_weight=weights)
    found, bias = fitted.coef_, fitted.intercept_
    if len(found) == 1:
        found, bias = np.vstack([-found / 2, found / 2]), np.concatenate([-bias / 2, bias / 2])
    linear, shift = np.zeros((classes, found.shape[1])), np.full(classes, -1e3)
    linear[fitted.classes_], shift[fitted.classes_] = found, bias
    return linear, shift


def _weighted(y: Array) -> tuple[Array, Array, Floats | None]:
    """Rows, their classes, and how much each counts; a soft item is one row for each class that it may be."""
    if y.ndim == 1:
        rows = np.flatnonzero(y >= 0)
        return rows, y[rows], None
    rows, labels = np.nonzero(y > 0)
    return rows, labels, y[rows, labels]


def best_strength(
    X: Matrix, y: Array, *, classes: int, strengths: Sequence[float] = (0.1, 1.0, 10.0), folds: int = 3, seed: int = 0
) -> float:
    """The strength with the lowest log-loss on source items that were left out.

    Parameters
    ----------
    X, y, classes
        As in :func:`logistic`; y holds classes.
    strengths : sequence of float > 0
    folds, seed : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.adapt.linear import best_strength
    >>> x = np.random.RandomState(0).normal(size=(90, 2))
    >>> best_strength(x, (x[:, 0] > 0).astype(int), classes=2, strengths=(1e-6, 1.0))
    1.0
    """
    rows = np.flatnonzero(y >= 0)
    part = np.random.RandomState(seed).permutation(len(rows)) % folds
    losses = dict.fromkeys(strengths, 0.0)
    for strength in strengths:
        for fold in range(folds):
            asked = rows[part == fold]
            found = logistic(X[rows[part != fold]], y[rows[part != fold]], classes=classes, strength=strength)(X[asked])
            losses[strength] -= float(np.log(np.maximum(found[np.arange(len(asked)), y[asked]], 1e-12)).sum())
    return min(losses, key=lambda strength: losses[strength])
