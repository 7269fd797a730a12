"""Edges as they were written to an adjacency, with every decision counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import Policy
from polyculture.errors import DataError, ParameterError

LOOPS = ("drop", "keep")


@dataclass(frozen=True)
class Edges:
    """Edges among `nodes` nodes, from `tail` to `head`.

    Parameters
    ----------
    nodes : int
    tail, head : array of int, shape (e,)
    weight : array of float, shape (e,), or None
        None is 1 for each.
    place : str
        What a row of them is called in messages, such as "line" or "edge".
    rows : array of int, shape (e,), or None
        Their numbers in messages; None is 1, 2, ...
    self_loops : {"drop", "keep"}
    source : str
    """

    nodes: int
    tail: Ints
    head: Ints
    weight: Floats | None = None
    place: str = "edge"
    rows: Ints | None = None
    self_loops: str = "drop"
    source: str = "the graph"

    def named(self, which: Any) -> str:
        """The first of the edges that a mask marks, in words."""
        first = int(np.argmax(which))
        return f"{self.place} {first + 1 if self.rows is None else self.rows[first]}"


def adjacency(edges: Edges, *, directed: bool = False) -> tuple[sp.csr_array, tuple[Policy, ...]]:
    """The adjacency of edges: of an edge given twice the larger weight counts, loops are dropped or kept.

    Raises
    ------
    DataError
        If an edge leads to a node that does not exist, or has a weight that is negative or not finite.
    ParameterError
        If `self_loops` is neither "drop" nor "keep".

    Examples
    --------
    >>> import numpy as np
    >>> graph, policies = adjacency(Edges(3, np.array([0, 0, 2]), np.array([1, 1, 2])))
    >>> graph.toarray().tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    >>> [(policy.what, policy.count) for policy in policies]
    [('self-loops', 1), ('edges given twice', 1)]
    """
    if edges.self_loops not in LOOPS:
        raise ParameterError(f"self_loops is {edges.self_loops!r}; use one of {', '.join(LOOPS)}")
    tail, head, weight = _checked(edges)
    loops = tail == head
    policies = _noted("self-loops", int(loops.sum()), "kept" if edges.self_loops == "keep" else "dropped")
    if edges.self_loops == "drop":
        tail, head, weight = tail[~loops], head[~loops], weight[~loops]
    tail, head, weight, twice = _once(edges.nodes, tail, head, weight)
    policies += _noted("edges given twice", twice, "read once, with the largest weight")
    graph = sp.coo_array((weight, (tail, head)), shape=(edges.nodes, edges.nodes)).tocsr()
    graph = graph if directed else graph.maximum(graph.T).tocsr()
    graph.eliminate_zeros()
    graph.sort_indices()
    return graph, policies


def _checked(edges: Edges) -> tuple[Ints, Ints, Floats]:
    ends = np.stack([np.asarray(edges.tail, dtype=np.int64), np.asarray(edges.head, dtype=np.int64)])
    weight = np.ones(ends.shape[1], np.float32) if edges.weight is None else np.asarray(edges.weight, np.float64)
    wrong = (ends < 0) | (ends >= edges.nodes)
    if wrong.any():
        at = wrong.any(axis=0)
        value = ends[:, int(np.argmax(at))][wrong[:, int(np.argmax(at))]][0]
        raise DataError(
            f"{edges.source}: {edges.named(at)} leads to node {value}, which does not exist; nodes are numbered from 0 "
            f"to {edges.nodes - 1}"
        )
    odd = ~(np.isfinite(weight) & (weight >= 0) & (weight < np.finfo(np.float32).max))
    if odd.any():
        raise DataError(
            f"{edges.source}: {edges.named(odd)} has the weight {weight[int(np.argmax(odd))]}; give weights that are "
            "finite and not negative"
        )
    return ends[0], ends[1], weight.astype(np.float32)


def _once(nodes: int, tail: Ints, head: Ints, weight: Floats) -> tuple[Ints, Ints, Floats, int]:
    """Each edge once, with its largest weight, and how many were left out."""
    keys = tail * nodes + head
    order = np.lexsort((-weight, keys))
    keys = keys[order]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[1:] != keys[:-1]
    kept = order[first]
    return tail[kept], head[kept], weight[kept], int(len(keys) - len(kept))


def degrees(graph: sp.csr_array) -> tuple[sp.csr_array, tuple[str, ...]]:
    """A column for each degree that occurs, and their names: what is known of nodes without features.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> columns, names = degrees(sp.csr_array(np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])))
    >>> columns.toarray().tolist(), names
    ([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]], ('degree 1', 'degree 2'))
    """
    found, which = np.unique(np.diff(graph.indptr), return_inverse=True)
    rows = np.arange(len(which))
    columns = sp.csr_array((np.ones(len(rows), np.float32), (rows, which)), shape=(len(rows), len(found)))
    return columns, tuple(f"degree {degree}" for degree in found)


def _noted(what: str, count: int, done: str) -> tuple[Policy, ...]:
    return (Policy(what, count, done),) if count else ()
