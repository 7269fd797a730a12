"""Cells of a table to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError


def numbers(values: Sequence[Any], column: str, source: str) -> Array:
    """A column of numbers, one in every row."""
    side = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values, start=1):
        try:
            side[row - 1] = float(value)
        except (TypeError, ValueError) as error:
            raise DataError(f"{source}: row {row} has {value!r} in {column!r}; give a number") from error
    return _finite(side, column, source)


def stack(values: Sequence[Any], column: str, source: str) -> Array:
    """A column of lists of numbers, equally long, as a matrix."""
    rows: list[Array] = []
    for row, value in enumerate(values, start=1):
        try:
            rows.append(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise DataError(
                f"{source}: row {row} has no list of numbers in {column!r}; give one in every row"
            ) from error
        if rows[-1].ndim != 1 or rows[-1].shape != rows[0].shape or not rows[-1].size:
            raise DataError(
                f"{source}: row {row} has numbers of shape {rows[-1].shape} in {column!r}, row 1 has {rows[0].shape}; "
                "give lists of one length"
            )
    return _finite(np.stack(rows), column, source) if rows else np.empty((0, 1))


def _finite(values: Array, column: str, source: str) -> Array:
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad)) + 1
        raise DataError(f"{source}: row {row} has a number in {column!r} that is not finite; mend or remove it")
    return values.astype(np.float32)
