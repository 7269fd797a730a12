"""Works of OpenAlex, as its API and its snapshot give them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.papers.abstracts import from_inverted
from polyculture.data.papers.lines import Lines, cut_short, decoded, objects
from polyculture.data.papers.raw import Raw, chunks, texts
from polyculture.data.papers.tidy import RETRACTED
from polyculture.errors import DataError

LEVELS = ("topic", "subfield", "field", "domain")
DEFAULTS = {"community": "subfield"}
LOOKUPS = ("venue", *LEVELS)

_WORDS = ("paper_id", "title", "year", "abstract", "venue", "status", *LEVELS)
_NO_WORK = "entries that are no works, left out"
_PARATEXT = "covers, contents and other paratext, left out"
_NO_ABSTRACT = "abstracts that could not be put together, left out"
_LARGEST = 2**29
_BETWEEN = re.compile(r"[\s,]*")


def openalex_lines(path: Path, rows: int | None) -> Generator[Raw]:
    """Works of a snapshot, one a line, at most so many at a time; a line may hold a page of works, too.

    Raises
    ------
    DataError
        If a line is no JSON.
    """
    with Lines(path) as lines:
        start = 0
        for chunk in chunks(_works(objects(lines)), rows):
            raw = of_works(chunk, str(path))
            yield Raw(raw.frame, raw.source, start, raw.counted, lines.cut, DEFAULTS, LOOKUPS)
            start += raw.frame.height


def _works(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from listed(value)


def openalex_document(path: Path, rows: int | None) -> Generator[Raw]:
    """Works of one page of the API, or of a list; of a page that is cut short, those that are whole.

    Raises
    ------
    DataError
        If it is no JSON, or larger than 512 MiB.
    """
    with Lines(path) as lines:
        text = _text(lines)
    works, cut = parsed(text, str(path))
    yield from of_works(works, str(path), cut or lines.cut).pieces(rows)


def _text(lines: Lines) -> str:
    pieces, size = [], 0
    for line in decoded(lines):
        pieces.append(line)
        size += len(line)
        if size > _LARGEST:
            raise DataError(f"{lines.path}: is one document of more than 512 MiB; write one work a line")
    return "".join(pieces)


def parsed(text: str, source: str) -> tuple[list[Any], str | None]:
    """The works of a document, and where it is cut short if it is.

    Raises
    ------
    DataError
        If it is no JSON.
    """
    try:
        return listed(json.loads(text)), None
    except json.JSONDecodeError as error:
        if not cut_short(error, text):
            raise DataError(f"{source}: line {error.lineno} is no valid JSON ({error.msg}); fetch it again") from error
    except (RecursionError, ValueError) as error:
        raise DataError(f"{source}: is no valid JSON ({error}); fetch it again") from error
    works = _whole_ones(text)
    return works, f"{source}: is cut after {len(works)} works; these were read"


def _whole_ones(text: str) -> list[Any]:
    """Objects that are whole in a list that is not."""
    decoder, works = json.JSONDecoder(), []
    _, key, rest = text.partition('"results"')
    body = rest if key else text
    at = body.find("[") + 1 or len(body)
    while (between := _BETWEEN.match(body, at)) and between.end() < len(body):
        try:
            work, at = decoder.raw_decode(body, between.end())
        except (ValueError, RecursionError):
            break
        works.append(work)
    return works


def listed(value: Any) -> list[Any]:
    """The works of a page, of a list, or one."""
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        return list(value["results"])
    return value if isinstance(value, list) else [value]


def of_works(works: Iterable[Any], source: str, partial: str | None = None) -> Raw:
    """Works as rows.

    Parameters
    ----------
    works : iterable of parsed JSON
    source : str
    partial : str or None
        Why these are not all.
    """
    counted = Counter[str]()
    rows = [row for work in works if (row := _row(work, counted)) is not None]
    halves: dict[str, int] = {}
    columns = [texts(name, [row[name] for row in rows], halves) for name in _WORDS]
    columns.append(pl.Series(RETRACTED, [row[RETRACTED] for row in rows], dtype=pl.Boolean))
    return Raw(pl.DataFrame(columns), source, 0, {**counted, **halves}, partial, DEFAULTS, LOOKUPS)


def _row(work: Any, counted: Counter[str]) -> dict[str, Any] | None:
    if not isinstance(work, dict):
        counted[_NO_WORK] += 1
        return None
    if work.get("is_paratext") is True:
        counted[_PARATEXT] += 1
        return None
    venue = _part(_part(work, "primary_location"), "source")
    index = work.get("abstract_inverted_index")
    abstract = from_inverted(index)
    counted[_NO_ABSTRACT] += bool(index) and abstract is None
    return {
        "paper_id": (_word(work, "id") or "").removeprefix("https://openalex.org/") or None,
        "title": _word(work, "title") or _word(work, "display_name"),
        "year": _word(work, "publication_year") or _word(work, "publication_date"),
        "abstract": abstract,
        "venue": _word(venue, "display_name"),
        "status": _status(_word(work, "type"), venue),
        **_topics(_part(work, "primary_topic")),
        RETRACTED: work.get("is_retracted") is True,
    }


def _topics(topic: Mapping[str, Any]) -> dict[str, str | None]:
    above = {level: _word(_part(topic, level), "display_name") for level in LEVELS[1:]}
    return {"topic": _word(topic, "display_name"), **above}


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _word(of: Mapping[str, Any], name: str) -> str | None:
    value = of.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 64:
        return str(value)
    return value if isinstance(value, str) else None


def _status(kind: str | None, venue: Mapping[str, Any]) -> str | None:
    """How a work came out, by its type and that of its source."""
    where = _word(venue, "type")
    if "workshop" in (_word(venue, "display_name") or "").lower():
        return "workshop"
    if kind == "preprint" or where == "repository":
        return "preprint"
    if where == "conference" or kind in ("proceedings-article", "conference-paper"):
        return "conference"
    return "journal" if where == "journal" else None
