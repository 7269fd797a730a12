"""A number with the range that the data leave open for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ParameterError, ShapeError


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval.

    Parameters
    ----------
    estimate : float
        The statistic on all data.
    low, high : float
        Ends of the interval; NaN where the data cannot tell.

    Examples
    --------
    >>> print(Interval(0.5, 0.4, 0.6))
    0.5 [0.4, 0.6]
    """

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True, eq=False)
class Intervals:
    """A matrix of estimates and their confidence intervals.

    Parameters
    ----------
    estimate, low, high : float64 arrays of shape (m, m)
        Entry by entry as in `Interval`.

    Examples
    --------
    >>> one = np.ones((2, 2))
    >>> Intervals(one, one - 0.1, one)[0, 1]
    Interval(estimate=1.0, low=0.9, high=1.0)
    """

    estimate: Floats
    low: Floats
    high: Floats

    def __getitem__(self, pair: tuple[int, int]) -> Interval:
        """Return the interval of one entry."""
        return Interval(float(self.estimate[pair]), float(self.low[pair]), float(self.high[pair]))


def percentile_interval(estimate: float, draws: Floats, level: float) -> Interval:
    """Interval between two order statistics of resampled values.

    Parameters
    ----------
    estimate : float
        The statistic on all data.
    draws : array of shape (samples,)
        The statistic on each resample; NaN where it is undefined there.
    level : float
        Coverage aimed at.

    Returns
    -------
    Interval, whose ends are NaN if the estimate is undefined, or more than 1 - level of the draws are: the values that
    cannot be seen would then decide where an end lies.
    """
    known = np.sort(draws[~np.isnan(draws)])
    if np.isnan(estimate) or not len(known) or len(known) < level * len(draws):
        return Interval(estimate, np.nan, np.nan)
    # Order statistics, not interpolation: draws may be infinite, and inf - inf is undefined.
    last = len(known) - 1
    tail = round((1 - level) / 2 * last)
    return Interval(estimate, float(known[tail]), float(known[last - tail]))


def t_interval(differences: Array, level: float = 0.95) -> Interval:
    r"""Interval of a mean over few independent repetitions, such as seeds (Student's t).

    .. math:: \bar d \pm t_{n-1} \, s / \sqrt n

    Parameters
    ----------
    differences : array of shape (n,), n >= 2
    level : float, default 0.95

    Returns
    -------
    Interval

    Raises
    ------
    ShapeError
        If it is no vector, or has fewer than 2 values.
    DataError
        If a value is not finite.
    ParameterError
        If the level is not between 0 and 1.

    References
    ----------
    Student 1908, Biometrika 6.

    Examples
    --------
    >>> print(t_interval([1.0, 2.0, 3.0]))
    2 [-0.484, 4.48]
    """
    check_level(level)
    values = np.asarray(differences, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ShapeError(f"differences has shape {values.shape}; pass a vector of at least 2 repetitions.")
    if not np.isfinite(values).all():
        raise DataError("differences holds a value that is not finite; drop the repetition or mend it.")
    mean = float(values.mean())
    reach = margin(level, len(values) - 1) * float(values.std(ddof=1)) / len(values) ** 0.5
    return Interval(mean, mean - reach, mean + reach)


def margin(level: float, freedom: int) -> float:
    """Standard errors on either side of an estimate, by Student's t with so many degrees of freedom."""
    return float(stdtrit(freedom, (1 + level) / 2))


def random_blocks(n: int, blocks: int, seed: int) -> list[Array]:
    """Random parts of n items, equal in size within one."""
    check_count(blocks, "blocks", 2)
    if n < 2:
        raise ShapeError("There is 1 item; pass at least 2, since one must be left out.")
    return np.array_split(np.random.default_rng(seed).permutation(n), min(blocks, n))


def jackknife_reach(left: Floats, level: float) -> Floats:
    """Half the width of a jackknife interval, from the values (g, ...) without each block."""
    g = len(left)
    spread = ((left - left.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(margin(level, g - 1) * np.sqrt((g - 1) / g * spread))


def check_level(level: float) -> None:
    """Refuse a level of confidence that is no share."""
    if not 0 < level < 1:
        raise ParameterError(f"level is {level}; pass a number between 0 and 1, such as 0.95.")


def check_count(count: int, name: str, at_least: int) -> None:
    """Refuse too small a number of resamples or blocks."""
    if count < at_least:
        raise ParameterError(f"{name} is {count}; pass a whole number of at least {at_least}.")
