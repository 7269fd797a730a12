"""How often two models drawn at random fail on the same item."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from polyculture.arrays import Floats, Mask
from polyculture.measure.inference.interval import Interval, check_level, jackknife_reach, random_blocks


class PairFailure(NamedTuple):
    """Joint failure of two models drawn at random, and what independent failures would give."""

    observed: Interval
    expected: Interval
    ratio: Interval
    difference: Interval


def pair_failure(
    failures: Mask, *, answered: Mask | None = None, blocks: int = 50, level: float = 0.95, seed: int = 0
) -> PairFailure:
    r"""Share of items that two models drawn at random both fail on, beside what independent failures would give.

    .. math::
        \frac{1}{n} \sum_i \frac{T_i (T_i - 1)}{M_i (M_i - 1)}, \qquad
        \frac{1}{M (M - 1)} \sum_{j \ne k} e_j e_k

    with T the models that fail on an item, M those that answered it, and e the error rates. Unlike the share of items
    that *all* models fail on it can be compared between groups of different size.

    Parameters
    ----------
    failures : bool array of shape (items, models)
    answered : bool array of shape (items, models), optional
        Where a model answered; everywhere by default. Items that fewer than two models answered are left out.
    blocks, level, seed : int, float, int
        Of the jackknife over items.

    Returns
    -------
    PairFailure of four Interval; the ratio's is formed on the scale of its logarithm. NaN for fewer than two models.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.

    References
    ----------
    Bommasani et al. 2022, arXiv:2211.13972; Efron and Stein 1981, Annals of Statistics 9.

    Examples
    --------
    >>> failures = np.tile([[1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 0, 1]], (10, 1)).astype(bool)
    >>> found = pair_failure(failures)
    >>> print(round(found.observed.estimate, 3), found.expected.estimate, round(found.ratio.estimate, 3))
    0.333 0.25 1.333
    """
    check_level(level)
    shares, counted = _shares(failures, answered)
    order = random_blocks(len(failures), blocks, seed)
    # one row a block, and one of zeros to leave nothing out
    of_pairs = np.array([[shares[rows].sum(), counted[rows].sum()] for rows in order] + [[0, 0]])
    wrong = np.array([failures[rows].sum(axis=0) for rows in order] + [np.zeros(failures.shape[1])])
    given = np.array([_given(failures, answered, rows) for rows in order] + [np.zeros(failures.shape[1])])
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.divide(*(of_pairs.sum(axis=0) - of_pairs).T)
        expected = _expected((wrong.sum(axis=0) - wrong) / (given.sum(axis=0) - given))
        ratio = np.log(observed / expected)
    log = _interval(ratio, level)
    return PairFailure(
        _interval(observed, level),
        _interval(expected, level),
        Interval(*np.exp([log.estimate, log.low, log.high]).tolist()),
        _interval(observed - expected, level),
    )


def _shares(failures: Mask, answered: Mask | None) -> tuple[Floats, Mask]:
    """Share of the pairs of models that answered an item which both fail, and whether there is such a pair."""
    # products of counts overflow narrow integers
    wrong = failures.sum(axis=1).astype(np.float64)
    asked = np.full(len(failures), float(failures.shape[1])) if answered is None else answered.sum(axis=1) * 1.0
    pairs = asked * (asked - 1)
    counted = pairs > 0
    return np.divide(wrong * (wrong - 1), pairs, out=np.zeros(len(wrong)), where=counted), counted


def _given(failures: Mask, answered: Mask | None, rows: Floats) -> Floats:
    return np.full(failures.shape[1], len(rows)) if answered is None else answered[rows].sum(axis=0)


def _expected(rates: Floats) -> Floats:
    """Mean product of two different error rates, (..., models); models that answered nothing are left out."""
    m = (~np.isnan(rates)).sum(axis=-1)
    total, squares = np.nansum(rates, axis=-1), np.nansum(rates**2, axis=-1)
    return np.asarray((total**2 - squares) / (m * (m - 1)))


def _interval(values: Floats, level: float) -> Interval:
    """The last value is that of all items, the others those without a block."""
    reach = float(jackknife_reach(values[:-1], level))
    return Interval(float(values[-1]), float(values[-1]) - reach, float(values[-1]) + reach)
