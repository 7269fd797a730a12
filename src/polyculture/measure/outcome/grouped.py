"""Sums over the items of each group within each block, and what they say without each block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.measure.checks import outcomes
from polyculture.measure.inference.interval import Interval, jackknife_reach


def known_outcomes(failures: Array, answered: Mask | None) -> tuple[Mask, Mask]:
    """Where models failed and where they answered, (n, m) each; NaN in `failures` is a missing answer."""
    array = np.asarray(failures)
    if array.dtype == np.bool_ and array.ndim == 2 and array.size:
        wrong, given = array, np.ones(array.shape, dtype=bool)
    else:
        missing = np.isnan(array) if array.dtype.kind == "f" else np.zeros(array.shape, dtype=bool)
        wrong, given = outcomes(np.where(missing, 0, array), "failures"), ~missing
    if answered is not None:
        if np.shape(answered) != wrong.shape:
            raise ShapeError(f"answered has shape {np.shape(answered)}, but failures has {wrong.shape}.")
        given = given & np.asarray(answered, dtype=bool)
    if not given.any():
        raise DataError("No model answered any item; pass outcomes.")
    return wrong & given, given


def group_codes(groups: Array, n: int, name: str) -> tuple[Array, Ints]:
    """Different groups, and the position of each item's."""
    array = np.asarray(groups)
    if array.shape != (n,):
        raise ShapeError(f"{name} has shape {array.shape}; pass one value for each of {n} items.")
    names, codes = np.unique(array.astype(str) if array.dtype.kind == "O" else array, return_inverse=True)
    return names, codes


def grouped_sums(values: Array, codes: Ints, groups: int, order: Sequence[Array]) -> Floats:
    """Sums of the rows of (n, k) by group, over all items and then without each block: (1 + blocks, groups, k)."""
    sums = np.zeros((len(order), groups, values.shape[1]))
    for block, rows in enumerate(order):
        some = rows[np.argsort(codes[rows], kind="stable")]
        present, starts = np.unique(codes[some], return_index=True)
        sums[block, present] = np.add.reduceat(values[some], starts, axis=0, dtype=np.float64)
    total = sums.sum(axis=0)
    return np.concatenate([total[None], total - sums])


def block_sums(values: Array, order: Sequence[Array]) -> Floats:
    """Sums of the rows of (n, k) over all items and then without each block: (1 + blocks, k)."""
    return grouped_sums(values, np.zeros(len(values), dtype=np.intp), 1, order)[:, 0]


def jackknife_interval(values: Floats, level: float) -> Interval:
    """Interval from the value on all items and those without each block; its ends are NaN if one is undefined."""
    estimate = float(values[0])
    reach = float(jackknife_reach(values[1:], level)) if np.isfinite(values).all() else float("nan")
    return Interval(estimate, estimate - reach, estimate + reach)


def exponential(interval: Interval) -> Interval:
    """Interval on the scale of the values, from one on that of their logarithms; infinite beyond what a float holds."""
    with np.errstate(over="ignore"):
        return Interval(*np.exp([interval.estimate, interval.low, interval.high]).tolist())


def logarithm(values: Array) -> Floats:
    """Natural logarithm; minus infinity for 0, without a warning."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(values))
