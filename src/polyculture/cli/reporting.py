"""What a report says of how a command was run: files with hashes, the command itself, and the time."""

from __future__ import annotations

import csv
import os
import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.cli.common import COMMAND
from polyculture.errors import DataError

if TYPE_CHECKING:
    from polyculture.report import Provenance

COUNTED = 2**28
"""Bytes of a text whose rows are counted at most."""
SEPARATORS = {".csv": ",", ".tsv": "\t"}
LINES = (".jsonl", ".ndjson")


def write_report(found: Any, path: Path | None, inputs: Sequence[Path | None], language: str) -> None:
    """Write the report of a result, if one was asked for, with what it was made of."""
    if path is not None:
        found.report(path, language=language, provenance=provenance(inputs))


def provenance(inputs: Sequence[Path | None]) -> Provenance:
    """Files that were read, the command that was typed, and the time.

    The time is that of ``SOURCE_DATE_EPOCH`` where this is set, so that a report can be made anew byte by byte.
    """
    from polyculture.report import Provenance

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    files = [file for given in inputs if given is not None for file in _files(given)]
    command = shlex.join(["polyculture", *COMMAND.get()])
    return Provenance([described(file) for file in files], command, f"{when:%Y-%m-%d %H:%M:%S} UTC")


def _files(given: Path) -> Iterator[Path]:
    """A file, or all files of a folder in the order of their names; nothing where a name is no path."""
    if given.is_dir():
        yield from sorted(file for file in given.rglob("*") if file.is_file())
    elif given.is_file():
        yield given


def described(file: Path) -> Any:
    """Name, size, rows and SHA-256 of a file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    from polyculture.report.page import Input
    from polyculture.store.content import sha256

    try:
        return Input(file.name, file.stat().st_size, rows(file), sha256(file))
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); check the path and its permissions") from error


def rows(file: Path) -> str:
    """Rows of a table below its head; a dash for a file that is none, or too large to count."""
    ending = file.suffix.lower()
    if ending == ".parquet":
        return _parquet_rows(file)
    if ending not in (*SEPARATORS, *LINES) or file.stat().st_size > COUNTED:
        return "–"
    with file.open(encoding="utf-8", errors="replace", newline="") as opened:
        if ending in LINES:
            return f"{sum(bool(line.strip()) for line in opened):,}"
        try:
            return f"{max(sum(bool(row) for row in csv.reader(opened, delimiter=SEPARATORS[ending])) - 1, 0):,}"
        except csv.Error:
            return "–"


def _parquet_rows(file: Path) -> str:
    """Rows that the footer of the file declares; the data are not read again."""
    import polars as pl

    try:
        return f"{pl.scan_parquet(file).select(pl.len()).collect().item():,}"
    except pl.exceptions.PolarsError:
        return "–"
