"""Whether two representations find the same items far apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from polyculture.arrays import Array, Floats
from polyculture.measure.checks import same_items
from polyculture.measure.registry import measure
from polyculture.measure.representation.gram import (
    TILES,
    centred,
    check_choice,
    checked,
    precision,
    spans,
    stack_products,
)
from polyculture.measure.representation.neighbours import directions

METRICS = ("euclidean", "correlation", "cosine")
COMPARISONS = ("spearman", "pearson")
# Squared distances that differ by a smaller share of the largest differ by rounding.
GRID = 2.0**-40


@measure(
    bounds=(-1, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("rotation", "scale", "translation"),
    null=0.0,
    cost="n² d + n² log n",
    paper="Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2",
)
def rsa(x: Array, y: Array, *, metric: str = "euclidean", compare: str = "spearman") -> float:
    r"""Representational similarity analysis: the correlation of the distances between items in two representations.

    .. math:: \operatorname{corr}_{i < j} \left( d(x_i, x_j), \, d(y_i, y_j) \right)

    Parameters
    ----------
    x, y : arrays of shape (n, d1) and (n, d2)
        Representations of the same n items in the same order; finite.
    metric : {"euclidean", "correlation", "cosine"}
        Distance between items. Correlation, of the features of two items, and cosine depend on what the axes and the
        origin are; learnt features seldom have meaningful ones, so the default depends on neither.
    compare : {"spearman", "pearson"}
        Correlation of the distances: of their ranks, with ties at their mean rank, or of their values.

    Returns
    -------
    float in [-1, 1]; 0 is the mean over shuffled items, exactly. The n (n - 1) / 2 distances are dependent, so no
    p-value made for independent ones holds: shuffle items instead. NaN if all distances are equal, if an item of
    constant features meets the correlation, or one of all zeros the cosine.

    Raises
    ------
    ShapeError
        If the arrays have different numbers of rows, or fewer than 3.
    DataError
        If a value is not finite.
    ParameterError
        If the metric or the comparison is not known.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(30, 5))
    >>> round(rsa(x, -3 * x + 1), 6), round(rsa(x, x**3), 1)
    (1.0, 0.7)
    """
    return float(rsa_matrix(same_items(x, y, at_least=3), metric=metric, compare=compare)[0, 1])


def rsa_matrix(
    representations: Sequence[Array],
    *,
    metric: str = "euclidean",
    compare: str = "spearman",
    dtype: npt.DTypeLike | None = None,
) -> Floats:
    """`rsa` of all pairs: distances are found and ranked once, and compared by one matrix product.

    Parameters
    ----------
    representations : m arrays of shape (n, d_k)
        The same n items in the same order; finite.
    metric, compare
        See `rsa`.
    dtype : float32 or float64, optional
        Precision of the distances, of which m n (n - 1) / 2 are held; see `cka_matrix`.

    Returns
    -------
    float64 array of shape (m, m), symmetric; row and column k are NaN where representation k is undefined.

    Raises
    ------
    ShapeError
        If there are no representations, rows differ, or there are fewer than 3.
    DataError
        If a value is not finite.
    ParameterError
        If the metric, the comparison or the precision is not known.

    References
    ----------
    Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(30, 5))
    >>> rsa_matrix([x, 2 * x, x[::-1]]).round(2)
    array([[1.  , 1.  , 0.12],
           [1.  , 1.  , 0.12],
           [0.12, 0.12, 1.  ]])
    """
    check_choice(metric, "metric", METRICS)
    check_choice(compare, "compare", COMPARISONS)
    chosen = precision(representations, dtype)
    stack = np.stack([_standard(x, metric, compare, chosen) for x in checked(representations, at_least=3)])
    width = max(1, TILES // (len(stack) * stack.itemsize))
    return np.asarray(np.sum([stack_products(stack[:, some]) for some in spans(0, stack.shape[1], width)], axis=0))


def _standard(x: Floats, metric: str, compare: str, dtype: np.dtype[np.floating]) -> Floats:
    """Distances of all pairs of items, or their ranks, with mean zero and norm one; NaN where undefined."""
    values = squared_distances(_points(x, metric, dtype))
    if np.isnan(values).any():
        return np.full_like(values, np.nan)
    if compare == "spearman":
        if dtype == np.float64:
            values = np.rint(values / (GRID * (values.max() or 1)))
        values = _ranks(values)
    elif metric == "euclidean":
        values = np.sqrt(values)
    # What rounding leaves of equal distances is no variation.
    least = 1e3 * np.finfo(dtype).eps * values.max() * len(values) ** 0.5
    values = values - values.mean(dtype=np.float64)
    norm = np.linalg.norm(values)
    return np.asarray(values / (norm if norm > least else np.nan)).astype(dtype)


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, equal values at their mean rank: `scipy.stats.rankdata`, several times as fast."""
    order = np.argsort(values)
    values = values[order]
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    ends = np.append(starts[1:], len(values))
    ranks = np.empty(len(values))
    ranks[order] = np.repeat((starts + 1 + ends) / 2, ends - starts)
    return ranks


def _points(x: Floats, metric: str, dtype: np.dtype[np.floating]) -> Floats:
    """Points whose squared Euclidean distances are the distances, up to a factor."""
    if metric == "correlation":
        x = x / (np.abs(x).max() or 1)
        x = x - x[:, :1]
        x = x - x.mean(axis=1, keepdims=True)
    if metric != "euclidean":
        x = np.where(np.any(x, axis=1, keepdims=True), directions(x), np.nan)
    return centred(x, dtype)


def squared_distances(points: Floats) -> Floats:
    """Squared Euclidean distances of all pairs of centred points, by rows above the diagonal, (n (n - 1) / 2,)."""
    n = len(points)
    lengths = np.einsum("ij,ij->i", points, points)
    values = np.empty(n * (n - 1) // 2, dtype=points.dtype)
    filled = 0
    for rows in spans(0, n - 1, max(1, TILES // (points.itemsize * n))):
        both = lengths[rows, None] + lengths[None, rows.start :]
        block = both - 2 * points[rows] @ points[rows.start :].T
        # Identical items are no distance apart, whatever the last digits say.
        block[block < 16 * np.finfo(points.dtype).eps * both] = 0
        above = block[np.arange(block.shape[1]) > np.arange(block.shape[0])[:, None]]
        values[filled : filled + len(above)] = above
        filled += len(above)
    return values
