"""Counts as they might have been: of papers drawn anew, and of fewer papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.surveying.counts import Counts, shaped
from polyculture.surveying.patterns import Patterns, patterns_of
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.unseen import Cell, cells_of

Draw = Callable[[np.random.Generator, int], Floats]
Source = Tagged | Patterns
RESAMPLED, RAREFIED = range(2)
"""Random streams that have nothing in common, with each other or with that of `shuffling`."""
MANY = 1e6
RARE = 8
"""Papers of a set of names up to which drawing each of them costs less than drawing their number."""


def population(source: Source, level: str = "family") -> Counts:
    """Counts that ever more of the papers that `resampled` draws would lead to.

    Their shares differ from those of `count` by the names that a community could have named and by chance did not.
    There are a million times as many papers, so that nothing is left to chance.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are of a level already.
    level : {"family", "method"}

    Returns
    -------
    Counts, its arrays float64
    """
    patterns = patterns_of(source, level)
    features = patterns.features.astype(np.float64)
    found = np.zeros((patterns.held.shape[0], features.shape[1]))
    for place, cell in enumerate(cells_of(patterns)):
        new = cell.weights @ features[cell.unseen]
        found[place] = (1 - cell.missed) * (cell.held @ features[cell.seen]) + cell.missed * cell.papers * new
    return shaped(patterns, found * MANY, patterns.held.sum(axis=1) * MANY)


def resampled(
    source: Source, level: str = "family", draws: int = 1000, seed: int = 0, *, unseen: bool = True, jobs: int = 1
) -> Counts:
    """Counts of as many papers drawn anew, with replacement, from each community and year.

    Papers that carry the same names are exchangeable, so what is drawn is how often each set of names comes up: a
    multinomial. As many papers as would name something not seen yet are drawn from other communities of the year; see
    `cells_of`. That takes off the bias of diversity and of differences, but moves the share of a name that the cell
    lacks away from what was found: shares of single names are resampled without.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are of a level already.
    level : {"family", "method"}
    draws, seed : int
    unseen : bool, default True
        Whether names that a community lacks may be drawn from others.
    jobs : int
        Threads; the draws do not depend on it.

    Returns
    -------
    Counts with one leading axis of draws, float32
    """
    patterns = patterns_of(source, level)
    features, cells = patterns.features, list(cells_of(patterns))

    def draw(rng: np.random.Generator, place: int) -> Floats:
        cell = cells[place]
        new = rng.binomial(cell.papers, cell.missed if unseen else 0.0, size=draws)
        old = _carried(rng, cell.papers - new, cell.held)
        return old @ features[cell.seen] + _sums(rng, cell, new, features)

    return _drawn(patterns, draws, draw, patterns.held.sum(axis=1), (seed, RESAMPLED), jobs)


def rarefied(
    source: Source, papers: Array, level: str = "family", draws: int = 200, seed: int = 0, *, jobs: int = 1
) -> Counts:
    """Counts of so many papers drawn without replacement from each community and year.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are of a level already.
    papers : int array of shape (C, Y)
        Papers to draw, no more than there are; see `papers_at`.
    level : {"family", "method"}
    draws, seed, jobs : int

    Returns
    -------
    Counts with one leading axis of draws, float32
    """
    patterns = patterns_of(source, level)
    features, wanted = patterns.features, papers.reshape(-1)

    def draw(rng: np.random.Generator, place: int) -> Floats:
        row = patterns.held[[place]]
        drawn = rng.multivariate_hypergeometric(row.data, int(wanted[place]), size=draws, method="marginals")
        return np.asarray(drawn.astype(np.float32) @ features[row.indices])

    return _drawn(patterns, draws, draw, wanted, (seed, RAREFIED), jobs)


def _carried(rng: np.random.Generator, papers: Array, held: Array) -> Floats:
    """How many of so many papers, drawn anew, carry each pattern: multinomial, (draws, patterns).

    Of patterns that few papers carry only how many papers they are together is drawn as a number, and then which.
    """
    rare = held <= RARE
    found = np.empty((len(papers), len(held)), dtype=np.float32)
    numbers = rng.multinomial(papers, np.append(held[~rare], held[rare].sum()) / held.sum())
    found[:, ~rare] = numbers[:, :-1]
    kinds = np.repeat(np.arange(rare.sum()), held[rare])
    if len(kinds):
        which = kinds[rng.integers(len(kinds), size=numbers[:, -1].sum())]
        draw = np.repeat(np.arange(len(papers)) * rare.sum(), numbers[:, -1])
        found[:, rare] = np.bincount(draw + which, minlength=len(papers) * rare.sum()).reshape(len(papers), -1)
    return found


def _drawn(patterns: Patterns, draws: int, draw: Draw, papers: Array, seed: Sequence[int], jobs: int) -> Counts:
    """Fill every cell that has papers with what is drawn for it, each from a random stream of its own."""
    found = np.zeros((draws, len(papers), 2 * len(patterns.names) + 1), dtype=np.float32)

    def fill(place: int) -> None:
        if papers[place]:
            found[:, place] = draw(np.random.default_rng([*seed, place]), place)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(fill, range(len(papers))))
    return shaped(patterns, found, papers, (draws,))


def _sums(rng: np.random.Generator, cell: Cell, new: Array, features: Floats) -> Floats | float:
    """Features of so many papers drawn from other communities, summed for each draw."""
    if not new.any():
        return 0.0
    which = rng.choice(cell.unseen, size=new.sum(), p=cell.weights)
    drawn = sp.csr_array(
        (np.ones(len(which), dtype=np.float32), which, np.concatenate([[0], new.cumsum()])),
        shape=(len(new), len(features)),
    )
    return np.asarray(drawn @ features)
