"""Two properties of the same cases, compared within strata."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from polyculture.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Stratified:
    """Two-by-two tables over strata, taken together; arrays of one shape, NaN where nothing varies.

    Parameters
    ----------
    observed, expected : float64 array
        Cases with both, and how many there would be on average if they were independent in each stratum.
    variance : float64 array
        Of the cases with both, if they were independent, margins given.
    lift_error : float64 array
        Standard error of the logarithm of observed / expected.
    odds_ratio, log_error : float64 array
        Mantel and Haenszel's common odds ratio and the standard error of its logarithm.
    statistic, p : float64 array
        Cochran, Mantel and Haenszel's, on one degree of freedom, without a correction for continuity.
    strata : int array
        Those in which both vary.
    """

    observed: Floats
    expected: Floats
    variance: Floats
    lift_error: Floats
    odds_ratio: Floats
    log_error: Floats
    statistic: Floats
    p: Floats
    strata: Ints


def mantel_haenszel(both: Floats, first: Floats, second: Floats, total: Floats) -> Stratified:
    r"""Association of two properties over strata, from Mantel and Haenszel.

    .. math::
        OR = \frac{\sum_k a_k d_k / n_k}{\sum_k b_k c_k / n_k}, \qquad
        \chi^2 = \frac{(\sum_k a_k - \sum_k r_k s_k / n_k)^2}{\sum_k r_k s_k (n_k - r_k)(n_k - s_k) / (n_k^2 (n_k - 1))}

    with a, b, c, d the cells of a stratum's table, r and s how many have either property. The error of the logarithm is
    that of Robins, Breslow and Greenland, right for few large strata and for many small ones.

    Parameters
    ----------
    both, first, second, total : arrays of shape (K, ...)
        Cases with both properties, with either, and all, by stratum.

    Returns
    -------
    Stratified, arrays of shape (...)

    References
    ----------
    Mantel and Haenszel 1959, JNCI 22; Robins, Breslow and Greenland 1986, Biometrics 42.

    Examples
    --------
    >>> found = mantel_haenszel(*(np.array([[x]], dtype=float) for x in (10, 20, 30, 100)))
    >>> round(float(found.odds_ratio[0]), 3), round(float(found.statistic[0]), 3)
    (3.0, 4.714)
    """
    n = np.maximum(total, 1)
    only_first, only_second = first - both, second - both
    neither = total - first - second + both
    expected = first * second / n
    spread = first * second * (total - first) * (total - second) / (n**2 * np.maximum(total - 1, 1))
    agree, differ = both * neither / n, only_first * only_second / n
    share = (both + neither) / n
    top, bottom = agree.sum(axis=0), differ.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = top / bottom
        error = np.sqrt(
            (share * agree).sum(axis=0) / (2 * top**2)
            + (share * differ + (1 - share) * agree).sum(axis=0) / (2 * top * bottom)
            + ((1 - share) * differ).sum(axis=0) / (2 * bottom**2)
        )
        statistic = (both - expected).sum(axis=0) ** 2 / spread.sum(axis=0)
    return Stratified(
        both.sum(axis=0),
        expected.sum(axis=0),
        spread.sum(axis=0),
        _lift_error(both, expected, first / n, second / n, n),
        odds,
        error,
        statistic,
        chdtrc(1, statistic),
        (spread > 0).sum(axis=0),
    )


def _lift_error(both: Floats, expected: Floats, first: Floats, second: Floats, total: Floats) -> Floats:
    """Standard error of log(observed / expected), by the delta method, cases of each stratum drawn anew."""
    joint = both / total
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = both.sum(axis=0) / expected.sum(axis=0)
        # Of one case: x y - lift (x E[y] + y E[x]), with x and y 0 or 1.
        mean = joint - 2 * lift * first * second
        square = joint * (1 - 2 * lift * (first + second) + 2 * lift**2 * first * second)
        square = square + lift**2 * first * second * (first + second)
        return np.asarray(np.sqrt((total * (square - mean**2)).sum(axis=0)) / both.sum(axis=0))
