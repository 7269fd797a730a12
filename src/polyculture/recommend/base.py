"""What every model of interactions can do, and the matrix that all of them start from."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.store import State

Settings = dict[str, Any]


class Model(Protocol):
    """Scores of all items for users by their row; higher is better, and only the order within a user means anything."""

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items)); None is all items."""
        ...

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds to the score of an item; -1 for what no item adds."""
        ...

    def state(self) -> State:
        """What can not be had again from the matrix."""
        ...

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild from :meth:`state` and the matrix that was fitted."""
        ...


def normalised(matrix: sp.csr_array, user_exponent: float, item_exponent: float) -> tuple[sp.csr_array, Floats]:
    r"""Divide interactions by powers of the degrees of their user and their item.

    .. math:: X_{ui} = R_{ui} \, d_u^{-a} \, d_i^{-b}

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
    user_exponent, item_exponent : float in [0, 1]
        a and b; with ½ and ½ this is the normalised adjacency of the graph of users and items.

    Returns
    -------
    float32 sparse array of shape (users, items), float32 array of shape (items,)
        Degrees of the items, 1 where there is none.

    Raises
    ------
    ParameterError
        If an exponent is outside [0, 1].

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> found, degrees = normalised(sp.csr_array([[1.0, 1.0], [0.0, 1.0]]), 0.0, 1.0)
    >>> found.toarray().tolist(), degrees.tolist()
    ([[1.0, 0.5], [0.0, 0.5]], [1.0, 2.0])
    """
    for name, value in (("user_exponent", user_exponent), ("item_exponent", item_exponent)):
        if not 0 <= value <= 1:
            raise ParameterError(f"{name} is {value}; use a number from 0 to 1")
    matrix = sp.csr_array(matrix, dtype=np.float32)
    of_user, of_item = np.asarray(matrix.sum(axis=1)).ravel(), np.asarray(matrix.sum(axis=0)).ravel()
    of_user, of_item = np.where(of_user > 0, of_user, 1.0), np.where(of_item > 0, of_item, 1.0)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    data = matrix.data * of_user[rows] ** -user_exponent * of_item[matrix.indices] ** -item_exponent
    found = sp.csr_array((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
    return found, of_item.astype(np.float32)


def history(matrix: sp.csr_array, row: int) -> Ints:
    """Columns of one row."""
    found: Ints = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return found
