"""When users took what: as a sparse array, as places in a history, and as histories in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.data.interactions import Interactions
from polyculture.errors import DataError


def times_of(data: Interactions) -> sp.csr_array | None:
    """Users by items, the latest time at which the user took the item, counted from the first of all and 1 upwards.

    None where nothing is known of times.

    Examples
    --------
    >>> from polyculture.data.interactions import Interactions
    >>> times_of(Interactions.of(["ann", "ann", "ann"], ["tea", "pot", "tea"], time=[70, 72, 75])).toarray().tolist()
    [[3.0, 6.0]]
    """
    if data.time is None:
        return None
    known = np.isfinite(data.time)
    first = data.time[known].min() if known.any() else 0.0
    # what has no time stands before all that has one
    values = np.where(known, data.time - first + 1, 0.0)
    order = np.lexsort((values, data.item, data.user))
    user, item = data.user[order], data.item[order]
    last = np.ones(len(order), dtype=bool)
    last[:-1] = (user[1:] != user[:-1]) | (item[1:] != item[:-1])
    shape = (len(data.users), len(data.items))
    return sp.csr_array((values[order][last], (user[last], item[last])), shape=shape)


def check_times(data: Interactions, asking: Sequence[str]) -> None:
    """Methods that ask for times must find some.

    Raises
    ------
    DataError
        If there are none.
    """
    if asking and data.time is None:
        raise DataError(f"{data.source}: has no times, which {asking[0]} needs; name their column, or another method")


def read_at(matrix: sp.csr_array, times: sp.csr_array) -> Floats:
    """The time of each stored value of a matrix, in the order in which they are stored; 0 where there is none."""
    keys, wanted = _keys(times), _keys(matrix)
    if not len(keys):
        return np.zeros(len(wanted))
    order = np.argsort(keys)
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    return np.where(keys[order[at]] == wanted, times.data[order[at]], 0.0)


def places(matrix: sp.csr_array, times: sp.csr_array) -> Floats:
    """Where in the user's history each stored value of a matrix stands, from 0 (the first) to 1 (the last).

    Values of one time have the middle of their places. What the matrix does not hold does not count.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> places(sp.csr_array([[1.0, 1.0, 0.0, 1.0]]), sp.csr_array([[9.0, 3.0, 5.0, 3.0]])).round(3).tolist()
    [0.833, 0.333, 0.333]
    """
    rows = _rows(matrix)
    when = read_at(matrix, times)
    order = np.lexsort((when, rows))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (rows[order][1:] != rows[order][:-1]) | (when[order][1:] != when[order][:-1])
    starts = np.flatnonzero(new)
    sizes = np.diff(np.r_[starts, len(order)])
    middle = np.repeat(starts + sizes / 2, sizes) - matrix.indptr[rows[order]]
    found = np.empty(len(order))
    found[order] = middle / np.diff(matrix.indptr)[rows[order]]
    return found


def histories(matrix: sp.csr_array, times: sp.csr_array, random_state: int = 0) -> list[Ints]:
    """The items of each user, the earliest first.

    Those of one time are in an order drawn at random: that of their columns would be one that nobody took them in.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> times = sp.csr_array([[9.0, 3.0, 5.0], [0.0, 1.0, 0.0]])
    >>> [each.tolist() for each in histories(sp.csr_array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]), times)]
    [[1, 2, 0], []]
    """
    drawn = np.random.default_rng(random_state).random(matrix.nnz)
    order = np.lexsort((drawn, read_at(matrix, times), _rows(matrix)))
    return np.split(np.asarray(matrix.indices[order], dtype=np.int64), matrix.indptr[1:-1])


def _rows(matrix: sp.csr_array) -> Ints:
    return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))


def _keys(matrix: sp.csr_array) -> Ints:
    """One number for each stored place."""
    found: Ints = _rows(matrix) * np.int64(matrix.shape[1]) + matrix.indices
    return found
