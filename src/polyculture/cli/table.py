"""Tables on their way through a command: read whole, written with further columns."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from polyculture import store
from polyculture.data import DomainData, read
from polyculture.data.frames import Columns, from_columns
from polyculture.errors import DataError

Table = pl.DataFrame | Columns
"""A frame from Parquet, lists by column from other files."""


def names(table: Table) -> list[str]:
    """Names of the columns, in order."""
    return list(table.columns if isinstance(table, pl.DataFrame) else table)


def read_texts(path: Path, **columns: str | None) -> DomainData:
    """Items of a file by their texts alone: what else it holds is no modality of theirs."""
    data = read(path, **columns)
    return replace(data, items={"text": data.texts})


def texts_of(table: Table, path: Path, *, text: str, domain: str | None) -> DomainData:
    """Items of a table that need no label: columns of other parts are not looked at, so that they cannot be wrong."""
    wanted = [text, "domain" if domain is None else domain]
    known = names(table)
    missing = [name for name in (text, domain) if name is not None and name not in known]
    # the reader of all columns complains best about a name that is none
    taken = known if missing else [name for name in wanted if name in known]
    data = from_columns(
        {name: list(table[name]) for name in taken}, text=text, domain=domain, label=None, vector=None, source=str(path)
    )
    return replace(data, items={"text": data.texts})


def with_columns(table: Table, further: Mapping[str, Sequence[Any]]) -> Table:
    """The table with further columns at its end; columns of the same names are replaced."""
    if isinstance(table, pl.DataFrame):
        kept = table.drop([name for name in further if name in table.columns])
        return kept.with_columns([pl.Series(name, values) for name, values in further.items()])
    return {name: values for name, values in table.items() if name not in further} | dict(further)


def as_frame(table: Table, path: Path) -> pl.DataFrame:
    """The table as a frame, as Parquet needs it.

    Raises
    ------
    DataError
        If a column mixes what one column of Parquet cannot hold.
    """
    if isinstance(table, pl.DataFrame):
        return table
    try:
        return pl.DataFrame({name: [_sound(v) for v in values] for name, values in table.items()})
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"{path}: has a column that Parquet cannot hold ({reason}); end --out in .jsonl") from error


def write_table(path: Path, table: Table) -> None:
    """Write a table, whole or not at all, in the format that the path's ending tells."""
    store.write_bytes(path, _WRITERS[path.suffix.lower()](table, path))


def _parquet(table: Table, path: Path) -> bytes:
    out = io.BytesIO()
    as_frame(table, path).write_parquet(out)
    return out.getvalue()


def _csv(table: Table, path: Path) -> bytes:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    cells = {name: [_cell(value) for value in values] for name, values in _lists(table).items()}
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String)).write_csv(separator=separator).encode()


def _json_lines(table: Table, _path: Path) -> bytes:
    columns = _lists(table)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    lines = [_json({name: _finite(value) for name, value in row.items()}) + "\n" for row in rows]
    return "".join(lines).encode("utf-8", "backslashreplace")


def _lists(table: Table) -> dict[str, list[Any]]:
    return {name: list(table[name]) for name in names(table)}


def _cell(value: Any) -> str | None:
    """A value as it stands in a CSV: words as they are, lists and objects as JSON."""
    value = _finite(value.to_list() if isinstance(value, pl.Series) else value)
    if value is None:
        return None
    found = _json(value) if isinstance(value, bool | int | float | list | dict) else str(value)
    return found.encode("utf-8", "backslashreplace").decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.to_list() if isinstance(value, pl.Series) else str(value)


def _finite(value: Any) -> Any:
    """NaN has no form in JSON."""
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - true of NaN alone


def _sound(value: Any) -> Any:
    """Half of a surrogate pair, which JSON can carry, has no UTF-8: it is spelt out."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


_WRITERS: dict[str, Callable[[Table, Path], bytes]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
