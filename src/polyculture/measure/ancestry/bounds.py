"""What parents that nobody declared leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ShapeError
from polyculture.measure.ancestry.pedigree import Pedigree


class MassBounds(NamedTuple):
    """The smallest and the largest value that a number can have."""

    low: float
    high: float


def attached(shares: Array, free: Array) -> Floats:
    """Shares if all that may descend from another root descend from the largest that may not.

    Where every root may, the largest of them is taken for the one root of all.

    Parameters
    ----------
    shares : array of shape (r,)
    free : bool array of shape (r,)
        Roots whose own parents are not known.

    Returns
    -------
    float array of shape (r,)

    Raises
    ------
    ShapeError
        If the arrays do not fit together, or are empty.

    Examples
    --------
    >>> attached(np.array([0.5, 0.25, 0.25]), np.array([True, False, True])).tolist()
    [0.0, 1.0, 0.0]
    """
    given, loose = _fitting(shares, free)
    held = np.where(loose, 0.0, given)
    held[target(given, loose)] += given[loose].sum()
    return held


def target(shares: Floats, free: Mask) -> int:
    """The largest root that has no parents for sure, or the largest of all if there is none; the first of equals."""
    return int(np.argmax(np.where(free, -1.0, shares))) if not free.all() else int(np.argmax(shares))


def mass_bounds(statistic: Callable[[Floats], Floats | float], shares: Array, free: Array) -> MassBounds:
    r"""Range of a number over all ways in which roots of unknown parents may descend from other roots.

    If every such root either is one, or descends from one other root with all that it has, then what is left of the
    shares lies between two extremes, in the order of majorization: all of them are roots, and all of them descend from
    the largest root whose parents are known. Every number that rises with inequality (Herfindahl, Gini), or falls with
    it (Hill numbers), takes its smallest and its largest value there.

    Parameters
    ----------
    statistic : callable
        From shares to a number that is Schur-convex or Schur-concave.
    shares : array of shape (r,)
    free : bool array of shape (r,)

    Returns
    -------
    MassBounds

    Raises
    ------
    ShapeError
        If the arrays do not fit together, or are empty.

    References
    ----------
    Marshall, Olkin and Arnold 2011, Inequalities: Theory of Majorization, chapter 3.

    Examples
    --------
    >>> from polyculture.measure.diversity.concentration import hhi
    >>> mass_bounds(hhi, np.array([0.5, 0.25, 0.25]), np.array([False, False, True]))
    MassBounds(low=0.375, high=0.625)
    """
    given, loose = _fitting(shares, free)
    return MassBounds(*sorted((float(statistic(given)), float(statistic(attached(given, loose))))))


def share_bounds(shares: Array, free: Array) -> tuple[Floats, Floats]:
    """Smallest and largest share of each root, under the assumption of `mass_bounds`.

    A root whose parents are not known may be none, and have nothing; any root may have what all others of unknown
    parents have.

    Parameters
    ----------
    shares : array of shape (r,)
    free : bool array of shape (r,)

    Returns
    -------
    Two float arrays of shape (r,)

    Raises
    ------
    ShapeError
        If the arrays do not fit together, or are empty.

    Examples
    --------
    >>> low, high = share_bounds(np.array([0.5, 0.25, 0.25]), np.array([False, False, True]))
    >>> low.tolist(), high.tolist()
    ([0.5, 0.25, 0.0], [0.75, 0.5, 0.25])
    """
    given, loose = _fitting(shares, free)
    others = given[loose].sum() - np.where(loose, given, 0.0)
    return np.where(loose, 0.0, given), np.minimum(given + others, 1.0)


def under(pedigree: Pedigree, free: Mask, root: int) -> Pedigree:
    """The pedigree if all models that `free` marks were children of one root; that root stays one."""
    loose: Ints = np.flatnonzero(free)
    loose = loose[loose != root]
    child = np.concatenate([pedigree.child, loose])
    return Pedigree.of(pedigree.nodes, child, np.concatenate([pedigree.parent, np.full(len(loose), root)]))


def _fitting(shares: Array, free: Array) -> tuple[Floats, Mask]:
    given, loose = np.asarray(shares, dtype=np.float64), np.asarray(free, dtype=bool)
    if given.shape != loose.shape or given.ndim != 1 or not len(given):
        raise ShapeError(f"There are shares {given.shape} and marks {loose.shape}; pass one mark for each share.")
    return given, loose
