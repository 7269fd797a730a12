"""Estimates as rows of a table, one number each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.surveying.apart import pairs_of
from polyculture.surveying.between import PAIRWISE, TOGETHER
from polyculture.surveying.convergence import MEASURES as TRENDS
from polyculture.surveying.convergence import UNITS, left_out, verdict
from polyculture.surveying.counts import Counts
from polyculture.surveying.estimated import Estimated
from polyculture.surveying.panel import Panel
from polyculture.surveying.within import MEASURES as VARIETY

Row = dict[str, Any]
CAUTION = {
    "hill_0": "may be too narrow: names that hardly any paper holds are not foreseen from those that there are",
    "beta_convergence": "may be a little too narrow where communities hardly differed in the first year",
    "nestedness": "lies too high where it is near 0: chance makes two communities differ, and the sign is not kept",
}
"""Measures whose intervals hold the truth in fewer generated corpora than they should, and why."""
NUMBERS = (
    "estimate", "low", "high", "null", "calibrated", "p", "corrected",
    "at_coverage", "at_coverage_low", "at_coverage_high",
)  # fmt: skip


def cell_rows(
    counts: Counts, level: str, coverage: Array, abstracts: Mapping[tuple[str, int], int] | None
) -> list[Row]:
    """Papers of each community and year, how many name something, and how much of what they could name was seen.

    abstracts : papers that have one, by community and year; None if the source knows of none.
    """
    where = counts.papers > 0
    values = {
        "papers": counts.papers.astype(np.int64),
        "naming": counts.naming.round().astype(np.int64),
        "coverage": coverage,
    }
    rows = rows_of(values, _cells(counts), where, {"level": level})
    if abstracts is None:
        return [row | {"abstracts": None} for row in rows]
    return [row | {"abstracts": abstracts.get((row["community"], row["year"]), 0) / row["papers"]} for row in rows]


def diversity_rows(found: Estimated, counts: Counts, head: Mapping[str, Any]) -> list[Row]:
    """Diversity within each community and year."""
    labels = _cells(counts, (len(VARIETY),)) | {"measure": np.broadcast_to(np.array(VARIETY), found.estimate.shape)}
    return _cautioned(rows_of(numbers(found), labels, ~np.isnan(found.estimate), head))


def divergence_rows(found: Estimated, counts: Counts, kept: Mask, head: Mapping[str, Any]) -> list[Row]:
    """Difference between the communities of each year, of all together and as means over pairs."""
    pairs = len(pairs_of(len(counts.communities))[0])
    places = [*range(len(TOGETHER)), *(len(TOGETHER) + each * (1 + pairs) for each in range(len(PAIRWISE)))]
    values = {name: part[:, places] for name, part in numbers(found).items()}
    shape = values["estimate"].shape
    labels = {
        "year": np.broadcast_to(np.array(counts.years)[:, None], shape),
        "measure": np.broadcast_to(np.array(TOGETHER + PAIRWISE), shape),
        "communities": np.broadcast_to(kept.sum(axis=0)[:, None], shape),
    }
    return _cautioned(rows_of(values, labels, ~np.isnan(values["estimate"]), head))


def pair_rows(found: Estimated, counts: Counts, head: Mapping[str, Any]) -> list[Row]:
    """Difference between each pair of communities in each year."""
    first, second = pairs_of(len(counts.communities))
    shape = (len(counts.years), len(PAIRWISE), len(first))
    values = {
        name: part[:, len(TOGETHER) :].reshape(*shape[:2], 1 + len(first))[..., 1:]
        for name, part in numbers(found).items()
    }
    names = np.array(counts.communities)
    labels = {
        "a": np.broadcast_to(names[first], shape),
        "b": np.broadcast_to(names[second], shape),
        "year": np.broadcast_to(np.array(counts.years)[:, None, None], shape),
        "measure": np.broadcast_to(np.array(PAIRWISE)[:, None], shape),
    }
    return _cautioned(rows_of(values, labels, ~np.isnan(values["estimate"]), head))


def convergence_rows(
    found: Estimated,
    counts: Counts,
    panel: Panel,
    p_adjusted: tuple[Array, Array],
    head: Mapping[str, Any],
    confidence: float,
) -> list[Row]:
    """Trends, with what they show, and what they would be without each community.

    p_adjusted : of the trends, and of the first of them without each community.
    """
    few = panel.of(counts)
    together, alone = p_adjusted
    without = _without(found, few, alone, head, confidence)
    tail = {"first_year": few.years[0], "last_year": few.years[-1], "communities": list(few.communities)}
    size = len(TRENDS)
    values = {name: part[:size] for name, part in numbers(found).items()}
    # communities that did not differ at first have nothing to catch up with
    apart = found.p[size] <= 1 - confidence
    p = np.append(together, 0.0 if apart else np.nan)
    where = ~np.isnan(found.estimate[:size]) & np.append(np.ones(size - 1, dtype=bool), apart)
    values |= {"p_adjusted": np.append(together, np.nan)}
    values["p"] = np.append(values["p"][:-1], np.nan)
    shown = [
        verdict(measure, low, high, each, confidence)
        for measure, low, high, each in zip(TRENDS, found.below[:size], found.above[:size], p, strict=True)
    ]
    labels = {"measure": np.array(TRENDS), "unit": np.array(UNITS), "verdict": np.array(shown)}
    return [
        row | tail | {"without": without[row["measure"]]} for row in _cautioned(rows_of(values, labels, where, head))
    ]


def _without(
    found: Estimated, few: Counts, p: Array, head: Mapping[str, Any], confidence: float
) -> dict[str, list[Row]]:
    """Each measure without each community; of the first also less its bias, and what it would show."""
    parts = left_out(few, conditional=bool(head["conditional"]))
    rows = {
        measure: [{"community": name, "estimate": value} for name, value in zip(few.communities, column, strict=False)]
        for measure, column in zip(TRENDS, parts.T.tolist(), strict=True)
    }
    first, start = TRENDS[0], len(TRENDS) + 1
    for row, corrected, low, high, each in zip(
        rows[first], found.corrected[start:], found.below[start:], found.above[start:], p, strict=False
    ):
        row |= {"corrected": float(corrected), "verdict": verdict(first, low, high, each, confidence)}
    return rows


def numbers(found: Estimated) -> dict[str, Array]:
    """The arrays of an estimate that a table shows."""
    return {name: getattr(found, name) for name in NUMBERS}


def rows_of(
    values: Mapping[str, Array], labels: Mapping[str, Array], where: Mask, head: Mapping[str, Any]
) -> list[Row]:
    """One row for each place of arrays of one shape where a mask is true: head, labels, numbers."""
    columns = {name: part[where].tolist() for name, part in {**labels, **values}.items()}
    return [dict(head) | dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _cautioned(rows: list[Row]) -> list[Row]:
    """Rows that say what is known against their intervals."""
    return [row | {"interval": CAUTION.get(row["measure"])} for row in rows]


def _cells(counts: Counts, more: tuple[int, ...] = ()) -> dict[str, Array]:
    shape = (len(counts.communities), len(counts.years), *more)
    ones = (1,) * len(more)
    return {
        "community": np.broadcast_to(np.array(counts.communities).reshape(-1, 1, *ones), shape),
        "year": np.broadcast_to(np.array(counts.years).reshape(-1, *ones), shape),
    }
