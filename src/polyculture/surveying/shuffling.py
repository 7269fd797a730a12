"""Counts as they would be if papers had swapped communities at random within each year."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from polyculture.arrays import Array, Ints
from polyculture.surveying.counts import Counts, shaped
from polyculture.surveying.patterns import Patterns, patterns_of
from polyculture.surveying.tagged import Tagged

SHUFFLED = 2
"""Random stream; those of `resampling` are others."""
FREQUENT = 200
"""Papers of a set of names from which drawing their numbers costs less than moving each of them."""


def shuffled(
    source: Tagged | Patterns, level: str = "family", draws: int = 200, seed: int = 0, *, jobs: int = 1
) -> Counts:
    """Counts after papers have swapped communities at random within each year.

    Each community keeps its number of papers and each year its papers: what is left of a difference between communities
    is chance.

    Parameters
    ----------
    source : Tagged or Patterns
        Patterns are of a level already.
    level : {"family", "method"}
    draws, seed, jobs : int

    Returns
    -------
    Counts with one leading axis of draws, float32
    """
    patterns = patterns_of(source, level)
    communities, years = len(patterns.communities), len(patterns.years)
    features = patterns.features
    found = np.zeros((draws, communities, years, features.shape[1]), dtype=np.float32)

    def fill(year: int) -> None:
        rng = np.random.default_rng([seed, SHUFFLED, year])
        papers = patterns.held[year::years]
        totals = papers.sum(axis=0)
        kinds = np.argsort(-totals, kind="stable")[: np.count_nonzero(totals)]
        many = int((totals[kinds] >= FREQUENT).sum())
        held, room = _numbers(rng, totals[kinds[:many]], papers.sum(axis=1), draws)
        carried = np.repeat(np.arange(len(kinds) - many), totals[kinds[many:]])
        for draw in range(draws):
            rest = _moved(rng, carried, room[draw], len(kinds) - many)
            both = np.concatenate([held[draw], rest], axis=1).astype(np.float32)
            found[draw, :, year] = both @ features[kinds]

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(fill, range(years)))
    return shaped(patterns, found, patterns.held.sum(axis=1), (draws,))


def _numbers(rng: np.random.Generator, totals: Ints, papers: Ints, draws: int) -> tuple[Ints, Ints]:
    """Papers of each community that carry each pattern, (draws, C, patterns), and those left for others, (draws, C)."""
    room = np.tile(papers.astype(np.int64), (draws, 1))
    found = np.zeros((draws, len(papers), len(totals)), dtype=np.int64)
    for kind, total in enumerate(totals):
        left, others = np.full(draws, total), room.sum(axis=1)
        for place in range(len(papers)):
            others -= room[:, place]
            taken = rng.hypergeometric(room[:, place], others, left)
            found[:, place, kind] = taken
            left -= taken
        room -= found[:, :, kind]
    return found, room


def _moved(rng: np.random.Generator, carried: Array, room: Ints, kinds: int) -> Ints:
    """The same of patterns that few papers carry, each paper moved on its own: (C, patterns)."""
    place = np.repeat(np.arange(len(room)) * kinds, room)
    rng.shuffle(place)
    return np.bincount(place + carried, minlength=len(room) * kinds).reshape(len(room), kinds)
