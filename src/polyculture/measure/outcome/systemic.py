"""How many models fail on an item, beside what they would if they failed independently of each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ShapeError
from polyculture.measure.inference.interval import Interval, check_level, random_blocks
from polyculture.measure.outcome.grouped import (
    block_sums,
    exponential,
    group_codes,
    grouped_sums,
    jackknife_interval,
    known_outcomes,
    logarithm,
)
from polyculture.measure.outcome.intervals import exact_share
from polyculture.measure.outcome.poisson_binomial import log_all, poisson_binomial_mixture

UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Excess:
    """A share of items, beside what independent models would give.

    Parameters
    ----------
    observed : Interval
        Exact (Clopper and Pearson).
    expected : Interval
    difference : Interval
        Observed minus expected.
    log_ratio : Interval
        Natural logarithm of observed over expected.
    """

    observed: Interval
    expected: Interval
    difference: Interval
    log_ratio: Interval


@dataclass(frozen=True)
class GroupFailure:
    """How much more often all models fail a group of people than expected; natural logarithms.

    Parameters
    ----------
    average, uniform : Interval
        Mean over groups, weighted by size or not.
    worst : Interval
        Of the group that all models fail most often. It was chosen on the same items, so the value errs upwards.
    worst_group : str
    counted, left_out : int
        Groups, and groups left out since some model has no answer there.
    """

    average: Interval = UNKNOWN
    uniform: Interval = UNKNOWN
    worst: Interval = UNKNOWN
    worst_group: str = ""
    counted: int = 0
    left_out: int = 0


@dataclass(frozen=True, eq=False)
class FailureDistribution:
    """On how many items how many models fail.

    Parameters
    ----------
    models, items : int
        Those with at least one answer.
    observed, expected : arrays of shape (models + 1,)
        Shares of items on which 0, 1, ... models fail; expected is the Poisson-binomial distribution.
    all_fail, none_fails : Excess
        Systemic failure, and its opposite. Of an item that some models did not answer, the others decide.
    groups : GroupFailure
        Empty if no groups were given.
    """

    models: int
    items: int
    observed: Floats
    expected: Floats
    all_fail: Excess
    none_fails: Excess
    groups: GroupFailure

    def __str__(self) -> str:
        lines = [f"{self.items:,} items, {self.models:,} models"]
        for name, excess in (("all fail", self.all_fail), ("none fails", self.none_fails)):
            lines.append(f"{name}: {excess.observed} of items, independent models {excess.expected}")
            lines.append(f"  times as often: {exponential(excess.log_ratio)}")
        if self.groups.counted:
            of = self.groups
            lines.append(f"all fail a group, times as often as expected ({of.counted} groups, {of.left_out} left out)")
            named = (("average", of.average), ("uniform", of.uniform), (f"worst, {of.worst_group}", of.worst))
            lines += [f"  {name}: {exponential(interval)}" for name, interval in named]
        return "\n".join(lines)


def failure_distribution(
    failures: Array,
    groups: Array | None = None,
    *,
    answered: Mask | None = None,
    blocks: int = 50,
    level: float = 0.95,
    seed: int = 0,
) -> FailureDistribution:
    r"""How many models fail on an item, beside the distribution for independent models with the same error rates.

    .. math::
        T_i = \sum_j F_{ij}, \qquad
        P(T = t) = \sum_{|A| = t} \prod_{j \in A} e_j \prod_{j \notin A} (1 - e_j)

    the Poisson-binomial distribution. With groups of people also group outcome homogenization, with :math:`e_{gj}` the
    error rate of model j on group g and :math:`f_{gj}` the share of its items that belong to g:

    .. math::
        \frac{\frac{1}{G} \sum_g \prod_j e_{gj}}{\prod_j e_j}, \qquad
        \frac{\max_g \prod_j e_{gj}}{\prod_j e_j}, \qquad
        \frac{\sum_g \prod_j f_{gj} e_{gj}}{\prod_j e_j \sum_g \prod_j f_{gj}}

    Everything is formed in logarithms, so that products over many models do not vanish.

    Parameters
    ----------
    failures : array of shape (items, models)
        Booleans, 0 and 1, or NaN for a missing answer.
    groups : array of shape (items,), optional
        Which group of people each item concerns.
    answered : bool array of shape (items, models), optional
        Where a model answered; where `failures` is no NaN by default. Models and items without any answer are dropped.
    blocks, level, seed : int, float, int
        Of the jackknife over items, which makes all intervals but the exact ones.

    Returns
    -------
    FailureDistribution. Ends of an interval are NaN where leaving out a block leaves it undefined, as for the ratio
    when no item defeats all models: no sample can show how rare that is.

    Raises
    ------
    ShapeError
        If it is no matrix, there are fewer than 2 items, or not one group for each.
    DataError
        If a value is neither 0, 1 nor NaN.
    ParameterError
        If blocks < 2, or the level is not between 0 and 1.

    References
    ----------
    Bommasani et al. 2022, arXiv:2211.13972; Toups et al. 2023, arXiv:2307.05862.

    Examples
    --------
    >>> failures = np.tile([[1, 1], [1, 0], [0, 0], [0, 0]], (25, 1))
    >>> found = failure_distribution(failures)
    >>> found.observed.tolist(), found.expected.tolist()
    ([0.5, 0.25, 0.25], [0.375, 0.5, 0.125])
    >>> print(found.all_fail.observed)
    0.25 [0.169, 0.347]
    """
    check_level(level)
    wrong, given = known_outcomes(failures, answered)
    of_group = None if groups is None else group_codes(groups, len(wrong), "groups")
    kept, of = given.any(axis=1), given.any(axis=0)
    if kept.sum() < 2:
        raise ShapeError(f"There are {kept.sum()} items with an answer; pass at least 2.")
    wrong, given = wrong[np.ix_(kept, of)], given[np.ix_(kept, of)]
    order = random_blocks(len(wrong), blocks, seed)
    rates = block_sums(wrong, order) / block_sums(given, order)
    patterns, pattern_of = _patterns(given)
    weights = grouped_sums(np.ones((len(wrong), 1)), pattern_of, len(patterns), order)[:, :, 0]
    found = {
        "all_fail": _excess(np.all(wrong | ~given, axis=1), log_all(rates, patterns, weights), order, level),
        "none_fails": _excess(np.all(~wrong, axis=1), log_all(1 - rates, patterns, weights), order, level),
    }
    failed = np.bincount(wrong.sum(axis=1), minlength=wrong.shape[1] + 1) / len(wrong)
    expected = poisson_binomial_mixture(rates[0], patterns, weights[0] / len(wrong))
    parts = (
        GroupFailure() if of_group is None else _of_groups(wrong, given, of_group[0], of_group[1][kept], order, level)
    )
    return FailureDistribution(wrong.shape[1], len(wrong), failed, expected, **found, groups=parts)


def _patterns(given: Mask) -> tuple[Mask, Ints]:
    if given.all():
        return given[:1], np.zeros(len(given), dtype=np.intp)
    # Packed, a row of thousands of models is compared as a few hundred bytes.
    _, first, codes = np.unique(np.packbits(given, axis=1), axis=0, return_index=True, return_inverse=True)
    return given[first], codes.ravel()


def _excess(hits: Array, log_expected: Floats, order: list[Array], level: float) -> Excess:
    counted = block_sums(np.column_stack([hits, np.ones(len(hits))]), order)
    share = counted[:, 0] / counted[:, 1]
    with np.errstate(invalid="ignore"):
        log_ratio = jackknife_interval(logarithm(share) - log_expected, level)
    difference = jackknife_interval(share - np.exp(log_expected), level)
    if not hits.any():
        difference = Interval(difference.estimate, np.nan, np.nan)
    expected = exponential(jackknife_interval(log_expected, level))
    return Excess(exact_share(float(share[0]), len(hits), level), expected, difference, log_ratio)


def _of_groups(wrong: Mask, given: Mask, names: Array, codes: Ints, order: list[Array], level: float) -> GroupFailure:
    failed, answered = (grouped_sums(part, codes, len(names), order) for part in (wrong, given))
    whole = (answered[0] > 0).all(axis=1)
    failed, answered, names = failed[:, whole], answered[:, whole], names[whole]
    if not len(names):
        return GroupFailure(left_out=len(whole))
    with np.errstate(invalid="ignore"):
        of_all = logarithm(failed.sum(axis=1) / answered.sum(axis=1)).sum(axis=1)
        in_group = logarithm(failed / answered).sum(axis=2)
        size = logarithm(answered / answered.sum(axis=1, keepdims=True)).sum(axis=2)
        worst = int(in_group[0].argmax())
        forms = {
            "average": logsumexp(size + in_group, axis=1) - logsumexp(size, axis=1) - of_all,
            "uniform": logsumexp(in_group, axis=1) - np.log(len(names)) - of_all,
            "worst": in_group[:, worst] - of_all,
        }
    found = {name: jackknife_interval(values, level) for name, values in forms.items()}
    return GroupFailure(**found, worst_group=str(names[worst]), counted=len(names), left_out=int((~whole).sum()))
