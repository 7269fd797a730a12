"""Files of public formats to items."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.data.dataset import DomainData
from polyculture.data.frames import Columns, from_columns, from_frame
from polyculture.data.remote import local_copy
from polyculture.errors import DataError

# Longer than any document; the default of the csv module, 128 KiB, is not.
_CELL_BYTES = 2**28


def read(
    path: str | Path,
    *,
    text: str | None = None,
    label: str | None = None,
    domain: str | None = None,
    split: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the column
    vector: str | Sequence[str] | None = None,
) -> DomainData:
    r"""Items of a file: ``.parquet``, ``.csv``, ``.tsv``, ``.jsonl`` or ``.ndjson``.

    Text files are UTF-8. CSV has a header and knows no types: its labels stay words, even where they look like numbers
    (``"1"``, ``"-1"``), and an empty label stands for none; a vector is a cell like ``[0.5, 1]`` or several columns. In
    JSON Lines, a key that is absent from a line is an empty cell.

    Parameters
    ----------
    path : path
        Its ending tells the format.
    text, label, domain, split, id, vector : str or None
        Names of columns; see `from_frame`.

    Raises
    ------
    DataError
        If the file is missing, damaged or does not hold this; the sentence names the file and the row (from 1, without
        the header) or the column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "reviews.csv")
    ...     _ = path.write_text("review,label,domain\ngood,+,books\nbad,-,films\n", encoding="utf-8")
    ...     data = read(path, text="review")
    >>> data.domains, data.classes
    (['books', 'films'], ['+', '-'])
    """
    path = local_copy(path)
    names: dict[str, Any] = {"text": text, "label": label, "domain": domain, "split": split, "id": id, "vector": vector}
    table = read_table(path)
    if isinstance(table, pl.DataFrame):
        return from_frame(table, source=str(path), **names)
    if path.suffix.lower() in (".csv", ".tsv"):
        table = with_lists(path, table, vector)
    return from_columns(table, source=str(path), **names)


def read_table(path: str | Path) -> pl.DataFrame | Columns:
    r"""All rows and columns of a file that `read` takes, as written: a frame for Parquet, else lists by column.

    Raises
    ------
    DataError
        If the file is missing or damaged.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "reviews.csv")
    ...     _ = path.write_text("review,stars\ngood,5\nbad,\n", encoding="utf-8")
    ...     read_table(path)
    {'review': ['good', 'bad'], 'stars': ['5', None]}
    """
    path = local_copy(path)
    ending = path.suffix.lower()
    if ending not in _READERS:
        raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in {', '.join(_READERS)}")
    return _READERS[ending](path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise DataError(f"{path}: is a folder; name a file in it")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: does not exist; check the path") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if not data:
        raise DataError(f"{path}: is empty; write it again")
    return data


def _parquet(path: Path, _data: bytes) -> pl.DataFrame:
    from polyculture.data.audit_input.parquet import read_parquets

    (found,) = read_parquets([path], small=False)
    if isinstance(found, DataError):
        raise found
    return found


def _csv(path: Path, data: bytes) -> Columns:
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    header, *rows = _cells(path, _decoded(path, data), separator)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path}: the column {twice!r} stands twice in the header; rename one")
    return {name: [row[i] or None for row in rows] for i, name in enumerate(header)}


def _cells(path: Path, text: str, separator: str) -> Iterator[list[str]]:
    """The header and the rows of a CSV, all of one length; blank lines are skipped."""
    limit = csv.field_size_limit(_CELL_BYTES)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        width, row = 0, 0
        for cells in reader:
            if not cells:
                continue
            width = width or len(cells)
            if len(cells) != width:
                raise DataError(
                    f"{path}: row {row} (line {reader.line_num}) has {len(cells)} cells, the header has {width}; "
                    "put cells that hold the separator or a line break in double quotes"
                )
            row += 1
            yield cells
        if not row:
            raise DataError(f"{path}: holds nothing but blank lines; write a header and rows")
    except csv.Error as error:
        raise DataError(f"{path}: line {reader.line_num} is no valid CSV ({error}); mend its quotes") from error
    finally:
        csv.field_size_limit(limit)


def with_lists(path: Path, columns: Columns, vector: Any) -> Columns:
    """Cells like ``[0.5, 1]`` of the vector column as lists.

    Examples
    --------
    >>> from pathlib import Path
    >>> with_lists(Path("items.csv"), {"vector": ["[1, 2]"]}, None)
    {'vector': [[1, 2]]}
    """
    name = "vector" if vector is None else vector
    if not isinstance(name, str) or name not in columns:
        return columns
    lists = []
    for row, cell in enumerate(columns[name], start=1):
        try:
            lists.append(json.loads(cell or ""))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: row {row} has no list of numbers in {name!r}; write it like [0.5, 1]") from error
    return {**columns, name: lists}


def _json_lines(path: Path, data: bytes) -> Columns:
    rows = [_object(path, number, line) for number, line in enumerate(_lines(path, data), start=1) if line.strip()]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return {key: [row.get(key) for row in rows] for key in keys}


def _lines(path: Path, data: bytes) -> list[str]:
    # Not splitlines: JSON may hold line separators of Unicode inside a string.
    return _decoded(path, data).split("\n")


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: line {number} is no valid JSON ({error}); write one object a line") from error
    if not isinstance(row, dict):
        raise DataError(f"{path}: line {number} holds a {type(row).__name__}, not an object; write one object a line")
    return row


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from error


_READERS: dict[str, Callable[[Path, bytes], pl.DataFrame | Columns]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
