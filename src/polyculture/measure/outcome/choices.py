"""The form that answers and probabilities must have before models are compared by them."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.errors import DataError, ShapeError

# Softmax in half precision misses 1 by so much at most with some hundred options.
ROUNDING = 0.01


def choices(values: object, name: str) -> Ints:
    """Answers as whole numbers.

    Parameters
    ----------
    values : array-like of shape (n,) or (n, m)
    name : str
        What to call it in an error.

    Returns
    -------
    int64 array of the same shape

    Raises
    ------
    ShapeError
        If there are no items.
    DataError
        If a value is no whole number.

    Examples
    --------
    >>> choices([0.0, 2.0], "a")
    array([0, 2])
    """
    array = np.asarray(_real(values, name))
    if not array.size:
        raise ShapeError(f"{name} has shape {array.shape}; pass one answer for each item.")
    if array.dtype.kind in "iub":
        return array.astype(np.int64, copy=False)
    wrong = ~np.isfinite(array) | (array != np.round(array))
    if wrong.any():
        place = tuple(int(at) for at in np.argwhere(wrong)[0])
        raise DataError(
            f"{name} holds {array[place]} at {place}; an answer is the position of an option, a whole number, "
            "and negative where it is none of them."
        )
    return array.astype(np.int64)


def distributions(values: object, name: str, *, axes: int = 2, missing: bool = False) -> Floats:
    """Probabilities of options, each row divided by its sum.

    Parameters
    ----------
    values : array-like of shape (n, options) or (n, m, options)
        Rows sum to 1 but for rounding, such as that of a softmax in half precision.
    name : str
        What to call it in an error.
    axes : int, default 2
        How many axes it must have.
    missing : bool, default False
        Whether a row may be missing: one with a NaN becomes a row of NaN.

    Returns
    -------
    float64 array of the same shape

    Raises
    ------
    ShapeError
        If it has other axes, no items, or fewer than two options.
    DataError
        If a value is negative or not finite, or a row is further than one per cent from a sum of 1.

    Examples
    --------
    >>> distributions([[0.5, 0.502]], "a").sum()
    np.float64(1.0)
    """
    array = np.array(_real(values, name), dtype=np.float64)
    if array.ndim != axes or not array.size or array.shape[-1] < 2:
        wanted = "(items, options)" if axes == 2 else "(items, models, options)"
        raise ShapeError(f"{name} has shape {array.shape}; pass an array of shape {wanted}, with at least 2 options.")
    absent = np.isnan(array).any(axis=-1) if missing else np.zeros(array.shape[:-1], dtype=bool)
    array[absent] = np.nan
    total = array.sum(axis=-1)
    wrong = ~absent & ~((array >= 0).all(axis=-1) & (np.abs(total - 1) <= ROUNDING))
    if wrong.any():
        place = tuple(int(at) for at in np.argwhere(wrong)[0])
        raise DataError(
            f"{name} holds {array[place].tolist()} in row {place[0]}; pass probabilities, not negative and with sum 1 "
            "(apply a softmax to logits first)."
        )
    return np.asarray(array / total[..., None])


def spread_of(option_counts: object, n: int) -> Floats:
    """1 / (options - 1) of each item: the chance that two wrong answers are the same if they spread evenly.

    Parameters
    ----------
    option_counts : int, or array-like of shape (n,)
    n : int

    Returns
    -------
    float64 array of shape (n,)

    Raises
    ------
    ShapeError
        If there is not one count for each item.
    DataError
        If a count is below 2 or no whole number.

    Examples
    --------
    >>> spread_of(5, 2)
    array([0.25, 0.25])
    """
    counts = choices(option_counts, "options")
    counts = counts if counts.ndim else np.full(n, counts)
    if counts.shape != (n,):
        raise ShapeError(f"options has shape {counts.shape}; pass one number of options for each of {n} items.")
    if counts.min() < 2:
        raise DataError(f"Item {int(counts.argmin())} has {counts.min()} options; with fewer than 2 nothing is chosen.")
    return np.asarray(1 / (counts - 1))


def _real(values: object, name: str) -> Floats:
    try:
        array = np.asarray(values)
        if array.dtype.kind in "biuf":
            return array
        if array.dtype.kind == "O":
            return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something other than numbers ({error}); pass a numeric array.") from error
    raise DataError(f"{name} holds values of type {array.dtype}; pass a numeric array.")
