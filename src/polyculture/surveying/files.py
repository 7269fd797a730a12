"""Many files of papers, each counted by itself, so that several processes or machines can read them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl

from polyculture import pieces
from polyculture.arrays import Array
from polyculture.data.papers.types import Papers
from polyculture.surveying.corpus import KEPT, Batch, batch_of
from polyculture.surveying.sources import Reading, check_there, tagged_file


@dataclass(frozen=True)
class FileCounts:
    """What is kept of a file of papers.

    Parameters
    ----------
    batches : list of Batch
    keys : uint64 array
        One number for each paper, in rising order, by which it is known if it stands in another file as well.
    empty : Papers
        The first batch without its papers: what columns and tags it has.
    communities : list of str
    """

    batches: list[Batch]
    keys: Array
    empty: Papers
    communities: list[str] = field(default_factory=list)


def batches_of_files(paths: Sequence[Path], how: Reading, rows: int) -> Iterator[Batch]:
    """Counts of all files, as if they had been read one after another.

    Every file is counted by itself. Papers that an earlier file has too belong to that one: files that have such are
    counted again without them.

    Raises
    ------
    DataError
        As `polyculture.data.papers.batches`.
    """
    from polyculture.data.audit_input.files import called
    from polyculture.data.papers.detect import check_format
    from polyculture.data.papers.reading import check_some, check_tags, checked_files

    given = checked_files(paths, check_format(how.format))
    files = [(path.resolve(), kind) for path, kind in given]
    nothing = np.empty(0, dtype=np.uint64)
    found = _counted(how, rows, {place: (file, nothing) for place, file in enumerate(files)}, "file")
    check_tags([counts.empty for counts in found.values()])
    again = {place: (files[place], keys) for place, keys in _met_before([c.keys for c in found.values()]) if len(keys)}
    found |= _counted(how, rows, again, "file without papers of earlier ones")
    counts = [found[place] for place in range(len(files))]
    check_there(how.chosen, sorted({name for each in counts for name in each.communities}), str(paths[-1]))
    every = [
        _as_given(batch, file[0], path)
        for file, path, c in zip(files, paths, counts, strict=True)
        for batch in c.batches
    ]
    said = sum((Counter(batch.counted) for batch in every), Counter[str]())
    check_some(sum(len(each.keys) for each in counts), said, called([path for path, _ in given]))
    yield from every


def _counted(
    how: Reading, rows: int, files: dict[int, tuple[tuple[Path, str], Array]], kind: str
) -> dict[int, FileCounts]:
    names = [f"{kind} {place + 1}" for place in files]
    kinds = (FileCounts, *KEPT)
    return dict(zip(files, pieces.steps(_of_file, names, files.values(), kinds=kinds, shared=(how, rows)), strict=True))


def _of_file(how: Reading, rows: int, file: tuple[Path, str], known: Array) -> FileCounts:
    from polyculture.data.papers.once import Seen

    seen, there, batches = Seen(known), set[str](), []
    empty: Papers | None = None
    for papers, tagged in tagged_file(how, rows, file, seen):
        empty = empty or replace(papers, frame=papers.frame.clear())
        there.update(papers.frame["community"].cast(pl.String).unique())
        batches.append(batch_of(tagged, how.reads))
    assert empty is not None  # noqa: S101 (a file without rows is refused when it is read)
    return FileCounts(batches, seen.keys, empty, sorted(there))


def _met_before(keys: Sequence[Array]) -> Iterator[tuple[int, Array]]:
    """Of each file's papers those that an earlier file has."""
    from polyculture.data.papers.once import Seen

    seen = Seen()
    for place, own in enumerate(keys):
        yield place, own[~seen.new(own)]


def _as_given(batch: Batch, read: Path, given: Path) -> Batch:
    """The name that the file was given by, for it was read by its whole path."""

    def named(text: str | None) -> str | None:
        return None if text is None else text.replace(str(read), str(given))

    return replace(batch, source=named(batch.source) or "", partial=named(batch.partial))
