"""Which models count, and which roots may be none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from polyculture.ancestry.resolve import Resolved
from polyculture.arrays import Floats, Ints, Mask
from polyculture.errors import DataError
from polyculture.measure.ancestry import Pedigree, founder_shares


@dataclass(frozen=True, eq=False)
class Population:
    """Models that count among all that are known, and the roots of their ancestry.

    Parameters
    ----------
    pedigree : Pedigree
    nodes : polars DataFrame
    counts : bool array of shape (nodes,)
        Models that count.
    roots : int array of shape (r,)
        Roots that models that count descend from, the largest share first.
    shares : float array of shape (r,)
    free : bool array of shape (r,)
        Roots that do not say that they have no parents.
    unnamed : bool array of shape (r,)
        Those of them that nobody names as a parent.
    """

    pedigree: Pedigree = field(repr=False)
    nodes: pl.DataFrame = field(repr=False)
    counts: Mask = field(repr=False)
    roots: Ints = field(repr=False)
    shares: Floats = field(repr=False)
    free: Mask = field(repr=False)
    unnamed: Mask = field(repr=False)

    @property
    def size(self) -> int:
        """Number of models that count."""
        return int(self.counts.sum())

    @property
    def known(self) -> pl.DataFrame:
        """The models that count."""
        return self.nodes.filter(pl.Series(self.counts))

    def name(self, node: int) -> str:
        """Name of a model."""
        return str(self.nodes["name"][int(node)])

    def marked(self, roots: Mask) -> Mask:
        """Which models are the marked roots."""
        found = np.zeros(self.pedigree.nodes, dtype=bool)
        found[self.roots[roots]] = True
        return found


def population(found: Resolved, kinds: tuple[str, ...] | None) -> Population:
    """The listed models of some kinds, and their roots.

    Raises
    ------
    DataError
        If there are none of these kinds.
    """
    counts = found.nodes["listed"].to_numpy()
    if kinds is not None:
        counts = counts & found.nodes["kind"].is_in(list(kinds)).fill_null(value=False).to_numpy()
    if not counts.any():
        there = ", ".join(sorted(found.nodes["kind"].drop_nulls().unique())) or "none"
        raise DataError(f"no model is of the kinds {', '.join(kinds or ())}; the kinds that there are: {there}")
    pedigree = found.pedigree
    shares = founder_shares(pedigree, counts)
    order = np.lexsort((pedigree.roots, -shares))
    order = order[shares[order] > 0]
    roots = pedigree.roots[order]
    free = ~found.nodes["is_root"].to_numpy()[roots]
    unnamed = free & ~pedigree.named[roots]
    return Population(pedigree, found.nodes, counts, roots, shares[order], free, unnamed)
