"""Papers from files and from memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.audit_input.files import Paths, called, checked
from polyculture.data.audit_input.tables import from_memory
from polyculture.data.papers.acl import acl_collections
from polyculture.data.papers.arxiv import arxiv_lines
from polyculture.data.papers.bibtex import bibtex_entries
from polyculture.data.papers.csv_rows import csv_rows
from polyculture.data.papers.detect import check_format, detect, one_a_line
from polyculture.data.papers.json_rows import json_rows
from polyculture.data.papers.once import once
from polyculture.data.papers.openalex import openalex_document, openalex_lines
from polyculture.data.papers.parquet_rows import parquet_rows
from polyculture.data.papers.plan import Communities, check_columns, check_communities, plan
from polyculture.data.papers.raw import Columns, Raw
from polyculture.data.papers.tidy import tidy
from polyculture.data.papers.types import COLUMNS, Papers
from polyculture.errors import DataError


def read_papers(
    paths: Paths,
    *,
    columns: Columns | None = None,
    format: str = "auto",  # noqa: A002 - what it is
    communities: Communities = None,
) -> Papers:
    r"""Papers of one or several files, which may be of different formats.

    ``.parquet``, ``.csv``, ``.tsv`` and lines of JSON are tables; the last three, and works of OpenAlex and metadata of
    arXiv, may be packed (``.gz``, ``.zst``). OpenAlex's pages and lists of works (``.json``) and its snapshot, arXiv's
    lines, BibTeX (``.bib``) and the folder ``data`` of the ACL Anthology are known by their endings or first lines.

    What cannot be used is left out and counted: papers without a title, community or year, with a year before 1800 or
    after the next, rows that repeat another, ids that stand in several rows (the first is kept), retracted papers.
    Years are read out of longer text ("c. 2019", "2019-05-01"). Titles become one line; those that are written from
    right to left are kept as they are. Of a file that is cut short, what is whole is read, and `partial` says so.

    Parameters
    ----------
    paths : path or sequence of paths
    columns : mapping of part to column, optional
        Columns that are not called ``paper_id``, ``community``, ``year``, ``title``, ``abstract``, ``venue`` or
        ``status``; and, as ``"tags"``, one or several patterns of names, such as ``"S.*"``, of columns that say which
        methods a paper uses. By default, these are all columns of true and false whose names do not begin with
        ``is_`` or ``has_``; with them, papers need no title. For OpenAlex, the community may be taken from
        ``"topic"``, ``"subfield"`` (the default), ``"field"``, ``"domain"`` or ``"venue"``; for arXiv, from
        ``"category"`` (the default) or ``"archive"``.
    format : {"auto", "parquet", "csv", "json", "openalex", "arxiv", "bibtex", "acl"}
    communities : str or mapping, optional
        The community of all papers; or communities by the source's own words. These are looked up in the column of
        communities if it is named in `columns`, and otherwise in what the format offers: community and venue of a
        table or of BibTeX; venue, topic, subfield, field and domain of OpenAlex; category and archive of arXiv; venue
        of the ACL Anthology, whose papers are otherwise all of NLP. Papers that no word maps are left out.

    Returns
    -------
    Papers

    Raises
    ------
    DataError
        If a file is missing or damaged, lacks a column, or no paper is left; the sentence names the file and the row
        (from 1, without the header), the line or the column.
    MissingExtraError
        If a package for BibTeX, the ACL Anthology or ``.zst`` is not installed.
    ParameterError
        If `columns`, `format` or `communities` are not as above.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from polyculture.data.papers import read_papers
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "papers.csv")
    ...     _ = path.write_text("paper_id,community,year,title\na,NLP,2019,On parsing\nb,CV,soon,On edges\n")
    ...     papers = read_papers(path)
    >>> papers.frame["title"].to_list(), papers.counted
    (['On parsing'], {'papers without a year that can be read, left out': 1})
    """
    columns, communities = check_columns(columns), check_communities(communities)
    files = checked_files(paths, check_format(format))
    raws = (raw for path, kind in files for raw in raws_of(path, kind, columns, None))
    return of_raw(raws, columns, communities, called([path for path, _ in files]))


def from_frame(
    frame: Any, *, columns: Columns | None = None, source: str = "frame", communities: Communities = None
) -> Papers:
    """Papers of a table in memory: of polars, pandas or another library that narwhals knows.

    Parameters
    ----------
    frame : DataFrame
    columns, communities
        See `read_papers`.
    source : str
        What to call it in messages.

    Returns
    -------
    Papers

    Raises
    ------
    DataError
        If it is no table, lacks a column, or no paper is left.

    Examples
    --------
    >>> import polars as pl
    >>> from polyculture.data.papers import from_frame
    >>> table = pl.DataFrame({"id": [1, 2], "year": ["2019", "2020"], "title": ["On parsing", "On edges"]})
    >>> papers = from_frame(table, columns={"paper_id": "id"}, communities="NLP")
    >>> papers.frame["paper_id"].to_list(), papers.frame["community"].to_list()
    (['1', '2'], ['NLP', 'NLP'])
    """
    columns, communities = check_columns(columns), check_communities(communities)
    return of_raw([Raw(from_memory(frame, source).frame, source)], columns, communities)


def checked_files(paths: Paths, format: str) -> list[tuple[Path, str]]:  # noqa: A002 - what it is
    """Files that can be opened, each with its format.

    Raises
    ------
    DataError
        If there is none, one cannot be opened, or its format is not known.
    """
    several = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    folders = [path for path in several if path.is_dir()]
    if len(folders) < len(several) or not several:
        checked([path for path in several if path not in folders])
    found = [(path, detect(path) if format == "auto" or path.is_dir() else format) for path in several]
    for path, kind in found:
        if kind == "acl" and not path.is_dir():
            raise DataError(f"{path}: is no folder; name the ACL Anthology's folder 'data', which holds 'xml'")
    return found


def raws_of(path: Path, kind: str, columns: Columns, rows: int | None) -> Generator[Raw]:
    """Rows of a file, at most so many at a time."""
    if kind == "openalex":
        return openalex_lines(path, rows) if one_a_line(path) else openalex_document(path, rows)
    if kind == "json":
        return json_rows(path, columns, rows)
    if kind == "bibtex":
        return bibtex_entries(path, columns, rows)
    readers = {"parquet": parquet_rows, "csv": csv_rows, "arxiv": arxiv_lines, "acl": acl_collections}
    return readers[kind](path, rows)


def of_raw(raws: Iterable[Raw], columns: Columns, communities: Communities, source: str | None = None) -> Papers:
    """Rows of all sources as papers, each once.

    Raises
    ------
    DataError
        If a source lacks a column or the tags of another, or no paper is left.
    """
    found = []
    for raw in raws:
        check_rows(raw)
        found.append(tidy(raw, plan(raw, columns, communities), communities))
    check_tags(found)
    joined = pl.concat([papers.frame for papers in found], how="diagonal_relaxed")
    frame, counted = once(_in_order(joined, found[0].tags))
    said = Counter[str](counted)
    for papers in found:
        said.update(papers.counted)
    source = source or found[0].source
    check_some(frame.height, said, source)
    partial = "; ".join(papers.partial for papers in found if papers.partial) or None
    return replace(found[0], frame=frame, source=source, counted=dict(said), partial=partial)


def _in_order(frame: pl.DataFrame, tags: Sequence[str]) -> pl.DataFrame:
    first = [*COLUMNS, *tags]
    return frame.select([*first, *(name for name in frame.columns if name not in first)])


def check_rows(raw: Raw) -> None:
    """A source has at least one row.

    Raises
    ------
    DataError
        If it has none.
    """
    if not raw.frame.height:
        raise DataError(f"{raw.partial or f'{raw.source}: has no papers'}; give at least one whole paper")


def check_tags(found: Iterable[Papers]) -> None:
    """All sources have the same tags.

    Raises
    ------
    DataError
        If one has a tag that another lacks.
    """
    first, *others = found
    for other in others:
        for name in set(first.tags) ^ set(other.tags):
            has, lacks = (first, other) if name in first.tags else (other, first)
            raise DataError(f"{lacks.source}: lacks the tag {name!r} that {has.source} has; give all files the same")


def check_some(height: int, counted: Mapping[str, int], source: str) -> None:
    """At least one paper is left.

    Raises
    ------
    DataError
        If none is; the sentence says why.
    """
    if not height:
        why = "; ".join(f"{what}: {count}" for what, count in counted.items())
        raise DataError(f"{source}: no paper is left ({why or 'there was none'}); mend these, or name other columns")
