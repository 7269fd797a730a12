"""How much of what models fail on together is explained by difficulty that is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import Interval, check_count, check_level, random_blocks
from polyculture.measure.outcome.counts import defined_ratio
from polyculture.measure.outcome.grouped import (
    group_codes,
    grouped_sums,
    jackknife_interval,
    known_outcomes,
    logarithm,
)


@dataclass(frozen=True)
class Explained:
    """Shared failure, and what is expected of it.

    Parameters
    ----------
    observed : Interval
        Share of items.
    independent : Interval
        If models failed independently of each other.
    given_strata : Interval
        If they did within each stratum: known difficulty alone.
    explained : Interval
        (given_strata - independent) / (observed - independent), the share of the excess that the strata explain.
    """

    observed: Interval
    independent: Interval
    given_strata: Interval
    explained: Interval


@dataclass(frozen=True)
class StrataExplained:
    """How much of shared failure known difficulty explains.

    Parameters
    ----------
    pairs : Explained
        Both of two models drawn at random fail.
    all_fail : Explained
        All models fail.
    strata, items : int
        Those that were counted.
    left_out : int
        Items in strata that are too small, or that fewer than two models answered.
    """

    pairs: Explained
    all_fail: Explained
    strata: int
    items: int
    left_out: int


def expected_given_strata(
    failures: Array,
    strata: Array,
    *,
    answered: Mask | None = None,
    smallest: int = 10,
    blocks: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> StrataExplained:
    r"""Shared failure if models were independent within strata of known difficulty, beside what is observed.

    .. math::
        \sum_s \frac{n_s}{n} \prod_j e_{sj}, \qquad
        \sum_s \frac{n_s}{n} \frac{n_s \overline{e_{sj} e_{sk}} - \overline{(FF)}_{sjk}}{n_s - 1}

    with the bars means over pairs of different models. Models fail together on hard items even if they have nothing in
    common; strata (a dataset, an experimental condition, how often people fail) say which items are hard for anyone.
    What is left is shared by the models alone.

    The second form leaves an item's own failures out of what is expected of it, so it has no bias however small a
    stratum is. A product over many models cannot be corrected so: it takes difficulty within a small stratum for
    explained by it. Read the pairs; compare *all fail* only where strata hold hundreds of items.

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans, 0 and 1, or NaN for a missing answer.
    strata : array of shape (items,)
        To which stratum each item belongs.
    answered : bool array of shape (items, models), optional
        Where a model answered; where `failures` is no NaN by default. Of an item that some models did not answer, the
        others decide; what is expected is that of all models, so the two compare only if answers are missing at random.
    smallest : int, default 10
        Strata with fewer items are left out, and counted.
    blocks, level, seed : int, float, int
        Of the jackknife over items, which makes the intervals.

    Returns
    -------
    StrataExplained; NaN where a stratum has a model without an answer.

    Raises
    ------
    ShapeError
        If it is no matrix, there is not one stratum for each item, or no stratum is large enough.
    DataError
        If a value is neither 0, 1 nor NaN.
    ParameterError
        If smallest or blocks < 2, or the level is not between 0 and 1.

    References
    ----------
    Bommasani et al. 2022, arXiv:2211.13972; Hoeffding 1948, Annals of Mathematical Statistics 19.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hard = rng.random(2000) < 0.3
    >>> found = expected_given_strata(rng.random((2000, 3)) < np.where(hard, 0.8, 0.1)[:, None], hard)
    >>> print(found.pairs.explained)
    0.996 [0.967, 1.02]
    """
    check_level(level)
    check_count(smallest, "smallest", 2)
    wrong, given = known_outcomes(failures, answered)
    _, codes = group_codes(strata, len(wrong), "strata")
    counted = given.sum(axis=1) >= 2
    large = np.bincount(codes[counted], minlength=int(codes.max()) + 1) >= smallest
    kept = counted & large[codes]
    if not kept.any():
        raise ShapeError(f"No stratum has {smallest} items with two answers; pass coarser strata or lower `smallest`.")
    sums = _sums(wrong[kept], given[kept], codes[kept], blocks, seed)
    pairs, all_fail = (_explained(*form(sums), level) for form in (_pairs, _all_fail))
    return StrataExplained(pairs, all_fail, int(large.sum()), int(kept.sum()), int((~kept).sum()))


class _Sums(NamedTuple):
    """Over all items, and then without each block: (1 + blocks, ...)."""

    n: Floats  # (…, strata)
    both: Floats  # (…, strata): shares of pairs that fail, summed over items
    all_fail: Floats  # (…, strata)
    rates: Floats  # (…, strata, models)
    of_all: Floats  # (…, models): rates over all strata


def _sums(wrong: Mask, given: Mask, codes: Ints, blocks: int, seed: int) -> _Sums:
    order = random_blocks(len(wrong), blocks, seed)
    # Strata that were left out leave no gap.
    codes = np.unique(codes, return_inverse=True)[1]
    failed, asked = wrong.sum(axis=1), given.sum(axis=1)
    share = failed * (failed - 1) / (asked * (asked - 1))
    items = np.column_stack([np.ones(len(wrong)), share, (wrong | ~given).all(axis=1)])
    of_items, of_wrong, of_given = (
        grouped_sums(values, codes, int(codes.max()) + 1, order) for values in (items, wrong, given)
    )
    of_all = defined_ratio(of_wrong.sum(axis=1), of_given.sum(axis=1))
    n, both, all_fail = np.moveaxis(of_items, 2, 0)
    return _Sums(n, both, all_fail, defined_ratio(of_wrong, of_given), of_all)


def _pairs(s: _Sums) -> tuple[Floats, Floats, Floats]:
    n = s.n.sum(axis=1)
    observed = s.both.sum(axis=1) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        independent = (n * _mean_product(s.of_all) - observed) / (n - 1)
        # n_s times what is expected in stratum s, from the rates on its other items.
        within = (s.n**2 * _mean_product(s.rates) - s.both) / (s.n - 1)
    return observed, independent, within.sum(axis=1) / n


def _all_fail(s: _Sums) -> tuple[Floats, Floats, Floats]:
    n = s.n.sum(axis=1)
    within, independent = (np.exp(logarithm(rates).sum(axis=-1)) for rates in (s.rates, s.of_all))
    return s.all_fail.sum(axis=1) / n, independent, (s.n * within).sum(axis=1) / n


def _mean_product(rates: Floats) -> Floats:
    """Mean over pairs of different models of the product of their rates, (..., models)."""
    m = rates.shape[-1]
    pairs = rates.sum(axis=-1) ** 2 - (rates**2).sum(axis=-1)
    return np.asarray(pairs / (m * (m - 1)))


def _explained(observed: Floats, independent: Floats, given: Floats, level: float) -> Explained:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (given - independent) / (observed - independent)
    return Explained(*(jackknife_interval(values, level) for values in (observed, independent, given, share)))
