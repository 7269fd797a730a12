"""Entries of BibTeX; the packages that parse them and their LaTeX are an extra, loaded when needed."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.papers.lines import Lines, decoded
from polyculture.data.papers.raw import Columns, Raw, texts
from polyculture.data.papers.types import COLUMNS
from polyculture.errors import DataError, MissingExtraError

_DEFAULTS = {"paper_id": "ID"}
_NOT_PARSED = "entries that could not be parsed, left out"
_KINDS = {
    "article": "journal",
    "inproceedings": "conference",
    "conference": "conference",
    "incollection": "conference",
    "misc": "preprint",
    "online": "preprint",
    "unpublished": "preprint",
    "techreport": "preprint",
}
_COMMENT = re.compile(r"(?<!\\)%")


def bibtex_entries(path: Path, columns: Columns, rows: int | None) -> Generator[Raw]:
    """Papers of a file: key, title, year (or date), abstract, and journal or title of the proceedings.

    A field ``community`` is the community, unless another is named; LaTeX in titles and abstracts becomes text.

    Raises
    ------
    DataError
        If the file has no entries.
    MissingExtraError
        If bibtexparser is not installed.
    """
    with Lines(path) as lines:
        library = _library("".join(decoded(lines)), path)
    entries, counted, cut = _entries(library, lines)
    if not entries:
        raise DataError(cut or f"{path}: holds no entry of BibTeX; give one like @article{{key, title = {{...}}}}")
    wanted = {name for name in columns.values() if isinstance(name, str)}
    fields = [_fields(entry, wanted) for entry in entries]
    names = ["ID", *dict.fromkeys(name for field in fields for name in field if name != "ID")]
    frame = pl.DataFrame([texts(name, [field.get(name) for field in fields], counted) for name in names])
    yield from Raw(frame, str(path), 0, counted, cut, _DEFAULTS).pieces(rows)


def _library(text: str, path: Path) -> Any:
    parser = _package("bibtexparser")
    # what it says on the screen about bad entries is counted instead
    log = logging.getLogger("bibtexparser")
    before, log.disabled = log.disabled, True
    inner = logging.getLogger("bibtexparser.splitter")
    inner_before, inner.disabled = inner.disabled, True
    try:
        return parser.parse_string(text)
    except Exception as error:
        raise DataError(f"{path}: is no BibTeX that can be parsed ({type(error).__name__}); mend it") from error
    finally:
        log.disabled, inner.disabled = before, inner_before


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError("reading BibTeX", "literature") from error


def _entries(library: Any, lines: Lines) -> tuple[list[Any], dict[str, int], str | None]:
    """Entries in order, those whose key is taken too; how many failed, and whether the last of them was cut."""
    counted, cut = Counter[str](), lines.cut
    entries = list(library.entries)
    for block in library.failed_blocks:
        inside = getattr(block, "ignore_error_block", None)
        if hasattr(inside, "fields"):
            entries.append(inside)
        elif block is library.failed_blocks[-1] and "end of file" in str(getattr(block.error, "abort_reason", "")):
            cut = cut or f"{lines.path}: is cut in the entry that line {block.start_line + 1} begins; it was left out"
        else:
            counted[_NOT_PARSED] += 1
    entries.sort(key=lambda entry: entry.start_line or 0)
    return entries, dict(counted), cut


def _fields(entry: Any, wanted: set[str]) -> dict[str, str | None]:
    """What is used of an entry, as text."""
    found = {field.key.lower(): _plain(str(field.value)) for field in entry.fields if _used(field.key, wanted)}
    kind = entry.entry_type.lower()
    venue = found.get("journal") or found.get("journaltitle") or found.get("booktitle")
    named = {field.key: found[field.key.lower()] for field in entry.fields if field.key in wanted}
    return {
        **named,
        "ID": entry.key,
        "title": found.get("title"),
        "year": found.get("year") or found.get("date"),
        "abstract": found.get("abstract"),
        "venue": venue,
        "status": _status(kind, venue or ""),
        **({"community": found["community"]} if "community" in found else {}),
    }


_READ = {*COLUMNS, "date", "journal", "journaltitle", "booktitle"}


def _used(key: str, wanted: set[str]) -> bool:
    return key in wanted or key.lower() in _READ


def _status(kind: str, venue: str) -> str | None:
    if "workshop" in venue.lower():
        return "workshop"
    return "preprint" if "arxiv" in venue.lower() else _KINDS.get(kind)


def _plain(latex: str) -> str:
    """LaTeX as text; a percent sign is one, as fields hold no comments."""
    if not any(sign in latex for sign in "\\{}$~"):
        return latex
    reader = _package("pylatexenc.latex2text").LatexNodes2Text(math_mode="text")
    try:
        return str(reader.latex_to_text(_COMMENT.sub(r"\\%", latex)))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the source is still readable
        return latex
