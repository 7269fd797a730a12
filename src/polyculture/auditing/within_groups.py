"""The main numbers within each group of items."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from polyculture.auditing.enough import effective, of_enough, too_few_shared
from polyculture.auditing.missing import FEWEST_SHARED, complete
from polyculture.auditing.settings import Settings
from polyculture.data.answers import Answers
from polyculture.measure.inference.interval import Interval
from polyculture.measure.outcome.pair_failure import pair_failure
from polyculture.measure.outcome.pairs import outcome_pairs

UNKNOWN = Interval(float("nan"), float("nan"), float("nan"))
FEWEST_ITEMS, MOST_GROUPS, MOST_MODELS = 8, 200, 300


def within_groups(answers: Answers, settings: Settings) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Accuracy, mean κ, effective number (Kish) and ratio of joint failure for each group; and what was left out."""
    if answers.groups is None or answers.correct is None:
        return [], {}
    names = answers.groups.astype(str)
    groups, counts = np.unique(names, return_counts=True)
    if len(groups) < 2:
        return [], {}
    if len(groups) > MOST_GROUPS or len(answers.models) > MOST_MODELS:
        reason = f"measured for at most {MOST_GROUPS} groups and {MOST_MODELS} models; audit the groups one by one"
        return [], {"groups": reason}
    large = groups[counts >= FEWEST_ITEMS]
    left = {f"group {name}": f"fewer than {FEWEST_ITEMS} items" for name in groups[counts < FEWEST_ITEMS]}
    each = {str(name): _group(str(name), answers.take(names == name), settings) for name in large}
    withheld = {f"group {name}": why for name, (_, why) in each.items() if why}
    return [found for found, _ in each.values()], left | withheld


def _group(name: str, answers: Answers, settings: Settings) -> tuple[dict[str, Any], str]:
    """The numbers of one group, and why some of them are not given."""
    some = replace(answers, answers=None, probabilities={})
    assert some.correct is not None  # noqa: S101 (`within_groups` asks only then)
    how: dict[str, Any] = {
        "blocks": settings.blocks,
        "level": settings.level,
        "seed": settings.seed,
        "fewest": FEWEST_SHARED,
    }
    pairs = outcome_pairs(some.correct, answered=some.answered, memory=settings.memory, **how)
    pairs = of_enough(some, pairs, FEWEST_SHARED)
    kappa = pairs.measures["error_consistency"].estimate
    upper = kappa[np.triu_indices(len(kappa), 1)]
    wrong = ~some.correct if some.answered is None else ~some.correct & some.answered
    sparse = too_few_shared(some, pairs.items)
    ratio = UNKNOWN if sparse else pair_failure(wrong, answered=some.answered, **how).ratio
    numbers, not_given = effective(some, pairs)
    return {
        "group": name,
        "items": len(some.items),
        "accuracy": float(np.nanmean(some.accuracy)) if some.accuracy is not None else float("nan"),
        "error_consistency": float(np.nanmean(upper)) if np.isfinite(upper).any() and not sparse else float("nan"),
        "kish": numbers.get("kish", asdict(UNKNOWN)),
        "all_fail": _all_fail(some),
        "joint_failure_ratio": asdict(ratio),
    }, sparse or not_given.get("effective_models", "")


def _all_fail(answers: Answers) -> float:
    """Share of the items on which all models fail, among those that all of them answered; NaN if these are few."""
    some = complete(answers)
    if some.correct is None or len(some.items) < FEWEST_ITEMS:
        return float("nan")
    return float((~some.correct).all(axis=1).mean())
