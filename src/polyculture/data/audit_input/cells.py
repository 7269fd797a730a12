"""What tables hold, as numbers, before any decision is taken about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import MISSING, Policy
from polyculture.data.audit_input.codes import Codes
from polyculture.data.audit_input.names import Names
from polyculture.data.audit_input.tables import Table, text
from polyculture.errors import DataError

_MOST_CELLS = 2**30
_NEITHER = 2
_TRUTH = {"1": 1, "1.0": 1, "true": 1, "0": 0, "0.0": 0, "false": 0}


@dataclass
class Cells:
    """Answers of m models to n items, and what is known of the items.

    Numbers of words are positions in `options`, `groups`..., ``MISSING`` where there is nothing.
    """

    items: list[str]
    models: list[str]
    options: Codes
    closed: int | None
    """How many of the options were given, if these are all there are; others that occur come after them."""
    source: str
    answers: Ints | None = None
    right: Ints | None = None
    """1 for right, 0 for wrong, ``MISSING`` for neither."""
    labels: Ints | None = None
    groups: Ints | None = None
    group_names: list[str] = field(default_factory=list)
    counts: Ints | None = None
    probabilities: dict[str, Floats] = field(default_factory=dict)
    policies: list[Policy] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of options that an answer may be."""
        return len(self.options) if self.closed is None else self.closed

    def note(self, what: str, count: int | np.integer[Any], done: str) -> None:
        """Keep a decision, if it concerned anything."""
        if count:
            self.policies.append(Policy(what, int(count), done))


def keys(table: Table, names: Names) -> pl.Series:
    """The id of the item in each row: the task and the id where there is a task.

    Raises
    ------
    DataError
        If a row has none.
    """
    parts = [table.texts(name) for name in (names.task, names.item) if name in table]
    for part in parts:
        if part.null_count():
            row = int(part.is_null().arg_max() or 0) + 1
            raise DataError(f"{table.source}: row {row} has nothing in {part.name!r}; fill it in")
    if len(parts) == 1:
        return parts[0]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator="/")).to_series()


def truth(column: pl.Series, source: str) -> tuple[Ints, int | None]:
    """1 for right, 0 for wrong, ``MISSING`` for nothing; and the first row that holds something else, from 0."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int8).fill_null(MISSING).to_numpy(), None
    if column.dtype.is_integer():
        numbers, empty = column.fill_null(0).to_numpy(), column.is_null().to_numpy()
        values = np.where(empty, MISSING, numbers == 1).astype(np.int8)
        odd = (numbers != 0) & (numbers != 1)
    else:
        words = text(column, source).str.to_lowercase()
        values = words.replace_strict(_TRUTH, default=_NEITHER, return_dtype=pl.Int8).to_numpy(writable=True)
        values[words.is_null().to_numpy()] = MISSING
        odd = values == _NEITHER
    return values, int(odd.argmax()) if odd.any() else None


def check_size(n: int, m: int, source: str) -> None:
    """Refuse a matrix that no memory holds, which comes of taking a column for models or items that is neither."""
    if n * m > _MOST_CELLS:
        raise DataError(
            f"{source}: has {n} items and {m} models, which is too many for a matrix; see whether the right columns "
            "are named as item and model"
        )


def counts(table: Table, column: str) -> Ints:
    """How many options each row's item offers."""
    numbers = table.numbers(column)
    known = ~np.isnan(numbers)
    odd = known & ~((numbers >= 2) & (numbers == np.round(numbers)) & (numbers < 2**31))
    if odd.any():
        row = int(np.argmax(odd))
        raise DataError(
            f"{table.source}: row {row + 1} has {numbers[row]:g} in {column!r}; give how many options the item has, at "
            "least 2"
        )
    return np.where(known, numbers, MISSING).astype(np.int32)
