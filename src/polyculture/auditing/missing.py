"""Answers that are missing: the items and the pairs of models of which something can be said all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.twins import Twins
from polyculture.data.answers import Answers
from polyculture.measure.pairs import PairMeasure

FEWEST_COMPLETE, FEWEST_SHARED = 30, 10
"""Items that all models answered, below which nothing is said of all together, and that two did, of the two."""
OF_ALL = ("systemic_failure", "portfolio")
"""What is about all models together."""


def missing(answers: Answers) -> dict[str, Any]:
    """How much is missing, and what is left of the items; empty where nothing is missing.

    Examples
    --------
    >>> right = np.array([[True, True], [True, False], [False, False]])
    >>> some = Answers(np.array(["x", "y", "z"]), ("a", "b"), right, answered=np.array([[1, 1], [1, 0], [1, 1]]) > 0)
    >>> missing(some)["answers"], missing(some)["complete_items"], missing(some)["judged"]
    (1, 2, False)
    """
    given = answers.answered
    if given is None:
        return {}
    count, complete = int(given.size - np.count_nonzero(given)), int(given.all(axis=1).sum())
    each = given.sum(axis=0)
    return {
        "answers": count,
        "share": count / given.size,
        "complete_items": complete,
        "judged": complete >= FEWEST_COMPLETE,
        "fewest": {"model": answers.models[int(each.argmin())], "items": int(each.min())},
        "by_model": dict(zip(answers.models, each.tolist(), strict=True)),
    }


def complete(answers: Answers) -> Answers:
    """The items that all models answered; itself where nothing is missing."""
    if answers.answered is None:
        return answers
    return replace(answers.take(np.flatnonzero(answers.answered.all(axis=1))), answered=None)


def too_few(answers: Answers) -> str:
    """Why nothing can be said of all models together, and what to do; empty where something can.

    Examples
    --------
    >>> right = np.array([[True, True], [True, False]])
    >>> too_few(Answers(np.array(["x", "y"]), ("a", "b"), right))
    ''
    """
    known = missing(answers)
    if not known or known["judged"]:
        return ""
    fewest = known["fewest"]
    return (
        f"{known['complete_items']} of {len(answers.items)} items were answered by all {len(answers.models)} models, "
        f"and {FEWEST_COMPLETE} are needed; leave out models that answered few ({fewest['model']} answered "
        f"{fewest['items']}), or get the missing answers"
    )


def judged_on(answers: Answers) -> str:
    """On which items all models are judged together, to end a sentence with; empty where that is all of them."""
    known = missing(answers)
    if not known:
        return ""
    return f" Judged on the {known['complete_items']} of {len(answers.items)} items that all models answered."


def of_pairs(measures: dict[str, PairMeasure], items: Ints, fewest: int) -> dict[str, PairMeasure]:
    """The measures without pairs that answered too few of the same items: two answers can be equal by chance alone."""
    few = items < fewest
    if not few.any():
        return measures
    said = f"undefined where two models answered fewer than {fewest} of the same items"
    return {name: _without(part, few, said) for name, part in measures.items()}


def _without(part: PairMeasure, few: Any, said: str) -> PairMeasure:
    def kept(values: Floats | float) -> Floats:
        return np.where(few, np.nan, values)

    reason = f"{part.reason}; {said}" if part.reason else said
    numbers = {name: kept(getattr(part, name)) for name in ("estimate", "low", "high", "null", "p", "highest")}
    return PairMeasure(**numbers, reason=reason)


def comparable(answers: Answers, twins: Twins) -> Floats | None:
    """Share of right answers of each model: of near-twins, on the items that all of their group answered.

    Where that is fewer than a few items it is not known (NaN): a model that answered easy items alone is not better.
    """
    accuracy = answers.accuracy
    if accuracy is None or answers.answered is None or answers.correct is None:
        return accuracy
    accuracy = accuracy.copy()
    for members in _groups(twins):
        group = np.array(members)
        rows = answers.answered[:, group].all(axis=1)
        enough = np.count_nonzero(rows) >= FEWEST_SHARED
        accuracy[group] = answers.correct[np.ix_(rows, group)].mean(axis=0) if enough else np.nan
    return accuracy


def _groups(twins: Twins) -> list[list[int]]:
    """Models that are joined by near-twins, directly or through others."""
    groups: list[set[int]] = []
    for twin in twins.pairs:
        pair = {int(twin.a), int(twin.b)}
        joined = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair] + [pair.union(*joined)]
    return [sorted(group) for group in groups]
