"""What an encoder is given, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import DataError, ShapeError


def as_texts(X: Sequence[str] | Array) -> list[str]:
    """Items as a list of strings.

    Raises
    ------
    DataError
        If it is one string instead of many, or an item is not a string.

    Examples
    --------
    >>> as_texts(("good", "bad"))
    ['good', 'bad']
    """
    if isinstance(X, str):
        raise DataError("expected a list of texts, got one string; put it in a list")
    texts = list(X)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"item {row} is of type {type(text).__name__}, expected text; drop it or replace it by ''")
    return [str(text) for text in texts]


def as_labels(y: Ints | None, count: int, what: str = "text") -> Array:
    """Labels of `count` items as int64; `what` is what one of them is called.

    Raises
    ------
    DataError
        If there are none, or they are not whole numbers, one a text.
    ShapeError
        If there are more or fewer than items.

    Examples
    --------
    >>> as_labels([0, -1], 2).tolist()
    [0, -1]
    """
    if y is None:
        raise DataError("this encoder learns from labels; give y, with -1 where an item has none")
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"y is {labels.dtype} of shape {labels.shape}, expected one whole number for each {what}")
    if len(labels) != count:
        raise ShapeError(f"there are {count} {what}s and {len(labels)} labels")
    return labels.astype(np.int64)


def as_mask(validation: Mask | None, count: int) -> Mask | None:
    """Which of `count` items are held out, or None.

    Raises
    ------
    ShapeError
        If it is not one boolean an item.

    Examples
    --------
    >>> as_mask([True, False], 2).tolist()
    [True, False]
    """
    if validation is None:
        return None
    mask = np.asarray(validation)
    if mask.shape != (count,) or mask.dtype != np.bool_:
        raise ShapeError(f"validation is {mask.dtype} of shape {mask.shape}, expected {count} booleans")
    return mask


def read_texts(X: Any) -> Array | None:
    """Items as an object array of strings; None where they are numbers.

    Parameters
    ----------
    X : list, array, column or table
        Texts in one dimension (or in the one column of a table), an empty one where there is none; or numbers in two.

    Raises
    ------
    DataError
        If it is one string, numbers in one dimension, or texts and other things mixed.

    Examples
    --------
    >>> read_texts(["good", None]).tolist()
    ['good', '']
    >>> read_texts([[0.5, 1.0]]) is None
    True
    """
    if isinstance(X, str | bytes):
        raise DataError("expected a list of texts, got one string; put it in a list")
    if sp.issparse(X):
        return None
    table = nw.from_native(X, pass_through=True)
    if isinstance(table, nw.LazyFrame):
        raise DataError(f"X is a {type(X).__name__}, not a table in memory; collect it first")
    if isinstance(table, nw.DataFrame):
        return _from_table(table)
    values = X if isinstance(X, list | tuple) else np.asarray(X if hasattr(X, "__array__") else list(X))
    if isinstance(values, np.ndarray) and values.ndim != 1:
        column = values.ndim == 2 and values.shape[1] == 1 and values.dtype.kind in "OU"
        if not column or not all(isinstance(value, str) for value in values.ravel().tolist()):
            _refuse_single(values)
            return None
        values = values.ravel()
    return _column(values.tolist() if isinstance(values, np.ndarray) else list(values))


def _refuse_single(values: Array) -> None:
    if values.ndim == 0:
        raise DataError(f"Expected 2D array, got the single value {values.item()!r} instead; give a list of items")


def _column(values: list[Any]) -> Array | None:
    first = next((value for value in values if not is_missing(value)), "")
    if isinstance(first, list | tuple | np.ndarray):
        return None
    if not isinstance(first, str):
        raise DataError(
            f"Expected 2D array, got 1D array of {type(first).__name__} instead; give texts, or Reshape your data with "
            "array.reshape(-1, 1) for one column and array.reshape(1, -1) for one item"
        )
    for row, value in enumerate(values, start=1):
        if not isinstance(value, str) and not is_missing(value):
            raise DataError(f"item {row} is of type {type(value).__name__}, expected text; drop it or replace it by ''")
    out = np.empty(len(values), dtype=object)
    out[:] = ["" if is_missing(value) else str(value) for value in values]
    return out


def is_missing(value: Any) -> bool:
    """Whether it is None or NaN.

    Examples
    --------
    >>> from polyculture.features.encoders.items import is_missing
    >>> is_missing(float("nan")), is_missing("")
    (True, False)
    """
    return value is None or (isinstance(value, float) and bool(np.isnan(value)))


def _from_table(table: nw.DataFrame[Any]) -> Array | None:
    words = [name for name in table.columns if table.get_column(name).dtype == nw.String]
    if not words:
        return None
    if len(table.columns) > 1:
        raise DataError(
            f"the column {words[0]!r} holds texts and stands beside {len(table.columns) - 1} others; give one column "
            "of texts, or numbers alone"
        )
    return _column(table.get_column(words[0]).to_list())
