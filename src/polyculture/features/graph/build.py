"""One graph over the items of all domains, and the edges of items that come later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Matrix
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.encoders.base import State
from polyculture.features.graph.neighbours import neighbours
from polyculture.features.graph.words import Bipartite, words_and_items

Edges: TypeAlias = sp.csr_array | Bipartite
"""What vectors are spread over: ``edges @ vectors``; row i holds the edges that item i receives from."""

KINDS = {
    "given": "edges that come with the data",
    "words": "items that share words, walked in two steps",
    "other": "nearest neighbours in another view than the one the vectors come from",
    "same": "nearest neighbours in the view that the vectors come from",
}


def given(adjacency: Array | sp.csr_array, *, items: int | None = None, symmetric: bool = False) -> sp.csr_array:
    """Edges as they were given, checked, without self-loops.

    Parameters
    ----------
    adjacency : array or sparse array of shape (n, n)
        Non-negative weights; entry (i, j) is the edge over which item i receives from item j.
    items : int or None
        Columns that are expected, where rows are later items; None for a square matrix among the fitted ones.
    symmetric : bool
        Whether an edge in one direction counts in both, with the larger of two weights.

    Returns
    -------
    CSR array of float32, shape (n, n)

    Raises
    ------
    ShapeError
        If it is not square, or has not this many columns.
    DataError
        If a weight is negative or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.graph import given
    >>> given(np.array([[1, 1], [0, 0]]), symmetric=True).toarray()
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    """
    if np.ndim(adjacency) != 2 and not sp.issparse(adjacency):
        raise ShapeError("The graph is no matrix; pass a sparse adjacency matrix over the items.")
    edges = sp.coo_array(adjacency, dtype=np.float32)
    later = items is not None
    if edges.shape[1] != (items if later else edges.shape[0]):
        expected = (
            f"one column for each of the {items} fitted items" if later else "one row and one column for each item"
        )
        raise ShapeError(f"The graph has shape {edges.shape}; pass {expected}.")
    wrong = np.flatnonzero(~(np.isfinite(edges.data) & (edges.data >= 0)))
    if len(wrong):
        place = f"row {edges.row[wrong[0]]}, column {edges.col[wrong[0]]}"
        raise DataError(f"The graph holds {edges.data[wrong[0]]} in {place}; weights must be finite and not negative.")
    if not later:
        other = edges.row != edges.col
        edges = sp.coo_array((edges.data[other], (edges.row[other], edges.col[other])), shape=edges.shape)
    kept = edges.tocsr()
    kept = kept.maximum(kept.T).tocsr() if symmetric and not later else kept
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept


@dataclass(frozen=True)
class Graph:
    """Edges among the fitted items, with what it takes to attach later ones; see :func:`build_graph`.

    Parameters
    ----------
    kind : str
        ``"given"``, ``"words"``, ``"other"`` or ``"same"``.
    edges : CSR array or Bipartite of shape (n, n)
        Row i holds the edges over which item i receives.
    view : array or CSR array of shape (n, d), or None
        Vectors that the edges were found in; None where they were given.
    k : int >= 1
        Neighbours of an item.
    exact : bool or None
        Whether all pairs are compared.
    seed : int
    """

    kind: str
    edges: Edges
    view: Matrix | None = None
    k: int = 15
    exact: bool | None = None
    seed: int = 0

    def attach(self, new: Matrix) -> Edges:
        """Edges from later items to the fitted ones; later items do not see each other.

        Parameters
        ----------
        new : array or CSR array of shape (m, d)
            The later items in the view that the graph was built from, from the same fitted encoder. Where edges are
            given: the later items' edges, shape (m, n).

        Returns
        -------
        CSR array or Bipartite of shape (m, n)
        """
        if self.view is None:
            return given(new, items=self.edges.shape[1])
        if self.kind == "words":
            return words_and_items(self.view, new)
        return neighbours(self.view, new, k=self.k, exact=self.exact, seed=self.seed)

    def state(self) -> State:
        """All that is needed to build the graph again."""
        # Walks over words follow from the view at once, neighbours only after a search.
        kept = None if self.kind == "words" else self.edges
        return {
            "kind": self.kind,
            "edges": kept,
            "view": self.view,
            "k": self.k,
            "exact": self.exact,
            "seed": self.seed,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The graph that `state` was taken from."""
        edges = words_and_items(state["view"]) if state["kind"] == "words" else state["edges"]
        return cls(**{**state, "edges": edges})


def build_graph(
    kind: str, matrix: Matrix, *, k: int = 15, symmetric: bool = False, exact: bool | None = None, seed: int = 0
) -> Graph:
    """One graph over the items of all domains.

    A graph earns its place by what the vectors do not hold: given edges, words and items together, or neighbours in
    ``"other"`` view than the one that is spread (lexical neighbours for semantic vectors, and the reverse). Kinds
    ``"other"`` and ``"same"`` find neighbours alike and differ in the view that the caller passes.

    Parameters
    ----------
    kind : str
        ``"given"``, ``"words"``, ``"other"`` or ``"same"``.
    matrix : array or CSR array of shape (n, n), (n, words) or (n, d)
        Edges, weights of words, or the view to find neighbours in.
    k : int >= 1
        Neighbours of an item, where they are found.
    symmetric : bool
        Whether given edges count in both directions.
    exact : bool or None
        Whether all pairs are compared; see :func:`neighbours`.
    seed : int
        Of the approximate search.

    Raises
    ------
    ParameterError
        If there is no such kind.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.graph import build_graph
    >>> graph = build_graph("other", np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]), k=1)
    >>> graph.attach(np.array([[0.0, 2.0]])).toarray()
    array([[0., 0., 1.]], dtype=float32)
    """
    if kind not in KINDS:
        raise ParameterError(f"there is no graph named {kind!r}; use one of {', '.join(KINDS)}")
    if kind == "given":
        return Graph(kind, given(matrix, symmetric=symmetric), None, k, exact, seed)
    edges = words_and_items(matrix) if kind == "words" else neighbours(matrix, k=k, exact=exact, seed=seed)
    return Graph(kind, edges, matrix, k, exact, seed)
