"""Sets of names that occur together: papers of a community and year that carry the same are exchangeable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError, ParameterError
from polyculture.surveying.tagged import Tagged

LEVELS = ("family", "method")
DIGITS = 62
"""Names that one whole number of 64 bits can hold as its binary digits, its sign and a spare one aside."""


@dataclass(frozen=True)
class Patterns:
    """How many papers of each community and year carry which set of names.

    Parameters
    ----------
    communities : tuple of str, C
    years : tuple of int, Y
        Without gaps.
    names : tuple of str, M
    sets : float32 array of shape (P, M)
        1 where a pattern holds a name; no two rows are equal.
    held : sparse int array of shape (C * Y, P)
        Papers of each cell (communities outside, years inside) that carry each pattern.
    """

    communities: tuple[str, ...]
    years: tuple[int, ...]
    names: tuple[str, ...]
    sets: Floats
    held: sp.csr_array

    @property
    def features(self) -> Floats:
        """What one paper of each pattern adds to ``holds``, ``parts`` and ``naming``: shape (P, 2 M + 1)."""
        sizes = self.sets.sum(axis=1, keepdims=True)
        return np.hstack([self.sets, self.sets / np.maximum(sizes, 1), np.minimum(sizes, 1)]).astype(np.float32)


def patterns_of(source: Tagged | Patterns, level: str = "family") -> Patterns:
    """Count the sets of names that occur in each community and year.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are given back as they are.
    level : {"family", "method"}
        Which names: a paper names a family if it names any of its methods.

    Returns
    -------
    Patterns, communities in the order of the alphabet

    Raises
    ------
    ParameterError
        If the level is not known.
    DataError
        If there are no papers.
    """
    if isinstance(source, Patterns):
        return source
    tagged, frame = source, source.papers.frame
    if not frame.height:
        raise DataError(f"{tagged.papers.source}: no papers are left; see which communities and years were asked for")
    communities = tuple(sorted(frame["community"].cast(pl.String).unique()))
    places = pl.DataFrame({"community": communities, "place": range(len(communities))})
    place = frame.select(pl.col("community").cast(pl.String)).join(places, on="community", how="left")["place"]
    year = frame["year"].cast(pl.Int64).to_numpy()
    years = tuple(range(int(year.min()), int(year.max()) + 1))
    cell = place.to_numpy() * len(years) + (year - years[0])
    names, named = named_at(tagged, level)
    first, which = _distinct(named)
    sets = np.asarray(named[first].todense(), dtype=np.float32)
    order, among = order_of(sets)
    held = sp.coo_array(
        (np.ones(len(which), dtype=np.int64), (cell, among[which])), shape=(len(communities) * len(years), len(first))
    )
    return Patterns(communities, years, names, sets[order], held.tocsr())


def order_of(sets: Floats) -> tuple[Ints, Ints]:
    """Which of some sets of names come first, second, ...; and the place of each, equal ones at the same.

    An order that does not depend on the papers' makes random draws the same however papers are read.
    """
    # lines of bytes as one value each are sorted many times as quickly as line by line
    packed = np.ascontiguousarray(np.packbits(sets > 0, axis=1))
    lines = packed.view(np.dtype((np.void, packed.shape[1]))).ravel() if packed.size else np.zeros(len(sets))
    _, first, place = np.unique(lines, return_index=True, return_inverse=True)
    return first, place.ravel()


def named_at(tagged: Tagged, level: str) -> tuple[tuple[str, ...], sp.csr_array]:
    """Names of a level, and which papers name which, as ones of shape (papers, names)."""
    if level not in LEVELS:
        raise ParameterError(f"level is {level!r}; use one of {', '.join(LEVELS)}")
    methods = sp.csr_array(tagged.names, dtype=np.int64)
    if level == "method":
        return tagged.methods, methods
    shape = (len(tagged.methods), len(tagged.families))
    owned = (np.ones(shape[0], dtype=np.int64), (np.arange(shape[0]), np.asarray(tagged.family_of, dtype=np.int64)))
    found = sp.csr_array(methods @ sp.coo_array(owned, shape=shape).tocsr())
    found.data = np.minimum(found.data, 1)
    return tagged.families, found


def _distinct(named: sp.csr_array) -> tuple[Ints, Ints]:
    """First paper of each pattern, and the pattern of each paper: names are read as digits of whole numbers."""
    found: Array = np.zeros(named.shape[0], dtype=np.int64)
    first = np.zeros(min(1, len(found)), dtype=np.int64)
    for start in range(0, named.shape[1], DIGITS):
        digits = named[:, start : start + DIGITS]
        word = np.unique(digits @ (1 << np.arange(digits.shape[1], dtype=np.int64)), return_inverse=True)[1]
        _, first, found = np.unique(found * (word.max() + 1) + word, return_index=True, return_inverse=True)
    return first, found
