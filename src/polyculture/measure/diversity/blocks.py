"""All pairs of communities at once, a block of leading axes at a time so that memory stays small."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyculture.arrays import Array, Floats

# Numbers held at once in each step: a few arrays of them fit into the cache of one core.
BLOCK = 2**15


def by_blocks(function: Callable[[Floats], Floats], communities: Floats) -> Floats:
    """Apply a function of (n, communities, categories) to stacks of (..., communities, categories).

    Parameters
    ----------
    function : callable
        Gives (n, communities, communities) for each block.
    communities : float64 array of shape (..., communities, categories)

    Returns
    -------
    float64 array of shape (..., communities, communities)

    Examples
    --------
    >>> by_blocks(lambda block: block @ block.swapaxes(1, 2), np.ones((4, 3, 2, 5))).shape
    (4, 3, 2, 2)
    """
    *leading, count, categories = communities.shape
    stack = communities.reshape(-1, count, categories)
    found = np.empty((len(stack), count, count))
    step = max(1, BLOCK // (count * categories))
    for start in range(0, len(stack), step):
        found[start : start + step] = function(stack[start : start + step])
    return found.reshape(*leading, count, count)


def each_pair(function: Callable[[Array, Array], Floats], block: Array) -> Floats:
    """Matrix (n, communities, communities) of a symmetric function of (n, 1, categories) and (n, k, categories).

    Examples
    --------
    >>> each_pair(lambda a, b: abs(a - b).sum(axis=-1), np.arange(4.0).reshape(1, 2, 2))
    array([[[0., 4.],
            [4., 0.]]])
    """
    count = block.shape[1]
    found = np.empty((len(block), count, count))
    for first in range(count):
        row = function(block[:, first : first + 1], block[:, first:])
        found[:, first, first:] = row
        found[:, first:, first] = row
    return found
