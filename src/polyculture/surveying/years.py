"""Years in which a share is reached, which may lie before the first or after the last that is known."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.measure.inference.interval import check_level

FEW = 4
"""Order statistics that are found without sorting."""


def first_reached(shares: Array, years: Array, at: float) -> tuple[Floats, Floats]:
    r"""Years between which shares first come up to a value and stay there for another year.

    .. math:: t = y_{i-1} + (y_i - y_{i-1}) \frac{s - x_{i-1}}{x_i - x_{i-1}}

    with i the first year that has a share of at least s, and so has the next; in the last year once is enough. Asking
    for two years in a row keeps one paper in a small year from being an adoption, and reading between years lets a lag
    be less than a year. Both ends are then that year. Over years that are missing nothing is read: if shares are above
    for the first time after such a gap, all that is known is that it was after the year before it, and at the latest
    in the year after it.

    Parameters
    ----------
    shares : array of shape (..., Y), Y >= 1
        In [0, 1], none missing: leave out the years that have none.
    years : array of shape (Y,)
        Ascending; may have gaps.
    at : float
        The share s.

    Returns
    -------
    Earliest and latest year, two float64 arrays of shape (...): -inf if the first year already has it, inf if no year
    does.

    Examples
    --------
    >>> first_reached([[0.0, 0.1, 0.3, 0.3], [0.0, 0.2, 0.0, 0.0]], [2010, 2011, 2012, 2013], 0.2)
    (array([2011.5,    inf]), array([2011.5,    inf]))
    >>> first_reached([0.0, 0.1, 0.3, 0.3], [2010, 2011, 2016, 2017], 0.2)
    (array(2011.), array(2016.))
    """
    x, known = np.asarray(shares, dtype=np.float64), np.asarray(years, dtype=np.float64)
    reached = x >= at
    reached[..., :-1] &= reached[..., 1:]
    first = reached.argmax(axis=-1)
    after = np.maximum(first, 1) if len(known) > 1 else first
    above = np.take_along_axis(x, after[..., None], axis=-1)[..., 0]
    # A share that came up once and fell again may stand just before.
    below = np.minimum(np.take_along_axis(x, np.maximum(after - 1, 0)[..., None], axis=-1)[..., 0], at)
    step = np.divide(at - below, above - below, out=np.ones(above.shape), where=above > below)
    before, now = known[np.maximum(after - 1, 0)], known[after]
    year, gap = before * (1 - step) + now * step, now - before > 1
    earliest, latest = (
        np.where(reached.any(axis=-1), np.where(first > 0, np.where(gap, end, year), -np.inf), np.inf)
        for end in (before, now)
    )
    return earliest, latest


def ends(draws: Array, level: float = 0.95) -> tuple[Floats, Floats]:
    """Ends of an interval between two order statistics of draws that may be infinite.

    Parameters
    ----------
    draws : array of shape (R, ...)
        NaN where a draw does not tell.
    level : float, default 0.95

    Returns
    -------
    Two float64 arrays of the shape of one draw; NaN where more than 1 - level of the draws do not tell.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> low, high = ends(np.append(np.arange(99.0), np.inf), 0.9)
    >>> float(low), float(high)
    (5.0, 94.0)
    """
    check_level(level)
    # One value's draws side by side: several times as quick as along the first axis.
    given = np.asarray(draws)
    kind = np.float32 if given.dtype == np.float32 else np.float64
    values = np.ascontiguousarray(np.moveaxis(given, 0, -1), dtype=kind)
    count = values.shape[-1]
    told = count - np.isnan(values).sum(axis=-1)
    last = np.maximum(told - 1, 0)
    tail = np.rint((1 - level) / 2 * last).astype(np.intp)
    places = np.unique(np.concatenate([tail.ravel(), (last - tail).ravel()]))
    values = np.partition(values, places, axis=-1) if len(places) <= FEW else np.sort(values, axis=-1)
    enough = (told > 0) & (told >= level * count)
    low, high = (
        np.take_along_axis(values, place[..., None], axis=-1)[..., 0].astype(np.float64)
        for place in (tail, last - tail)
    )
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def within(year: Floats, years: tuple[int, ...]) -> Floats:
    """Years, infinite where they lie outside those that are known: what is extrapolated is not reported."""
    inside = np.where(year > years[-1], np.inf, year)
    return np.where(inside < years[0], -np.inf, inside)


def state(year: float, years: tuple[int, ...]) -> str:
    """What became of a share, in words.

    Examples
    --------
    >>> state(np.inf, (2010, 2011)), state(-np.inf, (2010, 2011)), state(2010.5, (2010, 2011))
    ('not reached by 2011', 'before 2010', 'reached')
    """
    if np.isnan(year):
        return "not known"
    return "reached" if np.isfinite(year) else f"not reached by {years[-1]}" if year > 0 else f"before {years[0]}"


def finite(value: float) -> float | None:
    """A number as a table holds it: nothing where it is infinite or not known."""
    return float(value) if np.isfinite(value) else None
