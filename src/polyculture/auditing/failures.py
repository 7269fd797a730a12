"""How often models fail, alone and together, beside what independent models would do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.auditing.missing import FEWEST_SHARED
from polyculture.auditing.settings import Settings
from polyculture.data.answers import Answers
from polyculture.measure.inference.interval import Interval
from polyculture.measure.outcome.grouped import exponential
from polyculture.measure.outcome.pair_failure import pair_failure
from polyculture.measure.outcome.strata import Explained, expected_given_strata
from polyculture.measure.outcome.systemic import Excess, FailureDistribution, GroupFailure, failure_distribution
from polyculture.measure.outcome.tail import wilson

SMALLEST_STRATUM = 10


def accuracies(answers: Answers, settings: Settings) -> dict[str, Any]:
    """Share of right answers of each model, with Wilson's interval."""
    value, n = answers.accuracy, len(answers.items)
    assert value is not None  # noqa: S101 (asked only where labels are known)
    given = np.full(len(value), n) if answers.answered is None else answers.answered.sum(axis=0)
    low, high = wilson(np.nan_to_num(value) * given, given.astype(np.float64), settings.level)
    names = answers.models
    return {
        "accuracy": dict(zip(names, value.tolist(), strict=True)),
        "accuracy_intervals": {
            name: {"low": a, "high": b} for name, a, b in zip(names, low.tolist(), high.tolist(), strict=True)
        },
    }


def joint(answers: Answers, settings: Settings) -> dict[str, Any]:
    """``joint_failure`` of two models drawn at random, on what both answered, as plain values."""
    wrong, given = _wrong(answers)
    how = _how(settings)
    pairs = pair_failure(wrong, answered=given, fewest=FEWEST_SHARED, **how)
    found = _compared(pairs.observed, pairs.expected, pairs.difference, pairs.ratio)
    found["definition"] = "two models drawn at random both fail; expected of independent models"
    found["items"] = len(wrong) if given is None else int((given.sum(axis=1) > 1).sum())
    # with answers missing, groups would be compared that other models answered
    if answers.groups is not None and given is None:
        found["given_groups"] = _given_groups(wrong, answers.groups.astype(str), how)
    return found


def systemic(answers: Answers, settings: Settings) -> tuple[dict[str, Any], FailureDistribution]:
    """``systemic_failure`` of all models, as plain values; on items that all of them answered."""
    wrong, _ = _wrong(answers)
    found = failure_distribution(wrong, answers.groups, **_how(settings))
    excess = found.all_fail
    plain = _compared(excess.observed, excess.expected, excess.difference, exponential(excess.log_ratio))
    return plain | {
        "none_fails": _excess(found.none_fails),
        "distribution": {"observed": found.observed.tolist(), "expected": found.expected.tolist()},
        "groups": _groups(found.groups),
        "definition": "all models fail; expected of independent models (Poisson-binomial)",
        "items": len(wrong),
    }, found


def _how(settings: Settings) -> dict[str, Any]:
    return {"blocks": settings.blocks, "level": settings.level, "seed": settings.seed}


def systemic_intervals(found: FailureDistribution) -> dict[str, Interval]:
    """The names under which advice reads systemic failure."""
    excess = found.all_fail
    return {
        "joint_failure": excess.observed,
        "joint_failure_expected": excess.expected,
        "joint_failure_difference": excess.difference,
        "joint_failure_ratio": exponential(excess.log_ratio),
    }


def _wrong(answers: Answers) -> tuple[Mask, Mask | None]:
    assert answers.correct is not None  # noqa: S101 (asked only where labels are known)
    wrong = ~answers.correct
    return (wrong if answers.answered is None else wrong & answers.answered), answers.answered


def _compared(observed: Interval, expected: Interval, difference: Interval, ratio: Interval) -> dict[str, Any]:
    parts = {"observed": observed, "expected": expected, "difference": difference, "ratio": ratio}
    values: dict[str, Any] = {name: part.estimate for name, part in parts.items()}
    return values | {"intervals": {name: _ends(part) for name, part in parts.items()}}


def _ends(part: Interval) -> dict[str, float]:
    return {"low": part.low, "high": part.high}


def _excess(found: Excess) -> dict[str, Any]:
    return _compared(found.observed, found.expected, found.difference, exponential(found.log_ratio))


def _groups(found: GroupFailure) -> dict[str, Any]:
    if not found.counted:
        return {"left_out": found.left_out} if found.left_out else {}
    ratios = {name: asdict(exponential(getattr(found, name))) for name in ("average", "uniform", "worst")}
    return ratios | {"worst_group": found.worst_group, "counted": found.counted, "left_out": found.left_out}


def _given_groups(wrong: Mask, groups: Array, how: dict[str, Any]) -> dict[str, Any]:
    """How much of the joint failure of pairs the difficulty of the groups explains."""
    counts = np.unique(groups, return_counts=True)[1]
    if len(counts) < 2 or counts.max() < SMALLEST_STRATUM:
        return {}
    found: Explained = expected_given_strata(wrong, groups, smallest=SMALLEST_STRATUM, **how).pairs
    return {name: asdict(part) for name, part in vars(found).items()}
