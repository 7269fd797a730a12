"""Which models are trained: every combination of data, objective, architecture and starting point.

Factors are crossed in full, so that what one of them does is not mixed up with what another does. Nothing else differs
by design: all models share the task, the vocabulary, the width of their vectors and the optimiser. Every run has a seed
of its own, which decides the order of texts and what is dropped.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from polyculture.arrays import Array

FACTORS: Mapping[str, tuple[str, ...]] = {
    "data": ("half 1", "half 2"),
    "objective": ("labels", "denoising"),
    "architecture": ("cnn", "rnn", "transformer"),
    "start": ("random 1", "random 2", "wordllama"),
}
"""Levels of each factor. A start is all initial weights: the same for models of one architecture, and the same token
vectors for all of them."""


@dataclass(frozen=True)
class Recipe:
    """What one model is made of.

    Parameters
    ----------
    data, objective, architecture, start : str
        A level of each factor.
    run : int
        Tells models that share all four apart.
    seed : int
        Of the order of texts and of dropout; no two models have the same.
    """

    data: str
    objective: str
    architecture: str
    start: str
    run: int
    seed: int

    @property
    def name(self) -> str:
        """Levels and run in one word, fit for a file."""
        levels = (getattr(self, factor).replace(" ", "-") for factor in FACTORS)
        return "_".join([*levels, str(self.run)])

    @property
    def cell(self) -> str:
        """Levels of all factors: what models that differ by their seed alone have in common."""
        return self.name.rpartition("_")[0]


def recipes(
    levels: Mapping[str, Sequence[str]] = FACTORS, *, again: Sequence[str] = (), split: int = 0
) -> list[Recipe]:
    """All combinations once, and those of some starts once more.

    Parameters
    ----------
    levels : mapping of factor to levels
        All of `FACTORS` by default; with fewer levels it is a part of the design.
    again : sequence of str
        Starts from which two models of each combination are trained, which then share all but the seed.
    split : int
        Of the data; enters the seeds.
    """
    crossed = list(product(*(levels[factor] for factor in FACTORS)))
    runs = [(each, 0) for each in crossed] + [(each, 1) for each in crossed if each[-1] in again]
    return [
        Recipe(**dict(zip(FACTORS, each, strict=True)), run=run, seed=zlib.crc32(f"{split} {run} {each}".encode()))
        for each, run in runs
    ]


def factors(models: Sequence[Recipe]) -> dict[str, list[str]]:
    """Level of each model, by factor; factors that do not vary are left out."""
    found = {factor: [getattr(model, factor) for model in models] for factor in FACTORS}
    return {factor: levels for factor, levels in found.items() if len(set(levels)) > 1}


def interactions(levels: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Levels of two factors at once: models share them if they share both."""
    return {
        f"{a} and {b}": [f"{x} | {y}" for x, y in zip(levels[a], levels[b], strict=True)]
        for a, b in combinations(levels, 2)
    }


def shared(levels: Mapping[str, Sequence[str]]) -> Array:
    """Number of factors that each pair of models shares, shape (m, m)."""
    columns = [np.asarray(values) for values in levels.values()]
    return np.asarray(sum((column[:, None] == column).astype(int) for column in columns))
