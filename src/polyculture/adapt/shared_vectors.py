"""Sparse columns, such as words, as their main directions in source and target together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from polyculture.adapt.inputs import finite
from polyculture.arrays import Array, Floats, Matrix
from polyculture.errors import ParameterError, ShapeError


@dataclass(frozen=True, eq=False)
class SharedVectors:
    """How rows become vectors, for these rows and for later ones; see :func:`shared_vectors`.

    Parameters
    ----------
    weights : array of shape (d,), or None
        What each column counts; None where columns stay as they are.
    axes : array of shape (k, d), or None
        Main directions; None where rows are not turned.
    """

    weights: Array | None = None
    axes: Array | None = None

    def of(self, rows: Matrix) -> Floats:
        """Vectors of rows, shape (n, k) or (n, d), float32.

        Raises
        ------
        ShapeError
            If rows have other columns than those that the directions were found in.
        """
        given = finite(rows, "vectors")
        if self.weights is not None and given.shape[1] != len(self.weights):
            raise ShapeError(f"vectors have {given.shape[1]} columns, {len(self.weights)} were fitted; encode alike.")
        found = given if self.weights is None else _weighted(given, self.weights)
        found = found if self.axes is None else found @ self.axes.T
        return np.asarray(found.toarray() if sp.issparse(found) else found, dtype=np.float32)


def shared_vectors(rows: Matrix, *, components: int = 512, seed: int = 0) -> SharedVectors:
    r"""The main directions of sparse rows whose columns count the more the rarer they are.

    .. math:: x_{ij} = \frac{\log(1 + c_{ij}) \, w_j}{\| \cdot \|}, \qquad w_j = 1 + \log \frac{1 + n}{1 + n_j}

    for counts :math:`c_{ij}`, with :math:`n_j` rows that hold column j; then the largest singular vectors, without
    centring. Labels have no part in it. Dense rows, and sparse ones with negative numbers, stay as they are.

    Parameters
    ----------
    rows : array or sparse array of shape (n, d)
        Of source and target together.
    components : int >= 1
        At most one less than there are rows and columns; where there are fewer columns than that, rows are not turned.
    seed : int

    Raises
    ------
    DataError
        If a value is not finite.
    ParameterError
        If `components` is below 1.

    References
    ----------
    Deerwester et al. 1990, Indexing by latent semantic analysis, JASIS 41(6).

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from polyculture.adapt.shared_vectors import shared_vectors
    >>> rows = sp.csr_array([[1, 0, 2, 0], [1, 0, 2, 0], [0, 3, 0, 1], [0, 3, 0, 1]])
    >>> shared_vectors(rows, components=2).of(rows[:2]).round(3).shape
    (2, 2)
    """
    if components < 1:
        raise ParameterError(f"components is {components}; pass at least 1.")
    given = finite(rows, "vectors")
    if isinstance(given, np.ndarray) or (given.data < 0).any():
        return SharedVectors()
    held = np.bincount(given.indices[given.data > 0], minlength=given.shape[1])
    weights = (1 + np.log((1 + given.shape[0]) / (1 + held))).astype(np.float32)
    kept = min(components, given.shape[0] - 1)
    if given.shape[1] <= kept + 1:
        return SharedVectors(weights)
    from sklearn.utils.extmath import randomized_svd

    axes = randomized_svd(_weighted(given, weights), kept, n_iter=2, random_state=seed)[2]
    return SharedVectors(weights, axes.astype(np.float32))


def _weighted(rows: Matrix, weights: Array) -> Matrix:
    """Counts on a log scale times weights, rows of length 1."""
    if isinstance(rows, np.ndarray):
        rows = sp.csr_array(rows)
    values = np.log1p(np.maximum(rows.data, 0)) * weights[rows.indices]
    found = sp.csr_array((values.astype(np.float32), rows.indices, rows.indptr), shape=rows.shape)
    length = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    found.data /= np.repeat(np.where(length > 0, length, 1), np.diff(found.indptr)).astype(np.float32)
    return found
