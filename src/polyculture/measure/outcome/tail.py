"""How likely chance alone makes a count of shared failures, and how sure a share is."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, ndtri

from polyculture.arrays import Array, Floats

# A term that adds less than this to a tail cannot be seen in it.
NEGLIGIBLE = 1e-12


def hypergeometric_tail(hits: Array, n: Array, a: Array, b: Array) -> Floats:
    r"""Probability that b of n items, drawn without replacement, hold at least so many of a marked ones.

    .. math:: P(K \ge h) = \sum_{k \ge h} \binom{a}{k} \binom{n - a}{b - k} \Big/ \binom{n}{b}

    The one-sided exact test of Fisher. Terms are summed from the first, each from the one before it by their ratio, for
    all entries at once; no approximation is used at any size. Below the mean the sum is that of the other tail.

    Parameters
    ----------
    hits, n, a, b : arrays of whole numbers, broadcast against each other

    Returns
    -------
    float64 array in [0, 1], good to nine digits; zero where a float holds nothing as small.

    References
    ----------
    Fisher 1935, Journal of the Royal Statistical Society 98.

    Examples
    --------
    >>> hypergeometric_tail([2, 1, 0], 4, 2, 2).round(6).tolist()
    [0.166667, 0.833333, 1.0]
    """
    hits, n, a, b = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (hits, n, a, b)))
    above = hits * n > a * b
    # P(K >= h) = 1 - P(a - K >= a - h + 1), and a - K counts the marked among the n - b that were not drawn.
    tail = _upper_tail(*(x.ravel() for x in (np.where(above, hits, a - hits + 1), n, a, np.where(above, b, n - b))))
    return np.asarray(np.where(above, tail.reshape(above.shape), 1 - tail.reshape(above.shape)))


def _upper_tail(hits: Floats, n: Floats, a: Floats, b: Floats) -> Floats:
    possible = np.flatnonzero(hits <= np.minimum(a, b))
    tail = np.zeros(len(hits))
    first = _probability(*(x[possible] for x in (hits, n, a, b)))
    tail[possible] = np.minimum(first * _following(*(x[possible] for x in (hits, n, a, b))), 1)
    return tail


def _following(k: Array, n: Array, a: Array, b: Array) -> Floats:
    # The sum of all terms from the k-th, in units of the k-th; entries leave as soon as their terms no longer count.
    total, where = np.ones(len(k)), np.arange(len(k))
    term, sums, room = total, total, n - a - b
    while len(where):
        term = term * (a - k) * (b - k) / ((k + 1) * (room + k + 1))
        sums, k = sums + term, k + 1
        growing = term > NEGLIGIBLE * sums
        # Entries are moved when that pays.
        if growing.sum() < 0.8 * len(growing):
            total[where] = sums
            where, term, sums, k, a, b, room = (x[growing] for x in (where, term, sums, k, a, b, room))
    return total


def _probability(k: Floats, n: Floats, a: Floats, b: Floats) -> Floats:
    log_factorial = gammaln(np.arange(int(n.max(initial=0)) + 1) + 1.0)

    def choose(top: Floats, bottom: Floats) -> Floats:
        of, some, rest = (x.astype(np.int64) for x in (top, bottom, top - bottom))
        return np.asarray(log_factorial[of] - log_factorial[some] - log_factorial[rest])

    return np.asarray(np.exp(choose(a, k) + choose(n - a, b - k) - choose(n, b)))


def wilson(hits: Floats, n: Floats, level: float) -> tuple[Floats, Floats]:
    r"""Wilson's interval of a share of n items; NaN where n is 0.

    .. math:: \frac{h + z^2/2 \pm z \sqrt{h (n - h)/n + z^2/4}}{n + z^2}

    Unlike a standard error it admits what few items cannot tell: no hit in ten leaves [0, 0.28], not [0, 0].

    References
    ----------
    Wilson 1927, Journal of the American Statistical Association 22.

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson(np.array(0.0), np.array(10.0), 0.95)]
    [0.0, 0.278]
    """
    known = np.where(n > 0, n, np.nan)
    z2 = float(ndtri((1 + level) / 2)) ** 2
    centre, reach = hits + z2 / 2, np.sqrt(z2 * (hits * (known - hits) / known + z2 / 4))
    return np.asarray((centre - reach) / (known + z2)), np.asarray((centre + reach) / (known + z2))
