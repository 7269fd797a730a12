"""Outcome measures of all pairs of models at once, each with an interval and with what chance would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.measure.inference.interval import Interval, check_count, check_level, random_blocks
from polyculture.measure.outcome import sums
from polyculture.measure.outcome.inputs import PairInputs
from polyculture.measure.outcome.numbers import effective_intervals
from polyculture.measure.outcome.slabs import FIELDS, pair_measures
from polyculture.measure.outcome.tables import ANSWERS, OUTCOMES, PROBABILITIES, UNLABELLED
from polyculture.measure.pairs import PairMeasure

# Fewer blocks than this leave the error of a jackknife too uncertain.
FEWEST = 10


@dataclass(frozen=True, eq=False)
class OutcomePairs:
    """What the outcomes of m models say about each pair of them.

    Parameters
    ----------
    items : int array of shape (m, m)
        Items that both models answered.
    measures : mapping of str to PairMeasure
        By the name of the measure.
    effective : mapping of str to Interval
        Effective number of models by definition, over the pairs that share enough items.
    not_measured : mapping of str to str
        Why a measure is not among `measures`.
    blocks : int
        Blocks of items that the jackknife left out one at a time.
    """

    items: Ints
    measures: Mapping[str, PairMeasure]
    effective: Mapping[str, Interval] = field(default_factory=dict)
    not_measured: Mapping[str, str] = field(default_factory=dict)
    blocks: int = 0


def outcome_pairs(
    correct: Mask | None,
    *,
    answered: Mask | None = None,
    answers: Ints | None = None,
    labels: Ints | None = None,
    option_counts: Ints | None = None,
    probabilities: Sequence[Floats | None] | None = None,
    fewest: int = 10,
    blocks: int = 50,
    level: float = 0.95,
    seed: int = 0,
    memory: int = 2 * 2**30,
) -> OutcomePairs:
    r"""Every outcome measure of all pairs of models.

    .. math:: B = \sum_b F_b^\top F_b, \qquad \theta_{-b} = \theta(B - F_b^\top F_b)

    Items are dealt at random into blocks. A measure is a function of sums over items; the sums of each block are a few
    products of matrices, and leaving a block out is a subtraction, so all pairs with all intervals cost little more
    than the products alone. With missing answers each pair is judged on the items that both models answered.

    - ``error_consistency``: Cohen's κ of right and wrong; `highest` is what the two accuracies allow, the null is 0
    - ``error_correlation``: Pearson's φ of failures, likewise
    - ``joint_failure``: share of items both fail on; the null is the product of the error rates
    - ``agreement``: share of items with the same answer; the null lets wrong answers spread evenly over the options
    - ``capa``: agreement beyond that null, in units of the most there could be (Goel et al.)
    - ``capa_probabilistic``: the same from probabilities, for the models that give them
    - ``agreement_both_wrong``: share of the same answer where both are wrong. The null is how often two wrong models
      *outside* the pair agree on the same items, for some wrong answers tempt everybody. It and the estimate are taken
      over items on which at least two further models are wrong; a pair without such items is judged on all items that
      defeat both, against wrong answers spread evenly, and `reason` says so.

    Shares get Wilson's interval, everything else that of the jackknife. Where fewer than 10 items defeat both models,
    or fewer than 10 neither, the interval of κ and φ also holds what they would be at the ends of Wilson's interval of
    that share of items, with the error rates as they are: a jackknife cannot see shared failures that happened not to
    occur. Such an interval errs on the wide side. p is one-sided: Fisher's exact test (the hypergeometric tail) for the
    first three, the jackknife's t for those that look at the answers.

    Parameters
    ----------
    correct : bool array of shape (n, m), or None
        Whether each model was right on each item; None if that is not known.
    answered : bool array of shape (n, m), optional
        Where a model answered; everywhere by default.
    answers : int array of shape (n, m), optional
        Position of the answer among the options. A negative one, outside the options, is the same as no other.
    labels : int array of shape (n,), optional
        Position of the right answer. Without it two right answers may differ, and are compared.
    option_counts : int array of shape (n,), optional
        Options that each item offers, at least 2; needed for what chance gives.
    probabilities : sequence of m float arrays of shape (n, options), or None for models without, optional
        Rows sum to 1 within one per cent (and are divided by their sum), or are NaN where missing; needs `labels`.
    fewest : int, default 10
        Where answers are missing, pairs that share fewer items are left out of `effective`.
    blocks : int, default 50
        Fewer are made where there are fewer items, or where their sums would not fit into `memory`, down to 10: with
        2,000 models a block takes 8 MB if only right and wrong are known and nothing is missing.
    level, seed : float, int
        Coverage of the intervals; which items share a block.
    memory : int, default 2 GiB
        Bytes that the sums of all blocks may take.

    Returns
    -------
    OutcomePairs

    Raises
    ------
    ShapeError
        If arrays disagree in items or models, or there are fewer than 2 items.
    DataError
        If values are not what is described above, or answers contradict `correct`.
    ParameterError
        If blocks < 2, or the level is not between 0 and 1.

    References
    ----------
    Geirhos et al. 2020, arXiv:2006.16736; Goel et al. 2025, arXiv:2502.04313; Kim et al. 2025, arXiv:2506.07962;
    Wilson 1927, Journal of the American Statistical Association 22; Efron and Stein 1981, Annals of Statistics 9.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> hard = rng.random((1000, 1)) < 0.3
    >>> found = outcome_pairs(rng.random((1000, 3)) > np.where(hard, 0.7, 0.1))
    >>> kappa = found.measures["error_consistency"]
    >>> bool(kappa.low[0, 1] > 0), bool(kappa.p[0, 1] < 0.001), found.effective["kish"].estimate < 3
    (True, True, True)
    """
    check_level(level)
    check_count(blocks, "blocks", 2)
    given = PairInputs.checked(correct, answered, answers, labels, option_counts, probabilities)
    blocks = min(blocks, max(FEWEST, memory // given.bytes_of_a_block(blocks)))
    order = random_blocks(given.n, blocks, seed)
    found = _agreement_alone(given, order, level) if given.wrong is None else _outcomes(given, order, level, fewest)
    if "capa_probabilistic" not in given.not_measured:
        found.measures["capa_probabilistic"] = _probabilistic(given, order, level)
    return OutcomePairs(found.items, found.measures, found.effective, given.not_measured, len(order))


class _Found(NamedTuple):
    items: Ints
    measures: dict[str, PairMeasure]
    effective: dict[str, Interval]


def _outcomes(given: PairInputs, order: list[Array], level: float, fewest: int) -> _Found:
    wrong = np.asarray(given.wrong)
    outcomes = partial(sums.outcome_sums, wrong, given.answered)
    if given.answers is None:
        stacked, recipes = sums.of_blocks(outcomes, order), dict(OUTCOMES)
    else:
        chosen = sums.AnswerSums(given.answers, wrong, given.answered, given.spread, one_right=given.labels is not None)
        stacked = sums.of_blocks(sums.Both(outcomes, chosen), order)
        recipes = {name: recipe for name, recipe in {**OUTCOMES, **ANSWERS}.items() if name not in given.not_measured}
    measures = pair_measures(stacked, recipes, given.m, level)
    if given.answers is not None:
        measures = _with_reasons(measures, stacked, given)
    items, correlations = _items(stacked, given.m), measures["error_correlation"].estimate
    if given.answered is not None:
        correlations = np.where(items < fewest, np.nan, correlations)
    return _Found(items, measures, effective_intervals(stacked, correlations, level))


def _agreement_alone(given: PairInputs, order: list[Array], level: float) -> _Found:
    stacked = sums.of_blocks(partial(sums.same_answers, np.asarray(given.answers), given.answered), order)
    measures = pair_measures(stacked, UNLABELLED, given.m, level)
    return _Found(_items(stacked, given.m), _with_reasons(measures, stacked, given), {})


def _probabilistic(given: PairInputs, order: list[Array], level: float) -> PairMeasure:
    tables = [table for table in given.probabilities if table is not None]
    of = np.array([table is not None for table in given.probabilities])
    complete = not any(np.isnan(table).any() for table in tables)
    part = partial(sums.probability_sums, tables, np.asarray(given.labels), given.spread, complete)
    found = pair_measures(sums.of_blocks(part, order), PROBABILITIES, len(tables), level)["capa_probabilistic"]

    def scattered(values: Floats | float) -> Floats:
        everywhere = np.full((given.m, given.m), np.nan)
        everywhere[np.ix_(of, of)] = values
        return everywhere

    reason = found.reason if of.all() else PROBABILITIES["capa_probabilistic"].undefined
    return replace(found, **{name: scattered(getattr(found, name)) for name in FIELDS}, reason=reason)


def _with_reasons(measures: dict[str, PairMeasure], stacked: sums.Sums, given: PairInputs) -> dict[str, PairMeasure]:
    told = dict(measures)
    if given.wrong is None:
        told["agreement"] = _told(told["agreement"], "no null, for which answers are right is not known")
    elif np.isnan(given.spread).any():
        told["agreement"] = _told(told["agreement"], "no null, for how many options items offer is not known")
    if "agreement_both_wrong" in told:
        without = (stacked["judged_both"].sum(axis=0) == 0) & (stacked["both"].sum(axis=0) > 0)
        number = int(np.triu(without, 1).sum())
        told["agreement_both_wrong"] = _told(
            told["agreement_both_wrong"],
            f"{number} of the pairs share no failure with two further models, and are held against wrong answers that "
            "spread evenly over the options"
            if number
            else "",
        )
    return told


def _told(found: PairMeasure, why: str) -> PairMeasure:
    return replace(found, reason="; ".join(filter(None, (found.reason, why))))


def _items(stacked: sums.Sums, m: int) -> Ints:
    return np.broadcast_to(stacked["n"].sum(axis=0, dtype=np.int64), (m, m)).copy()
