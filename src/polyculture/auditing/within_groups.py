"""The main numbers within each group of items."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from polyculture.auditing.settings import Settings
from polyculture.data.answers import Answers
from polyculture.measure.outcome.pair_failure import pair_failure
from polyculture.measure.outcome.pairs import outcome_pairs

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
    return list(_each(answers, names, large, settings)), left


def _each(answers: Answers, names: Any, groups: Any, settings: Settings) -> Iterator[dict[str, Any]]:
    for name in groups:
        some = replace(answers.take(names == name), answers=None, probabilities={})
        assert some.correct is not None  # noqa: S101 (`within_groups` asks only then)
        how: dict[str, Any] = {"answered": some.answered, "level": settings.level, "seed": settings.seed}
        pairs = outcome_pairs(some.correct, memory=settings.memory, blocks=settings.blocks, **how)
        wrong = ~some.correct if some.answered is None else ~some.correct & some.answered
        together = pair_failure(wrong, blocks=settings.blocks, **how)
        kappa = pairs.measures["error_consistency"].estimate
        upper = kappa[np.triu_indices(len(kappa), 1)]
        yield {
            "group": str(name),
            "items": len(some.items),
            "accuracy": float(np.nanmean(some.accuracy)) if some.accuracy is not None else float("nan"),
            "error_consistency": float(np.nanmean(upper)) if np.isfinite(upper).any() else float("nan"),
            "kish": asdict(pairs.effective["kish"]),
            "all_fail": float((wrong | _unanswered(some)).all(axis=1).mean()),
            "joint_failure_ratio": asdict(together.ratio),
        }


def _unanswered(answers: Answers) -> Any:
    return False if answers.answered is None else ~answers.answered
