"""Which of the items that were ranked are relevant."""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ParameterError, ShapeError

Divisor = Literal["relevant", "reachable"]


def hits(ranked: Array, relevant: sp.sparray, k: int) -> tuple[Mask, Ints]:
    """Whether each of the first k items of each user is relevant, and how many relevant items each user has.

    Parameters
    ----------
    ranked : int array of shape (users, at least k)
        Columns of `relevant`, the best first, none twice in a row; -1 where a list is shorter.
    relevant : sparse array of shape (users, items)
        Not zero where an item is relevant.
    k : int >= 1

    Returns
    -------
    bool array of shape (users, k), int array of shape (users,)

    Raises
    ------
    ShapeError
        If the arrays do not belong to the same users, or fewer than k items are ranked.
    DataError
        If an item is none of the columns, or stands twice in a row.
    ParameterError
        If k is no whole number from 1.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> hits(np.array([[2, 0]]), sp.csr_array([[0, 0, 1]]), 2)
    (array([[ True, False]]), array([1]))
    """
    ranked, relevant = _checked(ranked, relevant, k)
    users, items = relevant.shape
    first = ranked[:, :k].astype(np.int64)
    known = np.repeat(np.arange(users), np.diff(relevant.indptr)) * items + relevant.indices
    asked = np.arange(users)[:, None] * items + first
    place = np.searchsorted(known, asked)
    found = np.zeros(asked.shape, bool)
    inside = (place < len(known)) & (first >= 0)
    found[inside] = known[place[inside]] == asked[inside]
    return found, np.diff(relevant.indptr).astype(np.int64)


def divisors(counts: Ints, k: int, divide_by: Divisor) -> Ints:
    """By what each user's sum is divided: the number of relevant items, or no more of them than k places hold."""
    if divide_by not in ("relevant", "reachable"):
        raise ParameterError(f"divide_by is {divide_by!r}; use relevant or reachable")
    return counts if divide_by == "relevant" else np.minimum(counts, k)


def quotient(sums: Array, counts: Array, asked: Ints) -> Floats:
    """Sums divided by counts; NaN for users without relevant items."""
    out = np.full(len(asked), np.nan)
    np.divide(sums, counts, out=out, where=asked > 0)
    return out


def _checked(ranked: Array, relevant: sp.sparray, k: int) -> tuple[Ints, sp.csr_array]:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(f"k is {k!r}; give a whole number from 1")
    ranked = np.asarray(ranked)
    if not sp.issparse(relevant):
        raise ShapeError(f"relevant is a {type(relevant).__name__}; give a sparse array of users by items")
    if ranked.ndim != 2 or len(ranked) != relevant.shape[0] or ranked.shape[1] < k:
        raise ShapeError(
            f"ranked has shape {ranked.shape} and relevant {relevant.shape}; give a row a user in both, and at least "
            f"k = {k} ranked items"
        )
    if ranked.dtype.kind not in "iu":
        raise DataError(f"ranked is of {ranked.dtype}; give positions of items, whole numbers")
    _check_items(ranked[:, :k], relevant.shape[1])
    # a copy, for the caller's array stays as it is
    whole = sp.csr_array(relevant, copy=True)
    whole.sum_duplicates()
    whole.eliminate_zeros()
    return ranked, whole


def _check_items(ranked: Ints, items: int) -> None:
    outside = (ranked < -1) | (ranked >= items)
    if outside.any():
        user, place = np.argwhere(outside)[0]
        raise DataError(
            f"ranked holds {ranked[user, place]} for user {user}, there are {items} items; give -1 for none"
        )
    ordered = np.sort(ranked, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    if twice.any():
        raise DataError(f"ranked holds an item twice for user {int(np.argmax(twice))}; rank each item once")
