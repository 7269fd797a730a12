"""Roots, their shares, and how many equal founders they are worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyculture.ancestry.estimates import ends, estimate, inverse, of_shares
from polyculture.ancestry.population import Population
from polyculture.arrays import Floats
from polyculture.errors import DataError
from polyculture.measure.ancestry import (
    founder_shares,
    likeness_to_all,
    own_overlap,
    pair_interval,
    share_bounds,
    share_interval,
)
from polyculture.measure.diversity.concentration import gini, hhi
from polyculture.measure.diversity.hill import hill


def founders(models: Population, level: float) -> dict[str, Any]:
    """The chance that two models share a root, the effective founders, and other numbers of the shares."""
    alike = of_shares(hhi, models.shares, models.free, models.unnamed)
    everywhere = np.zeros(models.pedigree.nodes)
    everywhere[models.roots] = models.shares
    means = likeness_to_all(models.pedigree, everywhere[models.pedigree.roots])[models.counts]
    alike["interval"] = ends(pair_interval(means, _itself(models), level=level))
    return {
        "effective_founders": inverse(alike),
        "diversity": {
            "roots": of_shares(lambda shares: hill(shares, 0), models.shares, models.free, models.unnamed),
            "hhi": alike,
            "entropy_founders": of_shares(lambda s: hill(s, 1), models.shares, models.free, models.unnamed),
            "gini": of_shares(gini, models.shares, models.free, models.unnamed),
            "largest_share": _largest(models, level),
        },
    }


def _itself(models: Population) -> float | None:
    """Mean chance that two parts of one model share a root; None, which stands for 1, where merges are too many."""
    try:
        return float(own_overlap(models.pedigree)[models.counts].mean())
    except DataError:
        return None


def _largest(models: Population, level: float) -> dict[str, Any]:
    found = of_shares(lambda shares: float(shares.max()), models.shares, models.free, models.unnamed)
    return {**found, "interval": ends(share_interval(found["estimate"], models.size, level=level))}


def root_rows(models: Population, level: float, top: int) -> list[dict[str, Any]]:
    """The largest roots with their shares, largest first."""
    low, high = share_bounds(models.shares, models.free)
    tight, wide = share_bounds(models.shares, models.unnamed)
    downloads = _of_downloads(models)
    rows = []
    for i, root in enumerate(models.roots[:top].tolist()):
        named = {"low": float(tight[i]), "high": float(wide[i])}
        share = estimate(models.shares[i], low[i], high[i], named=named)
        share["interval"] = ends(share_interval(float(models.shares[i]), models.size, level=level))
        row = {"name": models.name(root), "listed": bool(models.nodes["listed"][root]), "parents": _said(models, i)}
        rows.append(row | share | {"share_of_downloads": None if downloads is None else float(downloads[i])})
    return rows


def _said(models: Population, i: int) -> str:
    """What is known of a root's own parents."""
    if not models.free[i]:
        return "says it has none"
    return "does not say" if models.nodes["listed"][int(models.roots[i])] else "not listed"


def _of_downloads(models: Population) -> Floats | None:
    """Share of the downloads that each root has, in the order of the roots; None without downloads."""
    downloads = np.where(models.counts, models.nodes["downloads"].fill_null(0).to_numpy(), 0.0)
    if not downloads.sum() > 0:
        return None
    everywhere = np.zeros(models.pedigree.nodes)
    everywhere[models.pedigree.roots] = founder_shares(models.pedigree, downloads)
    return np.asarray(everywhere[models.roots])
