"""Shares of items and their paired differences, with intervals that hold for few and rare events."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from polyculture.arrays import Array, Floats, Ints
from polyculture.measure.inference.interval import Interval


def share_interval(values: Array, level: float = 0.95) -> Interval:
    r"""Mean of values in [0, 1] over items, with z² items added for the interval: half of them 0, half of them 1.

    .. math:: \tilde p = \frac{\sum_i x_i + z^2 / 2}{n + z^2}, \qquad
        \tilde p \pm z \sqrt{\frac{(\sum_i x_i^2 + z^2 / 2) / (n + z^2) - \tilde p^2}{n + z^2}}

    with z the normal quantile of the level: z² is 3.84 at 95 %. For plain shares this is the interval of Agresti and
    Coull. Unlike that of a bootstrap it does not shrink to a point where all values are equal.

    Parameters
    ----------
    values : array of shape (n,)
        In [0, 1].
    level : float, default 0.95

    Returns
    -------
    Interval, cut at 0 and 1

    References
    ----------
    Agresti and Coull 1998, The American Statistician 52.

    Examples
    --------
    >>> print(share_interval(np.zeros(50)))
    0 [0, 0.0852]
    """
    added = _quantile(level) ** 2
    return _interval(values, added, (added / 2, added / 2), level, 0.0)


def difference_interval(first: Array, second: Array, level: float = 0.95) -> Interval:
    r"""Mean of first - second over the same items, with a difference of 1 and one of -1 added for the interval.

    .. math:: \frac{b - c}{n + 2} \pm z \frac{1}{n + 2} \sqrt{b + c + 2 - \frac{(b - c)^2}{n + 2}}

    where b and c items favour either side; other differences in [-1, 1] enter by their sum and their squares. It leaves
    0 outside for 6 items against none, as an exact McNemar test does, and not yet for 5; a bootstrap does so for 4.

    Parameters
    ----------
    first, second : arrays of shape (n,)
        In [0, 1].
    level : float, default 0.95

    Returns
    -------
    Interval, cut at -1 and 1

    References
    ----------
    Bonett and Price 2012, Journal of Educational and Behavioral Statistics 37.

    Examples
    --------
    >>> few = np.arange(100) < 5
    >>> print(difference_interval(few, np.zeros(100)))
    0.05 [-0.000921, 0.099]
    """
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return _interval(differences, 2.0, (0.0, 2.0), level, -1.0)


def failing_by_chance(failing: Ints, m: int, size: int) -> Floats:
    r"""Probability that all of a random set of models fail, for each item.

    .. math:: \binom{f}{k} \Big/ \binom{m}{k} = \prod_{i < k} \frac{f - i}{m - i}

    Parameters
    ----------
    failing : int array of shape (n,)
        Models f that fail on the item.
    m, size : int
        Models, and how many k of them are drawn.

    Examples
    --------
    >>> failing_by_chance(np.array([0, 1, 2, 4]), 4, 2).round(3)
    array([0.   , 0.   , 0.167, 1.   ])
    """
    drawn = np.arange(size)
    return np.asarray((np.maximum(failing[:, None] - drawn, 0) / (m - drawn)).prod(axis=1))


def _interval(values: Array, added: float, sums: tuple[float, float], level: float, lowest: float) -> Interval:
    """Normal interval after so many items are added, of which the values and their squares have these sums."""
    numbers = np.asarray(values, dtype=np.float64)
    total = len(numbers) + added
    centre = (numbers.sum() + sums[0]) / total
    variance = ((numbers**2).sum() + sums[1]) / total - centre**2
    reach = _quantile(level) * float(np.sqrt(variance / total))
    return Interval(float(numbers.mean()), float(max(centre - reach, lowest)), float(min(centre + reach, 1.0)))


def _quantile(level: float) -> float:
    return float(ndtri((1 + level) / 2))
