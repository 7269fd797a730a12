"""The form that arrays must have before anything is measured on them."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import DataError, ShapeError


def representation(x: object, name: str = "x", *, at_least: int = 1) -> Floats:
    """Vectors of items as a finite float64 matrix.

    Parameters
    ----------
    x : array-like of shape (n, d)
        One row for each item.
    name : str
        What to call it in an error.
    at_least : int
        Fewest items that the measure is defined for.

    Returns
    -------
    float64 array of shape (n, d)

    Raises
    ------
    ShapeError
        If it is no matrix, has no columns, or has fewer than `at_least` rows.
    DataError
        If a value is not a finite real number.

    Examples
    --------
    >>> representation([[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    array = _matrix(x, name)
    if len(array) < at_least:
        raise ShapeError(f"{name} has {len(array)} items, but at least {at_least} are needed; pass more rows.")
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"{name} holds {array[row, column]} in row {row}, column {column}; every value must be finite, "
            "so drop or impute such rows in all representations."
        )
    return array


def same_items(x: object, y: object, *, at_least: int = 1) -> tuple[Floats, Floats]:
    """Two representations of the same items, checked and in float64.

    Parameters
    ----------
    x, y : array-like of shape (n, d1) and (n, d2)
        Row i of both belongs to item i.
    at_least : int
        Fewest items that the measure is defined for.

    Returns
    -------
    Two float64 arrays of shape (n, d1) and (n, d2).

    Raises
    ------
    ShapeError
        If one is no matrix, they differ in rows, or have fewer than `at_least`.
    DataError
        If a value is not a finite real number.

    Examples
    --------
    >>> same_items([[1.0], [2.0]], [[1.0]])
    Traceback (most recent call last):
    polyculture.errors.ShapeError: x has 2 rows and y has 1; both must describe the same items in the same order.
    """
    first, second = _matrix(x, "x"), _matrix(y, "y")
    same_rows(first, second, names=("x", "y"))
    return representation(first, "x", at_least=at_least), representation(second, "y", at_least=at_least)


def outcomes(failures: object, name: str = "failures") -> Mask:
    """Right-or-wrong outcomes as a boolean matrix.

    Parameters
    ----------
    failures : array-like of shape (items, models)
        Booleans, or the numbers 0 and 1. A missing answer (NaN) is refused, for what it should count as is a decision.
    name : str
        What to call it in an error.

    Returns
    -------
    bool array of shape (items, models)

    Raises
    ------
    ShapeError
        If it is no matrix, or has no items or no models.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> outcomes([[0, 1], [1, 1]])
    array([[False,  True],
           [ True,  True]])
    """
    array = _matrix(failures, name)
    if not len(array):
        raise ShapeError(f"{name} has no items; pass at least one row.")
    wrong = (array != 0) & (array != 1)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise DataError(
            f"{name} holds {array[row, column]:g} in row {row}, column {column}; every outcome must be 0 or 1, "
            "so drop the items that a model did not answer."
        )
    return np.asarray(array == 1)


def outcome_pair(a: object, b: object) -> Mask:
    """Outcomes of two models side by side.

    Parameters
    ----------
    a, b : array-like of shape (items,)
        Booleans, or the numbers 0 and 1.

    Returns
    -------
    bool array of shape (items, 2)

    Raises
    ------
    ShapeError
        If one is no vector, is empty, or they differ in length.
    DataError
        If a value is neither 0 nor 1.

    Examples
    --------
    >>> outcome_pair([0, 1], [1, 1]).shape
    (2, 2)
    """
    first, second = _numbers(a, "a"), _numbers(b, "b")
    for vector, name in ((first, "a"), (second, "b")):
        if vector.ndim != 1:
            raise ShapeError(f"{name} has shape {vector.shape}; pass one outcome for each item, a vector.")
    same_rows(first, second, names=("a", "b"))
    return np.column_stack([outcomes(first[:, None], "a"), outcomes(second[:, None], "b")])


def same_rows(*arrays: Array, names: tuple[str, ...] = ()) -> int:
    """Number of items that all arrays share.

    Parameters
    ----------
    *arrays : arrays of shape (n, ...)
    names : tuple of str
        What to call them in an error; by default their positions.

    Returns
    -------
    int >= 1

    Raises
    ------
    ShapeError
        If there are no arrays, no items, or lengths differ.

    Examples
    --------
    >>> same_rows(np.zeros((3, 2)), np.zeros(3))
    3
    """
    if not arrays or any(np.ndim(array) == 0 for array in arrays):
        raise ShapeError("No items were given; pass one or more arrays with one row for each item.")
    names = names or tuple(f"array {position}" for position in range(len(arrays)))
    for array, name in zip(arrays, names, strict=True):
        if len(array) != len(arrays[0]):
            raise ShapeError(
                f"{names[0]} has {len(arrays[0])} rows and {name} has {len(array)}; "
                "both must describe the same items in the same order."
            )
    if not len(arrays[0]):
        raise ShapeError("The arrays have no items; pass at least one row.")
    return len(arrays[0])


def _matrix(values: object, name: str) -> Floats:
    array = _numbers(values, name)
    if array.ndim != 2 or not array.shape[1]:
        raise ShapeError(f"{name} has shape {array.shape}; pass a matrix with one row for each item.")
    return array


def _numbers(values: object, name: str) -> Floats:
    try:
        array = np.asarray(values)
        # Text that looks like numbers, dates and complex numbers would convert without a sound.
        if array.dtype.kind in "biufO":
            # A long double beyond float64 becomes infinite here and is refused, with its place, by the caller.
            with np.errstate(over="ignore"):
                return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something other than real numbers ({error}); pass a numeric array.") from error
    raise DataError(f"{name} holds values of type {array.dtype}; pass a numeric array.")
