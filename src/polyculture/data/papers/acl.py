"""The ACL Anthology, from the folder of its data; the package that reads it is an extra, loaded when needed."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Generator, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.papers.raw import Raw, texts
from polyculture.data.papers.tidy import RETRACTED
from polyculture.errors import DataError, MissingExtraError

COMMUNITY = "NLP"
_WORDS = ("paper_id", "community", "year", "title", "abstract", "venue", "status")
_DAMAGED = "collections that could not be read, left out"
_FRONT = "front matter, left out"
_SHORT = 80


def is_anthology(path: Path) -> bool:
    """Whether a folder is that of the data, or the one above it."""
    return (_data(path) / "xml" / "schema.rnc").is_file()


def _data(path: Path) -> Path:
    return path / "data" if (path / "data" / "xml").is_dir() else path


def acl_collections(path: Path, rows: int | None) -> Generator[Raw]:
    """Papers of all collections; the community is NLP unless communities are mapped from the ids of venues.

    A collection that is damaged is left out, and the result says that it is partial.

    Parameters
    ----------
    path : Path
        The folder ``data`` of the Anthology's repository, which holds ``xml``.
    rows : int or None
        How many papers to give at a time.

    Raises
    ------
    DataError
        If no collection can be read.
    MissingExtraError
        If acl-anthology is not installed.
    """
    found: list[dict[str, Any]] = []
    counted, bad = Counter[str](), list[str]()
    for collection in _collections(path):
        read, reason = _read(collection, counted)
        found += read
        bad += [f"{collection.path.name} ({reason})"] if reason else []
    if not found:
        raise DataError(
            f"{path}: no collection could be read ({', '.join(bad[:3]) or 'there is none'}); fetch it again"
        )
    counted[_DAMAGED] += len(bad)
    partial = f"{path}: {len(bad)} collections are damaged: {', '.join(bad[:3])}" if bad else None
    said = {what: count for what, count in counted.items() if count}
    columns = [texts(name, [row[name] for row in found], said) for name in _WORDS]
    columns.append(pl.Series(RETRACTED, [row[RETRACTED] for row in found], dtype=pl.Boolean))
    yield from Raw(pl.DataFrame(columns), str(path), 0, said, partial, {}, ("venue",)).pieces(rows)


def _collections(path: Path) -> Iterator[Any]:
    """Collections in the order of their names."""
    try:
        package = import_module("acl_anthology")
    except ImportError as error:
        raise MissingExtraError("reading the ACL Anthology", "literature") from error
    logging.getLogger("acl-anthology").addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        # the schema of newer data differs, which concerns those who write it
        warnings.simplefilter("ignore")
        anthology = package.Anthology(datadir=_data(path), verbose=False)
    yield from anthology.collections.values()


def _read(collection: Any, counted: Counter[str]) -> tuple[list[dict[str, Any]], str]:
    """The papers of a collection, or none and the reason."""
    reason, front = "", Counter[str]()
    with warnings.catch_warnings():
        # of a damaged file, which lxml leaves to be closed with the error
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            found = [_row(paper, volume) for volume in collection.volumes() for paper in _papers(volume, front)]
        except Exception as error:  # noqa: BLE001 - lxml's, and what the package makes of odd values
            found, reason = [], (str(error).partition("\n")[0].split(" (")[0] or type(error).__name__)[:_SHORT]
    # what was read is not kept twice
    collection.data.clear()
    counted.update(front if not reason else {})
    return found, reason


def _papers(volume: Any, counted: Counter[str]) -> Iterator[Any]:
    for paper in volume.papers():
        if paper.is_frontmatter:
            counted[_FRONT] += 1
        else:
            yield paper


def _row(paper: Any, volume: Any) -> dict[str, Any]:
    venues = [venue for venue in volume.venue_ids if venue != "ws"]
    return {
        "paper_id": paper.full_id,
        "community": COMMUNITY,
        "year": volume.year,
        "title": paper.title.as_text(),
        "abstract": None if paper.abstract is None else paper.abstract.as_text(),
        "venue": venues[0] if venues else "ws",
        "status": _status(volume),
        RETRACTED: paper.is_deleted,
    }


def _status(volume: Any) -> str:
    if volume.is_workshop:
        return "workshop"
    return "journal" if str(getattr(volume.type, "value", volume.type)) == "journal" else "conference"
