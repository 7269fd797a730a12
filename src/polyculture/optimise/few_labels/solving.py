"""The smallest penalised cross-entropy of scores that start somewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

from polyculture.arrays import Floats, Ints
from polyculture.targets import Classes

Objective = Callable[[Floats], tuple[float, Floats]]
"""Coefficients to a value and its slope."""


def smallest(objective: Objective, start: Floats, least: Sequence[float] | None = None) -> Floats:
    """Where a smooth convex function is smallest, each coefficient not below its least.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.solving import smallest
    >>> smallest(lambda w: (float((w - 3) @ (w - 3)), 2 * (w - 3)), np.zeros(1)).round(6)
    array([3.])
    """
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=None if least is None else [(low, None) for low in least],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    return np.asarray(found.x)


def cross_entropy(scores: Floats, y: Ints) -> tuple[float, Floats]:
    """Sum over items, and its slope in the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.solving import cross_entropy
    >>> cross_entropy(np.zeros((1, 2)), np.array([1]))[1]
    array([[ 0.5, -0.5]])
    """
    slope = Classes.answer(scores)
    slope[np.arange(len(y)), y] -= 1.0
    return float(Classes.losses(scores, y).sum()), slope


def pulled(design: Floats, offset: Floats, y: Ints, penalty: float) -> Floats:
    r"""Weights that add to given scores, pulled to 0.

    .. math:: \min_W \sum_i \mathrm{CE}(o_i + W x_i,\, y_i) + \tfrac{\lambda}{2} \lVert W \rVert^2

    Solved in the items' own span, of n directions, where there are more columns than items.

    Parameters
    ----------
    design : array of shape (n, d)
    offset : array of shape (n, classes)
    y : array of int, shape (n,)
    penalty : float > 0

    Returns
    -------
    array of shape (classes, d)

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.optimise.few_labels.solving import pulled
    >>> pulled(np.array([[1.0], [-1.0]]), np.zeros((2, 2)), np.array([0, 1]), 1e9).round(3) + 0.0
    array([[0.],
           [0.]])
    """
    if design.shape[1] > len(design):
        sides, sizes, axes = np.linalg.svd(design, full_matrices=False)
        return np.asarray(pulled(sides * sizes, offset, y, penalty) @ axes)
    shape = offset.shape[1], design.shape[1]

    def objective(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(shape)
        loss, slope = cross_entropy(offset + design @ weights.T, y)
        return loss + penalty / 2 * float(flat @ flat), (slope.T @ design + penalty * weights).ravel()

    return smallest(objective, np.zeros(shape[0] * shape[1])).reshape(shape)
