"""The diversity of a whole community, estimated from its sample."""

from __future__ import annotations

import numpy as np
from scipy.special import digamma, hyperu

from polyculture.arrays import Floats
from polyculture.measure.diversity.sample import Sample
from polyculture.measure.outcome.counts import defined_ratio

# Terms of a series that are added one by one before the rest is integrated.
TERMS = 64


def asymptote(sample: Sample, q: float) -> Floats:
    r"""Estimate the Hill number of order 0 or 1 of the community that a sample is from.

    .. math::
        {}^0D = S + \hat f_0, \qquad
        {}^1D = \exp\Bigl(\sum_i \frac{n_i}{n} \sum_{k = n_i}^{n - 1} \frac{1}{k} +
        \frac{f_1}{n} \sum_{k \ge n} \frac{(1 - A)^{k - n + 1}}{k}\Bigr)

    with :math:`\hat f_0` the estimated number of categories not seen and 1 - A the factor by which what is not covered
    shrinks.

    Parameters
    ----------
    sample : Sample
        Of shape (...).
    q : {0, 1}

    Returns
    -------
    float64 array of shape (...)

    References
    ----------
    Chao 1984, Scandinavian Journal of Statistics 11; Chao, Wang and Jost 2013, Methods in Ecology and Evolution 4.

    Examples
    --------
    >>> from polyculture.measure.diversity.sample import sample_of
    >>> [round(float(asymptote(sample_of([5, 3, 1, 1], None), q)), 3) for q in (0, 1)]
    [4.9, 4.075]
    """
    if q == 0:
        return np.asarray((sample.counts > 0).sum(axis=-1) + sample.unseen)
    units, counts = sample.units[..., None], sample.counts
    seen = np.where(counts > 0, counts * (digamma(np.maximum(units, 1)) - digamma(np.maximum(counts, 1))), 0)
    hidden = sample.once * _series(sample.missing, sample.units)
    entropy = defined_ratio(seen.sum(axis=-1) + hidden, sample.total)
    return np.asarray(np.exp(entropy) * defined_ratio(sample.total, sample.units))


def _series(factor: Floats, start: Floats) -> Floats:
    r"""Sum over k >= n of x^{k - n + 1} / k: some terms, and Euler and Maclaurin's integral for those that are left."""
    x, n = np.clip(factor, 1e-300, None)[..., None], np.maximum(start, 1)[..., None]
    j = np.arange(TERMS)
    first = (x ** (j + 1) / (n + j)).sum(axis=-1)
    x, a = x[..., 0], n[..., 0] + TERMS
    rate = -np.log(x)
    term = x ** (TERMS + 1) / a
    slope = -(rate + 1 / a)
    third = -(rate**3 + 3 * rate**2 / a + 6 * rate / a**2 + 6 / a**3)
    integral = term * a * hyperu(1, 1, rate * a)
    rest = integral + term * (1 / 2 - slope / 12 + third / 720)
    return np.where(factor > 0, first + np.where(term > 0, rest, 0), 0)
