"""What those take who share items with a user: two steps over the graph of users and items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.recommend.base import history, normalised
from polyculture.store import State


@dataclass(frozen=True)
class CoOccurrence:
    """Scores ``x_u Xᵀ X Dᶜ``."""

    matrix: sp.csr_array
    columns: Floats
    exponents: tuple[float, float, float]

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        items = np.arange(self.matrix.shape[1]) if items is None else items
        found = (self.matrix[rows] @ self.matrix.T @ self.matrix[:, items]).toarray()
        return np.asarray(found * self.columns[items], dtype=np.float32)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds to the score of an item."""
        columns, x = history(self.matrix, row), self.matrix
        weights = (x[:, columns].T @ x[:, [item]]).toarray().ravel() * self.columns[item]
        return columns, np.asarray(x.data[x.indptr[row] : x.indptr[row + 1]] * weights, dtype=np.float64)

    def state(self) -> State:
        """The settings: the matrix says the rest."""
        return {"exponents": list(self.exponents)}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        user, item, output = state["exponents"]
        x, degrees = normalised(matrix, user, item)
        return cls(x, np.asarray(degrees**output, dtype=np.float32), (user, item, output))


def co_occurrence(
    matrix: sp.csr_array, *, user_exponent: float = 0.0, item_exponent: float = 0.0, output_exponent: float = 0.0
) -> CoOccurrence:
    r"""Score an item by how often those took it who share items with the user.

    .. math:: \hat R = X X^\top X D^c, \qquad X = D_U^{-a} R\, D^{-b}

    With a = b = c = 0 each user counts once for each shared item. Popular items stay far ahead, which is what serves
    users best of whom little is known; for others :func:`~polyculture.recommend.spectral.spectral` is better.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
    user_exponent, item_exponent : float in [0, 1]
        a and b.
    output_exponent : float
        c.

    Raises
    ------
    ParameterError
        If an exponent is out of range.

    References
    ----------
    Sarwar et al. 2001, Item-based collaborative filtering recommendation algorithms, WWW.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> co_occurrence(taken).scores(np.array([0])).tolist()
    [[2.0, 3.0, 1.0, 0.0]]
    """
    exponents = [user_exponent, item_exponent, output_exponent]
    return CoOccurrence.from_state({"exponents": exponents}, matrix)
