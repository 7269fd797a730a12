"""Which few of many models to keep: those that fail together least, on items that they were not chosen on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.auditing import cover, votes
from polyculture.auditing.judging import difference_interval, failing_by_chance, share_interval
from polyculture.errors import ParameterError, ShapeError
from polyculture.measure.checks import outcomes
from polyculture.measure.inference.interval import Interval, check_level

Objective = Literal["joint_failure", "vote"]
GUARANTEES = {
    "joint_failure": "Sets marked exact are the best of all sets of their size on the selection half. The others were "
    "made by greedy steps, which save at least 63 % (1 - 1/e) of the items that the best set saves; gap bounds how far "
    "they are from it on this data.",
    "vote": "Sets marked exact are the best of all sets of their size on the selection half. The others were made by "
    "greedy steps, without a guarantee.",
}


@dataclass(frozen=True)
class Kept:
    """A set of k models, judged on items that it was not chosen on.

    Parameters
    ----------
    k : int
    models : tuple of int
        Positions of the models, the first choice first.
    exact : bool
        Whether it is the best of all sets of k models on the selection half.
    gap : float
        Joint failure, as a share of the selection half, by which the best set can be better at most: 0 if exact, NaN
        where there is no bound.
    joint_failure, vote : Interval
        Items that all k fail on; items that their majority vote gets right, a tie of t answers counting 1/t.
    most_accurate : tuple of int
        The k models that are most accurate on the selection half.
    best_accuracy, best_vote : Interval
        Joint failure and vote of these.
    random : Interval
        Joint failure expected of k models drawn at random.
    saved : Interval
        Joint failure of the k most accurate minus that of the set; above 0, the set fails less.
    gained : Interval
        Vote of the set minus vote of the k most accurate.
    over_single : Interval
        Vote of the set minus accuracy of the single model that is most accurate on the selection half.
    """

    k: int
    models: tuple[int, ...]
    exact: bool
    gap: float
    joint_failure: Interval
    vote: Interval
    most_accurate: tuple[int, ...]
    best_accuracy: Interval
    best_vote: Interval
    random: Interval
    saved: Interval
    gained: Interval
    over_single: Interval


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Sets of models of several sizes, and which of them to keep.

    Parameters
    ----------
    sizes : tuple of Kept
        By rising k.
    suggested : int
        The smallest k whose score on the judging half lies within the interval of the best.
    single : int
        The model that is most accurate on the selection half.
    objective : {"joint_failure", "vote"}
        What the sets were chosen for.
    selection, judging : int arrays
        Items that the sets were chosen and judged on; no item is in both.
    guarantee : str
        What is known about the sets that were not found by comparing all.
    """

    sizes: tuple[Kept, ...]
    suggested: int
    single: int
    objective: Objective
    selection: Ints
    judging: Ints
    guarantee: str

    @property
    def keep(self) -> Kept:
        """The set of the suggested size."""
        return next(kept for kept in self.sizes if kept.k == self.suggested)

    def to_dict(self, names: Sequence[str] | None = None) -> dict[str, Any]:
        """Plain values, with models by name if names are given; of the items only how many."""
        rows = [asdict(kept) for kept in self.sizes]
        for row in rows:
            for column in ("models", "most_accurate"):
                row[column] = [i if names is None else names[i] for i in row[column]]
        return {
            "objective": self.objective,
            "suggested": self.suggested,
            "single": self.single if names is None else names[self.single],
            "items": {"selection": len(self.selection), "judging": len(self.judging)},
            "guarantee": self.guarantee,
            "sizes": rows,
        }


def portfolio(
    correct: Array,
    *,
    answered: Mask | None = None,
    answers: Ints | None = None,
    sizes: Iterable[int] | None = None,
    objective: Objective = "joint_failure",
    exact_limit: int = 200_000,
    level: float = 0.95,
    seed: int = 0,
) -> Portfolio:
    r"""For each k the set of models that together fail least, beside the k most accurate and k random ones.

    .. math:: \min_{|S| = k} \frac{1}{n} \sum_i \prod_{j \in S} F_{ij}

    Sets are chosen on a random half of the items and judged on the other, so that a set is not praised for the luck
    that it was chosen for. Differences are paired over items, and their intervals hold for rare failures too, see
    `share_interval` and `difference_interval`. The suggested size is read off the judging half, which makes its own
    scores look very slightly better than they are.

    Parameters
    ----------
    correct : array of shape (n, m), n >= 2
        Booleans, or 0 and 1. A missing answer is not right: it saves nobody, and it lowers the model's accuracy.
    answered : bool array of shape (n, m), optional
        Where False, the model casts no vote.
    answers : int array of shape (n, m), optional
        Option of each answer, negative where it casts no vote. Without it, votes of several wrong models count as the
        same answer, the worst case.
    sizes : iterable of int, optional
        Each from 1 to m; by default 1 to 10, or m if that is fewer.
    objective : {"joint_failure", "vote"}
        Choose for fewest joint failures, or for the most right majority votes.
    exact_limit : int, default 200,000
        Compare all sets of a size if there are no more than this (and the work is a matter of seconds).
    level : float, default 0.95
    seed : int, default 0
        Decides which items are in which half.

    Returns
    -------
    Portfolio

    Raises
    ------
    ShapeError
        If there are fewer than 2 items, or arrays do not fit together.
    DataError
        If an outcome is neither 0 nor 1.
    ParameterError
        If a size, the objective or the level is out of range.

    References
    ----------
    Nemhauser, Wolsey and Fisher 1978, Mathematical Programming 14; Caruana et al. 2004, ICML.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> strong, weak = rng.random((600, 1)) < 0.8, rng.random((600, 1)) < 0.7
    >>> copies = np.hstack([strong, strong, strong, weak])
    >>> found = portfolio(copies, sizes=[2])
    >>> found.keep.models, found.keep.most_accurate, found.keep.saved.low > 0
    ((0, 3), (0, 1), True)
    """
    check_level(level)
    right = _outcomes(correct)
    for array, name in ((answered, "answered"), (answers, "answers")):
        if array is not None and np.shape(array) != right.shape:
            raise ShapeError(f"{name} has shape {np.shape(array)} and correct {right.shape}; both must be the same.")
    right = right if answered is None else right & answered
    ks = _sizes(sizes, right.shape[1])
    if objective not in GUARANTEES:
        raise ParameterError(f"objective is {objective!r}; pass one of {', '.join(GUARANTEES)}.")
    shuffled = np.random.default_rng(seed).permutation(len(right))
    selection, judging = np.sort(shuffled[: len(right) // 2]), np.sort(shuffled[len(right) // 2 :])
    outcome = _Outcomes(right, answered, answers)
    accuracy = right[selection].mean(axis=0)
    if objective == "joint_failure":
        chosen = _fail_least(right, selection, ks, exact_limit)
    else:
        chosen = _vote_best(outcome.votes(selection, np.arange(len(accuracy))), accuracy, ks, exact_limit)
    ranked, failing = np.argsort(-accuracy, kind="stable"), (~right[judging]).sum(axis=1)
    judge = _Judge(outcome, judging, ranked, failing, level)
    found = tuple(judge.kept(k, *chosen[k]) for k in ks)
    suggested, single = _suggested(found, objective), int(ranked[0])
    return Portfolio(found, suggested, single, objective, selection, judging, GUARANTEES[objective])


@dataclass(frozen=True, eq=False)
class _Outcomes:
    correct: Mask
    answered: Mask | None
    answers: Ints | None

    def votes(self, rows: Ints, models: Ints) -> Ints:
        cells = np.ix_(rows, models)
        answered = None if self.answered is None else np.asarray(self.answered)[cells]
        answers = None if self.answers is None else np.asarray(self.answers)[cells]
        return votes.ballots(self.correct[cells], answered, answers)


@dataclass(frozen=True, eq=False)
class _Judge:
    outcomes: _Outcomes
    rows: Ints
    ranked: Ints
    failing: Ints
    level: float

    def kept(self, k: int, models: tuple[int, ...], exact: bool, gap: float) -> Kept:
        top = tuple(self.ranked[:k].tolist())
        failed, vote = self._scores(models)
        top_failed, top_vote = self._scores(top)
        single = self._scores(top[:1])[1]
        chance = failing_by_chance(self.failing, len(self.ranked), k)
        return Kept(
            k=k,
            models=models,
            exact=exact,
            gap=gap,
            joint_failure=share_interval(failed, self.level),
            vote=share_interval(vote, self.level),
            most_accurate=top,
            best_accuracy=share_interval(top_failed, self.level),
            best_vote=share_interval(top_vote, self.level),
            random=share_interval(chance, self.level),
            saved=difference_interval(top_failed, failed, self.level),
            gained=difference_interval(vote, top_vote, self.level),
            over_single=difference_interval(vote, single, self.level),
        )

    def _scores(self, models: tuple[int, ...]) -> tuple[Mask, Floats]:
        """For each item whether all of the models fail, and how right their vote is."""
        cast = self.outcomes.votes(self.rows, np.array(models))
        return (cast != votes.RIGHT).all(axis=1), votes.plurality(cast)


Chosen = dict[int, tuple[tuple[int, ...], bool, float]]


def _fail_least(right: Mask, rows: Ints, ks: list[int], limit: int) -> Chosen:
    failures = cover.Failures.of(right, rows)
    exact = {k: cover.best_of_all(failures, k) for k in ks if cover.can_search(failures, k, limit)}
    steps = cover.best_by_steps(failures, max(ks)) if len(exact) < len(ks) else []
    found = {k: exact[k] if k in exact else steps[k - 1] for k in ks}
    return {k: (c.models, c.exact, (c.failed - c.least) / len(rows)) for k, c in found.items()}


def _vote_best(cast: Ints, accuracy: Floats, ks: list[int], limit: int) -> Chosen:
    n, m = cast.shape
    exact = {k: votes.best_of_all(cast, k, accuracy) for k in ks if votes.can_search(n, m, k, limit)}
    steps = votes.best_by_steps(cast, max(ks), accuracy) if len(exact) < len(ks) else ()
    return {k: (exact[k], True, 0.0) if k in exact else (steps[:k], False, np.nan) for k in ks}


def _suggested(found: tuple[Kept, ...], objective: Objective) -> int:
    if objective == "joint_failure":
        most = min((kept.joint_failure for kept in found), key=lambda interval: interval.estimate).high
        return next(kept.k for kept in found if kept.joint_failure.estimate <= most)
    least = max((kept.vote for kept in found), key=lambda interval: interval.estimate).low
    return next(kept.k for kept in found if kept.vote.estimate >= least)


def _outcomes(correct: Array) -> Mask:
    # The check makes float64 of what it is given: eight times the memory that booleans, which need none, take.
    boolean = np.asarray(correct).dtype == bool and np.ndim(correct) == 2 and np.size(correct)
    right = np.asarray(correct) if boolean else outcomes(correct, "correct")
    if len(right) < 2:
        raise ShapeError("There is 1 item; pass at least 2, one to choose by and one to judge by.")
    return right


def _sizes(sizes: Iterable[int] | None, m: int) -> list[int]:
    ks = sorted(set(range(1, min(m, 10) + 1) if sizes is None else sizes))
    if not ks or ks[0] < 1 or ks[-1] > m:
        raise ParameterError(f"sizes are {ks}; pass numbers of models from 1 to {m}.")
    return ks
