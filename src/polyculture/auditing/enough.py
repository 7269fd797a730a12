"""Numbers that are means over pairs of models, where some pairs answered too few of the same items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.missing import FEWEST_SHARED, missing, of_pairs
from polyculture.data.answers import Answers
from polyculture.measure.outcome.pairs import OutcomePairs

MOST_LEFT_OUT = 0.5
"""Share of the pairs that may be left out of the ratio of joint failure, which is then that of the others."""
MOST_LACKING: Mapping[str, float] = {"kish": 0.1, "participation_ratio": 0.01, "spectral_entropy": 0.01}
"""Share of the pairs without a correlation, above which an effective number is not given.

That is tighter, as a correlation also lacks where two models hardly fail on what they share: the others are more alike.
Kish's number is a mean over pairs, the other two take what lacks for 0.
"""
ITEMS_PER_MODEL = 6
"""Items that pairs must share for each model, below which squares and logarithms of correlations are mostly scatter.

A rule of thumb, settled where intervals of 95 % still held in a few simulations (10 models, 400 items, answers missing
at random), which are not kept.
"""


def too_few_shared(answers: Answers, items: Ints) -> str:
    """Why the joint failure of pairs is not measured, and what to do; empty where it is.

    Examples
    --------
    >>> right = np.ones((12, 2), dtype=bool)
    >>> too_few_shared(Answers(np.arange(12).astype(str), ("a", "b"), right), np.full((2, 2), 12))
    ''
    """
    few = _upper(items < FEWEST_SHARED)
    if answers.answered is None or few.mean() <= MOST_LEFT_OUT:
        return ""
    return (
        f"{few.sum()} of {few.size} pairs of models answered fewer than {FEWEST_SHARED} of the same items; "
        f"{_what_to_do(answers)}"
    )


def of_enough(answers: Answers, pairs: OutcomePairs, fewest: int) -> OutcomePairs:
    """Without pairs that share too few items, where answers are missing."""
    if answers.answered is None:
        return pairs
    return replace(pairs, measures=of_pairs(dict(pairs.measures), pairs.items, fewest))


def effective(answers: Answers, pairs: OutcomePairs) -> tuple[dict[str, Any], dict[str, str]]:
    """Effective numbers of models, as plain values; and those that are not given, with the reason."""
    found = {name: asdict(value) for name, value in pairs.effective.items()}
    if answers.answered is None:
        return found, {}
    why = {name: reason for name in found if (reason := _withheld(name, answers, pairs))}
    if "kish" in why:
        return {}, {"effective_models": why["kish"]}
    kept = {name: value for name, value in found.items() if name not in why}
    return kept, {f"effective models ({name})": reason for name, reason in why.items()}


def _withheld(name: str, answers: Answers, pairs: OutcomePairs) -> str:
    lacking = _lacking(pairs.measures["error_correlation"].estimate, pairs.items)
    if lacking.mean() > MOST_LACKING[name]:
        return (
            f"{lacking.sum()} of {lacking.size} pairs of models answered fewer than {FEWEST_SHARED} of the same items, "
            f"or did not vary on them; {_what_to_do(answers)}"
        )
    shared, needed = int(np.median(_upper(pairs.items))), ITEMS_PER_MODEL * len(answers.models)
    if name == "kish" or shared >= needed:
        return ""
    return f"pairs of models share {shared} items (median), and {needed} are needed; {_what_to_do(answers)}"


def _what_to_do(answers: Answers) -> str:
    fewest = missing(answers)["fewest"]
    return (
        f"leave out models that answered few ({fewest['model']} answered {fewest['items']}), or get the missing answers"
    )


def _lacking(correlations: Floats, items: Ints) -> Any:
    """Pairs without a correlation, but for models that never fail or always: those have none with any other."""
    varies = ~np.isnan(np.diagonal(correlations))
    return _upper((items < FEWEST_SHARED) | (np.isnan(correlations) & varies & varies[:, None]))


def _upper(matrix: Any) -> Any:
    return matrix[np.triu_indices(len(matrix), 1)]
