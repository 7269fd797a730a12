"""What a community's papers could have named and by chance did not: names that others of the same year know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.surveying.coverage import coverage
from polyculture.surveying.patterns import Patterns


@dataclass(frozen=True)
class Cell:
    """Papers of one community and year, and what they are drawn from when they are drawn anew.

    Parameters
    ----------
    papers : int
    seen : int array
        Patterns that occur.
    held : int array
        Papers that carry each of these.
    missed : float
        Share of papers that would carry a name not seen yet.
    unseen : int array
        Patterns of other communities in the same year that hold such a name.
    weights : float array
        Shares of these; they add up to 1.
    """

    papers: int
    seen: Ints
    held: Ints
    missed: float
    unseen: Ints
    weights: Floats


def cells_of(patterns: Patterns) -> Iterator[Cell]:
    r"""Papers of each cell, with the share of them that would name something new.

    .. math:: (1 - \hat C) \, U / n

    with Ĉ the sample coverage, U the mentions and n the papers. Papers drawn among those that there are would lack
    every name that chance left out; the bias of a measure, which is mostly the lack of such names, would not show.

    Parameters
    ----------
    patterns : Patterns

    Yields
    ------
    Cell, communities outside and years inside; one without papers has none to draw either

    References
    ----------
    Chao et al. 2014, Ecological Monographs 84, appendix G.
    """
    years = len(patterns.years)
    named = patterns.held @ patterns.sets
    papers = patterns.held.sum(axis=1)
    with_all = [patterns.held[year::years].sum(axis=0) for year in range(years)]
    missed = np.nan_to_num(1 - coverage(named, papers)) * named.sum(axis=1) / np.maximum(papers, 1)
    for place in range(len(papers)):
        row = patterns.held[[place]]
        others = with_all[place % years].copy()
        others[(patterns.sets @ (named[place] == 0)) == 0] = 0
        total = others.sum()
        unseen = np.flatnonzero(others)
        share = min(float(missed[place]), 1.0) if total else 0.0
        yield Cell(int(papers[place]), row.indices, row.data, share, unseen, others[unseen] / max(total, 1))
