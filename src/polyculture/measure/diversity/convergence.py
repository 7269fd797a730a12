"""Whether communities come nearer to each other with time."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.measure.diversity.inputs import numbers, plain
from polyculture.measure.outcome.counts import defined_ratio


def sigma_convergence(values: Array, years: Array | None = None) -> Floats:
    r"""Yearly change of how far communities are spread (σ-convergence).

    .. math:: \text{slope over t of} \quad \sigma_t = \sqrt{\frac{1}{C_t - 1} \sum_c (x_{ct} - \bar x_t)^2}

    by least squares: negative where communities come nearer to each other. Sampling adds to the spread of small
    communities, so that growing ones seem to converge: compare with draws in which nothing but chance tells them apart.

    Parameters
    ----------
    values : array of shape (..., communities, years)
        Such as the share of a method. NaN where a community has no value.
    years : array of shape (years,), optional
        By default 0, 1, 2 and so on.

    Returns
    -------
    float64 array of shape (...); NaN where fewer than two years have two communities.

    Raises
    ------
    ShapeError
        If there is no axis of communities, or years do not fit.
    DataError
        If a value is infinite or no number.

    References
    ----------
    Barro and Sala-i-Martin 1992, Journal of Political Economy 100.

    Examples
    --------
    >>> sigma_convergence([[0.1, 0.2, 0.3], [0.5, 0.4, 0.3]]).round(4)
    np.float64(-0.1414)
    """
    given = _series(values, "values", 2)
    when = np.arange(given.shape[-1]) if years is None else _series(years, "years", 1)
    if when.shape != given.shape[-1:]:
        raise ShapeError(f"years has shape {when.shape}, but values has {given.shape[-1]} years; pass one for each.")
    return plain(_slope(np.broadcast_to(when, spread(given).shape), spread(given)))


def beta_convergence(first: Array, last: Array, *, years: float = 1.0) -> Floats:
    r"""Slope of growth on the initial value: whether those behind catch up (β-convergence).

    .. math:: \frac{x_{last} - x_{first}}{\text{years}} = \alpha + \beta \, x_{first}

    by least squares over communities: negative where those that began low have grown more. Error in the first value
    alone makes it negative (regression to the mean), and the spread need not shrink: see `sigma_convergence`, and
    compare with draws in which nothing but chance tells communities apart.

    Parameters
    ----------
    first, last : arrays of shape (..., communities)
        Values at the beginning and the end; NaN where a community has none.
    years : float, default 1
        Time between them.

    Returns
    -------
    float64 array of shape (...); -1 / years where all have become the same, 0 where growth has nothing to do with the
    beginning. NaN where fewer than two communities have both values, or all began alike.

    Raises
    ------
    ShapeError
        If there are no communities, or the arrays do not fit.
    DataError
        If a value is infinite or no number, or years is not positive.

    References
    ----------
    Barro and Sala-i-Martin 1992, Journal of Political Economy 100; Friedman 1992, Journal of Economic Literature 30.

    Examples
    --------
    >>> beta_convergence([0.1, 0.2, 0.6], [[0.3, 0.3, 0.3], [0.1, 0.2, 0.6]], years=2)
    array([-0.5,  0. ])
    """
    begin, end = _series(first, "first", 1), _series(last, "last", 1)
    if begin.shape[-1:] != end.shape[-1:]:
        raise ShapeError(f"first has {begin.shape[-1]} communities and last {end.shape[-1]}; both must have the same.")
    if not years > 0:
        raise DataError(f"years is {years}; pass the time between the two values, above 0.")
    return plain(_slope(*np.broadcast_arrays(begin, (end - begin) / years)))


def spread(values: Floats) -> Floats:
    """Standard deviation over communities of (..., communities, years); NaN where fewer than two have a value."""
    known = ~np.isnan(values)
    count = known.sum(axis=-2)
    centre = defined_ratio(np.where(known, values, 0).sum(axis=-2), count)
    squares = np.where(known, (values - centre[..., None, :]) ** 2, 0).sum(axis=-2)
    return np.sqrt(defined_ratio(squares, count - 1))


def _slope(x: Floats, y: Floats) -> Floats:
    """Slope of least squares over the last axis, among the places where both are known."""
    known = ~(np.isnan(x) | np.isnan(y))
    x, y = _centred(x, known), _centred(y, known)
    return defined_ratio((x * y).sum(axis=-1), (x * x).sum(axis=-1))


def _centred(x: Floats, known: Mask) -> Floats:
    """Deviations from the mean; those that are only rounding are none, so that constants have no slope."""
    values = np.where(known, x, 0)
    mean = defined_ratio(values.sum(axis=-1, keepdims=True), known.sum(axis=-1, keepdims=True))
    rounding = 1e-14 * np.abs(values).max(axis=-1, keepdims=True)
    return np.where(known & (np.abs(values - mean) > rounding), values - mean, 0)


def _series(values: Array, name: str, axes: int) -> Floats:
    array = numbers(values, name)
    if array.ndim < axes or 0 in array.shape[array.ndim - axes :]:
        raise ShapeError(f"{name} has shape {array.shape}; pass at least {axes} axes, none of them empty.")
    if np.isinf(array).any():
        raise DataError(f"{name} holds an infinite value; leave it out, or mark it as missing (NaN).")
    return array
