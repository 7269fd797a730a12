"""Means over the splits, and the tables that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from costs import ADJUSTED, LIKENESS, SIZES
from effects import CKA, KAPPA, REASONS

from polyculture.tables import Table, interval

MEASURES = (KAPPA, f"{KAPPA}, calibrated", f"{KAPPA}, unseen", CKA, REASONS)
STEP = 0.1
"""Likeness that slopes are told for."""


def averaged(found: Sequence[Any]) -> Any:
    """Mean of every number over the splits, the ends of intervals as well.

    Splits share items and the domains rotate, so that errors do not average out as those of independent repetitions
    would: the mean of the ends is on the safe side.
    """
    first = found[0]
    if isinstance(first, Mapping):
        return {name: averaged([each[name] for each in found]) for name in first}
    if isinstance(first, list):
        return [averaged(list(values)) for values in zip(*found, strict=True)]
    return float(np.mean([float(value) for value in found]))


def tables(whole: Mapping[str, Any]) -> Iterator[Table]:
    """All tables of a run."""
    mean = whole["mean"]
    yield _design(whole)
    yield _accuracy(mean)
    yield _shared(mean)
    for population in mean["effects"]:
        for kind in ("factors", "at equal accuracy"):
            yield _effects(mean, population, kind)
    yield _effects(mean, "all", "interactions")
    yield _levels(mean)
    for population in mean["costs"]:
        for size in SIZES:
            yield _costs(mean, population, str(size))
            yield _causes(mean, population, str(size))


def _design(whole: Mapping[str, Any]) -> Table:
    rows = [
        [each["split"], each["unseen"], each["models"], *each["items"].values(), f"{each['processor seconds']:.0f}"]
        for each in whole["splits"]
    ]
    columns = ["split", "unseen", "models", *whole["splits"][0]["items"], "seconds"]
    return Table("design", f"{whole['data']}: splits, models, items", columns, rows)


def _accuracy(mean: Mapping[str, Any]) -> Table:
    """Mean over models of each level, named by its place in the models' names."""
    names = {name: name.split("_")[:-1] for name in mean["accuracy"]}
    levels = dict.fromkeys(level for parts in names.values() for level in parts)
    asked = ("accuracy", "accuracy, unseen", "deletion")
    rows = [
        [level, *(f"{np.mean([mean[what][name] for name in names if level in names[name]]):.3f}" for what in asked)]
        for level in levels
    ]
    return Table("accuracy", "mean over the models of each level", ["level", *asked], rows)


def _shared(mean: Mapping[str, Any]) -> Table:
    rows = [
        [kind, f"{mean['shared'][KAPPA][kind]['pairs']:.0f}",
         *(interval(mean["shared"][name][kind], 3) for name in MEASURES)]
        for kind in mean["shared"][KAPPA]
    ]  # fmt: skip
    return Table("shared", "mean likeness by what pairs share", ["shared", "pairs", *MEASURES], rows)


def _effects(mean: Mapping[str, Any], population: str, kind: str) -> Table:
    found = mean["effects"][population]
    rows = [[term, *(_with_p(found[name][kind][term]) for name in MEASURES)] for term in found[KAPPA][kind]]
    return Table("effects", f"effects on likeness, {population} models, {kind}", ["term", *MEASURES], rows)


def _with_p(found: Mapping[str, float]) -> str:
    if np.isnan(found["low"]):
        return f"{found['estimate']:.3f}"
    return interval(found, 3) + ("" if np.isnan(found["p"]) else f" p={found['p']:.3f}")


def _levels(mean: Mapping[str, Any]) -> Table:
    rows = [
        [level, *(interval(mean["levels"][name][level], 3) for name in MEASURES)] for level in mean["levels"][KAPPA]
    ]
    return Table("levels", "mean likeness of pairs that share a level", ["level", *MEASURES], rows)


def _costs(mean: Mapping[str, Any], population: str, size: str) -> Table:
    found = mean["costs"][population][size]
    ranges = ", ".join(f"{name} {at['tenth']:.2f} to {at['ninetieth']:.2f}" for name, at in found["likeness"].items())
    slopes, parts = found["slopes"], found["thirds"]
    rows = [
        [outcome, *(_slope(slopes[name][how].get(outcome)) for name in LIKENESS for how in ("alone", ADJUSTED)),
         " ".join(f"{100 * part:.1f}" for part in parts[outcome])]
        for outcome in slopes[KAPPA]["alone"]
    ]  # fmt: skip
    columns = ["points", *(f"{name}, {how}" for name in LIKENESS for how in ("alone", "equal accuracy")), "thirds by κ"]
    title = f"groups of {size}, {population} models: points for {STEP} more likeness ({ranges})"
    return Table("costs", title, columns, rows)


def _causes(mean: Mapping[str, Any], population: str, size: str) -> Table:
    """What groups lose or gain whose models all share a factor, beside ones whose models never do."""
    causes = mean["costs"][population][size]["causes"]
    outcomes = next(iter(causes.values()))
    rows = [[outcome, *(_slope(found[outcome], step=1.0) for found in causes.values())] for outcome in outcomes]
    title = f"groups of {size}, {population} models, equal accuracy: points if all share a factor"
    return Table("causes", title, ["points", *causes], rows)


def _slope(found: Mapping[str, float] | None, step: float = STEP) -> str:
    if found is None:
        return ""
    points = {part: 100 * step * found[part] for part in ("estimate", "low", "high")}
    return f"{interval(points, 2)} p={found['p']:.3f}"
