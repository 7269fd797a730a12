"""Kinship of models, as of animals in a pedigree, without the matrix of all pairs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError
from polyculture.measure.ancestry.pedigree import COLUMNS, Pedigree

PAIRS = 200_000_000
"""Ancestors of merges that are gone through at most, each counted with the merge; above, kinship is not found."""
ROWS = 20_000
"""Merges that are gone through at once."""


@dataclass(frozen=True, eq=False)
class Kinship:
    """Kinship over a whole pedigree.

    Parameters
    ----------
    mean : float in [0, 1]
        Of two models drawn with replacement.
    of_each : float array of shape (nodes,)
        Mean kinship of each model with a random one.
    own : float array of shape (nodes,)
        Of each model with itself.
    """

    mean: float
    of_each: Floats = field(repr=False)
    own: Floats = field(repr=False)


def mean_kinship(pedigree: Pedigree, weights: Array | None = None) -> Kinship:
    r"""Probability that a part of one model and a part of another are copies of the same part of an ancestor.

    .. math:: f_{ij} = \frac{1}{k_i} \sum_{a \in \text{parents}(i)} f_{aj} \; (i \text{ no ancestor of } j), \qquad
        f_{ii} = \frac{1}{k_i} + \frac{1}{k_i^2} \sum_{a \neq b} f_{ab}

    where a model is made of k parts, one from each parent, but of two parts at least: a model with one parent has a
    part of its own, a root two. Roots are not related. With two parents this is the recursion of every pedigree,
    :math:`f_{ii} = (1 + f_{ab}) / 2`, and :math:`f_{ij}` sums :math:`(1/2)^{\text{steps} + 1} (1 + F_c)` over the
    ways through common ancestors c (Wright 1922): ½ with itself, ¼ of parent and child, ⅛ of two children of one
    parent. Only the mean is found, by Henderson's decomposition :math:`F = T D T^\top`:

    .. math:: \bar f = \frac{\sum_i d_i c_i^2}{(\sum_i v_i)^2}, \qquad c = (I - W)^{-\top} v, \qquad
        d_i = \frac{1}{k_i} - \frac{1}{k_i^2} \sum_{a \in \text{parents}(i)} f_{aa}

    Parameters
    ----------
    pedigree : Pedigree
    weights : array of shape (nodes,), optional
        How much each model counts; all alike if None.

    Returns
    -------
    Kinship

    Raises
    ------
    DataError
        If a weight is negative or all are zero, or merges have more than 200 million ancestors, each counted with
        every merge below it.

    References
    ----------
    Wright 1922, American Naturalist 56; Henderson 1976, Biometrics 32; Lange 2002, Mathematical and Statistical
    Methods for Genetic Analysis, chapter 5; Colleau 2002, Genetics Selection Evolution 34; Ballou and Lacy 1995.

    Examples
    --------
    >>> mean_kinship(Pedigree.of(3, [1, 2], [0, 0])).mean == (3 / 2 + 4 / 4 + 2 / 8) / 9
    True
    """
    given = np.ones(pedigree.nodes) if weights is None else np.asarray(weights, dtype=np.float64)
    if (given < 0).any() or not given.sum() > 0:
        raise DataError("weights are negative, or all zero; pass how much each model counts.")
    own = own_kinship(pedigree)
    through = _sampled(pedigree, own) * pedigree.up(given, 2)
    of_each = pedigree.down(through, 2) / given.sum()
    return Kinship(float(of_each @ given / given.sum()), of_each, own)


def kinship_between(pedigree: Pedigree, chosen: Ints) -> Floats:
    """Kinship of some models with each other; see `mean_kinship`.

    Parameters
    ----------
    pedigree : Pedigree
    chosen : int array of shape (c,)

    Returns
    -------
    float array of shape (c, c)

    Examples
    --------
    >>> kinship_between(Pedigree.of(3, [1, 2], [0, 0]), np.array([0, 1, 2]))
    array([[0.5  , 0.25 , 0.25 ],
           [0.25 , 0.5  , 0.125],
           [0.25 , 0.125, 0.5  ]])
    """
    part = _sampled(pedigree, own_kinship(pedigree))
    found = np.empty((len(chosen), len(chosen)))
    for start in range(0, len(chosen), COLUMNS):
        some = np.asarray(chosen[start : start + COLUMNS])
        ones = np.zeros((pedigree.nodes, len(some)))
        ones[some, np.arange(len(some))] = 1
        found[:, start : start + COLUMNS] = pedigree.down(part[:, None] * pedigree.up(ones, 2), 2)[chosen]
    return found


def own_kinship(pedigree: Pedigree) -> Floats:
    """Kinship of each model with itself: ½, and more for merges of related parents.

    Raises
    ------
    DataError
        If merges have too many ancestors.
    """
    own = np.full(pedigree.nodes, 0.5)
    merges = np.flatnonzero(pedigree.parents_of > 1)
    depth, left = pedigree.depth[merges], PAIRS
    merges = merges[np.argsort(depth, kind="stable")]
    for group in np.split(merges, np.flatnonzero(np.diff(np.sort(depth))) + 1):
        part = _sampled(pedigree, own) if len(group) else own
        for start in range(0, len(group), ROWS):
            left = _own_of(pedigree, group[start : start + ROWS], part, own, left)
    return own


def own_overlap(pedigree: Pedigree) -> Floats:
    r"""Probability that two parts of a model, drawn with replacement, go back to the same root, by model.

    .. math:: h_i = \sum_r p_{ir}^2

    Parameters
    ----------
    pedigree : Pedigree

    Returns
    -------
    float array of shape (nodes,), in (0, 1]; 1 for all that descend from one root.

    Raises
    ------
    DataError
        If merges have more than 200 million ancestors, each counted with every merge below it.

    Examples
    --------
    >>> own_overlap(Pedigree.of(4, [2, 2, 3], [0, 1, 2])).tolist()
    [1.0, 1.0, 0.5, 0.5]
    """
    merges, left = np.flatnonzero(pedigree.parents_of > 1), PAIRS
    root = (pedigree.parents_of == 0).astype(np.float64)
    own = np.ones(pedigree.nodes)
    for start in range(0, len(merges), ROWS):
        some = merges[start : start + ROWS]
        above, left = _above(pedigree.weights(1), some, left)
        own[some] = above.multiply(above) @ root
    return np.asarray(own[_whose(pedigree)])


def _whose(pedigree: Pedigree) -> Ints:
    """The merge or root that each model has all from, on its line of single parents."""
    single = pedigree.parents_of[pedigree.child] == 1
    whose = np.arange(pedigree.nodes)
    whose[pedigree.child[single]] = pedigree.parent[single]
    while not np.array_equal(further := whose[whose], whose):
        whose = further
    return whose


def _above(weights: sp.csr_array, merges: Ints, left: int) -> tuple[sp.csr_array, int]:
    """What models have of each of their ancestors, and how many pairs may still be gone through."""
    step = weights[merges]
    above = step
    while step.nnz:
        step = step @ weights
        above = above + step
        left -= step.nnz
        if left < 0:
            raise DataError(f"merges have more than {PAIRS:,} ancestors, each counted with every merge below it")
    return above, left


def _own_of(pedigree: Pedigree, merges: Ints, part: Floats, own: Floats, left: int) -> int:
    """Put in the kinship of merges with themselves, once their ancestors have it; tell how many pairs are left."""
    above, left = _above(pedigree.weights(2), merges, left)
    own[merges] = above.multiply(above) @ part + part[merges]
    return left


def _sampled(pedigree: Pedigree, own: Floats) -> Floats:
    """What chance adds at each model when it takes one part of each parent: d of Henderson's decomposition."""
    parts = np.maximum(pedigree.parents_of, 2)
    above = np.bincount(pedigree.child, own[pedigree.parent], minlength=pedigree.nodes)
    return np.asarray(1 / parts - above / parts**2)
