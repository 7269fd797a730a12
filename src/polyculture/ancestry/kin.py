"""Kinship and depth, as declared and if all that is not known came from one root."""

from __future__ import annotations

from typing import Any

import numpy as np

from polyculture.ancestry.estimates import ends, estimate, inverse
from polyculture.ancestry.population import Population
from polyculture.arrays import Floats, Mask
from polyculture.errors import DataError
from polyculture.measure.ancestry import Pedigree, mean_kinship, pair_interval
from polyculture.measure.ancestry.bounds import target, under
from polyculture.measure.inference.interval import t_interval

PATH = 50
"""Models of the longest line of descent that are named."""


def worlds(models: Population) -> tuple[Pedigree, Pedigree]:
    """The pedigree if all roots of unknown parents were children of the largest other, and if only the unnamed were."""
    return _world(models, models.free), _world(models, models.unnamed)


def _world(models: Population, free: Mask) -> Pedigree:
    root = int(models.roots[target(models.shares, free)])
    return under(models.pedigree, models.marked(free), root)


def kinship(models: Population, wide: Pedigree, narrow: Pedigree, level: float) -> tuple[dict[str, Any], Floats]:
    """Mean kinship and what it is worth in founders; and the mean kinship of each model.

    Raises
    ------
    DataError
        If there are too many ancestors of merges.
    """
    found = mean_kinship(models.pedigree, models.counts)
    high, named = (mean_kinship(world, models.counts).mean for world in (wide, narrow))
    mean = estimate(found.mean, found.mean, high, named={"low": found.mean, "high": named})
    itself = float(found.own[models.counts].mean())
    mean["interval"] = ends(pair_interval(found.of_each[models.counts], itself, level=level))
    return {"mean": mean, "founder_genome_equivalents": inverse(mean, 2.0)}, found.of_each


def kinship_or_reason(
    models: Population, wide: Pedigree, narrow: Pedigree, level: float
) -> tuple[dict[str, Any], Floats, dict[str, str]]:
    """What `kinship` gives, or why it is not measured."""
    try:
        return *kinship(models, wide, narrow, level), {}
    except DataError as error:
        return {}, np.full(models.pedigree.nodes, np.nan), {"kinship": str(error)}


def depth(models: Population, wide: Pedigree, narrow: Pedigree, level: float) -> dict[str, Any]:
    """Steps from models to their furthest root: mean, longest, how many of each, and the longest line of descent."""
    known, most, named = (world.depth[models.counts].astype(float) for world in (models.pedigree, wide, narrow))
    # a root of unknown parents may stand below any line of others, however long
    no_limit = np.inf if models.free.any() else 0.0
    mean = estimate(known.mean(), known.mean(), known.mean() + no_limit)
    mean["if_children_of_the_largest"] = {"all": most.mean(), "unnamed": named.mean()}
    mean["interval"] = _of_mean(known, level)
    longest = estimate(known.max(), known.max(), known.max() + no_limit)
    longest["if_children_of_the_largest"] = {"all": int(most.max()), "unnamed": int(named.max())}
    steps, models_at = np.unique(known, return_counts=True)
    at = {str(int(step)): count for step, count in zip(steps.tolist(), models_at.tolist(), strict=True)}
    return {"mean": mean, "longest": longest, "models_at": at, "longest_line": _line(models)}


def _of_mean(steps: Floats, level: float) -> dict[str, float]:
    """Student's t, between no steps and the most there are: a mean lies nowhere else."""
    if len(steps) < 2:
        return {"low": np.nan, "high": np.nan}
    found = ends(t_interval(steps, level))
    return {"low": max(found["low"], 0.0), "high": min(found["high"], float(steps.max()))}


def _line(models: Population) -> list[str]:
    """Names from a root down to the first of the deepest models that count."""
    deep = np.where(models.counts, models.pedigree.depth, -1)
    node = int(np.argmax(deep))
    line: list[str] = []
    while len(line) < PATH:
        line.append(models.name(node))
        start, end = np.searchsorted(models.pedigree.child, [node, node + 1])
        above = models.pedigree.parent[start:end]
        if not len(above):
            break
        node = int(above[np.argmax(models.pedigree.depth[above])])
    return line[::-1]
