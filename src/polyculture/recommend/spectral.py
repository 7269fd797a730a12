"""Linear propagation over the graph of users and items, in closed form: a low-pass filter of interactions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import scipy.linalg as sl
import scipy.sparse as sp
from sklearn.utils.extmath import randomized_svd

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.recommend.base import history, normalised
from polyculture.store import State

_EXACT = 1500
"""Up to this many users or items all singular vectors are found at once."""


@dataclass(frozen=True)
class Basis:
    """A normalised matrix with its leading singular vectors."""

    matrix: sp.csr_array
    degrees: Floats
    values: Floats
    vectors: Floats
    user_exponent: float
    item_exponent: float
    _last: list[Any] = field(default_factory=list, repr=False)

    def spread(self, rows: Ints, items: Ints) -> Floats:
        """Two steps over the graph, from these users' items to the items of users who share them; the last is kept."""
        asked = (rows, items)
        if self._last and all(np.array_equal(x, y) for x, y in zip(asked, self._last[0], strict=True)):
            kept: Floats = self._last[1]
            return kept
        onward = self.matrix if len(items) == self.matrix.shape[1] else self.matrix[:, items]
        found = np.asarray((self.matrix[rows] @ self.matrix.T @ onward).toarray(), dtype=np.float32)
        self._last[:] = [asked, found]
        return found


@dataclass(frozen=True)
class Spectral:
    """Scores ``x_u (V (I - w S²/s²) Vᵀ + w/s² XᵀX) Dᶜ``."""

    basis: Basis
    vectors: int
    linear_weight: float
    output_exponent: float

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        items = np.arange(self.basis.matrix.shape[1]) if items is None else items
        mine = self.basis.matrix[rows] @ self._left
        # rankings ask for all items, a few users at a time
        vectors = self._vectors if len(items) == len(self._vectors) else self._vectors[items]
        found: Floats = mine @ vectors.T
        if self.linear_weight:
            found += np.float32(self._share) * self.basis.spread(rows, items)
        found *= self._columns[items]
        return found

    def bands(self, rows: Ints, items: Ints) -> list[Floats]:
        """What the leading directions give, and two steps over the graph, of the shape of :meth:`scores` each."""
        vectors, columns = self._vectors[items], self._columns[items]
        return [
            (self.basis.matrix[rows] @ self._vectors @ vectors.T) * columns,
            self.basis.spread(rows, items) * columns,
        ]

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds to the score of an item."""
        columns, x = history(self.basis.matrix, row), self.basis.matrix
        weights = self._left[columns] @ self._vectors[item]
        if self.linear_weight:
            weights = weights + self._share * (x[:, columns].T @ x[:, [item]]).toarray().ravel()
        own = x.data[x.indptr[row] : x.indptr[row + 1]]
        return columns, np.asarray(own * weights * self._columns[item], dtype=np.float64)

    @property
    def _vectors(self) -> Floats:
        return self.basis.vectors[:, : self.vectors]

    @property
    def _share(self) -> float:
        """What two steps over the graph weigh: `linear_weight` at the edge of the band."""
        return float(self.linear_weight / max(self.basis.values[self.vectors - 1] ** 2, 1e-12))

    @cached_property
    def _left(self) -> Floats:
        bands = 1.0 - self._share * self.basis.values[: self.vectors] ** 2
        return np.asarray(self._vectors * bands, dtype=np.float32)

    @cached_property
    def _columns(self) -> Floats:
        return np.asarray(self.basis.degrees**self.output_exponent, dtype=np.float32)

    def state(self) -> State:
        """Singular values and vectors in use, and the settings."""
        b = self.basis
        return {
            "values": b.values[: self.vectors],
            "vectors": np.ascontiguousarray(self._vectors),
            "exponents": [b.user_exponent, b.item_exponent, self.output_exponent],
            "linear_weight": self.linear_weight,
        }

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        user, item, output = state["exponents"]
        x, degrees = normalised(matrix, user, item)
        basis = Basis(x, degrees, state["values"], state["vectors"], user, item)
        return cls(basis, len(state["values"]), state["linear_weight"], output)


def basis_of(
    matrix: sp.csr_array,
    user_exponent: float = 0.4,
    item_exponent: float = 0.4,
    vectors: int = 512,
    *,
    random_state: int = 0,
) -> Basis:
    """Normalise a matrix and find its leading singular vectors; several filters may share them.

    Parameters
    ----------
    matrix : sparse array of shape (users, items)
    user_exponent, item_exponent : float in [0, 1]
    vectors : int >= 1
        Cut to what the matrix has.
    random_state : int
        Of the randomised search, where the matrix is large.
    """
    if vectors < 1:
        raise ParameterError(f"vectors is {vectors}; use at least 1")
    x, degrees = normalised(matrix, user_exponent, item_exponent)
    small = min(x.shape)
    count = min(vectors, small)
    if small <= _EXACT:
        values, found = _exact(x, count)
    else:
        _, values, right = randomized_svd(
            x, count, n_oversamples=32, n_iter=4, power_iteration_normalizer="LU", random_state=random_state
        )
        found = right.T
    return Basis(
        x,
        degrees,
        np.asarray(values[:count], dtype=np.float32),
        np.ascontiguousarray(found[:, :count], dtype=np.float32),
        user_exponent,
        item_exponent,
    )


def _exact(x: sp.csr_array, count: int) -> tuple[Floats, Floats]:
    """The largest singular values that are not 0 and their right vectors, from the smaller of the two squares."""
    wide = x.shape[0] < x.shape[1]
    dense = x.toarray().astype(np.float64)
    square = dense @ dense.T if wide else dense.T @ dense
    squares, vectors = sl.eigh(square, subset_by_index=[len(square) - count, len(square) - 1])
    squares, vectors = squares[::-1], vectors[:, ::-1]
    there = squares > squares[0] * 1e-10
    # of an empty matrix one direction stays, in which nothing lies
    there[0] = True
    values, vectors = np.sqrt(np.maximum(squares[there], 0)), vectors[:, there]
    return values, dense.T @ vectors / np.maximum(values, 1e-12) if wide else vectors


def spectral(
    matrix: sp.csr_array,
    *,
    user_exponent: float = 0.4,
    item_exponent: float = 0.4,
    output_exponent: float = 0.3,
    vectors: int = 512,
    linear_weight: float = 0.5,
    random_state: int = 0,
) -> Spectral:
    r"""Filter users' interactions by the low frequencies of the graph of users and items.

    .. math::
        \hat R = X \left(V \left(I - \frac{w}{s_k^2} S^2\right) V^\top + \frac{w}{s_k^2} X^\top X\right) D^c,
        \qquad X = D_U^{-a} R\, D^{-b} \approx U S V^\top

    All k leading directions pass unchanged (the ideal low-pass filter); of the others passes what two steps over the
    graph leave, w at the edge of the band and less further out. With a = b = c = ½ the two parts are those of GF-CF.
    Smaller exponents on both sides are often better, and favour popular items a little.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
    user_exponent, item_exponent : float in [0, 1]
        a and b.
    output_exponent : float
        c; the larger, the more popular items are favoured.
    vectors : int >= 1
        k; cut to what the matrix has.
    linear_weight : float in [0, 1]
        w.
    random_state : int

    Raises
    ------
    ParameterError
        If a setting is out of range.

    References
    ----------
    Shen et al. 2021, How powerful is graph convolution for recommendation?, CIKM, arXiv:2108.07567.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> scores = spectral(taken, vectors=2).scores(np.array([0]))
    >>> bool(scores[0, 2] > scores[0, 3])
    True
    """
    if not 0 <= linear_weight <= 1:
        raise ParameterError(f"linear_weight is {linear_weight}; use a number from 0 to 1")
    basis = basis_of(matrix, user_exponent, item_exponent, vectors, random_state=random_state)
    return Spectral(basis, len(basis.values), linear_weight, output_exponent)
