"""All that a survey needs to know of its papers: how many of each community and year carry which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from polyculture.data.papers.types import Papers
from polyculture.errors import DataError
from polyculture.surveying.patterns import LEVELS, Patterns, patterns_of
from polyculture.surveying.summing import summed
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.topics import TOPIC, as_communities


@dataclass(frozen=True)
class Corpus:
    """Papers by the sets of names that they carry.

    Parameters
    ----------
    patterns : mapping of level to Patterns
    topics : mapping of level to Patterns
        The same with topics as communities; empty if no paper names any.
    families, methods, family_of, first_known
        See `Tagged`.
    papers : int
    source : str
    counted : mapping of policy to int
    partial : str or None
    tagged : Tagged or None
        The papers themselves; None if they were read in batches and not kept.
    abstracts : mapping of (community, year) to int, or None
        Papers that have one; None if the source knows of none.
    read : bool
        Whether methods were looked for in abstracts.
    """

    patterns: Mapping[str, Patterns]
    topics: Mapping[str, Patterns]
    families: tuple[str, ...]
    methods: tuple[str, ...]
    family_of: tuple[int, ...]
    first_known: tuple[int | None, ...]
    papers: int
    source: str
    counted: Mapping[str, int] = field(default_factory=dict)
    partial: str | None = None
    tagged: Tagged | None = None
    abstracts: Mapping[tuple[str, int], int] | None = None
    read: bool = False


def corpus_of(tagged: Tagged, reads: Callable[[Papers], bool] = lambda _: False) -> Corpus:
    """Count papers that are in memory.

    Parameters
    ----------
    tagged : Tagged
    reads : callable
        Tells of papers whether methods were looked for in their abstracts.

    Raises
    ------
    DataError
        If there are none.
    """
    of = tagged.papers
    return Corpus(
        {level: patterns_of(tagged, level) for level in LEVELS},
        _topics(tagged),
        tagged.families,
        tagged.methods,
        tagged.family_of,
        tagged.first_known,
        len(of),
        of.source,
        of.counted,
        of.partial,
        tagged,
        _abstracts(of.frame),
        reads(of),
    )


@dataclass(frozen=True)
class Batch:
    """What is kept of a batch of papers: their counts, None where there are no papers, and where they came from."""

    corpus: Corpus | None
    counted: Mapping[str, int]
    source: str
    partial: str | None


KEPT = (Batch, Corpus, Patterns, Tagged, Papers)
"""Records that corpora and batches consist of."""


def batch_of(tagged: Tagged, reads: Callable[[Papers], bool]) -> Batch:
    """The counts of a batch, without its papers."""
    of = tagged.papers
    corpus = replace(corpus_of(tagged, reads), tagged=None) if len(of) else None
    return Batch(corpus, of.counted, of.source, of.partial)


def corpus_of_batches(batches: Iterable[Batch]) -> Corpus:
    """Add up batches one after another; no more than one is held beside the sum.

    Raises
    ------
    DataError
        If there are no papers in any.
    """
    found: Corpus | None = None
    counted, sources, cut = Counter[str](), dict[str, None](), dict[str, None]()
    for batch in batches:
        counted.update(batch.counted)
        sources[batch.source] = None
        if batch.partial:
            cut[batch.partial] = None
        if batch.corpus is not None:
            found = batch.corpus if found is None else _both(found, batch.corpus)
    if found is None:
        raise DataError(f"{', '.join(sources)}: no papers are left; see which communities and years were asked for")
    return replace(found, source=", ".join(sources), counted=dict(counted), partial="; ".join(cut) or None)


def _abstracts(frame: pl.DataFrame) -> dict[tuple[str, int], int] | None:
    """Papers of each community and year that have an abstract; None where no paper has one."""
    if "abstract" not in frame.columns or frame["abstract"].null_count() == frame.height:
        return None
    some = frame.lazy().filter(pl.col("abstract").str.len_bytes() > 0)
    by = some.group_by(pl.col("community").cast(pl.String), pl.col("year").cast(pl.Int64)).len().collect()
    return {(community, year): papers for community, year, papers in by.rows()}


def _topics(tagged: Tagged) -> dict[str, Patterns]:
    if TOPIC not in tagged.beside or not tagged.beside[TOPIC][1].nnz:
        return {}
    by_topic = as_communities(tagged)
    return {level: patterns_of(by_topic, level) for level in LEVELS}


def _both(first: Corpus, second: Corpus) -> Corpus:
    topics = {level: summed(first.topics[level], second.topics[level]) for level in first.topics if second.topics}
    both = [part.abstracts for part in (first, second) if part.abstracts is not None]
    return replace(
        first,
        abstracts=dict(sum((Counter(part) for part in both), Counter())) if both else None,
        read=first.read or second.read,
        patterns={level: summed(first.patterns[level], second.patterns[level]) for level in LEVELS},
        topics=topics or first.topics or second.topics,
        papers=first.papers + second.papers,
    )
