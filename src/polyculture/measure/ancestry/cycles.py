"""Models that descend from themselves, and which of their edges to leave out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import ShapeError


@dataclass(frozen=True, eq=False)
class Loops:
    """Edges that are kept so that nobody descends from himself.

    Parameters
    ----------
    kept : bool array of shape (edges,)
    groups : list of int arrays
        Models that all descend from each other, from the oldest.
    """

    kept: Mask
    groups: list[Ints]


def break_cycles(nodes: int, child: Array, parent: Array, age: Array | None = None) -> Loops:
    """Leave out the edges that close a cycle, as a search that starts at the oldest model meets them.

    Among models that all descend from each other, a search from parents to children starts at the oldest one, and an
    edge that leads back to a model on the way is left out (Tarjan 1972). Nobody is his own parent.

    Parameters
    ----------
    nodes : int
    child, parent : int arrays of shape (edges,)
    age : array of shape (nodes,) or None
        What sorts models from the oldest; their numbers if None.

    Returns
    -------
    Loops

    Raises
    ------
    ShapeError
        If arrays do not fit together.

    Examples
    --------
    >>> found = break_cycles(3, np.array([1, 2, 0]), np.array([0, 1, 2]))
    >>> found.kept.tolist(), [group.tolist() for group in found.groups]
    ([True, True, False], [[0, 1, 2]])
    """
    rank = np.arange(nodes) if age is None else np.asarray(age)
    if len(child) != len(parent) or len(rank) != nodes:
        raise ShapeError(
            f"There are {len(child)} children, {len(parent)} parents and {len(rank)} ages; pass equal ones."
        )
    kept = np.asarray(child) != np.asarray(parent)
    ones = np.ones(int(kept.sum()), dtype=np.int8)
    graph = sp.csr_array((ones, (parent[kept], child[kept])), shape=(nodes, nodes))
    count, label = connected_components(graph, directed=True, connection="strong")
    crowded = np.bincount(label, minlength=count) > 1
    if not crowded.any():
        return Loops(kept, [])
    inside = np.flatnonzero(kept & (label[child] == label[parent]) & crowded[label[child]])
    members = np.flatnonzero(crowded[label])
    members = members[np.lexsort((members, rank[members]))]
    back = _back_edges(members, child[inside], parent[inside])
    kept[inside[back]] = False
    groups = [members[label[members] == each] for each in dict.fromkeys(label[members].tolist())]
    return Loops(kept, groups)


def _back_edges(members: Ints, child: Ints, parent: Ints) -> list[int]:
    """Edges, by number, that lead from a model back to one on the way to it."""
    below: dict[int, list[tuple[int, int]]] = {}
    for edge, (low, high) in enumerate(zip(child.tolist(), parent.tolist(), strict=True)):
        below.setdefault(high, []).append((edge, low))
    open_, done, back = set(), set(), []
    for start in members.tolist():
        if start in done:
            continue
        way = [(start, iter(below.get(start, ())))]
        open_.add(start)
        while way:
            node, rest = way[-1]
            step = next(rest, None)
            if step is None:
                way.pop()
                open_.discard(node)
                done.add(node)
            elif step[1] in open_:
                back.append(step[0])
            elif step[1] not in done:
                open_.add(step[1])
                way.append((step[1], iter(below.get(step[1], ()))))
    return back
