"""Papers a batch at a time, for more of them than memory holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from polyculture.data.audit_input.files import Paths, called
from polyculture.data.papers.detect import check_format
from polyculture.data.papers.once import Seen, once_across
from polyculture.data.papers.plan import Communities, Plan, check_columns, check_communities, plan
from polyculture.data.papers.raw import Columns, Raw
from polyculture.data.papers.reading import check_rows, check_some, check_tags, checked_files, raws_of
from polyculture.data.papers.tidy import tidy
from polyculture.data.papers.types import Papers
from polyculture.errors import ParameterError


def batches(
    paths: Paths,
    *,
    rows: int = 100_000,
    columns: Columns | None = None,
    format: str = "auto",  # noqa: A002 - what it is
    communities: Communities = None,
) -> Iterator[Papers]:
    r"""Papers of files, at most so many at a time.

    Parquet, CSV and lines of JSON (tables, OpenAlex's snapshot, arXiv) of any length are read in the memory that a
    batch takes, and eight bytes for each paper: ids, or all that a paper without one says, are kept as 64-bit hashes,
    by which no paper comes twice, whatever batches or files it stands in. Among n papers, n²/2⁶⁵ are expected to be
    lost by chance. Documents of JSON, BibTeX and the ACL Anthology are read whole and given in batches.

    Parameters
    ----------
    paths, columns, format, communities
        See `read_papers`. Which columns are tags is decided by a file's first batch.
    rows : int, >= 1
        Rows of a batch before any are left out.

    Yields
    ------
    Papers
        With what was counted in the batch; `partial` of the last one of a file says where the file is cut.

    Raises
    ------
    DataError
        As `read_papers`, when the batch is read; if no paper is left in any, after the last.
    ParameterError
        If `rows` is less than 1, or other parameters are not as in `read_papers`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.data.papers import batches
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "papers.csv")
    ...     _ = path.write_text("paper_id,community,year,title\na,NLP,2019,A\nb,CV,2020,B\na,NLP,2019,A\n")
    ...     [len(batch) for batch in batches(path, rows=2)]
    [2, 0]
    """
    if rows < 1:
        raise ParameterError(f"rows is {rows}; give a number from 1")
    columns, communities = check_columns(columns), check_communities(communities)
    files = checked_files(paths, check_format(format))
    opened = (closing(raws_of(path, kind, columns, rows)) for path, kind in files)
    return _given(opened, columns, communities, called([path for path, _ in files]))


def batches_of_file(
    path: Path, kind: str, *, rows: int, columns: Columns | None, communities: Communities, seen: Seen
) -> Iterator[Papers]:
    """The same of one file, which may have no paper that is left; `seen` knows those of earlier files, and learns.

    Parameters
    ----------
    path, kind : path, str
        See `checked_files`.
    rows, columns, communities
        See `batches`.
    seen : Seen

    Yields
    ------
    Papers
    """
    with closing(raws_of(path, kind, check_columns(columns), rows)) as raws:
        yield from _of_file(raws, check_columns(columns), check_communities(communities), seen)


def _given(
    files: Iterator[closing[Generator[Raw]]], columns: Columns, communities: Communities, source: str
) -> Iterator[Papers]:
    seen, counted, height = Seen(), Counter[str](), 0
    first: list[Papers] = []
    for file in files:
        with file as raws:
            for batch in _of_file(raws, columns, communities, seen):
                check_tags([*first, batch])
                first = first or [replace(batch, frame=batch.frame.clear())]
                counted.update(batch.counted)
                height += len(batch)
                yield batch
    check_some(height, counted, source)


def _of_file(raws: Iterator[Raw], columns: Columns, communities: Communities, seen: Seen) -> Iterator[Papers]:
    first: Plan | None = None
    for raw in raws:
        if not first:
            check_rows(raw)
        # a key may first stand in a later line, but what is a tag must not change
        found = plan(raw, columns, communities)
        first = first or found
        batch = tidy(raw, replace(found, tags=first.tags), communities)
        frame, again = once_across(batch.frame, seen)
        yield replace(batch, frame=frame, counted={**batch.counted, **again})
