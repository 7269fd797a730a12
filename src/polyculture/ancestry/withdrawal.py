"""What falls if a root is withdrawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyculture.ancestry.estimates import estimate
from polyculture.ancestry.population import Population
from polyculture.arrays import Floats, Mask
from polyculture.measure.ancestry import from_root
from polyculture.measure.ancestry.pedigree import COLUMNS

WHOLE = 1 - 1e-9
"""From here on, a model has nothing that is not of a root."""
NOISE = 1e-9
"""Below this part of what a model has of a root, what it has of others is rounding."""


def withdrawn(models: Population, top: int) -> list[dict[str, Any]]:
    """Models that descend from each of the largest roots at all, and those that descend from nothing else.

    Bounds: a model that has something of a root of unknown parents may descend from any other root through it; and one
    that descends from such a root stays its descendant.
    """
    free, unnamed = (_part(models, which) for which in (models.free, models.unnamed))
    downloads = np.where(models.counts, models.nodes["downloads"].fill_null(0).to_numpy(), 0.0)
    rows = []
    for start in range(0, min(top, len(models.roots)), COLUMNS):
        chosen = np.arange(start, min(start + COLUMNS, top, len(models.roots)))
        parts = np.ascontiguousarray(from_root(models.pedigree, models.roots[chosen]).T)
        rows += [_row(models, int(i), parts[j], free, unnamed, downloads) for j, i in enumerate(chosen)]
    return sorted(rows, key=lambda row: (-row["touched"]["estimate"], -row["wholly"]["estimate"], row["root"]))


def _part(models: Population, which: Mask) -> Floats:
    """What each model has of all the marked roots together."""
    return models.pedigree.down(models.marked(which).astype(np.float64))


def _row(models: Population, i: int, part: Floats, free: Floats, unnamed: Floats, downloads: Floats) -> dict[str, Any]:
    touched, wholly = models.counts & (part > 0), models.counts & (part >= WHOLE)
    could = [
        models.counts & ((part > 0) | (others - part * mask[i] > NOISE * part))
        for others, mask in ((free, models.free), (unnamed, models.unnamed))
    ]
    alone = [
        models.counts & (part * (not mask[i]) + others >= WHOLE)
        for others, mask in ((free, models.free), (unnamed, models.unnamed))
    ]
    total = downloads.sum()
    return {
        "root": models.name(models.roots[i]),
        "touched": _counted(touched, *could),
        "wholly": _counted(wholly, *alone),
        "share_touched": touched.sum() / models.size,
        "share_of_downloads": float(downloads[touched].sum() / total) if total else None,
    }


def _counted(found: Mask, wide: Mask, narrow: Mask) -> dict[str, Any]:
    count = int(found.sum())
    return estimate(count, count, int(wide.sum()), named={"low": count, "high": int(narrow.sum())})
