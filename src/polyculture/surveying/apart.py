"""Differences of all pairs of communities at once, from shares that were checked and divided before."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Ints

NEXT_TO_NOTHING = 1e-300
"""Added to shares before their logarithm: shares of 0 then need no mask, and others stay as they are."""


def pairs_of(size: int) -> tuple[Ints, Ints]:
    """First and second community of each pair."""
    return np.triu_indices(size, 1)


def negentropy(shares: Floats) -> Floats:
    """Σ p log2 p over the last axis; shares of 0 add nothing."""
    return np.asarray(np.einsum("...i,...i->...", shares, np.log2(shares + NEXT_TO_NOTHING)))


def jensen_shannon_pairs(shares: Floats, own: Floats) -> Floats:
    r"""Jensen-Shannon divergence of each pair of communities, in bits.

    .. math:: \tfrac12 \bigl[ \sum_i a_i \log_2 a_i + \sum_i b_i \log_2 b_i - \sum_i s_i \log_2 s_i \bigr] + 1,
        \qquad s = a + b

    Parameters
    ----------
    shares : float64 array of shape (..., C, M)
        Each row adds up to 1, or is NaN.
    own : float64 array of shape (..., C)
        Their `negentropy`.

    Returns
    -------
    float64 array of shape (..., pairs), in the order of `pairs_of`; NaN where a community is

    References
    ----------
    Lin 1991, IEEE Transactions on Information Theory 37.

    Examples
    --------
    >>> shares = np.array([[1.0, 0], [0.5, 0.5], [0, 1]])
    >>> jensen_shannon_pairs(shares, negentropy(shares)).round(3)
    array([0.311, 1.   , 0.311])
    """
    raised = shares + NEXT_TO_NOTHING
    found = []
    for place in range(shares.shape[-2] - 1):
        both = raised[..., place, None, :] + raised[..., place + 1 :, :]
        mixed = np.einsum("...i,...i->...", both, np.log2(both))
        found.append(1 + (own[..., place, None] + own[..., place + 1 :] - mixed) / 2)
    # rounding leaves the same shares a hair below 0
    return np.asarray(np.maximum(np.concatenate(found, axis=-1), 0))


def shared_pairs(shares: Floats) -> Floats:
    """Σ min(a, b) of each pair of communities: (..., C, M) to (..., pairs).

    Examples
    --------
    >>> shared_pairs(np.array([[1.0, 0], [0.5, 0.5], [0, 1]]))
    array([0.5, 0. , 0.5])
    """
    ones = np.ones(shares.shape[-1])
    parts = (
        np.minimum(shares[..., place, None, :], shares[..., place + 1 :, :]) @ ones
        for place in range(shares.shape[-2] - 1)
    )
    return np.concatenate(list(parts), axis=-1)


def overlap_pairs(shares: Floats) -> Floats:
    """Morisita and Horn's overlap of each pair of communities: (..., C, M) to (..., pairs).

    Examples
    --------
    >>> overlap_pairs(np.array([[1.0, 0], [0.5, 0.5], [0, 1]])).round(3)
    array([0.667, 0.   , 0.667])
    """
    first, second = pairs_of(shares.shape[-2])
    both = shares @ np.swapaxes(shares, -1, -2)
    own = np.diagonal(both, axis1=-2, axis2=-1)
    return np.asarray(2 * both[..., first, second] / (own[..., first] + own[..., second]))
