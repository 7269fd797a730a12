"""What is expected of the count of a category when a sample is thinned."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats

# Counts further than this from the mean, in standard deviations and in whole, have a chance below 1e-30.
DEVIATIONS, MARGIN = 12, 60
# Numbers held at once: 8 MB for each array.
BLOCK = 2**20


def expected_logarithm(counts: Floats, units: Floats, size: Floats) -> Floats:
    """Mean of K log K for K hypergeometric: the count that remains when `size` of `units` are drawn.

    Parameters
    ----------
    counts, units, size : float64 arrays of one shape
        Whole numbers, with counts and size at most the units.

    Returns
    -------
    float64 array of the same shape

    Notes
    -----
    Every different case is computed once, over the counts that it can reach with a chance that matters.

    Examples
    --------
    >>> expected_logarithm(np.array([2.0]), np.array([4.0]), np.array([4.0])) / np.log(4)
    array([1.])
    """
    cases, where = np.unique(np.stack([a.ravel() for a in (counts, units, size)]), axis=1, return_inverse=True)
    y, n, m = cases[0], cases[1], np.minimum(cases[2], cases[1])  # more than there are cannot be drawn
    mean = y * m / np.maximum(n, 1)
    spread = np.sqrt(mean * (1 - y / np.maximum(n, 1)) * np.maximum(n - m, 0) / np.maximum(n - 1, 1))
    reach = DEVIATIONS * spread + MARGIN
    low = np.maximum(np.maximum(0, y + m - n), np.floor(mean - reach))
    high = np.minimum(np.minimum(y, m), np.ceil(mean + reach))
    found = np.empty(len(y))
    # Cases of like width stand together, so that little of each block is idle.
    order = np.argsort(high - low)
    while order.size:
        width = int((high - low)[order[-1]]) + 1
        chosen, order = order[-max(1, BLOCK // width) :], order[: -max(1, BLOCK // width)]
        found[chosen] = _means(y[chosen], n[chosen], m[chosen], low[chosen], high[chosen], width)
    return found[where.reshape(counts.shape)]


def _means(y: Floats, n: Floats, m: Floats, low: Floats, high: Floats, width: int) -> Floats:
    """Chances follow from that of the count before, and are scaled to add up to 1."""
    k = low[:, None] + np.arange(width)
    inside = k <= high[:, None]
    last = np.minimum(k, high[:, None]) - 1
    above = (y[:, None] - last) * (m[:, None] - last)
    below = (last + 1) * (n - y - m + 1)[:, None] + (last + 1) * last
    steps = np.log(np.where(inside & (k > low[:, None]), above / np.where(below > 0, below, 1), 1))
    logarithm = np.cumsum(steps, axis=1)
    chance = np.where(inside, np.exp(logarithm - logarithm.max(axis=1, keepdims=True)), 0)
    return np.asarray((chance * k * np.log(np.maximum(k, 1))).sum(axis=1) / chance.sum(axis=1))
