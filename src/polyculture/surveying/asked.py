"""Questions that have a file of their own, asked with the draws of a level or of the papers as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl

from polyculture import store
from polyculture.data.papers.types import Papers
from polyculture.measure.diversity.hill import hill
from polyculture.surveying.adoption import adoption, adoption_curves
from polyculture.surveying.associations import associations
from polyculture.surveying.at_level import Level, threads
from polyculture.surveying.by_topic import by_topic
from polyculture.surveying.corpus import Corpus
from polyculture.surveying.counts import Counts
from polyculture.surveying.duplication import duplication
from polyculture.surveying.exploration import exploration
from polyculture.surveying.lags import gaps, known_cells
from polyculture.surveying.openings import openings
from polyculture.surveying.resampling import resampled
from polyculture.surveying.settings import Settings
from polyculture.surveying.shares import categories
from polyculture.surveying.transfer import FEWEST, transfer

FINEST = "method"
"""Openings and new methods are asked for at this level: nearly every family is at home nearly everywhere."""
SINGLE = ("adoption", "transfer", "openings", "exploration")
"""Questions about shares of single names: no names that a community lacks are drawn for them."""
WHOLE = {
    "duplication": "papers were read in batches, and a copy may stand in any other batch (batch=0 keeps all papers)",
    "associations": "papers were read in batches, which keep no names beside methods (batch=0 keeps all papers)",
}
"""Questions that need all papers at once, and why they are not answered without."""


def of_level(corpus: Corpus, level: Level, settings: Settings) -> list[tuple[str, Any]]:
    """Names of a result's fields and what a level of the vocabulary adds to them: lists or mappings.

    Parameters
    ----------
    corpus : Corpus
    level : Level
    settings : Settings

    Returns
    -------
    list of (str, list of rows or mapping)
    """
    observed, null = level.draws.observed, level.draws.shuffled
    if not set(SINGLE) & set(settings.questions):
        return []
    size = len(level.draws.resampled.holds)
    patterns, jobs = corpus.patterns[level.name], threads(settings)
    many = resampled(patterns, level.name, size, settings.seed, unseen=False, jobs=jobs)
    how: dict[str, Any] = {"level": settings.confidence}
    seeded = {"seed": settings.seed, **how}

    def newness() -> dict[str, Any]:
        varied = hill(categories(observed, level.kept, conditional=True), 1)
        return exploration(observed, many, corpus.first_known, varied, samples=settings.draws, **seeded).to_dict()

    asked: list[tuple[str, str, Callable[[], Any]]] = [
        ("adoption", "adoption_curves", lambda: _named(adoption_curves(observed, many, **how), corpus, level.name)),
        ("adoption", "adoption", lambda: _named(adoption(observed, many, **how), corpus, level.name)),
        ("transfer", "transfer", lambda: {level.name: transfer(observed, many, null, **seeded).to_dict()}),
    ]
    if level.name == FINEST:
        asked.append(("openings", "openings", lambda: openings(observed, many, **how).to_dict()))
        asked.append(("exploration", "exploration", newness))
    if "transfer" in settings.questions:
        asked.append(("transfer", "not_measured", lambda: _unbridged(observed)))
    chosen = [(field, answer) for question, field, answer in asked if question in settings.questions]
    with ThreadPoolExecutor(threads(settings)) as pool:
        return list(pool.map(lambda each: (each[0], each[1]()), chosen))


def of_papers(corpus: Corpus, settings: Settings) -> Iterator[tuple[str, Any]]:
    """The same for questions that ask the papers themselves, and for topics."""
    tagged = corpus.tagged
    if tagged is None:
        yield "not_measured", {name: why for name, why in WHOLE.items() if name in settings.questions}
    elif "duplication" in settings.questions:
        yield "duplication", store.step("duplication", lambda: _copied(tagged.papers, settings))
    if tagged is not None and "associations" in settings.questions:
        beside = store.step("associations", lambda: associations(tagged, level=settings.confidence).to_dicts())
        if beside:
            yield "associations", {"found": beside}
        else:
            yield "not_measured", {"associations": "no data set, task, tool, compute or status is named often enough"}
    if "topics" in settings.questions:
        if corpus.topics:
            yield "topics", store.step("topics", lambda: by_topic(corpus.topics, settings, jobs=threads(settings)))
        else:
            yield "not_measured", {"topics": "no paper names a topic of the vocabulary"}


def _copied(papers: Papers, settings: Settings) -> dict[str, Any]:
    return duplication(papers, samples=settings.draws, level=settings.confidence, seed=settings.seed).to_dict()


def _unbridged(counts: Counts) -> dict[str, str]:
    """Years in which nobody can tell who takes a method up."""
    found = gaps(known_cells(counts, FEWEST), counts.years)
    told = ((counts.communities[c], str(first) if first == last else f"{first} to {last}") for c, first, last in found)
    why = (
        f"fewer than {FEWEST} papers: what was taken up then has no date, so that the community is not called first "
        "with it, nor any that came later, and its lag counts as longer than to the year before"
    )
    return {f"transfer, {name} in {span}": why for name, span in told}


def _named(frame: pl.DataFrame, corpus: Corpus, level: str) -> list[dict[str, Any]]:
    """Rows that say of what level the name is, and of which family a method."""
    names = pl.col("name")
    if level == "family":
        both = {"family": names, "method": pl.lit(None, dtype=pl.String)}
    else:
        family = {name: corpus.families[place] for name, place in zip(corpus.methods, corpus.family_of, strict=True)}
        both = {"family": names.replace_strict(family, return_dtype=pl.String), "method": names}
    return frame.select(pl.lit(level).alias("level"), pl.all().exclude("name"), **both).to_dicts()
