"""Everything that is drawn once for a level of the vocabulary, and what is measured on it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.errors import DataError
from polyculture.progress import LOG
from polyculture.surveying import rows
from polyculture.surveying.between import between
from polyculture.surveying.convergence import MEASURES, adjusted, converging, varies
from polyculture.surveying.corpus import Corpus
from polyculture.surveying.counts import Counts, count
from polyculture.surveying.coverage import coverage, papers_at
from polyculture.surveying.estimated import Draws, Estimated
from polyculture.surveying.panel import Panel, panel_of
from polyculture.surveying.resampling import population, rarefied, resampled
from polyculture.surveying.rows import Row
from polyculture.surveying.settings import Settings
from polyculture.surveying.shuffling import shuffled
from polyculture.surveying.within import within

ASKED = (True, False)
"""Conditional on naming a method, and not."""
EVEN = 100
"""Times that cells are drawn at one coverage: only the mean is used."""
LARGEST = 3 * 2**29
"""Bytes that draws may take, with what is measured on them."""
FEWEST = 100
"""Draws below which the ends of an interval mean little."""
Trend = tuple[dict[str, Any], Estimated]
Movement = tuple["Cells", dict[str, Any], Estimated]


@dataclass(frozen=True)
class Cells:
    """Communities and years at one level of the vocabulary, before anything is drawn.

    Parameters
    ----------
    name : {"family", "method"}
    observed : Counts
    kept : boolean array of shape (C, Y)
        Communities and years with enough papers to be measured.
    panel : Panel or None
        For trends.
    """

    name: str
    observed: Counts
    kept: Mask
    panel: Panel | None


@dataclass(frozen=True)
class Level:
    """One level of the vocabulary.

    Parameters
    ----------
    name : {"family", "method"}
    draws : Draws
        Rarefied to the coverage that all cells kept share.
    kept : boolean array of shape (C, Y)
        Communities and years with enough papers to be measured.
    coverage : float
    drawn : int array of shape (C, Y)
        Papers of the rarefied counts.
    panel : Panel or None
        For trends.
    moving : Draws or None
        The same, rarefied to the coverage that the panel shares.
    abstracts : mapping of (str, int) to int, or None
        See `Corpus`.
    """

    name: str
    draws: Draws
    kept: Mask
    coverage: float
    drawn: Array
    panel: Panel | None
    moving: Draws | None
    abstracts: Mapping[tuple[str, int], int] | None


def cells_of(corpus: Corpus, name: str, settings: Settings) -> Cells:
    """Count papers at one level of the vocabulary."""
    observed = count(corpus.patterns[name])
    kept = observed.naming >= settings.least
    return Cells(name, observed, kept, panel_of(kept))


def at_level(corpus: Corpus, cells: Cells, settings: Settings) -> Level:
    """Draw and shuffle papers at one level of the vocabulary."""
    name, observed, kept, panel = cells.name, cells.observed, cells.kept, cells.panel
    patterns, seed, jobs = corpus.patterns[name], settings.seed, threads(settings)
    most = fitting(observed, corpus.source)
    many = resampled(patterns, name, min(settings.draws, most), seed, jobs=jobs)
    null = shuffled(patterns, name, min(settings.nulls, most), seed, jobs=jobs)
    LOG.info("%d names at the level %s: papers drawn anew and shuffled", len(observed.names), name)

    def evenly(cells: Mask) -> tuple[Counts, Array, float]:
        papers, target = papers_at(observed, cells, settings.coverage)
        return rarefied(patterns, papers, name, EVEN, seed, jobs=jobs), papers, target

    even, papers, target = evenly(kept)
    draws = Draws(observed, population(patterns), many, null, even)
    moving = None if panel is None else replace(draws, rarefied=evenly(_inside(panel, kept))[0])
    return Level(name, draws, kept, target, papers, panel, moving, corpus.abstracts)


def fitting(counts: Counts, source: str) -> int:
    """Draws that fit into memory, with what is measured on them: communities enter by their pairs.

    Raises
    ------
    DataError
        If too few do for an interval.
    """
    communities, years, names = counts.holds.shape
    most = int(LARGEST // (years * (8 * communities * names + 48 * communities**2)))
    if most < FEWEST:
        raise DataError(
            f"{source}: {communities} communities in {years} years are too many to compare at once; choose some with "
            "communities and years"
        )
    return most


def threads(settings: Settings) -> int:
    """Threads to use."""
    return settings.jobs or os.cpu_count() or 1


def of_counts(level: Level, settings: Settings) -> Iterator[tuple[str, Any]]:
    """Names of a result's fields and what a level of the vocabulary adds to them: lists or mappings.

    Parameters
    ----------
    level : Level
    settings : Settings

    Yields
    ------
    (str, list of rows or mapping)
    """
    counts = level.draws.observed
    yield "cells", rows.cell_rows(counts, level.name, coverage(counts.holds, counts.papers), level.abstracts)
    yield "equal_coverage", {level.name: _evenness(level)}
    yield "not_measured", dict(_not_measured(level, settings))
    for conditional, head in _asked(level):
        if "diversity" in settings.questions:
            found = within(level.draws, level.kept, conditional=conditional, **_how(settings))
            yield "diversity", rows.diversity_rows(found, counts, head)
        if "divergence" in settings.questions:
            found = between(level.draws, level.kept, conditional=conditional, **_how(settings))
            yield "divergence", rows.divergence_rows(found, counts, level.kept, head)
            yield "pairs", rows.pair_rows(found, counts, head)


def trends_of(level: Level, settings: Settings) -> list[Trend]:
    """Trends, conditional and not; none without a panel."""
    if level.panel is None or level.moving is None:
        return []
    return [
        (head, converging(level.moving, level.panel, conditional=conditional, **_how(settings)))
        for conditional, head in _asked(level)
    ]


def convergence_of(found: list[Movement], settings: Settings) -> Iterator[Row]:
    """Rows on trends, their p-values adjusted for all of them."""
    moving = [movement for movement in found if varies(movement[2])]
    each = [estimate for _, _, estimate in moving]
    together, alone = (adjusted(each, which) if each else [] for which in (slice(3), slice(len(MEASURES) + 1, None)))
    for (cells, head, trend), *p in zip(moving, together, alone, strict=True):
        assert cells.panel is not None  # noqa: S101 (no trend is made without)
        yield from rows.convergence_rows(trend, cells.observed, cells.panel, (p[0], p[1]), head, settings.confidence)


def unvaried(found: list[Movement]) -> dict[str, str]:
    """Trends that are not told since nothing can change, and why."""
    why = "all papers name the same, so that communities cannot differ"
    asked = {True: "conditional", False: "unconditional"}
    return {
        f"convergence, {cells.name}, {asked[head['conditional']]}": why
        for cells, head, estimate in found
        if not varies(estimate)
    }


def _evenness(level: Level) -> dict[str, Any]:
    """At which coverage cells were compared, and how many papers that took."""
    few = level.drawn[level.drawn > 0]
    ends = {"fewest": int(few.min()), "most": int(few.max())} if len(few) else {}
    return {"coverage": level.coverage, "cells": int(level.kept.sum()), "papers": ends}


def _not_measured(level: Level, settings: Settings) -> Iterator[tuple[str, str]]:
    """What could not be measured, and why."""
    there = level.draws.observed.papers > 0
    thin = int((there & ~level.kept).sum())
    if thin:
        reason = f"fewer than {settings.least} papers name one (setting least)"
        yield f"{thin} of {int(there.sum())} communities and years, {level.name}", reason
    if (drawn := len(level.draws.resampled.holds)) < settings.draws:
        yield f"draws beyond {drawn}, {level.name}", "they do not fit into memory; choose communities or years"
    if level.panel is None:
        reason = f"no two communities have {settings.least} papers that name one in each of three years in a row"
        yield f"convergence, {level.name}", reason


def _asked(level: Level) -> Iterator[tuple[bool, dict[str, Any]]]:
    return ((conditional, {"level": level.name, "conditional": conditional}) for conditional in ASKED)


def _how(settings: Settings) -> dict[str, Any]:
    return {"confidence": settings.confidence, "jobs": threads(settings)}


def _inside(panel: Panel, kept: Mask) -> Mask:
    inside = np.zeros_like(kept)
    inside[panel.communities, panel.years] = True
    return inside
