"""How far the shares of communities are from their mean: Jensen and Shannon."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.diversity.blocks import by_blocks, each_pair
from polyculture.measure.diversity.inputs import abundances, pair, plain, shares
from polyculture.measure.diversity.partition import partition
from polyculture.measure.registry import measure

TINY = np.finfo(np.float64).tiny


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Lin 1991, IEEE Transactions on Information Theory 37",
)
def jensen_shannon(a: Array, b: Array) -> Floats:
    r"""Divergence of the shares of two communities from their mean, in bits (Jensen and Shannon).

    .. math:: H\Bigl(\frac{p_a + p_b}{2}\Bigr) - \frac{H(p_a) + H(p_b)}{2}

    with H the entropy in bits: what a draw tells about which of the two it came from. Its square root is a distance,
    see `jensen_shannon_distance`. Two samples of one and the same community come out above 0, by about
    (S - 1) (1 / N_a + 1 / N_b) / (8 ln 2) bits for S categories.

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        Counts, or shares; each row is divided by its sum.

    Returns
    -------
    float64 array of shape (...), from 0 (the same shares) to 1 (no category in common). NaN where a community has no
    counts.

    Raises
    ------
    ShapeError
        If there are no categories, or the arrays do not fit.
    DataError
        If a count is no finite number, or negative.

    Examples
    --------
    >>> jensen_shannon([3, 0], [[1, 0], [1, 1], [0, 1]]).round(3)
    array([0.   , 0.311, 1.   ])
    """
    first, second = pair(a, b)
    return plain(_jensen_shannon(shares(first), shares(second)))


@measure(
    kind="two communities",
    bounds=(0, 1),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category"),
    null=None,
    cost="S",
    paper="Endres and Schindelin 2003, IEEE Transactions on Information Theory 49",
)
def jensen_shannon_distance(a: Array, b: Array) -> Floats:
    r"""Square root of the Jensen-Shannon divergence in bits, which obeys the triangle inequality.

    .. math:: \sqrt{\mathrm{JS}(p_a, p_b)}

    Parameters
    ----------
    a, b : arrays of shape (..., categories)
        See `jensen_shannon`.

    Returns
    -------
    float64 array of shape (...), from 0 (the same shares) to 1 (no category in common). NaN where a community has no
    counts.

    Raises
    ------
    ShapeError, DataError
        See `jensen_shannon`.

    Examples
    --------
    >>> jensen_shannon_distance([3, 0], [[1, 0], [1, 1], [0, 1]]).round(3)
    array([0.   , 0.558, 1.   ])
    """
    return plain(np.sqrt(jensen_shannon(a, b)))


def jensen_shannon_matrix(communities: Array) -> Floats:
    """`jensen_shannon` of all pairs of communities; its square root is the matrix of distances.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares; each row is divided by its sum.

    Returns
    -------
    float64 array of shape (..., communities, communities), symmetric, values in [0, 1], the diagonal 0. NaN in row and
    column of a community without counts.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or it or that of categories is empty.
    DataError
        If a count is no finite number, or negative.

    References
    ----------
    Lin 1991, IEEE Transactions on Information Theory 37.

    Examples
    --------
    >>> jensen_shannon_matrix([[3, 0], [1, 1], [0, 1]]).round(3)
    array([[0.   , 0.311, 1.   ],
           [0.311, 0.   , 0.311],
           [1.   , 0.311, 0.   ]])
    """
    return by_blocks(_jensen_shannon_block, abundances(communities, "communities", axes=2))


@measure(
    kind="communities",
    bounds=(0, np.inf),
    symmetric=True,
    more_alike="lower",
    invariant_to=("scale", "empty category", "empty community"),
    null=None,
    cost="C S",
    paper="Lin 1991, IEEE Transactions on Information Theory 37",
)
def generalised_jensen_shannon(communities: Array, *, weights: Array | None = None) -> Floats:
    r"""Divergence of the shares of several communities from their weighted mean, in bits.

    .. math:: H\Bigl(\sum_c w_c p_c\Bigr) - \sum_c w_c H(p_c) = \log_2 {}^1D_\beta

    with H the entropy in bits: what a draw tells about which community it came from. See `partition`.

    Parameters
    ----------
    communities : array of shape (..., communities, categories)
        Counts, or shares; each row is divided by its sum. One without counts is left out.
    weights : array of shape (communities,) or (..., communities), optional
        Equal by default. Divided by their sum.

    Returns
    -------
    float64 array of shape (...), from 0 (all alike) to the entropy of the weights, which for C equal ones is the
    logarithm of C to base 2. NaN where there are no counts.

    Raises
    ------
    ShapeError, DataError
        See `partition`.

    Examples
    --------
    >>> generalised_jensen_shannon([[3, 0], [0, 2]]), generalised_jensen_shannon([[3, 1], [6, 2], [9, 3]]).round(9)
    (np.float64(1.0), np.float64(0.0))
    """
    return plain(np.maximum(np.log2(partition(communities, weights=weights).beta), 0))


def _jensen_shannon(p: Floats, q: Floats) -> Floats:
    own = (_negentropy(p) + _negentropy(q)) / 2
    # Rounding leaves the same shares a hair below 0.
    return np.maximum(own - _negentropy((p + q) / 2), 0)


def _jensen_shannon_block(block: Floats) -> Floats:
    p = shares(block)
    own = _negentropy(p)
    mixed = each_pair(lambda first, rest: _negentropy((first + rest) / 2), p)
    return np.maximum((own[:, :, None] + own[:, None, :]) / 2 - mixed, 0)


def _negentropy(p: Floats) -> Floats:
    """Σ p log2 p over the last axis. The least positive number in place of 0 costs less than a mask and gives 0 too."""
    return np.asarray((p * np.log2(np.maximum(p, TINY))).sum(axis=-1))
