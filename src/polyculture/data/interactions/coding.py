"""Names of users, items and domains to positions among their sorted names."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError

Values = Sequence[Any] | Array
Where = Callable[[int], str]


def coded(values: Values, what: str, source: str) -> tuple[Array, Ints]:
    """Sorted names, and the position among them of each value.

    Numbers are called as they are written, whole ones without a point. A name is stripped of white space at its ends.

    Raises
    ------
    DataError
        If a value is missing or empty, naming the row (from 1).

    Examples
    --------
    >>> coded(["b", "a", "b"], "user", "the table")
    (array(['a', 'b'], dtype=object), array([1, 0, 1]))
    """
    array = np.asarray(values) if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype.kind in "iu":
        kinds, places = np.unique(array, return_inverse=True)
        return _sorted([str(kind) for kind in kinds.tolist()], places)
    first: dict[Any, int] = {}
    places = np.fromiter((first.setdefault(value, len(first)) for value in _plain(values)), np.int64)
    names = [named(value) for value in first]
    if "" in names:
        row = int(np.argmax(np.isin(places, [i for i, name in enumerate(names) if not name]))) + 1
        raise DataError(f"{source}: row {row} has no {what}; fill it in, or leave the row out")
    return _sorted(names, places)


def named(value: Any) -> str:
    """The name that a value stands for, empty where it is missing."""
    if value is None or value != value:  # noqa: PLR0124 - only a missing number differs from itself
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    return str(value).strip()


def numbers(values: Values, what: str, where: Where) -> Floats:
    """A number for each row, all finite; for times also dates as ISO 8601 writes them, in seconds since 1970.

    Parameters
    ----------
    values : sequence of n numbers, or words that are numbers
    what : {"rating", "time"}
    where : callable
        Position of a row to what to call it in messages.

    Raises
    ------
    DataError
        If one is missing or no number, naming the row.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        read = _moment if what == "time" else _number
        found = np.array([read(value) for value in values], dtype=np.float64)
    finite = np.isfinite(found)
    if not finite.all():
        row = int(np.argmin(finite))
        more = " or a date like 2024-05-31" if what == "time" else ""
        raise DataError(
            f"{where(row)} has the {what} {values[row]!r}; give a finite number{more} in every row, or leave the "
            "column out"
        )
    return found


def positions(names: Array, wanted: Iterable[str]) -> Ints:
    """Where names stand in a sorted array of names; -1 for those that do not."""
    place = {name: i for i, name in enumerate(names.tolist())}
    return np.array([place.get(name, -1) for name in wanted], dtype=np.int64)


def _sorted(names: Sequence[str], places: Ints) -> tuple[Array, Ints]:
    """Several values may have one name, as 1 and "1" do."""
    order = np.array(sorted(set(names)), dtype=object)
    return order, positions(order, names)[places] if len(names) else np.zeros(0, np.int64)


def _plain(values: Values) -> Iterable[Any]:
    return values.tolist() if hasattr(values, "tolist") else values


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _moment(value: Any) -> float:
    """Seconds since 1970 of a date, which is in UTC where it names no zone."""
    try:
        if isinstance(value, str) and not _is_number(value):
            value = datetime.fromisoformat(value.strip())
        if isinstance(value, date):
            moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("nan")
    return _number(value)


def _is_number(value: str) -> bool:
    return not math.isnan(_number(value))
