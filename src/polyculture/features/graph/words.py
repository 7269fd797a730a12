"""Words and items in one graph, walked in two steps and never multiplied out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError

COLUMNS = 64
"""Columns of the vectors that are walked at once, which bounds memory to words x 64 numbers."""


@dataclass(frozen=True)
class Bipartite:
    r"""Edges between items that share words, as an operator of shape (m, n): ``edges @ vectors``.

    .. math:: A = P W - \operatorname{diag}(o)

    Its product is never formed, for a frequent word alone would join all items to each other.

    Parameters
    ----------
    items_to_words : CSR array of shape (m, words)
        P, where an item's walk goes first.
    words_to_items : CSR array of shape (words, n)
        W, where it goes from there.
    own : array of shape (m,) or None
        o, the walks that come back to the item they left; None where rows and columns are different items.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.features.graph import words_and_items
    >>> edges = words_and_items(sp.csr_array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]]))
    >>> edges @ np.array([1.0, 10.0, 100.0])
    array([55.  , 75.25, 7.75])
    """

    items_to_words: sp.csr_array
    words_to_items: sp.csr_array
    own: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Items that edges go out from, and items that they go to."""
        return self.items_to_words.shape[0], self.words_to_items.shape[1]

    @property
    def T(self) -> Bipartite:  # noqa: N802 - as numpy calls it
        """The same edges, seen from the other end."""
        return Bipartite(self.words_to_items.T, self.items_to_words.T, self.own)

    def dot(self, vectors: Array) -> Floats:
        """Weighted sums of the vectors at the other end of the edges.

        Parameters
        ----------
        vectors : array of shape (n,) or (n, d)

        Returns
        -------
        array of shape (m,) or (m, d), of the dtype of the vectors

        Raises
        ------
        ShapeError
            If the vectors are not as many as the columns.
        """
        vectors = np.asarray(vectors)
        if len(vectors) != self.shape[1]:
            raise ShapeError(
                f"There are {len(vectors)} vectors for edges to {self.shape[1]} items; pass one vector an item."
            )
        if vectors.ndim == 1:
            return self._walk(vectors)
        out = np.empty((self.shape[0], vectors.shape[1]), dtype=vectors.dtype)
        for start in range(0, vectors.shape[1], COLUMNS):
            out[:, start : start + COLUMNS] = self._walk(vectors[:, start : start + COLUMNS])
        return out

    def __matmul__(self, vectors: Array) -> Floats:
        return self.dot(vectors)

    def _walk(self, vectors: Array) -> Floats:
        # In double precision, for the walk back home is subtracted from a sum that it may dominate.
        there = self.items_to_words @ (self.words_to_items @ vectors.astype(np.float64))
        if self.own is not None:
            there -= (self.own * vectors.T).T
        walked: Floats = there.astype(vectors.dtype)
        return walked


def words_and_items(tfidf: sp.csr_array, queries: sp.csr_array | None = None) -> Bipartite:
    r"""Random walk from an item to one of its words, and on to another item with that word.

    With weights T of words in items, an item goes to word w with probability :math:`T_{iw} / \sum_v T_{iv}`, and
    from there to item j with probability :math:`T_{jw} / \sum_l T_{lw}`. A fitted item is
    left out of the latter sum when it is itself the one that walks:

    .. math:: A_{ij} = \sum_w \frac{T_{iw}}{\sum_v T_{iv}} \, \frac{T_{jw}}{\sum_{l \neq i} T_{lw}}, \quad A_{ii} = 0

    so that it has exactly the edges that it would have, had it come later. Words that no (other) fitted item has are
    left out of the first sum. Rows add up to 1, or to 0 where an item shares no word.

    Parameters
    ----------
    tfidf : CSR array of shape (n, words)
        Non-negative weights of words in the fitted items.
    queries : CSR array of shape (m, words), or None
        Later items; None joins the fitted items to each other.

    Returns
    -------
    Bipartite of shape (n, n) or (m, n)

    Raises
    ------
    DataError
        If a weight is negative or not finite.
    ShapeError
        If the queries have other words.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> edges = words_and_items(sp.csr_array(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 3.0]])))
    >>> edges @ np.eye(3)
    array([[0. , 1. , 0. ],
           [0.5, 0. , 0.5],
           [0. , 1. , 0. ]])
    """
    fitted = _weights(tfidf, "tfidf")
    total = fitted.sum(axis=0)
    to_items = fitted.T.tocsr()
    to_items.data /= np.repeat(total, np.diff(to_items.indptr))
    if queries is not None:
        later = _weights(queries, "queries")
        if later.shape[1] != fitted.shape[1]:
            raise ShapeError(
                f"queries have {later.shape[1]} words and tfidf has {fitted.shape[1]}; use the same vocabulary."
            )
        later.data[total[later.indices] == 0] = 0
        return Bipartite(_rows_to_one(later), to_items)
    share = fitted.data / total[fitted.indices]
    # Past this share the sum over the others is the rounding error of the sum over all: nobody else has the word.
    alone = share > 1 - 1e-12
    walks = fitted.copy()
    walks.data[alone] = 0
    walks = _rows_to_one(walks)
    walks.data /= np.where(alone, 1, 1 - share)
    own = sp.csr_array((walks.data * share, fitted.indices, fitted.indptr), shape=fitted.shape).sum(axis=1)
    return Bipartite(walks, to_items, own)


def _weights(tfidf: sp.csr_array, name: str) -> sp.csr_array:
    weights = sp.csr_array(tfidf, dtype=np.float64, copy=True)
    if not np.isfinite(weights.data).all() or (weights.data < 0).any():
        raise DataError(f"{name} holds a weight that is negative or not finite; pass counts or TF-IDF weights.")
    weights.sum_duplicates()
    weights.eliminate_zeros()
    return weights


def _rows_to_one(weights: sp.csr_array) -> sp.csr_array:
    """Rows divided by their sums, with the same places, zeros among them."""
    total = weights.sum(axis=1)
    data = weights.data / np.repeat(np.where(total > 0, total, 1), np.diff(weights.indptr))
    return sp.csr_array((data, weights.indices, weights.indptr), shape=weights.shape)
