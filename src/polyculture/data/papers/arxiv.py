"""Metadata of arXiv, one paper a line."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.papers.json_rows import an_object
from polyculture.data.papers.lines import Lines, objects
from polyculture.data.papers.raw import Raw, chunks, texts

DEFAULTS = {"community": "category"}
_WORDS = ("paper_id", "title", "year", "abstract", "venue", "status", "category", "archive")


def arxiv_lines(path: Path, rows: int | None) -> Generator[Raw]:
    """Papers, at most so many at a time.

    The community is the first category (``cs.CL``), its archive (``cs``) on request; the year is that of the first
    version, and of the last update where versions are not listed.

    Raises
    ------
    DataError
        If a line is no object of JSON.
    """
    with Lines(path) as lines:
        start = 0
        for chunk in chunks((_row(an_object(value, lines)) for value in objects(lines)), rows):
            counted: dict[str, int] = {}
            frame = pl.DataFrame([texts(name, [row[name] for row in chunk], counted) for name in _WORDS])
            yield Raw(frame, str(path), start, counted, lines.cut, DEFAULTS, ("category", "archive"))
            start += frame.height


def _row(paper: Mapping[str, Any]) -> dict[str, str | None]:
    category = next(iter((_word(paper, "categories") or "").split()), None)
    return {
        "paper_id": _word(paper, "id"),
        "title": _word(paper, "title"),
        "year": _created(paper) or _word(paper, "update_date"),
        "abstract": _word(paper, "abstract"),
        "venue": _word(paper, "journal-ref"),
        "status": "preprint",
        "category": category,
        "archive": category and category.partition(".")[0],
    }


def _created(paper: Mapping[str, Any]) -> str | None:
    versions = paper.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    return _word(first, "created") if isinstance(first, dict) else None


def _word(of: Mapping[str, Any], name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) else None
