"""Nearest neighbours by cosine similarity, in dense and in sparse views."""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Matrix
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.graph.search import EXACT, dense, dense_cells, sparse, sparse_rare


def neighbours(
    view: Matrix, queries: Matrix | None = None, *, k: int = 15, exact: bool | None = None, seed: int = 0
) -> sp.csr_array:
    r"""Directed graph from every item to its k most similar items.

    .. math:: A_{ij} = \max(0, \cos(q_i, x_j)) \text{ if } j \in N_k(i), \text{ else } 0

    Approximately, a dense view is cut into cells around centres and an item is compared with those of the cells nearest
    to its own; in a sparse view candidates share a rare column (word), and the best of them are compared in full.

    Parameters
    ----------
    view : array or CSR array of shape (n, d)
        Vectors of the fitted items, such as embeddings or TF-IDF weights; finite.
    queries : array or CSR array of shape (m, d), or None
        Later items, which get edges to the fitted ones. None joins the fitted items to each other: an item is never its
        own neighbour, but an exact copy of it may be.
    k : int >= 1
        Neighbours of an item at most; equally similar ones are taken in the order of their rows.
    exact : bool or None
        Whether all pairs are compared. None does so up to 50,000 x 50,000 pairs.
    seed : int
        Of the centres, where the search is approximate.

    Returns
    -------
    CSR array of float32 in (0, 1], shape (n, n) or (m, n)
        A similarity of 0 (below 1e-6) is no edge: a text without a known word has none.

    Raises
    ------
    ShapeError
        If the view is no matrix or empty, or the queries differ from it in columns.
    DataError
        If a value is not finite.
    ParameterError
        If k < 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.graph import neighbours
    >>> neighbours(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), k=1).toarray().round(2)
    array([[0.  , 0.71, 0.  ],
           [0.71, 0.  , 0.  ],
           [0.  , 0.71, 0.  ]], dtype=float32)
    """
    if k < 1:
        raise ParameterError(f"k is {k}; an item needs at least 1 neighbour, 15 is usual.")
    fitted = _unit(view, "view")
    if not fitted.shape[0]:
        raise ShapeError("The view has no items; pass at least one row.")
    later = fitted if queries is None else _unit(queries, "queries")
    if later.shape[1] != fitted.shape[1]:
        raise ShapeError(
            f"queries have {later.shape[1]} columns and the view has {fitted.shape[1]}; use the same encoder."
        )
    if sp.issparse(later) != sp.issparse(fitted):
        raise ShapeError("One of view and queries is sparse and the other dense; use the same encoder.")
    shape = (later.shape[0], fitted.shape[0])
    own = np.arange(shape[0]) if queries is None else np.full(shape[0], -1)
    exact = shape[0] * shape[1] <= EXACT**2 if exact is None else exact
    if sp.issparse(fitted):
        search = sparse if exact else sparse_rare
    else:
        search = dense if exact else partial(dense_cells, seed=seed)
    rows, columns, values = search(later, fitted, k, own)
    graph = sp.csr_array((np.minimum(values, 1).astype(np.float32), (rows, columns)), shape=shape)
    graph.sort_indices()
    return graph


def _unit(view: Matrix, name: str) -> Matrix:
    """Rows divided by their lengths; rows of zeros stay."""
    if np.ndim(view) != 2:
        raise ShapeError(f"{name} has shape {np.shape(view)}; pass a matrix with one row for each item.")
    if not sp.issparse(view):
        rows: Array = np.asarray(view)
        # Dividing by the largest value first keeps the squares of huge and tiny numbers within float32.
        largest = np.abs(rows).max(axis=1, initial=0)[:, None]
        if not np.isfinite(largest).all():
            raise DataError(f"{name} holds a value that is not finite in row {np.argmin(np.isfinite(largest))}.")
        rows = (rows / np.where(largest > 0, largest, 1)).astype(np.float32)
        unit: Array = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
        return unit
    weights = sp.csr_array(view, dtype=np.float64, copy=True)
    if not np.isfinite(weights.data).all():
        raise DataError(f"{name} holds a value that is not finite.")
    weights.sum_duplicates()
    lengths = np.sqrt(weights.power(2).sum(axis=1))
    weights.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(weights.indptr))
    return weights.astype(np.float32)
