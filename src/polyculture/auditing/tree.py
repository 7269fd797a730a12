"""The tree that average linkage grows over models, and where to cut it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from polyculture.arrays import Floats, Ints

ORDERED = 500
"""Models up to which leaves are put in the best order; the time for it grows with their cube."""
CUTS, WIDER = 64, 24
"""Every cut into so many clusters is tried, and so many beyond, evenly spaced in logarithm."""


@dataclass(frozen=True, eq=False)
class Tree:
    """Merges of m models, and their place among the leaves.

    Parameters
    ----------
    linkage : float array of shape (m - 1, 4)
        As scipy writes it, by rising distance.
    order : int array of shape (m,)
        The models as leaves from left to right.
    borders : int array of shape (m - 1,)
        Leaf at which the right branch of each merge begins. Undoing the last k - 1 merges leaves k clusters, and their
        borders are where the clusters begin: any cut is read off this array.
    """

    linkage: Floats
    order: Ints
    borders: Ints

    @classmethod
    def of(cls, distances: Floats, *, ordered: bool = False) -> Tree:
        """Average linkage of a matrix of distances; optionally with the leaves in the best order (Bar-Joseph 2001)."""
        best = ordered and 2 < len(distances) <= ORDERED
        merges = linkage(squareform(distances, checks=False), "average", optimal_ordering=best)
        order, borders = _places(merges)
        return cls(merges, order, borders)

    def starts(self, count: int) -> Ints:
        """Leaf at which each of so many clusters begins."""
        return np.concatenate([[0], np.sort(self.borders[len(self.order) - count :])])

    def labels(self, count: int) -> Ints:
        """Cluster of each model, in any order of clusters."""
        labels = np.empty(len(self.order), dtype=np.intp)
        labels[self.order] = np.searchsorted(self.starts(count), np.arange(len(self.order)), side="right") - 1
        return labels

    def clusters_at(self, distance: float) -> int:
        """Number of clusters that no merge within this distance joins."""
        return len(self.order) - int((self.linkage[:, 2] <= distance).sum())

    def height(self, count: int) -> float:
        """Distance half way between the last merge inside so many clusters and the first between them."""
        heights = np.concatenate([[0.0], self.linkage[:, 2]])
        inside = len(self.order) - count
        return float(heights[inside : inside + 2].mean())


def best_cut(distances: Floats, tree: Tree) -> tuple[int, Floats]:
    """Number of clusters, from 2 to one fewer than models, with the highest mean silhouette; and those silhouettes.

    Parameters
    ----------
    distances : float array of shape (m, m)
    tree : Tree
        Of these distances.

    Returns
    -------
    int, and float array of shape (m,); m and NaN if there are only two models, for then there is nothing to try.

    Examples
    --------
    >>> line = np.array([0.0, 1.0, 10.0, 11.0])
    >>> distances = np.abs(line[:, None] - line)
    >>> count, silhouettes = best_cut(distances, Tree.of(distances))
    >>> print(count, silhouettes.mean().round(3))
    2 0.9
    """
    m = len(distances)
    if m < 3:
        return m, np.full(m, np.nan)
    sums = np.concatenate([np.zeros((m, 1)), np.cumsum(distances[np.ix_(tree.order, tree.order)], axis=1)], axis=1)
    counts = _tried(m)
    means = [_silhouettes(sums, tree.starts(count)).mean() for count in counts]
    # The fewest clusters of equally good ones: rounding must not choose.
    count = counts[int(np.argmax(np.round(means, 12)))]
    return count, _silhouettes(sums, tree.starts(count))[np.argsort(tree.order)]


def _tried(m: int) -> list[int]:
    spaced = np.geomspace(CUTS, m - 1, WIDER).astype(int).tolist() if m - 1 > CUTS else []
    return sorted({*range(2, min(m, CUTS)), *spaced})


def _silhouettes(sums: Floats, starts: Ints) -> Floats:
    """Silhouettes of leaves whose clusters are runs of them, from running sums of distances along them, (m, m + 1)."""
    m = len(sums)
    ends = np.append(starts[1:], m)
    sizes = ends - starts
    own = np.repeat(np.arange(len(starts)), sizes)
    leaves = np.arange(m)
    to_clusters = sums[:, ends] - sums[:, starts]
    within = to_clusters[leaves, own] / np.maximum(sizes[own] - 1, 1)
    to_clusters /= sizes
    to_clusters[leaves, own] = np.inf
    nearest = to_clusters.min(axis=1)
    widest = np.maximum(within, nearest)
    return np.asarray(np.divide(nearest - within, widest, out=np.zeros(m), where=(widest > 0) & (sizes[own] > 1)))


def _places(merges: Floats) -> tuple[Ints, Ints]:
    """Leaves from left to right, and the leaf at which the right branch of each merge begins."""
    m = len(merges) + 1
    sizes = np.concatenate([np.ones(m), merges[:, 3]]).astype(np.intp)
    start = np.zeros(2 * m - 1, dtype=np.intp)
    for merge in range(m - 2, -1, -1):
        left, right = merges[merge, :2].astype(np.intp)
        start[left] = start[m + merge]
        start[right] = start[m + merge] + sizes[left]
    return np.argsort(start[:m]), start[merges[:, 1].astype(np.intp)]
