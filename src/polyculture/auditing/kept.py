"""Results that were computed once for the same files and settings, and need not be computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture import store
from polyculture.auditing.result import AuditResult
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.errors import DataError, StoreError
from polyculture.progress import LOG
from polyculture.version import __version__

if TYPE_CHECKING:
    import polars as pl


def fingerprint(paths: Sequence[Path], *settings: object) -> str:
    """Name for what these files and settings give: equal for equal names, bytes and settings, and this version.

    A result that has other parts than before has another name, so that none is read that lacks some.

    Raises
    ------
    DataError
        If a file cannot be read.
    """
    parts = tuple(part.name for part in fields(AuditResult))
    digest = hashlib.blake2b(repr((__version__, parts, *settings)).encode(), digest_size=16)
    for path in paths:
        digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0")
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions") from error
    return digest.hexdigest()


def load(name: str) -> AuditResult | None:
    """The result of that name, or None."""
    place = _place(name)
    if place is None or not place.is_file():
        return None
    try:
        plain: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        table = place.with_suffix(".parquet")
        # the table is written first, so a result that names one has it, unless somebody took it away
        return AuditResult.from_dict(plain, _frame(table) if plain.pop("has_table") else None)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        LOG.warning("%s is damaged (%s) and is computed again", place, error)
        return None


def _frame(path: Path) -> pl.DataFrame:
    (found,) = read_parquets([path], small=False)
    if isinstance(found, DataError):
        raise found
    return found


def save(name: str, found: AuditResult) -> None:
    """Keep a result under a name; what cannot be written is not kept."""
    place = _place(name)
    if place is None:
        return
    try:
        if found.pair_table is not None:
            store.write_frame(place.with_suffix(".parquet"), found.pair_table)
        # this file is for us alone: unlike the JSON of a result, it tells NaN from nothing
        plain = found.to_dict() | {"has_table": found.pair_table is not None}
        store.write_text(place, json.dumps(plain))
    except StoreError as error:
        LOG.warning("the result is not kept: %s", error)


def _place(name: str) -> Path | None:
    home = store.cache_folder()
    return None if home is None else home / "audits" / f"{name}.json"
