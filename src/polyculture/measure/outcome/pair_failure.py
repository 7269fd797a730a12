"""How often two models drawn at random fail on the same item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Mask
from polyculture.measure.inference.interval import Interval, check_count, check_level, random_blocks
from polyculture.measure.outcome import counts
from polyculture.measure.outcome.grouped import block_sums, exponential, jackknife_interval, known_outcomes, logarithm


class PairFailure(NamedTuple):
    """Joint failure of two models drawn at random, and what independent failures would give."""

    observed: Interval
    expected: Interval
    ratio: Interval
    difference: Interval


def pair_failure(
    failures: Mask,
    *,
    answered: Mask | None = None,
    fewest: int = 10,
    blocks: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> PairFailure:
    r"""Share of items that two models drawn at random both fail on, beside what independent failures would give.

    .. math::
        \frac{1}{n} \sum_i \frac{T_i (T_i - 1)}{M_i (M_i - 1)}, \qquad
        \frac{1}{M (M - 1)} \sum_{j \ne k} \frac{f_j f_k - f_{jk}}{n (n - 1)}

    with T of the M models failing on an item, f the failures of one and of both models of a pair, and n the items. The
    product of two error rates of the same n items holds each item's failures twice and comes out nearer to what is
    observed, all of it at n = 1; pairs of *different* items, as here, have no bias (the difference is a share of about
    1 / n). Unlike the share of items that *all* models fail on it can be compared between groups of different size.

    Where answers are missing both are means over pairs of models, each judged on the items that both answered, the
    error rates too: otherwise models that answered easy items alone would be expected to be as good on hard ones.

    Parameters
    ----------
    failures : bool array of shape (items, models)
    answered : bool array of shape (items, models), optional
        Where a model answered; everywhere by default.
    fewest : int, default 10
        Where answers are missing, pairs that share fewer items are left out.
    blocks, level, seed : int, float, int
        Of the jackknife over items.

    Returns
    -------
    PairFailure of four Interval; the ratio's is formed on the scale of its logarithm. NaN for fewer than two models, or
    if all pairs are left out; the ratio also if no two models fail on different items.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1, or fewest < 2.

    References
    ----------
    Bommasani et al. 2022, arXiv:2211.13972; Efron and Stein 1981, Annals of Statistics 9; Hoeffding 1948, Annals of
    Mathematical Statistics 19.

    Examples
    --------
    >>> failures = np.tile([[1, 1, 0], [1, 1, 1], [0, 0, 0], [0, 0, 1]], (1000, 1)).astype(bool)
    >>> found = pair_failure(failures)
    >>> print(round(found.observed.estimate, 3), round(found.expected.estimate, 3), round(found.ratio.estimate, 3))
    0.333 0.25 1.333
    """
    check_level(level)
    check_count(fewest, "fewest", 2)
    wrong, given = known_outcomes(failures, answered)
    order = random_blocks(len(wrong), blocks, seed)
    observed, expected = _of_all(wrong, order) if given.all() else _of_answered(wrong, given, order, fewest)
    # nothing is a multiple of what is never expected
    log_ratio = jackknife_interval(logarithm(observed) - logarithm(np.where(expected > 0, expected, np.nan)), level)
    return PairFailure(
        _share(jackknife_interval(observed, level)),
        _share(jackknife_interval(expected, level)),
        exponential(log_ratio),
        jackknife_interval(observed - expected, level),
    )


def _share(found: Interval) -> Interval:
    """The part of an interval in which a share can lie."""
    return Interval(found.estimate, *np.clip([found.low, found.high], 0, 1).tolist())


def _of_all(wrong: Mask, order: Sequence[Array]) -> tuple[Floats, Floats]:
    """Observed and expected share, of all items and then without each block, where every model answered every item."""
    m = wrong.shape[1]
    failed = wrong.sum(axis=1, dtype=np.float64)
    counted = block_sums(np.column_stack([failed * (failed - 1), np.ones(len(failed))]), order)
    # the first row is that of all items, the others leave a block out each
    fails, (both, n) = block_sums(wrong, order), counted.T
    pairs = float(m * (m - 1))
    products = fails.sum(axis=1) ** 2 - (fails**2).sum(axis=1)
    return counts.defined_ratio(both, n * pairs), counts.defined_ratio(products - both, n * (n - 1) * pairs)


def _of_answered(wrong: Mask, given: Mask, order: Sequence[Array], fewest: int) -> tuple[Floats, Floats]:
    """The same where pairs are judged on the items that both answered; twice over the blocks, for memory's sake."""
    total = sum((_sums(wrong, given, rows) for rows in order), np.zeros(1))
    enough = (total[0] >= fewest) & ~np.eye(wrong.shape[1], dtype=bool)
    each = [_mean(total, enough), *(_mean(total - _sums(wrong, given, rows), enough) for rows in order)]
    return np.array([observed for observed, _ in each]), np.array([expected for _, expected in each])


def _sums(wrong: Mask, given: Mask, rows: Array) -> Floats:
    """Items that both models of a pair answered, that the first fails on among them, and that both do: (3, m, m)."""
    failed, known = wrong[rows].astype(np.float32), given[rows].astype(np.float32)
    return np.stack([known.T @ known, failed.T @ known, failed.T @ failed]).astype(np.float64)


def _mean(sums: Floats, enough: Mask) -> tuple[float, float]:
    """Observed and expected share, averaged over the pairs that share enough items."""
    shared, fails, both = sums
    # what is left without a block may be a single item
    known = enough & (shared > 1)
    if not known.any():
        return float("nan"), float("nan")
    n, both, products = shared[known], both[known], fails[known] * fails.T[known]
    return float((both / n).mean()), float(((products - both) / (n * (n - 1))).mean())
