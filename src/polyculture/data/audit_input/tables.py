"""Tables of files and of memory, all as polars frames, and their cells as text and as numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import narwhals as nw
import numpy as np
import polars as pl

from polyculture.arrays import Floats
from polyculture.data.audit_input.files import stems
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.data.frames import Columns
from polyculture.data.readers import read_table
from polyculture.errors import DataError

_SHORT = 60
"""How much of a word a message repeats."""


@dataclass(frozen=True)
class Table:
    """A table, what to call it in messages, and which model it is of if it is of one."""

    frame: pl.DataFrame
    source: str
    model: str = ""

    def __contains__(self, column: object) -> bool:
        return column in self.frame.columns

    def column(self, name: str) -> pl.Series:
        """The column of this name.

        Raises
        ------
        DataError
            If there is none; the sentence names the columns that there are.
        """
        if name in self:
            return self.frame.get_column(name)
        near = get_close_matches(name, self.frame.columns, n=1)
        hint = f", did you mean {near[0]!r}?" if near else ";"
        raise DataError(f"{self.source}: has no column {name!r}{hint} its columns are {some(self.frame.columns)}")

    def texts(self, name: str) -> pl.Series:
        """The cells of a column as text; null where there is nothing."""
        return text(self.column(name), self.source)

    def numbers(self, name: str) -> Floats:
        """The cells of a column as finite numbers; NaN where there is nothing."""
        return numbers(self.column(name), self.source)


def load(paths: Sequence[Path]) -> list[Table]:
    """The tables of files, in their order."""
    parquets = read_parquets([path for path in paths if _is_parquet(path)])
    return [
        _whole(next(parquets) if _is_parquet(path) else _texts(path), str(path), name)
        for path, name in zip(paths, stems(paths), strict=True)
    ]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _texts(path: Path) -> pl.DataFrame:
    """A table of a text file, all of whose cells are text."""
    columns = cast("Columns", read_table(path))
    return pl.DataFrame([words(values, name, str(path)) for name, values in columns.items()])


def words(values: Sequence[Any], name: str, source: str) -> pl.Series:
    """Cells that may be of several types as text."""
    try:
        cells = [value if value is None or isinstance(value, str) else _word(value) for value in values]
        return pl.Series(name, cells, dtype=pl.String)
    except TypeError as error:
        row = next(row for row, value in enumerate(values, start=1) if not _is_word(value))
        kind = type(values[row - 1]).__name__
        raise DataError(f"{source}: row {row} has a {kind} in {name!r}; give a word or a number") from error
    except UnicodeEncodeError as error:
        raise DataError(f"{source}: {name!r} holds half a character (U+D800 to U+DFFF); write it again") from error


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | np.generic)


def _word(value: Any) -> str | None:
    """A number as text: whole numbers without a fraction, truth in lower case, nothing for NaN."""
    if not _is_word(value):
        raise TypeError
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return None
        return str(int(number)) if abs(number) < 2**53 and number == int(number) else str(number)
    return str(value)


def _whole(frame: pl.DataFrame | DataError, source: str, model: str = "") -> Table:
    """A table with stripped names of columns and at least one row."""
    if isinstance(frame, DataError):
        raise frame
    names = [name.strip() for name in frame.columns]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{source}: the column {twice!r} stands twice in the header; rename one")
    if not frame.height:
        raise DataError(f"{source}: has no rows; give at least one")
    return Table(frame.rename(dict(zip(frame.columns, names, strict=True))), source, model)


def from_memory(data: Any, source: str = "the table") -> Table:
    """A table of polars, pandas or another library that narwhals knows.

    Raises
    ------
    DataError
        If it is none, is not in memory, or has no rows.
    """
    if isinstance(data, pl.DataFrame):
        return _whole(data, source)
    try:
        table = nw.from_native(data, eager_only=True)
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"{source}: two columns have the same name; rename one") from error
    except TypeError as error:
        raise DataError(
            f"{source}: is a {type(data).__name__}, not a table in memory; give a polars or pandas DataFrame "
            "(collect a lazy one first)"
        ) from error
    return _whole(pl.DataFrame([_series(table.get_column(name), source) for name in table.columns]), source)


def from_columns(columns: Mapping[str, Any], source: str) -> Table:
    """A table of arrays and lists of one length by name."""
    return Table(pl.DataFrame([_cells(name, values, source) for name, values in columns.items()]), source)


def _cells(name: str, values: Any, source: str) -> pl.Series:
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        return pl.Series(name, values)
    return words(list(values), name, source)


def _series(column: Any, source: str) -> pl.Series:
    """A column of another library in polars; through numpy where it has numbers alone."""
    name = str(column.name)
    if (column.dtype.is_numeric() or column.dtype == nw.Boolean) and not column.is_null().any():
        return pl.Series(name, column.to_numpy())
    nulls = column.is_null().to_list()
    values = [None if null else value for value, null in zip(column.to_list(), nulls, strict=True)]
    return words(values, name, source)


def text(column: pl.Series, source: str) -> pl.Series:
    """Cells as stripped text, numbers as `words` writes them; null where there is nothing."""
    if isinstance(column.dtype, pl.Float32 | pl.Float64):
        return words(column.to_list(), column.name, source)
    if isinstance(column.dtype, pl.List | pl.Array | pl.Struct | pl.Binary | pl.Object):
        raise DataError(f"{source}: {column.name!r} holds {column.dtype} in its cells; give words or numbers")
    stripped = column.cast(pl.String).str.strip_chars()
    return stripped.set(stripped == "", None)


def numbers(column: pl.Series, source: str) -> Floats:
    """Cells as finite numbers; NaN where there is nothing."""
    if column.dtype.is_numeric():
        values = column.cast(pl.Float64).to_numpy()
    else:
        words_ = text(column, source)
        parsed = words_.cast(pl.Float64, strict=False)
        _refuse(words_.is_not_null() & parsed.is_null(), words_, source)
        values = parsed.to_numpy()
    _refuse(pl.Series(np.isinf(values)), column, source)
    return values


def _refuse(bad: pl.Series, column: pl.Series, source: str) -> None:
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise DataError(f"{source}: row {row + 1} has {quoted(column[row])} in {column.name!r}; give a finite number")


def some(names: Sequence[str], most: int = 12) -> str:
    """The first of some names, and how many more there are."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (
        ", ".join(name if name.isprintable() and len(name) <= _SHORT else quoted(name) for name in names[:most]) + rest
    )


def quoted(value: Any) -> str:
    """A cell in a message: on one line, and no more than its beginning."""
    said = repr(value)
    return said if len(said) <= _SHORT else f"{said[:_SHORT]}...{said[-1]}"
