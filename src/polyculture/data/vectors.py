"""Cells of a table to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError

LARGEST = float(np.finfo(np.float32).max)
"""Largest number of single precision."""


def numbers(values: Sequence[Any], column: str, source: str) -> Array:
    """A column of numbers, one in every row."""
    side = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values, start=1):
        try:
            side[row - 1] = float(value)
        except (TypeError, ValueError) as error:
            said = f"is empty in {column!r}" if value is None else f"has {value!r} in {column!r}"
            raise DataError(f"{source}: row {row} {said}; give a number") from error
    return _finite(side, column, source)


def stack(values: Sequence[Any], column: str, source: str) -> Array:
    """A column of lists of numbers, equally long, as a matrix."""
    rows: list[Array] = []
    for row, value in enumerate(values, start=1):
        if value is None:
            raise DataError(f"{source}: row {row} is empty in {column!r}; give a list of numbers in every row")
        try:
            rows.append(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{source}: row {row} has no list of numbers in {column!r}; give one in every row"
            ) from error
        if rows[-1].ndim != 1 or not rows[-1].size:
            raise DataError(f"{source}: row {row} has no list of numbers in {column!r}; give one in every row")
        if rows[-1].shape != rows[0].shape:
            raise DataError(
                f"{source}: row {row} has {len(rows[-1])} numbers in {column!r}, row 1 has {len(rows[0])}; give lists "
                "of one length"
            )
    return _finite(np.stack(rows), column, source) if rows else np.empty((0, 1))


def _finite(values: Array, column: str, source: str) -> Array:
    """The same as single precision, which all that follows works in."""
    for bad, why in ((~np.isfinite(values), "that is not finite"), (np.abs(values) > LARGEST, f"beyond {LARGEST:.2g}")):
        if bad.any():
            row, *place = (int(i[0]) for i in np.nonzero(bad))
            where = f"{column!r}, position {place[0] + 1}," if place else repr(column)
            number = f"{values[(row, *place)]:g}"
            raise DataError(f"{source}: row {row + 1} has the number {number} in {where} {why}; mend or remove it")
    return values.astype(np.float32)
