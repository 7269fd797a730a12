"""Step 3 where a domain has no labels and items have a graph: depth by side, and self-training over both graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from polyculture.adapt.inputs import stacked
from polyculture.adapt.over_graph import OverGraph, adapt_over_graph
from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.errors import ShapeError
from polyculture.features.combine import Encoded
from polyculture.features.encoders.base import State
from polyculture.features.graph import Edges, given
from polyculture.progress import LOG
from polyculture.targets import kind_of


@dataclass(frozen=True, eq=False)
class Fitted:
    """The domain's items that were there when it was fitted, for later ones to receive from.

    Parameters
    ----------
    rows : array of int, shape (m,)
        Where they are among all fitted items.
    vectors : array or sparse array of shape (m, d)
    graph : CSR array of shape (m, m)
    """

    rows: Ints
    vectors: Matrix
    graph: sp.csr_array

    def joined(self, vectors: Matrix, graph: Edges, edges: sp.csr_array) -> tuple[Matrix, sp.csr_array]:
        """These items and later ones below them, in one graph; the fitted ones receive nothing.

        Raises
        ------
        ShapeError
            If the edges of later items do not reach all of these.
        """
        if edges.shape[1] <= self.rows[-1]:
            raise ShapeError(f"the edges are {edges.shape}, expected one column for each of the fitted items")
        below = given(edges, items=edges.shape[1])[:, self.rows]
        return stacked(self.vectors, vectors), sp.csr_array(sp.block_array([[self.graph, None], [below, graph]]))


@dataclass(frozen=True, eq=False)
class OwnOverGraph:
    """What answers for one domain in place of the fused model, from its items' own vectors and their graph.

    Parameters
    ----------
    found : OverGraph
    fitted : Fitted
    """

    kind: ClassVar[str] = "graph"
    found: OverGraph
    fitted: Fitted

    @property
    def method(self) -> str:
        """The way that was chosen."""
        return self.found.name

    @property
    def scores(self) -> dict[str, float]:
        """What circular validation said of each way."""
        return self.found.scores

    def answers(self, encoded: Encoded) -> Floats:
        """Probabilities of items over the edges among them and to the fitted ones; without any each has itself."""
        vectors, graph = vectors_of(encoded), _graph(encoded)
        if encoded.edges is None:
            return self.found.answer(vectors, graph)
        return self.found.answer(*self.fitted.joined(vectors, graph, encoded.edges))[len(self.fitted.rows) :]

    def state(self) -> State:
        """All that is needed to build it again."""
        return {"kind": self.kind, "found": self.found.state(), "fitted": vars(self.fitted)}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(OverGraph.from_state(state["found"]), Fitted(**state["fitted"]))


def adapt_without_labels_over_graph(
    encoded: Encoded, y: Array, domain: Array, name: str, *, seed: int = 0
) -> OwnOverGraph | None:
    """Answers for a domain whose items have no labels, over given edges; None where no graph is better.

    Parameters
    ----------
    encoded : Encoded
        All items, with their graph.
    y : array of shape (n,) or (n, L)
        As :func:`polyculture.adapt.over_graph.adapt_over_graph` takes it.
    domain : array of str, shape (n,)
    name : str
        The domain; all others that have labels are the source.
    seed : int

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.classify.unlabelled_graph import adapt_without_labels_over_graph
    >>> from polyculture.features.combine import Encoded
    >>> y, domain = np.arange(80) % 2, np.repeat(["old", "new"], 40)
    >>> x = np.random.RandomState(0).normal(size=(80, 3)) + 0.5 * y[:, None]
    >>> friends = sp.csr_array((np.equal.outer(y, y) & np.equal.outer(domain, domain)) * 1.0)
    >>> encoded, known = Encoded({"vectors": x}, x, graph=friends), np.where(domain == "new", -1, y)
    >>> adapt_without_labels_over_graph(encoded, known, domain, "new").method
    'self-training'
    """
    known = kind_of(y).labelled(y)
    rows = np.flatnonzero(np.isin(domain, [name, *np.unique(domain[known].astype(str))]))
    some = encoded.take(rows)
    found = adapt_over_graph(vectors_of(some), _graph(some), y[rows], domain[rows] != name, seed=seed)
    LOG.info("domain %s: %s (%s)", name, found.name, ", ".join(f"{k} {v:.3f}" for k, v in found.scores.items()))
    if found.name == "none":
        return None
    own = np.flatnonzero(domain == name)
    there = encoded.take(own)
    return OwnOverGraph(found, Fitted(own, vectors_of(there), sp.csr_array(_graph(there))))


def _graph(encoded: Encoded) -> Edges:
    """Edges that count in both directions, as in step 2; none where there is no graph."""
    nothing = sp.csr_array((len(encoded), len(encoded)))
    return given(nothing if encoded.graph is None else encoded.graph, symmetric=True)


def vectors_of(encoded: Encoded) -> Matrix:
    """A sparse view where there is one, for its columns say most of what parts domains; else all views side by side.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.classify.unlabelled_graph import vectors_of
    >>> from polyculture.features.combine import Encoded
    >>> vectors_of(Encoded({"size": np.zeros((3, 2)), "age": np.zeros((3, 1))}, np.zeros((3, 3)))).shape
    (3, 3)
    """
    for view in encoded.views.values():
        if sp.issparse(view):
            return view
    return np.hstack(list(encoded.views.values()))
