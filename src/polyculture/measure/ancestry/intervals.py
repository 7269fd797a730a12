"""What other models, drawn from the same ecosystem, would have given."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import Interval, check_level, margin


def pair_interval(means: Array, of_all: float | None = None, *, level: float = 0.95) -> Interval:
    r"""Interval of a mean over pairs of models, such as the Herfindahl index of roots or mean kinship.

    With the mean likeness :math:`g_i` of each of n models to a random one, and :math:`\theta` their mean, Hoeffding's
    decomposition of a statistic of order two gives

    .. math:: \mathrm{Var}(\hat\theta) \le \frac{4}{n} \mathrm{Var}(g_i) + \frac{2}{n^2} \theta (1 - \theta)

    for values of pairs in [0, 1]. The interval holds every θ that is no more than Student's t times that error away
    from the mean over pairs of different models, as Wilson's does for a share: it has a width where the models show no
    pair that is alike. It tells what models left open that were drawn like these, not what they did not declare.

    Parameters
    ----------
    means : array of shape (n,)
        Mean of each model's values with all, itself among them.
    of_all : float or None
        Mean value of a model with itself; 1 if None.
    level : float, default 0.95

    Returns
    -------
    Interval around the mean of `means`; its ends are NaN for fewer than 3 models.

    Raises
    ------
    ShapeError
        If there are no models.
    ParameterError
        If the level is not between 0 and 1.

    References
    ----------
    Hoeffding 1948, Annals of Mathematical Statistics 19; Wilson 1927, Journal of the American Statistical Association
    22.

    Examples
    --------
    >>> print(pair_interval(np.repeat([0.9, 0.1], [90, 10])))
    0.82 [0.722, 0.914]
    """
    check_level(level)
    given = np.asarray(means, dtype=np.float64)
    n = len(given)
    if not n:
        raise ShapeError("There are no models; pass at least one.")
    estimate = float(given.mean())
    if n < 3:
        return Interval(estimate, np.nan, np.nan)
    itself = 1.0 if of_all is None else of_all
    distinct = max((n * estimate - itself) / (n - 1), 0.0)
    reach = margin(level, n - 1) ** 2
    # |distinct - theta|² = reach (4 Var / n + 2 theta (1 - theta) / n²), solved for theta
    own, slope = reach * 4 * float(given.var(ddof=1)) / n, 2 * reach / n**2
    middle, square = (distinct + slope / 2) / (1 + slope), (distinct**2 - own) / (1 + slope)
    half = float(np.sqrt(max(middle**2 - square, 0.0)))
    return Interval(estimate, max(min(middle - half, estimate), 0.0), min(max(middle + half, estimate), 1.0))


def share_interval(share: float, n: int, *, level: float = 0.95) -> Interval:
    """Interval of a share of n models (Wilson 1927); of shares of parts of models it is too wide, never too narrow.

    Parameters
    ----------
    share : float in [0, 1]
    n : int >= 1
    level : float, default 0.95

    Returns
    -------
    Interval

    Raises
    ------
    ShapeError
        If there are no models.
    ParameterError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> print(share_interval(0.2, 100))
    0.2 [0.133, 0.289]
    """
    check_level(level)
    if n < 1:
        raise ShapeError("There are no models; pass at least one.")
    square = margin(level, max(n - 1, 1)) ** 2 if n < 30 else margin(level, 10**9) ** 2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = float(np.sqrt(square * share * (1 - share) / n + square**2 / (4 * n**2)) / (1 + square / n))
    return Interval(share, max(middle - half, 0.0), min(middle + half, 1.0))
