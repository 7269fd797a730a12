"""More training graphs and tables: copies with edges, interactions or features left out at random."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Matrix
from polyculture.errors import ParameterError, ShapeError


def drop_edges(graph: sp.sparray, *, share: float = 0.2, seed: int) -> sp.csr_array:
    """A graph without a random share of its edges; both directions of a symmetric graph's edge go together.

    Parameters
    ----------
    graph : sparse array of shape (n, n)
    share : float in [0, 1]
        Probability that an edge is left out; loops stay.
    seed : int

    Raises
    ------
    ParameterError
        If the share is outside its range.
    ShapeError
        If the graph is not square.

    References
    ----------
    Rong et al. 2020, DropEdge, arXiv:1907.10903.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from polyculture.preprocess import drop_edges
    >>> ring = sp.csr_array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> fewer = drop_edges(ring, share=0.5, seed=1)
    >>> bool((fewer != fewer.T).nnz == 0), fewer.nnz < ring.nnz
    (True, True)
    """
    _check(share)
    edges = sp.coo_array(graph)
    if edges.shape[0] != edges.shape[1]:
        raise ShapeError(f"the graph is {edges.shape}, expected as many columns as rows")
    one, other = edges.coords
    # one draw for each unordered pair of ends
    pairs, which = np.unique(
        np.minimum(one, other).astype(np.int64) * edges.shape[0] + np.maximum(one, other), return_inverse=True
    )
    keep = (np.random.default_rng(seed).random(len(pairs)) >= share)[which] | (one == other)
    return sp.csr_array((edges.data[keep], (one[keep], other[keep])), shape=edges.shape)


def drop_interactions(table: sp.sparray, *, share: float = 0.2, seed: int) -> sp.csr_array:
    """A table of users and items without a random share of its entries; each user keeps at least one.

    Parameters
    ----------
    table : sparse array of shape (users, items)
    share : float in [0, 1]
        Probability that an interaction is left out.
    seed : int

    Raises
    ------
    ParameterError
        If the share is outside its range.

    References
    ----------
    Wu et al. 2021, Self-supervised graph learning for recommendation, arXiv:2010.10783.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from polyculture.preprocess import drop_interactions
    >>> drop_interactions(sp.csr_array([[1, 1, 1], [0, 1, 0]]), share=1.0, seed=0).sum(axis=1).tolist()
    [1, 1]
    """
    _check(share)
    rows = sp.csr_array(table)
    drawn = np.random.default_rng(seed).random(rows.nnz)
    keep = drawn >= share
    filled = np.flatnonzero(np.diff(rows.indptr))
    if len(filled):
        # the largest draw of each user stays, whatever the share
        owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        last = rows.indptr[filled + 1] - 1
        keep[np.lexsort((drawn, owner))[last]] = True
    kept = np.concatenate([[0], np.cumsum(keep)])
    return sp.csr_array((rows.data[keep], rows.indices[keep], kept[rows.indptr]), shape=rows.shape)


def drop_features(vectors: Matrix, *, share: float = 0.2, columns: bool = False, seed: int) -> Matrix:
    """Vectors with a random share of their entries at 0, or of their columns.

    Parameters
    ----------
    vectors : array or sparse array of shape (n, d)
    share : float in [0, 1]
        Probability that an entry, or a column, is 0.
    columns : bool
        Whether a column is dropped for all items at once.
    seed : int

    Raises
    ------
    ParameterError
        If the share is outside its range.

    References
    ----------
    Zhu et al. 2020, Deep graph contrastive representation learning, arXiv:2006.04131.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.preprocess import drop_features
    >>> drop_features(np.ones((2, 4)), share=0.5, columns=True, seed=0).tolist()
    [[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]
    """
    _check(share)
    rng = np.random.default_rng(seed)
    if columns:
        keep = rng.random(vectors.shape[1]) >= share
        return sp.csr_array(vectors.multiply(keep)) if sp.issparse(vectors) else _times(vectors, keep)
    if sp.issparse(vectors):
        out = sp.csr_array(vectors, copy=True)
        out.data = _times(out.data, rng.random(out.nnz) >= share)
        out.eliminate_zeros()
        return out
    return _times(vectors, rng.random(vectors.shape) >= share)


def _times(values: Array, keep: Array) -> Array:
    return np.asarray(values * keep, dtype=values.dtype)


def _check(share: float) -> None:
    if not 0 <= share <= 1:
        raise ParameterError(f"share is {share}; use a number between 0 and 1")
