"""Rows of JSON lines, a piece at a time."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.papers.lines import Lines, objects
from polyculture.data.papers.raw import LEFT_OUT_NESTED, Columns, Raw, chunks, named, series
from polyculture.data.papers.types import COLUMNS
from polyculture.errors import DataError


def json_rows(path: Path, columns: Columns, rows: int | None) -> Generator[Raw]:
    """A column for each key, at most so many rows at a time; a key that is absent from a line is an empty cell.

    Raises
    ------
    DataError
        If a line is no object of JSON, or a part of a paper is a list or an object.
    """
    with Lines(path) as lines:
        parts = {named(columns, part) for part in COLUMNS}
        keys: dict[str, None] = {}
        start = 0
        for chunk in chunks(_rows(lines), rows):
            keys.update(dict.fromkeys(key for row in chunk for key in row))
            frame, counted = _frame(chunk, list(keys), parts, str(path), start)
            yield Raw(frame, str(path), start, counted, lines.cut)
            start += len(chunk)


def _rows(lines: Lines) -> Iterator[dict[str, Any]]:
    for value in objects(lines):
        yield an_object(value, lines)


def an_object(value: Any, lines: Lines) -> dict[str, Any]:
    """The object that a line holds.

    Raises
    ------
    DataError
        If it holds something else.
    """
    if not isinstance(value, dict):
        raise DataError(
            f"{lines.path}: line {lines.number} holds a {type(value).__name__}, not an object; write one object a line"
        )
    return value


def _frame(
    chunk: Sequence[Mapping[str, Any]], keys: Sequence[str], parts: set[str], source: str, start: int
) -> tuple[pl.DataFrame, dict[str, int]]:
    counted: dict[str, int] = {}
    columns = []
    for key in keys:
        values = [row.get(key) for row in chunk]
        if key not in parts and any(isinstance(value, list | dict) for value in values):
            counted[LEFT_OUT_NESTED] = counted.get(LEFT_OUT_NESTED, 0) + 1
            values = [None] * len(values)
        columns.append(series(_name(key), values, source, start, counted))
    return pl.DataFrame(columns), counted


def _name(key: str) -> str:
    return json.dumps(key)[1:-1] if any("\ud800" <= sign <= "\udfff" for sign in key) else key
