"""The form that counts of categories must have before diversity is measured on them."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.measure.outcome.counts import defined_ratio


def abundances(values: object, name: str = "counts", *, axes: int = 1, whole: bool = False) -> Floats:
    """Counts or shares as a float64 array of finite numbers, none negative.

    Parameters
    ----------
    values : array-like of shape (..., categories)
    name : str
        What to call it in an error.
    axes : int, default 1
        Fewest axes: 2 where communities are compared, 0 where a number will do.
    whole : bool, default False
        Whether every value must be a whole number.

    Returns
    -------
    float64 array of the same shape

    Raises
    ------
    ShapeError
        If it has fewer axes, or no categories.
    DataError
        If a value is no finite number, is negative, or is not whole where it must be.

    Examples
    --------
    >>> abundances([2, 1])
    array([2., 1.])
    """
    array = numbers(values, name)
    if array.ndim < axes or 0 in array.shape[array.ndim - axes :]:
        wanted = "(..., categories)" if axes == 1 else "(..., communities, categories)"
        raise ShapeError(f"{name} has shape {array.shape}; pass an array of shape {wanted}, none of these empty.")
    # The smallest and the largest value tell whether any is wrong, without a mask of the size of the array.
    if array.size and not (array.min() >= 0 and array.max() < np.inf):
        _refuse(array, (array >= 0) & (array < np.inf), name, "a count or share is a finite number, 0 or more")
    if whole and (array != np.rint(array)).any():
        _refuse(array, array == np.rint(array), name, "what is drawn again is counted in whole numbers")
    return array


def pair(a: object, b: object) -> tuple[Floats, Floats]:
    """Two communities, or two stacks of them, over the same categories.

    Parameters
    ----------
    a, b : array-like of shape (..., categories)

    Returns
    -------
    Two float64 arrays, of one shape.

    Raises
    ------
    ShapeError
        If they differ in categories, or their leading axes do not fit together.
    DataError
        If a value is no finite number, or negative.

    Examples
    --------
    >>> pair([1, 2], [[3, 4], [5, 6]])[0].shape
    (2, 2)
    """
    first, second = abundances(a, "a"), abundances(b, "b")
    if first.shape[-1] != second.shape[-1]:
        raise ShapeError(f"a has {first.shape[-1]} categories and b has {second.shape[-1]}; both must name the same.")
    try:
        first, second = np.broadcast_arrays(first, second)
    except ValueError as error:
        raise ShapeError(f"a has shape {first.shape} and b {second.shape}; their leading axes must fit.") from error
    return first, second


def shares(counts: Floats) -> Floats:
    """Counts divided by their sum over the last axis; NaN where there are none."""
    return defined_ratio(counts, counts.sum(axis=-1, keepdims=True))


def plain(values: Floats) -> Floats:
    """A number where there are no leading axes, the array itself otherwise."""
    found: Floats = values[()]
    return found


def _refuse(array: Floats, right: Mask, name: str, rule: str) -> None:
    place = tuple(int(at) for at in np.argwhere(np.logical_not(right))[0])
    raise DataError(f"{name} holds {array[place]:g} at {place}; {rule}, so drop or mend it.")


def numbers(values: object, name: str) -> Floats:
    """Real numbers as a float64 array; text that looks like numbers is refused."""
    try:
        array = np.asarray(values)
        # Text, dates and complex numbers would convert without a sound.
        if array.dtype.kind in "biufO":
            with np.errstate(over="ignore"):
                return array.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something other than real numbers ({error}); pass a numeric array.") from error
    raise DataError(f"{name} holds values of type {array.dtype}; pass a numeric array.")
