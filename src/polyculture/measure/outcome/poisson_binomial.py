"""How many of some independent events happen, each with a probability of its own."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from polyculture.arrays import Array, Floats, Mask
from polyculture.errors import DataError, ShapeError
from polyculture.measure.outcome.grouped import logarithm

# Stands for the logarithm of 0: finite, so that it can be multiplied by 0, and beyond every sum of others.
NEVER = -1e12
# Numbers held at once while patterns of missing answers are gone through: 32 MB.
BLOCK = 2**22


def poisson_binomial(rates: Array) -> Floats:
    r"""Distribution of the number of independent events that happen.

    .. math:: P(T = t) = \sum_{|A| = t} \prod_{j \in A} e_j \prod_{j \notin A} (1 - e_j)

    Events are added one at a time. All terms are positive, so even the smallest probability has all its digits.

    Parameters
    ----------
    rates : array of shape (m,)
        Probability e of each event.

    Returns
    -------
    float64 array of shape (m + 1,), from no event to all.

    Raises
    ------
    ShapeError
        If it is no vector.
    DataError
        If a value lies outside [0, 1].

    References
    ----------
    Poisson 1837; Hong 2013, Computational Statistics & Data Analysis 59.

    Examples
    --------
    >>> poisson_binomial([0.5, 0.5])
    array([0.25, 0.5 , 0.25])
    """
    values = np.asarray(rates, dtype=np.float64)
    if values.ndim != 1:
        raise ShapeError(f"rates has shape {values.shape}; pass one probability for each event, a vector.")
    if not ((values >= 0) & (values <= 1)).all():
        raise DataError("rates holds a value outside [0, 1]; pass probabilities.")
    found = np.zeros(len(values) + 1)
    found[0] = 1
    for known, rate in enumerate(values.tolist(), start=1):
        found[1 : known + 1] = found[1 : known + 1] * (1 - rate) + found[:known] * rate
        found[0] *= 1 - rate
    return found


def poisson_binomial_mixture(rates: Floats, patterns: Mask, weights: Floats) -> Floats:
    r"""Mean distribution over items that some models did not answer.

    .. math:: \hat P(u) = \sum_p w_p \prod_{j \in p} (1 - e_j + e_j \, e^{2 \pi i u / (m + 1)})

    Parameters
    ----------
    rates : array of shape (m,)
    patterns : bool array of shape (p, m)
        Which models answered.
    weights : array of shape (p,), sum 1
        Share of the items with each pattern.

    Returns
    -------
    float64 array of shape (m + 1,), exact to about 1e-15; one pattern has all digits.
    """
    if len(patterns) == 1:
        return np.pad(poisson_binomial(rates[patterns[0]]), (0, int((~patterns[0]).sum())))
    m = len(rates)
    # The distribution is real: half of the frequencies say all.
    turns = np.exp(2j * np.pi * np.arange((m + 1) // 2 + 1) / (m + 1))
    factors = 1 - rates[:, None] + rates[:, None] * turns
    sizes, angles = np.maximum(logarithm(np.abs(factors)), NEVER), np.angle(factors)
    transform, step = np.zeros(len(turns), dtype=np.complex128), max(1, BLOCK // len(turns))
    for done in range(0, len(patterns), step):
        some = patterns[done : done + step].astype(np.float64)
        transform += weights[done : done + step] @ np.exp(some @ sizes + 1j * (some @ angles))
    # What rounding leaves below zero is zero.
    return np.maximum(np.fft.irfft(transform.conj(), m + 1), 0)


def log_all(rates: Floats, patterns: Mask, weights: Floats) -> Floats:
    """Logarithm of the mean probability over items that all events of an item happen.

    Parameters
    ----------
    rates : array of shape (s, m)
        For each of s samples.
    patterns : bool array of shape (p, m)
    weights : array of shape (s, p)

    Returns
    -------
    float64 array of shape (s,)
    """
    products = np.maximum(logarithm(rates), NEVER) @ patterns.T
    found = logsumexp(products, axis=1, b=weights / weights.sum(axis=1, keepdims=True))
    return np.where(found < NEVER / 2, -np.inf, found)
