"""CAPA and error consistency of all pairs of models, beside lm-sim."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from work import Work

MODELS, ITEMS, OPTIONS = 6, 5_000, 10


def prepare(path: Path) -> None:
    """Probabilities and answers of models of different skill."""
    rng = np.random.default_rng(0)
    labels = rng.integers(OPTIONS, size=ITEMS)
    hard = rng.normal(size=(ITEMS, OPTIONS))
    scores = rng.normal(size=(MODELS, ITEMS, OPTIONS)) + hard
    scores[:, np.arange(ITEMS), labels] += np.linspace(0.5, 3, MODELS)[:, None]
    likely = np.exp(scores)
    np.savez(path, labels=labels, likely=likely / likely.sum(axis=2, keepdims=True))


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Labels; probabilities by model, item and option."""
    with np.load(path) as kept:
        return kept["labels"], kept["likely"]


def ours(path: Path, measure: str) -> Callable[[], np.ndarray]:
    """Each pair by the plain function; what `polyculture audit` does, all pairs at once, is quicker still."""
    from polyculture.measure import capa, error_consistency

    labels, likely = read(path)
    if measure == "capa":
        return lambda: np.array([capa(a, b, labels) for a, b in combinations(likely, 2)])

    def ask() -> np.ndarray:
        correct = [model.argmax(axis=1) == labels for model in likely]
        return np.array([error_consistency(a, b) for a, b in combinations(correct, 2)])

    return ask


def theirs(path: Path, measure: str) -> Callable[[], np.ndarray]:
    """A loop over pairs, as its readme shows."""
    from lmsim.metrics import CAPA, EC

    labels, likely = read(path)
    models: list[Any] = [list(model) for model in likely]
    truth = labels.tolist()
    metric = CAPA() if measure == "capa" else EC()
    return lambda: np.array([metric.compute_k(a, b, truth) for a, b in combinations(models, 2)])


SIZE = (
    f"All {MODELS * (MODELS - 1) // 2} pairs of {MODELS} made models on {ITEMS:,} items with {OPTIONS} options, from "
)
LIMITS = "Point estimates alone are compared: the intervals and the values by chance that ours adds are not timed."


def work(name: str, measure: str) -> Work:
    """The same for either measure."""
    return Work(
        name=name,
        peer="lm-sim",
        quantity="mean over pairs",
        kind="same",
        prepare=prepare,
        ours=partial(ours, measure=measure),
        theirs=partial(theirs, measure=measure),
        protocol=f"{SIZE}probabilities in float64; one thread.",
        limits=LIMITS,
        below="What both hold is small; SciPy, which the measures import, takes 70 MB.",
        better="It has fewer dependencies (NumPy alone) and is the reference of the paper's authors.",
    )


WORKS = [work("CAPA of all pairs", "capa"), work("Error consistency of all pairs", "error_consistency")]
