"""What groups of models are good for, against their likeness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from design import Recipe, factors, shared
from effects import CKA, KAPPA, RANDOM, REASONS, populations, wrong
from groups import Slope, drawn, slopes, together, within
from kept import Said
from material import Material

from polyculture.arrays import Floats, Ints, Mask

SIZES, GROUPS = (3, 5), 3000
LIKENESS = (KAPPA, CKA)
ADJUSTED = "at equal accuracy"
HELD = ("members", "spread")


def outcomes(given: Sequence[Said], items: Material, likeness: Mapping[str, Floats], groups: Ints) -> dict[str, Floats]:
    """Everything that is asked of each group, shape (groups,); on items that no likeness is measured on."""
    known = together(wrong(given, "costs", items.codes(items.costs)), groups)
    far = together(wrong(given, "unseen", items.codes(items.unseen)), groups)
    quality = {
        "deletion": np.array([float(said.deletion) for said in given]),
        "deletion, relative": np.array([float(said.relative) for said in given]),
    }
    return {
        **known,
        **{f"{name}, unseen": values for name, values in far.items() if name != "spread"},
        **{name: values[groups].mean(axis=1) for name, values in quality.items()},
        REASONS: within(likeness[REASONS], groups),
    }


def costs(
    design: Sequence[Recipe], given: Sequence[Said], items: Material, likeness: Mapping[str, Floats], *, seed: int
) -> dict[str, Any]:
    """Slopes for all models and for those of one objective, by size of the group, outcome and measure of likeness."""
    found: dict[str, Any] = {}
    for name, kept in populations(design).items():
        if name == RANDOM:  # asked only which factor makes them alike
            continue
        rows = np.flatnonzero(kept)
        some, said = [design[row] for row in rows.tolist()], [given[row] for row in rows.tolist()]
        cut = {measure: values[np.ix_(rows, rows)] for measure, values in likeness.items()}
        found[name] = {str(size): _of_size(size, some, said, items, cut, seed) for size in SIZES}
    return found


def _of_size(
    size: int,
    design: Sequence[Recipe],
    given: Sequence[Said],
    items: Material,
    likeness: Mapping[str, Floats],
    seed: int,
) -> dict[str, Any]:
    groups = drawn(factors(design), size, GROUPS, seed)
    clusters = np.unique([recipe.cell for recipe in design], return_inverse=True)[1]
    found = outcomes(given, items, likeness, groups)
    asked = {name: y for name, y in found.items() if name != "spread"}
    # what is held equal has no slope of its own
    free = {name: y for name, y in asked.items() if name not in HELD}
    equal = [found[name] for name in HELD]
    return {
        "slopes": {
            name: {
                "alone": _plain(slopes(asked, likeness[name], groups, clusters)),
                ADJUSTED: _plain(slopes(free, likeness[name], groups, clusters, equal)),
            }
            for name in LIKENESS
        },
        "causes": _causes(free, factors(design), groups, clusters, equal),
        "likeness": {name: spread(within(likeness[name], groups)) for name in LIKENESS},
        "thirds": thirds(found, within(likeness[KAPPA], groups)),
    }


def _causes(
    free: Mapping[str, Floats],
    levels: Mapping[str, Sequence[str]],
    groups: Ints,
    clusters: Ints,
    equal: Sequence[Floats],
) -> dict[str, Any]:
    """Slopes on the share of pairs that share a factor, the other factors held equal as well."""
    same = {name: shared({name: values}).astype(float) for name, values in levels.items()}
    found = {}
    for name, square in same.items():
        others = [within(other, groups) for factor, other in same.items() if factor != name]
        found[f"same {name}"] = _plain(slopes(free, square, groups, clusters, [*equal, *others]))
    return found


def _plain(found: Mapping[str, Slope]) -> dict[str, dict[str, float]]:
    return {name: plain(slope) for name, slope in found.items()}


def plain(found: Slope) -> dict[str, float]:
    """A slope as plain numbers."""
    return {
        "estimate": found.interval.estimate,
        "low": found.interval.low,
        "high": found.interval.high,
        "p": found.p,
    }


def spread(values: Floats) -> dict[str, float]:
    """Deciles of likeness over the groups: how far a slope may be followed."""
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return {"tenth": float(low), "median": float(middle), "ninetieth": float(high)}


def thirds(found: dict[str, Floats], likeness: Floats) -> dict[str, list[float]]:
    """Mean of each outcome, and of κ, over the least alike, the middle, and the most alike third of the groups."""
    parts: list[Mask] = [
        np.isin(np.arange(len(likeness)), part) for part in np.array_split(np.argsort(likeness, kind="stable"), 3)
    ]
    return {
        name: [float(values[part].mean()) for part in parts] for name, values in (found | {KAPPA: likeness}).items()
    }
