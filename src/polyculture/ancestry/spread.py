"""How concentrated models are over architectures, organisations and months, and the roots of each month."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polyculture.ancestry.estimates import ends, estimate, inverse
from polyculture.ancestry.population import Population
from polyculture.arrays import Ints
from polyculture.measure.ancestry import founder_shares, mass_bounds, pair_interval
from polyculture.measure.ancestry.pedigree import COLUMNS
from polyculture.measure.diversity.concentration import hhi

OVER = ("architecture", "organisation", "month")
LISTED = 20
"""Categories that are told one by one."""
MONTHS = 240
"""Months that are told at most, the last ones."""


def concentration(models: Population, level: float) -> tuple[dict[str, Any], dict[str, str]]:
    """Herfindahl index and effective number over each property; and why some are not measured."""
    found, lacking = {}, {}
    for name in OVER:
        values = models.known[name]
        if values.null_count() == len(values):
            lacking[f"concentration by {name}"] = f"no model that counts has {_an(name)}"
        else:
            found[name] = over(values, level)
    return found, lacking


def over(values: pl.Series, level: float) -> dict[str, Any]:
    """Herfindahl index of a property, among the models of which it is known.

    Those of which it is not may all differ, or all be like the most.

    Examples
    --------
    >>> found = over(pl.Series(["bert", "bert", "gpt", None]), 0.95)["hhi"]
    >>> round(found["estimate"], 3), found["low"], found["high"]
    (0.556, 0.375, 0.625)
    """
    counts = values.drop_nulls().value_counts(sort=True).sort("count", values.name, descending=[True, False])
    sizes, missing = counts["count"].to_numpy().astype(np.float64), values.null_count()
    shares = np.concatenate([sizes, np.ones(missing)]) / len(values)
    free = np.arange(len(shares)) >= len(sizes)
    low, high = mass_bounds(hhi, shares, free)
    alike = estimate(float(hhi(sizes)), low, high)
    alike["interval"] = ends(pair_interval(np.repeat(sizes / sizes.sum(), sizes.astype(int)), level=level))
    return {
        "hhi": alike,
        "effective_number": inverse(alike),
        "categories": len(sizes),
        "unknown": missing,
        "largest": [{"name": name, "models": count} for name, count in counts.head(LISTED).iter_rows()],
    }


def _an(name: str) -> str:
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def by_month(models: Population) -> list[dict[str, Any]]:
    """Effective founders, and concentration over architectures and organisations, of the models of each month."""
    months = models.nodes["month"]
    here = pl.Series(models.counts) & months.is_not_null()
    names = sorted(months.filter(here).unique().to_list())[-MONTHS:]
    rows = []
    for start in range(0, len(names), COLUMNS):
        some = names[start : start + COLUMNS]
        of_month = np.stack([(here & (months == name)).to_numpy() for name in some], axis=1)
        everywhere = np.zeros((models.pedigree.nodes, len(some)))
        everywhere[models.pedigree.roots] = founder_shares(models.pedigree, of_month)
        rows += [
            _month(models, name, np.flatnonzero(of_month[:, i]), everywhere[models.roots, i])
            for i, name in enumerate(some)
        ]
    return rows


def _month(models: Population, name: str, members: Ints, shares: np.ndarray[Any, Any]) -> dict[str, Any]:
    there = shares > 0
    low, high = mass_bounds(hhi, shares[there], models.free[there])
    tight, wide = mass_bounds(hhi, shares[there], models.unnamed[there])
    alike = estimate(low, low, high, named={"low": tight, "high": wide})
    largest = int(np.argmax(shares))
    row = {
        "month": name,
        "models": len(members),
        "effective_founders": inverse(alike),
        "largest_root": models.name(models.roots[largest]),
        "largest_share": float(shares[largest]),
    }
    rows = models.nodes[members]
    for over_what in ("architecture", "organisation"):
        counts = rows[over_what].drop_nulls().value_counts()["count"].to_numpy()
        row[f"{over_what}_hhi"] = float(hhi(counts)) if len(counts) else None
    return row
