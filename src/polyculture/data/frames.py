"""Tables in memory to items, with every complaint in the table's own terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import narwhals as nw
import numpy as np

from polyculture.arrays import Array
from polyculture.data.dataset import DomainData
from polyculture.data.vectors import numbers, stack
from polyculture.errors import DataError

Columns = Mapping[str, Sequence[Any]]
"""Names of columns to their values, None where there is none."""

SPLIT_NAMES = {
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "unlabeled": "unlabelled",
}
"""What others call the splits."""


def from_frame(
    frame: Any,
    *,
    text: str | None = None,
    label: str | None = None,
    domain: str | None = None,
    split: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the column
    vector: str | Sequence[str] | None = None,
    source: str = "the table",
) -> DomainData:
    """Items of a polars or pandas table.

    A column that is not named is looked for under its own name (``"text"``, ``"label"``, ...), and done without when
    there is none; there must be a text or a vector.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or another table that narwhals knows
    text : str or None
        Column of texts; an empty cell is an empty text.
    label : str or None
        Column of classes: words or numbers, not both. Empty cells, and the number -1, stand for no label.
    domain : str or None
        Column of domains, none of them empty; without it, all items are of one domain.
    split : str or None
        Column of "train", "validation" ("val", "dev"), "test" and "unlabelled".
    id : str or None
        Column of ids, unique; without it, items are numbered from 0.
    vector : str or sequence of str, or None
        A column of lists of equal length, or several columns of numbers.
    source : str
        What to call the table in messages.

    Raises
    ------
    DataError
        If the table does not hold this; the sentence names the row (from 1) or the column.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"review": ["good", "bad"], "label": [1, 0]})
    >>> from_frame(table, text="review").classes
    [0, 1]
    >>> from_frame(table, text="reviews")
    Traceback (most recent call last):
    polyculture.errors.DataError: ... has no column 'reviews', did you mean 'review'? its columns are review, label
    """
    columns = _table(frame, source)
    return from_columns(
        columns, text=text, label=label, domain=domain, split=split, id=id, vector=vector, source=source
    )


def _table(frame: Any, source: str) -> _Table:
    try:
        return _Table(nw.from_native(frame, eager_only=True))
    except nw.exceptions.DuplicateError as error:
        raise DataError(f"{source}: two columns have the same name; rename one") from error
    except TypeError as error:
        raise DataError(
            f"{source}: is a {type(frame).__name__}, not a table in memory; give a polars or pandas DataFrame "
            "(collect a lazy one first)"
        ) from error


class _Table(Mapping[str, Sequence[Any]]):
    """Columns of a table, turned into lists when asked for: a table may be wider than what is needed."""

    def __init__(self, table: nw.DataFrame[Any]) -> None:
        self._table = table
        # pandas allows names that are numbers
        self._names = {str(name): name for name in table.columns}

    def __getitem__(self, name: str) -> list[Any]:
        column = self._table.get_column(self._names[name])
        nulls = column.is_null().to_list()
        return [None if null else value for value, null in zip(column.to_list(), nulls, strict=True)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def from_columns(
    columns: Columns, *, vector: str | Sequence[str] | None, source: str, **names: str | None
) -> DomainData:
    """Items of named columns; see `from_frame` for the names."""
    found = {part: _find(columns, part, name, source) for part, name in names.items()}
    values = {part: columns[name] for part, name in found.items() if name is not None}
    vectors = _vectors(columns, vector, source)
    if "text" not in values and vectors is None:
        raise DataError(
            f"{source}: has neither a column 'text' nor 'vector'; name one of its columns, {', '.join(columns)}"
        )
    items: dict[str, Any] = {}
    if "text" in values:
        items["text"] = _texts(values["text"], str(found["text"]), source)
    if vectors is not None:
        items["vector"] = vectors
    if len(next(iter(items.values()))) == 0:
        raise DataError(f"{source}: has no rows; give at least one item")
    return DomainData.of(
        items,
        label=_labels(values["label"], str(found["label"]), source) if "label" in values else None,
        domain=_filled(values["domain"], str(found["domain"]), source) if "domain" in values else None,
        split=_splits(values["split"]) if "split" in values else None,
        ids=_filled(values["id"], str(found["id"]), source) if "id" in values else None,
        source=source,
    )


def _find(columns: Columns, part: str, name: str | None, source: str) -> str | None:
    """The column for a part of the data: the one that was named, else one of the part's own name, else none."""
    if name is None:
        return part if part in columns else None
    if name in columns:
        return name
    near = get_close_matches(name, list(columns), n=1)
    hint = f", did you mean {near[0]!r}?" if near else ";"
    raise DataError(f"{source}: has no column {name!r}{hint} its columns are {', '.join(columns)}")


def _texts(values: Sequence[Any], column: str, source: str) -> list[str]:
    texts = []
    for row, value in enumerate(values, start=1):
        if isinstance(value, list | dict | tuple | bytes):
            raise DataError(f"{source}: row {row} has a {type(value).__name__} in {column!r}; give a text")
        texts.append("" if value is None else str(value))
    if texts and not any(text.strip() for text in texts):
        raise DataError(f"{source}: all texts in {column!r} are empty; name the column that holds them")
    return texts


def _labels(values: Sequence[Any], column: str, source: str) -> list[Any]:
    first: tuple[bool, int, Any] | None = None
    for row, value in enumerate(values, start=1):
        if value is None or value == "":
            continue
        if not isinstance(value, str | int | float):
            raise DataError(
                f"{source}: row {row} has a {type(value).__name__} in {column!r}; a label is a word or a number"
            )
        is_word = isinstance(value, str)
        first = first or (is_word, row, value)
        if is_word != first[0]:
            raise DataError(
                f"{source}: {column!r} mixes words and numbers ({first[2]!r} in row {first[1]}, {value!r} in row {row})"
                "; write all labels as words or all as numbers"
            )
    return list(values)


def _filled(values: Sequence[Any], column: str, source: str) -> list[str]:
    for row, value in enumerate(values, start=1):
        if value is None or not str(value).strip():
            raise DataError(f"{source}: row {row} has nothing in {column!r}; fill it in, or leave the column out")
    return [str(value).strip() for value in values]


def _splits(values: Sequence[Any]) -> list[str]:
    names = ["" if value is None else str(value).strip().lower() for value in values]
    return [SPLIT_NAMES.get(name, name) for name in names]


def _vectors(columns: Columns, vector: str | Sequence[str] | None, source: str) -> Array | None:
    if vector is None or isinstance(vector, str):
        name = _find(columns, "vector", vector, source)
        return None if name is None else stack(columns[name], name, source)
    names = [_find(columns, "vector", name, source) for name in vector]
    sides = [numbers(columns[name], name, source) for name in names if name is not None]
    if not sides:
        raise DataError(f"{source}: vector names no columns; name at least one")
    return np.stack(sides, axis=1)
