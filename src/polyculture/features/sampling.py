"""How many items settings and directions are learnt from, where there are very many."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Ints

MANY = 100_000
"""More items than these turn neither a direction, nor a scale, nor a choice of settings."""


def at_most(rows: Array, seed: int, most: int | None = None) -> Ints:
    """These rows in order, or so many of them drawn at random.

    Parameters
    ----------
    rows : array of int
    seed : int
    most : int or None
        :data:`MANY` when None.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.sampling import at_most
    >>> at_most(np.arange(3), 0), len(at_most(np.arange(9), 0, 4))
    (array([0, 1, 2]), 4)
    """
    count = MANY if most is None else most
    if len(rows) <= count:
        return rows
    return np.sort(np.random.RandomState(seed).choice(rows, count, replace=False))
