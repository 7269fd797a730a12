"""Communities and years between which a trend can be told: the same ones from beginning to end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from polyculture.arrays import Ints, Mask
from polyculture.surveying.counts import Counts
from polyculture.surveying.estimated import Draws

FEWEST = 3
"""Years of a trend: a line through two of them always fits."""


@dataclass(frozen=True)
class Panel:
    """Communities that have enough papers in every year, and the years.

    Parameters
    ----------
    communities : int array
        Places.
    years : slice
    """

    communities: Ints
    years: slice

    def of(self, counts: Counts) -> Counts:
        """The panel's part of counts."""
        arrays = {name: getattr(counts, name)[..., self.communities, self.years] for name in ("papers", "naming")} | {
            name: getattr(counts, name)[..., self.communities, self.years, :] for name in ("holds", "parts")
        }
        names = tuple(counts.communities[place] for place in self.communities)
        return replace(counts, communities=names, years=counts.years[self.years], **arrays)

    def draws(self, draws: Draws) -> Draws:
        """The panel's part of draws."""
        parts = {name: self.of(counts) for name, counts in vars(draws).items() if counts is not None}
        return replace(draws, **parts)


def panel_of(kept: Mask) -> Panel | None:
    """The run of years, and the communities kept in each of them, that make most pairs times years.

    Communities that come and go would make a trend of their own.

    Parameters
    ----------
    kept : boolean array of shape (C, Y)

    Returns
    -------
    Panel, the longest and earliest if several are as good; None if there is none of 3 years and 2 communities

    Examples
    --------
    >>> panel_of(np.array([[1, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]) > 0)
    Panel(communities=array([0, 1, 2]), years=slice(2, 5, None))
    """
    best, found = 0, None
    for length in range(kept.shape[1], FEWEST - 1, -1):
        for start in range(kept.shape[1] - length + 1):
            years = slice(start, start + length)
            communities = np.flatnonzero(kept[:, years].all(axis=1))
            worth = len(communities) * (len(communities) - 1) * length
            if worth > best:
                best, found = worth, Panel(communities, years)
    return found
