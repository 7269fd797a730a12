"""p-values of many comparisons at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.stats import false_discovery_control

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ParameterError, ShapeError

Method = Literal["holm", "benjamini-hochberg"]


def adjust(p: Array, *, method: Method = "benjamini-hochberg") -> Floats:
    r"""p-values adjusted for their number.

    .. math::
        \text{Holm: } \tilde p_{(i)} = \max_{j \le i} \min(1, (N - j + 1) \, p_{(j)}), \qquad
        \text{Benjamini–Hochberg: } \tilde p_{(i)} = \min_{j \ge i} \min(1, \tfrac{N}{j} \, p_{(j)})

    Those of at most α are found at that level: Holm keeps the probability of even one false find below α, however the
    tests depend on each other; Benjamini–Hochberg keeps the expected share of false finds among all finds below α, if
    the tests are independent or depend positively.

    Parameters
    ----------
    p : array of any shape
        Values in [0, 1]; NaN where no test was made: such entries stay NaN and are not counted.
    method : {"benjamini-hochberg", "holm"}

    Returns
    -------
    float64 array of the same shape, never below `p`.

    Raises
    ------
    DataError
        If a value lies outside [0, 1].
    ParameterError
        If the method is not known.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6; Benjamini and Hochberg 1995, JRSS B 57.

    Examples
    --------
    >>> adjust([0.01, 0.04, np.nan, 0.03])
    array([0.03, 0.04,  nan, 0.04])
    >>> adjust([0.01, 0.04, np.nan, 0.03], method="holm")
    array([0.03, 0.06,  nan, 0.06])
    """
    values = np.asarray(p, dtype=np.float64)
    adjusted = values.copy()
    known = values[~np.isnan(values)]
    if known.size and (known.min() < 0 or known.max() > 1):
        raise DataError(f"p holds values from {known.min():g} to {known.max():g}; pass probabilities between 0 and 1.")
    if method not in {"holm", "benjamini-hochberg"}:
        raise ParameterError(f"method is {method!r}; pass 'benjamini-hochberg' or 'holm'.")
    if known.size:
        adjusted[~np.isnan(values)] = _holm(known) if method == "holm" else false_discovery_control(known)
    return adjusted


def adjust_pairs(p: Array, *, method: Method = "benjamini-hochberg") -> Floats:
    """p-values of all pairs of models, adjusted for the number of pairs.

    Parameters
    ----------
    p : array of shape (m, m)
        Symmetric; the diagonal, where a model meets itself, is no test. Each pair is counted once.
    method : {"benjamini-hochberg", "holm"}
        See `adjust`.

    Returns
    -------
    float64 array of shape (m, m), symmetric, NaN on the diagonal and where `p` is.

    Raises
    ------
    ShapeError
        If it is no square matrix.
    DataError, ParameterError
        See `adjust`.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6; Benjamini and Hochberg 1995, JRSS B 57.

    Examples
    --------
    >>> adjust_pairs([[1, 0.01, 0.04], [0.01, 1, 0.03], [0.04, 0.03, 1]])
    array([[ nan, 0.03, 0.04],
           [0.03,  nan, 0.04],
           [0.04, 0.04,  nan]])
    """
    square = np.asarray(p, dtype=np.float64)
    if square.ndim != 2 or len(square) != square.shape[-1]:
        raise ShapeError(f"p has shape {square.shape}; pass one value for each pair of models, (models, models).")
    pairs = np.triu_indices(len(square), 1)
    adjusted = np.full(square.shape, np.nan)
    adjusted[pairs] = adjusted.T[pairs] = adjust(square[pairs], method=method)
    return adjusted


def _holm(p: Floats) -> Floats:
    order = np.argsort(p)
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(np.arange(len(p), 0, -1) * p[order])
    return np.minimum(adjusted, 1)
