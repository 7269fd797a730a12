"""Linear heads in closed form."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.targets import kind_of


def ridge_head(features: Floats, y: Array, classes: int, *, ridge: float = 1e-2, start: Array | None = None) -> Array:
    r"""Linear head by ridge regression: on centred one-hot targets for classes, on 0.5 and -0.5 for labels, on values.

    .. math:: W^* = W_0 + (Y - \tilde H W_0)^\top \tilde H\, (\tilde H^\top \tilde H + \rho \bar c I)^{-1}

    with :math:`\tilde H = [H, 1]`. Merged features lie elsewhere than those that a head was trained on; this corrects
    it without a gradient. Fitted on the features of all domains it equals the pooled solution, as its sums are
    additive.

    Parameters
    ----------
    features : array of shape (n, d)
    y : array of n rows
        All labelled; see :mod:`polyculture.targets`.
    classes : int
        Outputs: classes, labels, or 1.
    ridge : float > 0
        Relative to the mean of the diagonal of the Gram matrix.
    start : array of shape (classes, d + 1), or None
        What the ridge pulls towards; zeros when None.

    Returns
    -------
    array of shape (classes, d + 1), the bias last

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.closed_form import ridge_head
    >>> head = ridge_head(np.array([[1.0], [-1.0]]), np.array([1, 0]), 2, ridge=1e-9)
    >>> head.round(3) + 0.0
    array([[-0.5,  0. ],
           [ 0.5,  0. ]])
    """
    extended = np.hstack([np.asarray(features, dtype=np.float64), np.ones((len(features), 1))])
    target = kind_of(y).goal(y, classes)
    before = np.zeros((classes, extended.shape[1])) if start is None else np.asarray(start, dtype=np.float64)
    residual = target - extended @ before.T
    floor = ridge * float((extended**2).sum()) / extended.shape[1]
    if len(extended) < extended.shape[1]:
        # fewer items than columns: the same solution from the smaller system
        small = extended @ extended.T + floor * np.eye(len(extended))
        return np.asarray(before + np.linalg.solve(small, residual).T @ extended)
    gram = extended.T @ extended + floor * np.eye(extended.shape[1])
    return np.asarray(before + np.linalg.solve(gram, extended.T @ residual).T)


def held_out_hits(features: Floats, y: Ints, asked: Array, *, most: int = 4000, folds: int = 5, seed: int = 0) -> Array:
    """Which of some labelled items a linear model in closed form gets right, when it is fitted without them.

    It is fitted on the other labelled items where there are at least as many, else by cross-validation over all.

    Parameters
    ----------
    features : array of shape (n, d)
    y : array of int, shape (n,)
        -1 where there is no label.
    asked : array of int
        Labelled items that are judged.
    most : int
        Items to fit on at most, drawn at random: enough to compare one set of features with another.
    folds, seed : int

    Returns
    -------
    array of float, shape (len(asked),), 1 where it is right

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.closed_form import held_out_hits
    >>> x, y = np.array([[1.0], [2.0], [-1.0], [-2.0], [3.0], [3.0]]), np.array([1, 1, 0, 0, 1, 0])
    >>> held_out_hits(x, y, np.array([4, 5]))
    array([1., 0.])
    """
    rng = np.random.RandomState(seed)
    others = np.setdiff1d(np.flatnonzero(y >= 0), asked)
    if not len(asked):
        return np.zeros(0)
    if len(others) >= len(asked):
        return _hits(features, y, rng.permutation(others)[:most], asked)
    hits, part = np.zeros(len(asked)), rng.permutation(len(asked)) % folds
    for fold in range(folds):
        here = part == fold
        if here.any() and not here.all():
            hits[here] = _hits(features, y, np.concatenate([others, asked[~here]]), asked[here])
    return hits


def _hits(features: Floats, y: Ints, rows: Array, asked: Array) -> Array:
    head = ridge_head(features[rows], y[rows], int(y.max()) + 1, ridge=1.0)
    return np.asarray((features[asked] @ head[:, :-1].T + head[:, -1]).argmax(axis=1) == y[asked], dtype=float)
