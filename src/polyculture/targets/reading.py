"""What users give as y, read into labels: an object array with None where there is no label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils import column_or_1d

from polyculture.arrays import Array
from polyculture.errors import DataError
from polyculture.targets.base import Target
from polyculture.targets.classes import Classes
from polyculture.targets.labels import Labels
from polyculture.targets.values import Values

SETS = (set, frozenset, list, tuple)


def read_labels(y: Any, *, values: bool = False, asker: str = "this estimator") -> tuple[Array, Target]:
    """Labels of any form, and the target that they are of.

    Parameters
    ----------
    y : sequence of n classes, of n sets of labels, or of n values; or an indicator matrix of shape (n, L)
        No class is -1, None, NaN or an empty string; no set is None; no row is -1 throughout; no value is NaN or None.
    values : bool
        Whether y holds values and not classes.
    asker : str
        Who asks, for the message where y is missing.

    Returns
    -------
    labels : object array of shape (n,)
        A class, a tuple of 0 and 1, or a float; None where there is no label.
    target : Target

    Raises
    ------
    DataError
        If y can not be read so.

    Examples
    --------
    >>> from polyculture.targets.reading import read_labels
    >>> read_labels(["no", "yes", None])[1].classes.tolist()
    ['no', 'yes']
    >>> read_labels([{"red"}, {"new", "red"}, set()])[0].tolist()
    [(0, 1), (1, 1), (0, 0)]
    """
    if y is None:
        raise DataError(f"{asker} requires y to be passed, but the target y is None; give one label for each item")
    if values:
        return _values(y)
    rows = _nested(y)
    if any(isinstance(name, str) for row in rows if row is not None for name in row) or any(
        isinstance(row, set | frozenset) for row in rows
    ):
        return _of_sets(rows)
    # NumPy makes a matrix of a list of rows, and not of an array or a column that holds rows
    if rows and (not isinstance(y, list | tuple) or any(row is None for row in rows)):
        return _of_rows(_filled(rows), None)
    table = _as_table(y)
    if table.ndim == 2 and table.shape[1] > 1:
        return _of_rows(table, getattr(y, "columns", None))
    labels = _column(_flat(table if sp.issparse(y) or table.ndim > 1 else y).tolist())
    _refuse_continuous(labels)
    return labels, Classes.of(labels)


def _column(values: Sequence[Any]) -> Array:
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = _class(value, i)
    return out


def _class(value: Any, row: int) -> Any:
    if value is None or value != value or (isinstance(value, str) and not value.strip()):  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float) and np.isinf(value):
        raise DataError(f"Input y contains infinity in row {row + 1}; write a class, or -1 for none")
    if isinstance(value, complex | dict | list | set | bytes):
        raise DataError(
            f"Unknown label type: row {row + 1} of y is a {type(value).__name__}; a class is a word or number"
        )
    return None if value == -1 else value


def _flat(y: Any) -> Array:
    table = (
        y if isinstance(y, np.ndarray) else np.array(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    )
    if table.ndim < 2:
        if table.ndim == 0:
            raise DataError(f"y should be a 1d array, got {y!r} instead; give one label for each item")
        return table
    if table.ndim > 2 or table.shape[1] != 1:
        raise DataError(f"y should be a 1d array, got an array of shape {table.shape} instead; give one label an item")
    flat: Array = column_or_1d(table, warn=True)
    return flat


def _refuse_continuous(labels: Array) -> None:
    """Numbers most of which stand once are measurements and no classes."""
    known = [value for value in labels.tolist() if isinstance(value, float)]
    if any(not value.is_integer() for value in known) and 2 * len(set(known)) > len(known):
        raise DataError(
            "Unknown label type: continuous, as most values of y stand there once; use CrossDomainRegressor for "
            "values, or give classes"
        )


def _as_table(y: Any) -> Array:
    if sp.issparse(y):
        return np.asarray(y.toarray())
    if isinstance(y, list | tuple):
        try:
            return np.array(y)
        except ValueError:
            return np.array([None] * len(y))
    return np.asarray(y)


def _nested(y: Any) -> list[Any]:
    """The rows of y where each is a sequence or a set, or None; else nothing."""
    if isinstance(y, str) or sp.issparse(y) or not hasattr(y, "__iter__") or getattr(y, "ndim", 1) > 1:
        return []
    if isinstance(y, np.ndarray) and y.dtype != object:
        return []
    rows = list(y)
    kinds = {type(row) for row in rows if row is not None}
    return rows if kinds and all(issubclass(kind, SETS) for kind in kinds) else []


def _filled(rows: list[Any]) -> Array:
    """Rows of 0 and 1 as a matrix, with -1 throughout for None."""
    width = next(len(row) for row in rows if row is not None)
    try:
        return np.array([[-1] * width if row is None else list(row) for row in rows])
    except ValueError:
        raise DataError("rows of y differ in length; give 0 or 1 for each label, or sets of names") from None


def _of_sets(rows: list[Any]) -> tuple[Array, Target]:
    found = {name for row in rows if row is not None for name in row}
    try:
        names = sorted(found)
    except TypeError:
        kinds = ", ".join(sorted({type(name).__name__ for name in found}))
        raise DataError(f"labels are of mixed type ({kinds}); make them all words or all numbers") from None
    if not names:
        raise DataError("no item has a label, as all sets of y are empty; give at least one that some items have")
    out = np.empty(len(rows), dtype=object)
    for i, row in enumerate(rows):
        out[i] = None if row is None else tuple(int(name in row) for name in names)
    return out, Labels(np.array(names))


def _of_rows(table: Array, names: Any) -> tuple[Array, Target]:
    if table.ndim != 2:
        raise DataError(f"y has the shape {table.shape}; give one class an item, or a matrix of items by labels")
    try:
        rows = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("Unknown label type: a matrix of words; give a matrix of 0 and 1, or sets of names") from None
    known = ~(np.isnan(rows).all(axis=1) | (rows == -1).all(axis=1))
    odd = known & ~np.isin(rows, (0, 1)).all(axis=1)
    if odd.any():
        raise DataError(
            f"Unknown label type: row {int(odd.argmax()) + 1} of y holds other numbers than 0 and 1; in a matrix of "
            "labels, 1 is a label, 0 none, and a row of -1 is an item without labels"
        )
    out = np.empty(len(rows), dtype=object)
    for i in np.flatnonzero(known):
        out[i] = tuple(rows[i].astype(int).tolist())
    return out, Labels(np.arange(rows.shape[1]) if names is None else np.array([str(name) for name in names]))


def _values(y: Any) -> tuple[Array, Target]:
    flat = _flat(y)
    try:
        found = np.array([np.nan if value is None else float(value) for value in flat.tolist()])
    except (TypeError, ValueError):
        raise DataError("y holds what is no number; give one value for each item, NaN where there is none") from None
    if np.isinf(found).any():
        raise DataError(f"Input y contains infinity in row {int(np.isinf(found).argmax()) + 1}; give a number, or NaN")
    out = np.array([None if np.isnan(value) else value for value in found.tolist()], dtype=object)
    return out, Values.of(out)
