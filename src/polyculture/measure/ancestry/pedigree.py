"""Who descends from whom, in an order in which parents come before their children."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve_triangular

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ShapeError

COLUMNS = 8
"""Right-hand sides that are solved for at once: of a million models, 64 MB."""

FEW = 16
"""Models of a generation below which numpy takes longer than a loop."""


@dataclass(frozen=True, eq=False)
class Pedigree:
    """Models and their parents, any number of each; made by `Pedigree.of`.

    Parameters
    ----------
    nodes : int
        Models, numbered from 0.
    child, parent : int arrays of shape (edges,)
        Each edge once, by child.
    order : int array of shape (nodes,)
        All models, every parent before its children.
    depth : int array of shape (nodes,)
        Steps on the longest way up to a root; 0 for roots.

    Examples
    --------
    >>> merged = Pedigree.of(4, [1, 2, 3, 3], [0, 0, 1, 2])
    >>> merged.depth.tolist(), merged.roots.tolist()
    ([0, 1, 1, 2], [0])
    """

    nodes: int
    child: Ints
    parent: Ints
    order: Ints = field(repr=False)
    depth: Ints = field(repr=False)
    _kept: dict[tuple[str, int], sp.csr_array] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, nodes: int, child: Array | list[int], parent: Array | list[int]) -> Pedigree:
        """The pedigree of so many models with these edges; an edge that stands there twice counts once.

        Raises
        ------
        ShapeError
            If there are no models, or not as many children as parents.
        DataError
            If an edge names a model that there is not, or a model descends from itself; see `break_cycles`.
        """
        children, parents = np.asarray(child, dtype=np.int64), np.asarray(parent, dtype=np.int64)
        if nodes < 1:
            raise ShapeError("There are no models; pass at least one.")
        if children.shape != parents.shape or children.ndim != 1:
            raise ShapeError(f"There are {children.shape} children and {parents.shape} parents; pass one of each.")
        if len(children) and not 0 <= min(children.min(), parents.min()) <= max(children.max(), parents.max()) < nodes:
            raise DataError(f"An edge names a model outside 0 to {nodes - 1}; number the models from 0.")
        # sorted, for numpy finds different numbers by a hash that is slower
        edges = np.sort(children * nodes + parents)
        edges = edges[np.diff(edges, prepend=-1) > 0]
        children, parents = edges // nodes, edges % nodes
        order, depth = _sorted(nodes, children, parents)
        if len(order) < nodes:
            raise DataError(f"{nodes - len(order)} models descend from themselves; break the cycles first.")
        return cls(nodes, children, parents, order, depth)

    @cached_property
    def parents_of(self) -> Ints:
        """Number of parents of each model."""
        return np.bincount(self.child, minlength=self.nodes)

    @cached_property
    def roots(self) -> Ints:
        """Models without parents."""
        return np.flatnonzero(self.parents_of == 0)

    @cached_property
    def named(self) -> Mask:
        """Which models are somebody's parent."""
        return np.asarray(np.bincount(self.parent, minlength=self.nodes) > 0)

    def weights(self, least: int = 1) -> sp.csr_array:
        """What each model has from each parent: an equal part of so many, at least `least`; (nodes, nodes)."""
        if ("weights", least) not in self._kept:
            part, shape = 1.0 / np.maximum(self.parents_of, least), (self.nodes, self.nodes)
            self._kept["weights", least] = sp.csr_array((part[self.child], (self.child, self.parent)), shape=shape)
        return self._kept["weights", least]

    def up(self, values: Array, least: int = 1) -> Floats:
        r"""What reaches each model from all its descendants and itself, :math:`(I - W)^{-\top} v`; (nodes, ...)."""
        return self._solved(self._steps(least).T.tocsr(), values, lower=False)

    def down(self, values: Array, least: int = 1) -> Floats:
        r"""What each model has from all its ancestors and itself, :math:`(I - W)^{-1} x`; (nodes, ...)."""
        return self._solved(self._steps(least), values, lower=True)

    def _steps(self, least: int) -> sp.csr_array:
        """I - W with parents before children: a lower triangle."""
        if ("steps", least) not in self._kept:
            ordered = self.weights(least)[self.order][:, self.order]
            self._kept["steps", least] = sp.csr_array(sp.eye_array(self.nodes, format="csr") - ordered)
        return self._kept["steps", least]

    def _solved(self, triangle: sp.csr_array, values: Array, *, lower: bool) -> Floats:
        given = np.asarray(values, dtype=np.float64)
        if len(given) != self.nodes:
            raise ShapeError(f"There are {len(given)} values for {self.nodes} models; pass one for each.")
        found = np.empty_like(given)
        if given.ndim == 1:
            found[self.order] = spsolve_triangular(triangle, given[self.order], lower=lower, unit_diagonal=True)
            return found
        for start in range(0, given.shape[1], COLUMNS):
            some = slice(start, start + COLUMNS)
            right = np.ascontiguousarray(given[self.order, some])
            found[self.order, some] = spsolve_triangular(triangle, right, lower=lower, unit_diagonal=True)
        return found


def _sorted(nodes: int, child: Ints, parent: Ints) -> tuple[Ints, Ints]:
    """Parents before children, if there are no cycles, and depths: generation by generation (Kahn 1962)."""
    by_parent = np.argsort(parent, kind="stable")
    children, start = child[by_parent], np.searchsorted(parent[by_parent], np.arange(nodes + 1))
    waiting = np.bincount(child, minlength=nodes)
    depth = np.zeros(nodes, dtype=np.int64)
    generation: Ints = np.flatnonzero(waiting == 0)
    generations, below = [generation], 1
    while len(generation):
        step = _few if len(generation) < FEW else _many
        generation = step(generation, children, start, waiting)
        depth[generation] = below
        generations.append(generation)
        below += 1
    return np.concatenate(generations), depth


def _many(generation: Ints, children: Ints, start: Ints, waiting: Ints) -> Ints:
    """Children all of whose parents have come by now."""
    sizes = start[generation + 1] - start[generation]
    first = np.repeat(start[generation] - np.cumsum(sizes) + sizes, sizes)
    born = np.sort(children[first + np.arange(len(first))])
    new = np.diff(born, prepend=-1) > 0
    times = np.diff(np.append(np.flatnonzero(new), len(born)))
    waiting[born[new]] -= times
    return np.asarray(born[new][waiting[born[new]] == 0])


def _few(generation: Ints, children: Ints, start: Ints, waiting: Ints) -> Ints:
    """The same for a handful, quicker: lines of descent may be a million generations long."""
    ready = []
    for node in generation.tolist():
        for each in children[start[node] : start[node + 1]].tolist():
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    return np.array(sorted(ready), dtype=np.int64)
