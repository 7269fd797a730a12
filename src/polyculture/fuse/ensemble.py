"""Fusion of answers: the mean of log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ShapeError
from polyculture.fuse.weights import shares
from polyculture.targets import Classes


def logit_ensemble(probabilities: Array, *, weights: Sequence[float] | None = None) -> Array:
    r"""Weighted geometric mean of several models' probabilities.

    .. math:: p_{ik} \propto \prod_m p_{mik}^{w_m}

    Parameters
    ----------
    probabilities : array of shape (models, n, classes)
    weights : sequence of float >= 0, or None
        Share of each model; equal when None.

    Returns
    -------
    array of shape (n, classes), rows sum to 1

    Raises
    ------
    ShapeError
        If the array does not have three axes.

    References
    ----------
    Hinton 2002, Neural Computation 14(8) (products of experts).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse import logit_ensemble
    >>> logit_ensemble(np.array([[[0.9, 0.1]], [[0.5, 0.5]]])).round(2)
    array([[0.75, 0.25]])
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 3:
        raise ShapeError(f"probabilities have the shape {probabilities.shape}, expected (models, items, classes)")
    return Classes.pool(probabilities, shares(weights, len(probabilities)))
