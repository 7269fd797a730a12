"""Whether two communities rank the same categories first."""

from __future__ import annotations

from functools import partial

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import ParameterError
from polyculture.measure.diversity.blocks import by_blocks, each_pair
from polyculture.measure.diversity.inputs import abundances, pair, plain
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.registry import measure


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="higher",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S log S",
    paper="Webber, Moffat and Zobel 2010, ACM Transactions on Information Systems 28",
)
def rank_biased_overlap(a: Array, b: Array, *, persistence: float = 0.9) -> Floats:
    r"""Agreement of two rankings of categories, the first ranks counting most (rank-biased overlap, extrapolated).

    .. math::
        (1 - p) \sum_{d=1}^{l} p^{d - 1} A_d + p^l A_l, \qquad
        A_d = \frac{2 |A_{:d} \cap B_{:d}|}{|A_{:d}| + |B_{:d}|}

    with :math:`A_{:d}` the categories that a ranks d or better, equal counts sharing the best of their ranks, p the
    persistence, and l the length of the longer ranking. A category without counts has no rank. Where one ranking has
    ended, at length s, it is continued with categories of which the same share as so far,
    :math:`|A_{:s} \cap B_{:s}| / s`, is in the other.

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        Counts, or shares: the larger, the better the rank.
    persistence : float, default 0.9
        Above 0 and below 1: a reader goes on from one rank to the next with this probability. The first ten ranks
        decide 86 % of the value at 0.9.

    Returns
    -------
    float64 array of shape (...), from 0 (no category in common) to 1 (the same ranking). NaN where a community has no
    counts.

    Raises
    ------
    ShapeError
        If there are no categories, or the arrays do not fit.
    DataError
        If a count is no finite number, or negative.
    ParameterError
        If the persistence is not between 0 and 1.

    Examples
    --------
    >>> rank_biased_overlap([9, 5, 2, 0], [[8, 4, 1, 0], [4, 8, 1, 0], [0, 0, 0, 7]]).round(3)
    array([1. , 0.9, 0. ])
    """
    first, second = (_ranks(given) for given in pair(a, b))
    return plain(_overlap(first, second, _checked(persistence)))


def rank_biased_overlap_matrix(communities: Array, *, persistence: float = 0.9) -> Floats:
    """`rank_biased_overlap` of all pairs of communities.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares.
    persistence : float, default 0.9
        Above 0 and below 1.

    Returns
    -------
    float64 array of shape (..., communities, communities), symmetric, values in [0, 1], the diagonal 1. NaN in row and
    column of a community without counts.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or it or that of categories is empty.
    DataError
        If a count is no finite number, or negative.
    ParameterError
        If the persistence is not between 0 and 1.

    References
    ----------
    Webber, Moffat and Zobel 2010, ACM Transactions on Information Systems 28.

    Examples
    --------
    >>> rank_biased_overlap_matrix([[9, 5, 2], [5, 9, 2]]).round(3)
    array([[1. , 0.9],
           [0.9, 1. ]])
    """
    overlap = partial(_overlap, persistence=_checked(persistence))
    given = abundances(communities, "communities", axes=2)
    return by_blocks(lambda block: each_pair(overlap, _ranks(block)), given)


def _checked(persistence: float) -> float:
    if not 0 < persistence < 1:
        raise ParameterError(f"persistence is {persistence}; pass a probability between 0 and 1, such as 0.9.")
    return persistence


def _ranks(counts: Floats) -> Ints:
    """Ranks from 0, equal counts sharing the best; without counts the rank is the number of categories."""
    size = counts.shape[-1]
    order = np.argsort(-counts, axis=-1, kind="stable")
    ranked = np.take_along_axis(counts, order, axis=-1)
    fresh = np.concatenate([np.ones_like(ranked[..., :1], dtype=bool), ranked[..., 1:] < ranked[..., :-1]], axis=-1)
    best = np.maximum.accumulate(np.where(fresh, np.arange(size), 0), axis=-1)
    ranks = np.empty_like(best)
    np.put_along_axis(ranks, order, np.where(ranked > 0, best, size), axis=-1)
    return ranks


def _overlap(first: Ints, second: Ints, persistence: float) -> Floats:
    size = first.shape[-1]
    first, second = np.broadcast_arrays(first, second)
    one, other, both = (_within(ranks) for ranks in (first, second, np.maximum(first, second)))
    lengths = np.stack([one[..., -1], other[..., -1]])
    short, long = lengths.min(axis=0), lengths.max(axis=0)
    depth = np.arange(1, size + 1)
    # Ties can make a ranking longer than its depth; what it is continued with counts from its own end.
    further = np.maximum(depth - short[..., None], 0) * (depth <= long[..., None])
    at_end = np.take_along_axis(both, np.maximum(short - 1, 0)[..., None], axis=-1)
    shared = both + further * defined_ratio(at_end, short[..., None])
    agreement = defined_ratio(2 * shared, one + other + further)
    weights = (1 - persistence) * persistence ** (depth - 1) * (depth <= long[..., None])
    last = np.take_along_axis(agreement, np.maximum(long - 1, 0)[..., None], axis=-1)[..., 0]
    return np.asarray((weights * agreement).sum(axis=-1) + persistence**long * last)


def _within(ranks: Ints) -> Ints:
    """How many categories have rank d or better, (..., categories) for d from 1."""
    size = ranks.shape[-1]
    flat = ranks.reshape(-1, size)
    place = flat + np.arange(len(flat))[:, None] * (size + 1)
    counted = np.bincount(place.ravel(), minlength=len(flat) * (size + 1)).reshape(-1, size + 1)
    return counted[:, :size].cumsum(axis=1).reshape(ranks.shape)
