"""From whatever a user has to tagged papers: read, tag, choose communities and years."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from polyculture.arrays import Ints
from polyculture.data.papers.types import Papers
from polyculture.data.remote import local_copy
from polyculture.errors import DataError, ParameterError
from polyculture.progress import LOG
from polyculture.surveying.tagged import Tagged

if TYPE_CHECKING:
    from polyculture.data.papers.once import Seen
    from polyculture.surveying.vocabulary import Vocabulary

BATCH = 100_000
LARGE = {".parquet": 2**27}
LARGE_TEXT = 2**29
"""Bytes of files from which papers are read in batches: some two million without abstracts. Parquet is packed."""
Communities = str | Mapping[str, str] | Sequence[str] | None


@dataclass(frozen=True)
class Reading:
    """How a source is read and what of it is looked at; see :func:`polyculture.survey`."""

    vocabulary: Any = None
    communities: Communities = None
    years: tuple[int, int] | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    format: str = "auto"
    abstracts: bool = True

    def __post_init__(self) -> None:
        if self.years is not None and (len(self.years) != 2 or self.years[0] > self.years[1]):
            raise ParameterError(f"years is {self.years}; pass the first and the last, such as (2010, 2025)")

    def reads(self, papers: Papers) -> bool:
        """Whether methods are looked for in abstracts: not in those of papers that come tagged."""
        return self.abstracts and (self.vocabulary is not None or not papers.tags)

    @property
    def named(self) -> str | Mapping[str, str] | None:
        """What the reader makes communities of."""
        return self.communities if isinstance(self.communities, str | Mapping) else None

    @property
    def chosen(self) -> Sequence[str] | None:
        """Communities to look at."""
        return None if isinstance(self.communities, str | Mapping) else self.communities


def tagged_from(source: Any, how: Reading) -> Tagged:
    """Papers of files, tables or memory, with what they name.

    Raises
    ------
    PolycultureError
        If the source does not hold what is needed.
    """
    if isinstance(source, Tagged):
        return chosen(source, how.chosen, how.years)
    papers = source if isinstance(source, Papers) else papers_of(source, how)
    LOG.info("%d papers read", len(papers))
    tagged = tagged_papers(papers, how)
    LOG.info("tagged with %d methods of %d families", len(tagged.methods), len(tagged.families))
    return chosen(tagged, how.chosen, how.years)


def tagged_batches(source: Any, how: Reading, rows: int) -> Iterator[Callable[[], Tagged]]:
    """Papers of files, so many at a time, each batch tagged when it is called; those not looked at are left out.

    Raises
    ------
    PolycultureError
        If the source does not hold what is needed; if a community that was asked for is in no batch, after the last.
    """
    from polyculture.data.papers import batches

    there: set[str] = set()
    known = None if how.vocabulary is None else _vocabulary(how)
    name = str(source)
    for papers in batches(
        paths_of(source) or [], rows=rows, columns=how.columns, format=how.format, communities=how.named
    ):
        if known is None and not papers.tags:
            known = _vocabulary(how)
        name = papers.source
        there.update(papers.frame["community"].cast(pl.String).unique())
        yield partial(_tagged_some, papers, replace(how, vocabulary=known))
        LOG.info("%d papers read and tagged", len(papers))
    check_there(how.chosen, sorted(there), name)


def tagged_file(how: Reading, rows: int, file: tuple[Path, str], seen: Seen) -> Iterator[tuple[Papers, Tagged]]:
    """Papers of one file, so many at a time, as they were read and as they are tagged; see `tagged_batches`."""
    from polyculture.data.papers.streaming import batches_of_file

    known = None if how.vocabulary is None else _vocabulary(how)
    path, kind = file
    for papers in batches_of_file(path, kind, rows=rows, columns=how.columns, communities=how.named, seen=seen):
        if known is None and not papers.tags:
            known = _vocabulary(how)
        yield papers, _tagged_some(papers, replace(how, vocabulary=known))


def _tagged_some(papers: Papers, how: Reading) -> Tagged:
    return _some(tagged_papers(papers, how), how.chosen, how.years)


def rows_at_once(source: Any, batch: int | None) -> int:
    """Papers to read at a time; 0 for all.

    Parameters
    ----------
    source
        Files, or data in memory, which is there already.
    batch : int or None
        If None, 100,000 where files have more than 128 MiB (Parquet) or 512 MiB (others), and all otherwise.

    Raises
    ------
    ParameterError
        If batch is negative.
    """
    if batch is not None and batch < 0:
        raise ParameterError(f"batch is {batch}; use a number of papers, or 0 to read all at once")
    paths = paths_of(source)
    if paths is None:
        return 0
    if batch is not None:
        return batch
    return BATCH if sum(_bytes(path) / LARGE.get(path.suffix, LARGE_TEXT) for path in paths) > 1 else 0


def tagged_papers(papers: Papers, how: Reading) -> Tagged:
    """What papers name: what they come tagged with, unless a vocabulary is given."""
    from polyculture.surveying.vocabulary import from_tags, tag

    if papers.tags and how.vocabulary is None:
        return from_tags(papers)
    return tag(papers, _vocabulary(how), abstracts=how.abstracts)


def chosen(tagged: Tagged, communities: Sequence[str] | None, years: tuple[int, int] | None) -> Tagged:
    """The papers of some communities and years.

    Raises
    ------
    DataError
        If a community is not there, or no paper is left.
    """
    there = tagged.papers.frame.select(pl.col("community").cast(pl.String).unique())["community"]
    check_there(communities, sorted(there), tagged.papers.source)
    kept = _some(tagged, communities, years)
    if not len(kept.papers):
        raise DataError(f"{tagged.papers.source}: no papers are left; see which communities and years were asked for")
    return kept


def check_there(asked: Sequence[str] | None, there: Sequence[str], source: str) -> None:
    """All communities that were asked for are there.

    Raises
    ------
    DataError
        If one is not.
    """
    if missing := [name for name in asked or () if name not in there]:
        known = ", ".join(there[:20]) + (", ..." if len(there) > 20 else "")
        raise DataError(f"{source}: there is no community {missing[0]!r}; there are {known}")


def _some(tagged: Tagged, communities: Sequence[str] | None, years: tuple[int, int] | None) -> Tagged:
    """The papers of some communities and years, which may be none."""
    frame, where = tagged.papers.frame, pl.lit(value=True)
    if communities is not None:
        where &= pl.col("community").cast(pl.String).is_in(list(communities))
    if years is not None:
        where &= pl.col("year").is_between(*years)
    kept = np.flatnonzero(frame.select(pl.repeat(value=True, n=pl.len()) & where).to_series().to_numpy())
    return tagged if len(kept) == frame.height else taken(tagged, kept)


def _vocabulary(how: Reading) -> Vocabulary:
    from polyculture.surveying.vocabulary import Vocabulary, load_vocabulary

    return how.vocabulary if isinstance(how.vocabulary, Vocabulary) else load_vocabulary(how.vocabulary)


def unpacked(paths: Sequence[Path]) -> float:
    """Bytes of files and folders, as far as their endings tell what they unpack to.

    Examples
    --------
    >>> unpacked([])
    0.0
    """
    return float(sum(_bytes(path) * _PACKED.get(path.suffix.lower(), 1) for path in paths))


_PACKED = {".gz": 10, ".zst": 10, ".parquet": 6}


def _bytes(path: Path) -> int:
    """Size of a file, or of all files in a folder; a file that is not there is told of when it is read."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def taken(tagged: Tagged, rows: Ints) -> Tagged:
    """Some of the papers."""
    return replace(
        tagged,
        papers=replace(tagged.papers, frame=tagged.papers.frame[rows]),
        names=tagged.names[rows],
        beside={kind: (names, found[rows]) for kind, (names, found) in tagged.beside.items()},
    )


def paths_of(source: Any) -> list[Path] | None:
    """The files that a source names; None if it is data in memory.

    Examples
    --------
    >>> paths_of("a.csv") == [Path("a.csv")], paths_of({"a": [1]})
    (True, None)
    """
    if isinstance(source, str | Path):
        return [local_copy(source)]
    if isinstance(source, list | tuple) and source and all(isinstance(path, str | Path) for path in source):
        return [local_copy(path) for path in source]
    return None


def in_memory(source: Any, how: Reading) -> Any:
    """A table as papers; files, papers and tagged papers as they are."""
    given = isinstance(source, Papers | Tagged) or paths_of(source) is not None
    return source if given else papers_of(source, how)


def papers_of(source: Any, how: Reading) -> Papers:
    """Papers of files or of a table."""
    from polyculture.data.papers import from_frame, read_papers

    paths = paths_of(source)
    if paths is None:
        return from_frame(source, columns=how.columns, communities=how.named)
    return read_papers(paths, columns=how.columns, communities=how.named, format=how.format)
