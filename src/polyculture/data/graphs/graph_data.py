"""Items with a graph, and what is known of their columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Matrix
from polyculture.data.answers import Policy
from polyculture.data.dataset import DomainData
from polyculture.data.graphs.edges import Edges, adjacency, degrees
from polyculture.errors import DataError


@dataclass(frozen=True, eq=False)
class GraphData(DomainData):
    """Items of one or several domains with the edges among them.

    Items are of the modality ``"vector"``, an (n, d) array or sparse array of float32. Entry (i, j) of the graph is the
    edge from i to j, over which item i receives; the graph is symmetric unless a directed one was asked for.

    A label is a class, or a tuple of 0 and 1 with one place for each of `label_names`; None where there is none.

    Parameters
    ----------
    feature_names : tuple of d str, or None
        What the columns are called, where they have names; graphs are joined by them.
    label_names : tuple of str or int, or None
        What the places of a tuple are called; None where each item has one class.
    policies : tuple of Policy
        Everything in the input that asked for a decision: loops, edges given twice, nodes without features.

    Examples
    --------
    >>> import networkx as nx
    >>> from polyculture.data.graphs import from_networkx
    >>> data = from_networkx(nx.path_graph(3), domain="paths")
    >>> data.graph.nnz, data.labelled.any(), data.feature_names
    (4, np.False_, ('degree 1', 'degree 2'))
    >>> data.counts()
    {'paths': {'nodes': 3, 'edges': 2, 'labelled': 0}}
    """

    feature_names: tuple[str, ...] | None = None
    label_names: tuple[Any, ...] | None = None
    policies: tuple[Policy, ...] = ()

    @classmethod
    def made(
        cls,
        vectors: Matrix | None,
        edges: Edges,
        *,
        domain: Any,
        label: Any = None,
        split: Any = None,
        ids: Any = None,
        directed: bool = False,
        feature_names: tuple[str, ...] | None = None,
        label_names: tuple[Any, ...] | None = None,
        policies: tuple[Policy, ...] = (),
        source: str = "the graph",
    ) -> Self:
        """Build from vectors and edges; nodes without any vectors get their degree for one, a column a degree."""
        graph, decided = adjacency(edges, directed=directed)
        if vectors is None:
            vectors, feature_names = degrees(graph)
        where = [domain] * edges.nodes if isinstance(domain, str) else domain
        items = {"vector": finite(as_vectors(vectors), source)}
        # the parent's `of` gives an instance of the class that it is asked of
        data = cast("Self", cls.of(items, label=label, domain=where, split=split, ids=ids, graph=graph, source=source))
        decisions = (*policies, *decided)
        return replace(data, feature_names=feature_names, label_names=label_names, policies=decisions)

    @property
    def vectors(self) -> Matrix:
        """The modality ``vector``, shape (n, d)."""
        found: Matrix = self.items["vector"]
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Nodes, edges and labelled nodes of each domain; an edge in both directions counts once."""
        graph = sp.csr_array((len(self), len(self))) if self.graph is None else self.graph
        upper = sp.triu(graph.maximum(graph.T)).tocoo()
        leaves = self.domain[upper.row]
        return {
            name: {
                "nodes": int((self.domain == name).sum()),
                "edges": int((leaves == name).sum()),
                "labelled": int(self.labelled[self.domain == name].sum()),
            }
            for name in self.domains
        }


def as_vectors(vectors: Array | sp.sparray) -> Matrix:
    """Vectors as float32."""
    with np.errstate(over="ignore"):
        if sp.issparse(vectors):
            return sp.csr_array(vectors, dtype=np.float32)
        return np.asarray(vectors, dtype=np.float32)


def finite(vectors: Matrix, source: str) -> Matrix:
    """The same vectors, if all of their numbers are finite."""
    right = np.isfinite(vectors.data if sp.issparse(vectors) else vectors)
    if right.all():
        return vectors
    first = int(np.argmin(right.ravel()))
    if sp.issparse(vectors):
        row, column = int(np.searchsorted(vectors.indptr, first, side="right")), int(vectors.indices[first]) + 1
    else:
        row, column = (int(i) + 1 for i in divmod(first, vectors.shape[1]))
    raise DataError(
        f"{source}: node {row} (counted from 1) has in feature {column} a number that is not finite, or beyond single "
        "precision; mend or remove it"
    )
