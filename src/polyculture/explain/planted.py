"""Graphs whose answers are known to come from a few nodes that were planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import shortest_path
from scipy.stats import rankdata

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ParameterError, ShapeError
from polyculture.explain.graph import Around

HOUSE = ((0, 1), (1, 2), (2, 3), (3, 0), (2, 4), (3, 4))
"""Two at the bottom (0, 1), two in the middle (2, 3), the roof (4)."""
SIZE, ROOF = 5, 4


@dataclass(frozen=True, eq=False)
class Planted:
    """A graph with houses in it, and what decides about each node of a house: its roof.

    Parameters
    ----------
    features : array of shape (n, d)
        Noise; the first column of a roof tells the class of its house.
    label : array of n str or None
        Of the nodes of houses but their roofs; None for all others.
    graph : CSR array of shape (n, n)
        Symmetric.
    house : array of int, shape (n,)
        Number of the house; -1 outside of any.
    roof : array of int, shape (n,)
        The node that decides; -1 outside of houses.
    """

    features: Floats
    label: Array
    graph: sp.csr_array
    house: Ints
    roof: Ints

    @property
    def asked(self) -> Ints:
        """Nodes whose answers are known: those of houses, without roofs."""
        return np.flatnonzero((self.house >= 0) & (self.roof != np.arange(len(self.house))))


def planted_houses(
    houses: int = 80, base: int = 300, *, links: int = 2, columns: int = 10, noise: float = 0.5, seed: int = 0
) -> Planted:
    """Houses tied to a random graph of the kind of Barabási and Albert, whose roofs tell their class.

    No node but the roof knows the class of its house, so that whoever is right about another must have looked there.

    Parameters
    ----------
    houses : int >= 2
    base : int > links
        Nodes outside of houses.
    links : int >= 1
        Edges that each node of the base arrives with.
    columns : int >= 1
        Features of a node.
    noise : float > 0
        Standard deviation of features; the signal of a roof is ±4.
    seed : int

    Raises
    ------
    ParameterError
        If a number is out of its range.

    References
    ----------
    Ying et al. 2019, arXiv:1903.03894 (houses in a Barabási-Albert graph).

    Examples
    --------
    >>> from polyculture.explain import planted_houses
    >>> planted = planted_houses(10, 50)
    >>> planted.graph.shape, len(planted.asked)
    ((100, 100), 40)
    """
    if houses < 2 or links < 1 or base <= links or columns < 1 or noise <= 0:
        raise ParameterError(
            f"houses, base, links, columns and noise are {houses}, {base}, {links}, {columns} and {noise}; use at "
            "least 2 houses, more nodes than links, and numbers above 0"
        )
    rng = np.random.default_rng(seed)
    n = base + SIZE * houses
    starts = base + SIZE * np.arange(houses)
    pairs = [*_attached(base, links, rng)]
    pairs += [(int(s) + a, int(s) + b) for s in starts for a, b in HOUSE]
    pairs += [(int(s), int(rng.integers(base))) for s in starts]
    ends = np.array(pairs).T
    half = sp.csr_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(n, n))
    features, classes = rng.normal(scale=noise, size=(n, columns)), rng.permutation(np.arange(houses) % 2)
    features[starts + ROOF, 0] = np.where(classes == 1, 4.0, -4.0)
    house, roof, label = np.full(n, -1), np.full(n, -1), np.full(n, None, dtype=object)
    house[base:], roof[base:] = np.repeat(np.arange(houses), SIZE), np.repeat(starts + ROOF, SIZE)
    label[base:] = np.array(["left", "right"])[np.repeat(classes, SIZE)]
    label[starts + ROOF] = None
    return Planted(features, label, sp.csr_array(half.maximum(half.T)), house, roof)


def true_edges(around: Around, roof: int, *, hops: int) -> Mask:
    """Which edges around an item lie on a way from its roof that is short enough for the layers of a model.

    Parameters
    ----------
    around : Around
    roof : int
        The fitted item that decides.
    hops : int >= 1

    Returns
    -------
    array of bool, shape (edges,)
        In the order of ``around.listed()``; none where the roof does not reach the item.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.explain import true_edges
    >>> from polyculture.explain.graph import Around
    >>> middle, roof, item = 7, 9, -1
    >>> edges = sp.csr_array(np.array([[0, 1, 0], [1, 0, 0], [1, 0, 0]]))
    >>> near = Around(np.array([middle, roof, item]), np.zeros((3, 1)), edges)
    >>> near.listed().tolist()
    [[9, 7], [7, 9], [7, -1]]
    >>> true_edges(near, roof, hops=2).tolist()
    [True, False, True]
    """
    start = np.flatnonzero(around.items == roof)
    if not len(start):
        return np.zeros(around.edges.nnz, dtype=bool)
    # rows receive: messages walk against the direction of the matrix
    last = len(around.items) - 1
    since = shortest_path(around.edges.T, unweighted=True, indices=int(start[0]))
    until = shortest_path(around.edges, unweighted=True, indices=last)
    listed = around.edges.tocoo()
    return np.asarray(since[listed.col] + 1 + until[listed.row] <= hops)


def auroc(weights: Floats, truth: Mask) -> float:
    """Chance that what is true weighs more than what is not; NaN where there is only one of both.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import auroc
    >>> auroc(np.array([0.9, 0.1, 0.5]), np.array([True, False, True]))
    1.0
    """
    if np.shape(weights) != np.shape(truth):
        raise ShapeError(f"there are {np.shape(weights)} weights and {np.shape(truth)} truths; give one for each")
    yes = int(np.sum(truth))
    no = len(truth) - yes
    if not yes or not no:
        return float("nan")
    return float((rankdata(weights)[truth].sum() - yes * (yes + 1) / 2) / (yes * no))


def _attached(count: int, links: int, rng: np.random.Generator) -> Sequence[tuple[int, int]]:
    """Edges of a graph whose later nodes prefer those that have many edges already."""
    pairs = [(i, links) for i in range(links)]
    drawn = [end for pair in pairs for end in pair]
    for node in range(links + 1, count):
        chosen: set[int] = set()
        while len(chosen) < links:
            chosen.add(drawn[int(rng.integers(len(drawn)))])
        pairs += [(node, other) for other in sorted(chosen)]
        drawn += [end for other in sorted(chosen) for end in (node, other)]
    return pairs
