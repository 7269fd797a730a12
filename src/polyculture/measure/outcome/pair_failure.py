"""How often two models drawn at random fail on the same item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.measure.inference.interval import Interval, check_level, random_blocks
from polyculture.measure.outcome import counts
from polyculture.measure.outcome.grouped import block_sums, exponential, jackknife_interval, known_outcomes, logarithm


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
        \frac{1}{n} \sum_i \frac{1}{M_i (M_i - 1)} \sum_{j \ne k \in i} e_j e_k

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
    wrong, given = known_outcomes(failures, answered)
    order = random_blocks(len(wrong), blocks, seed)
    pairs = _pairs(given.sum(axis=1))
    share = counts.defined_ratio(_pairs(wrong.sum(axis=1)), pairs)
    counted = block_sums(np.column_stack([np.nan_to_num(share), pairs > 0]), order)
    # the first row is that of all items, the others leave a block out each
    rates = np.nan_to_num(counts.defined_ratio(block_sums(wrong, order), block_sums(given, order)))
    expected = counts.defined_ratio((_of_all if given.all() else _of_answered)(rates, given, order), counted[:, 1])
    observed = counts.defined_ratio(counted[:, 0], counted[:, 1])
    with np.errstate(invalid="ignore"):
        log_ratio = jackknife_interval(logarithm(observed) - logarithm(expected), level)
    return PairFailure(
        _share(jackknife_interval(observed, level)),
        _share(jackknife_interval(expected, level)),
        exponential(log_ratio),
        jackknife_interval(observed - expected, level),
    )


def _share(found: Interval) -> Interval:
    """The part of an interval in which a share can lie."""
    return Interval(found.estimate, *np.clip([found.low, found.high], 0, 1).tolist())


def _pairs(models: Array) -> Floats:
    """Ordered pairs among so many models; products of counts would overflow narrow integers."""
    m = np.asarray(models, dtype=np.float64)
    return np.asarray(m * (m - 1))


def _of_all(rates: Floats, given: Mask, order: Sequence[Array]) -> Floats:
    """Chance that two models fail, summed over items, where every model answered every item."""
    n, m = given.shape
    kept = n - np.array([0, *map(len, order)])
    return np.asarray(kept * (rates.sum(axis=1) ** 2 - (rates**2).sum(axis=1)) / _pairs(np.array(m)))


def _of_answered(rates: Floats, given: Mask, order: Sequence[Array]) -> Floats:
    """The same where each item counts the pairs of models that answered it: those may be the better or the worse."""
    total = np.zeros(len(rates))
    for block, rows in enumerate(order, start=1):
        who = given[rows].astype(np.float64)
        chance = counts.defined_ratio((who @ rates.T) ** 2 - who @ (rates**2).T, _pairs(who.sum(axis=1))[:, None])
        sums = np.nan_to_num(chance).sum(axis=0)
        sums[block] = 0  # without this block
        total += sums
    return total
