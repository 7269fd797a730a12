"""A linear auto-encoder over items without self-loops, solved on the smaller side of the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError, ShapeError
from polyculture.recommend.base import history, normalised
from polyculture.store import State

LIMIT = 20_000
"""The smaller side may be no longer: its square is held, and its cube computed."""

_DOUBLE = 3000
"""Larger squares are inverted in single precision, which takes half the time and memory."""


@dataclass(frozen=True)
class Ease:
    """Scores ``x_u B Dᶜ`` with a zero diagonal in B."""

    matrix: sp.csr_array
    inverse: Floats
    """Of ``XᵀX + λI`` (items by items) or ``XXᵀ + λI`` (users by users), whichever is smaller."""
    diagonal: Floats
    """Of the inverse over items."""
    columns: Floats
    exponents: tuple[float, float, float]
    ridge: float

    @property
    def by_items(self) -> bool:
        """Whether the inverse is that over items."""
        return len(self.inverse) == int(self.matrix.shape[1])

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        items = np.arange(self.matrix.shape[1]) if items is None else items
        onward = self.matrix if len(items) == self.matrix.shape[1] else self.matrix[:, items]
        # the diagonal of B is 0: what an item says of itself cancels
        product = self._product(rows, items, onward)
        found = onward[rows].toarray() - product / self.diagonal[items]
        return np.asarray(found * self.columns[items], dtype=np.float32)

    def _product(self, rows: Ints, items: Ints, onward: sp.csr_array) -> Floats:
        """Rows of X times the inverse over items."""
        if self.by_items:
            return np.asarray(self.matrix[rows] @ self.inverse[:, items])
        return np.asarray((onward.T @ self.inverse[rows].T).T)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds to the score of an item."""
        columns, x = history(self.matrix, row), self.matrix
        if self.by_items:
            weights = -self.inverse[columns, item].astype(np.float64)
        else:
            users = x[:, [item]].tocoo()
            toward = self.inverse[:, users.coords[0]].astype(np.float64) @ users.data
            weights = (x[:, columns].T @ toward) / self.ridge
        weights = np.where(columns == item, 0.0, weights / self.diagonal[item])
        own = x.data[x.indptr[row] : x.indptr[row + 1]]
        return columns, np.asarray(own * weights * self.columns[item], dtype=np.float64)

    def state(self) -> State:
        """The inverse and the settings."""
        return {"inverse": self.inverse, "exponents": list(self.exponents), "ridge": self.ridge}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        user, item, output = state["exponents"]
        x, degrees = normalised(matrix, user, item)
        inverse, ridge = state["inverse"], state["ridge"]
        return cls(x, inverse, _diagonal(x, inverse, ridge), degrees**output, (user, item, output), ridge)


def ease(
    matrix: sp.csr_array,
    *,
    ridge: float = 100.0,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    output_exponent: float = 0.0,
) -> Ease:
    r"""Learn in closed form how much each item speaks for each other one.

    .. math:: \min_B \|X - XB\|_F^2 + \lambda \|B\|_F^2, \; B_{jj} = 0:
        \quad B = I - P\, \mathrm{diag}(P)^{-1}, \; P = (X^\top X + \lambda I)^{-1}

    Where users are fewer than items the same is had from :math:`(XX^\top + \lambda I)^{-1}`. Exponents other than 0
    divide interactions by powers of the degrees before (see :func:`normalised`), and multiply scores by the item's.

    Parameters
    ----------
    matrix : sparse array of shape (users, items)
    ridge : float > 0
        λ.
    user_exponent, item_exponent : float in [0, 1]
    output_exponent : float

    Raises
    ------
    ParameterError
        If a setting is out of range.
    ShapeError
        If there are more than 20,000 users and more than 20,000 items.

    References
    ----------
    Steck 2019, Embarrassingly shallow autoencoders for sparse data, WWW, arXiv:1905.03375.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> scores = ease(taken, ridge=1.0).scores(np.array([0]))
    >>> bool(scores[0, 2] > scores[0, 3])
    True
    """
    if ridge <= 0:
        raise ParameterError(f"ridge is {ridge}; use a number above 0")
    if min(matrix.shape) > LIMIT:
        raise ShapeError(
            f"ease inverts a square array of the smaller of {matrix.shape[0]} users and {matrix.shape[1]} items, at "
            f"most {LIMIT}; use spectral"
        )
    x, degrees = normalised(matrix, user_exponent, item_exponent)
    gram = (x.T @ x if x.shape[1] <= x.shape[0] else x @ x.T).toarray()
    gram = gram.astype(np.float64 if len(gram) <= _DOUBLE else np.float32, copy=False)
    gram[np.diag_indices(len(gram))] += ridge
    inverse = np.asarray(sl.inv(gram, overwrite_a=True, check_finite=False, assume_a="pos"), dtype=np.float32)
    exponents = (user_exponent, item_exponent, output_exponent)
    return Ease(x, inverse, _diagonal(x, inverse, ridge), degrees**output_exponent, exponents, ridge)


def _diagonal(x: sp.csr_array, inverse: Floats, ridge: float) -> Floats:
    """Diagonal of the inverse over items."""
    if len(inverse) == x.shape[1]:
        return np.asarray(np.diag(inverse), dtype=np.float32)
    columns, sums = sp.csc_array(x), np.zeros(x.shape[1])
    counts, own = np.diff(columns.indptr), np.diag(inverse)
    # most items of a long tail have one user: these need no loop
    at = columns.indptr[:-1][counts == 1]
    sums[counts == 1] = columns.data[at] ** 2 * own[columns.indices[at]]
    for item in np.flatnonzero(counts > 1):
        part = slice(columns.indptr[item], columns.indptr[item + 1])
        users, values = columns.indices[part], columns.data[part]
        sums[item] = values @ inverse[np.ix_(users, users)] @ values
    return np.asarray(np.maximum(1 - sums, 1e-9) / ridge, dtype=np.float32)
