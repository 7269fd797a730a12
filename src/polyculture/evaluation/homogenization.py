"""How alike the models are that serve the domains, and what that bought or cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.measure import Interval, bootstrap_outcomes, cka_intervals

ITEMS = 2000
"""Items at most for CKA, drawn at random: its cost grows with their square."""


@dataclass(frozen=True)
class Population:
    """Models that are compared, all of them judged on the same items.

    Parameters
    ----------
    models : sequence of str
    predictions : array of int, shape (n, models)
    representations : sequence of array of shape (n, d)
        What each model's answer is computed from.
    about : str
        Who the members are.
    """

    models: Sequence[str]
    predictions: Ints
    representations: Sequence[Floats]
    about: str


def likeness(population: Population, y: Ints, *, samples: int = 400, seed: int = 0) -> dict[str, Any]:
    """κ of errors, joint failure against independence, effective number of models (Kish) and debiased linear CKA.

    Parameters
    ----------
    population : Population
    y : array of int, shape (n,)
    samples, seed : int
        Of the bootstrap over items.

    Returns
    -------
    dict with ``models``, ``about``, and for each measure ``{"estimate", "low", "high"}``; ``pairs`` holds the CKA of
    each pair
    """
    failures = population.predictions != y[:, None]
    found = {
        name: _plain(interval) for name, interval in bootstrap_outcomes(failures, samples=samples, seed=seed).items()
    }
    rows = np.random.default_rng(seed).permutation(len(y))[:ITEMS]
    alike = cka_intervals([np.asarray(r[rows], dtype=np.float64) for r in population.representations], seed=seed)
    upper = combinations(range(len(population.models)), 2)
    names = list(population.models)
    pairs: list[dict[str, Any]] = [{"a": names[i], "b": names[j], "cka": _plain(alike[i, j])} for i, j in upper]
    # The pairs share items and models, so their errors do not average out: the mean of the ends is on the safe side.
    mean = {
        end: float(np.mean([p["cka"][end] for p in pairs])) if pairs else float("nan")
        for end in ("estimate", "low", "high")
    }
    return {"models": list(population.models), "about": population.about, **found, "cka": mean, "pairs": pairs}


def _plain(interval: Interval) -> dict[str, float]:
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def sentence(
    before: Mapping[str, Any], after: Mapping[str, Any], f1_before: float, f1_after: float, *, names: tuple[str, str]
) -> str:
    """One sentence: did likeness fall or rise, and what did that buy or cost in macro-F1.

    Examples
    --------
    >>> from polyculture.evaluation.homogenization import sentence
    >>> def of(k, m):
    ...     kappa = {"estimate": k, "low": k - 0.01, "high": k + 0.01}
    ...     return {"error_consistency": kappa, "kish": {"estimate": m}}
    >>> print(sentence(of(0.5, 1.8), of(0.9, 1.1), 84.3, 85.5, names=("specialists", "fused models")))
    From the specialists to the fused models likeness rose (κ of errors 0.50 to 0.90; effective models 1.8 to 1.1), and
    mean macro-F1 rose by 1.2 points (84.3 to 85.5): they fail more alike, and less often.
    """
    first, second = before["error_consistency"], after["error_consistency"]
    moved = _direction(first, second)
    gain = f1_after - f1_before
    earned = "rose" if gain > 0 else "fell"
    meaning = {
        ("rose", "rose"): "they fail more alike, and less often",
        ("rose", "fell"): "they fail more alike, and more often",
        ("fell", "rose"): "they fail less alike, and less often",
        ("fell", "fell"): "they fail less alike, at a price in accuracy",
    }.get((moved, earned), "likeness stayed where it was within its intervals")
    return (
        f"From the {names[0]} to the {names[1]} likeness {moved} "
        f"(κ of errors {first['estimate']:.2f} to {second['estimate']:.2f}; "
        f"effective models {before['kish']['estimate']:.1f} to {after['kish']['estimate']:.1f}), and mean macro-F1 "
        f"{earned} by {abs(gain):.1f} points ({f1_before:.1f} to {f1_after:.1f}): {meaning}."
    )


def _direction(first: Mapping[str, float], second: Mapping[str, float]) -> str:
    if second["low"] > first["high"]:
        return "rose"
    if second["high"] < first["low"]:
        return "fell"
    return "did not move beyond its intervals"


def one_for_all(name: str, predictions: Ints, representation: Floats, domains: Sequence[str], about: str) -> Population:
    """The population of a single model that serves every domain: as many copies as there are domains."""
    count = len(domains)
    return Population(
        [f"{name} ({d})" for d in domains],
        np.repeat(predictions[:, None], count, axis=1),
        [representation] * count,
        about,
    )


def each_domain(
    name: str, probabilities: Mapping[str, Array], representations: Mapping[str, Floats], about: str
) -> Population:
    """One model a domain, each judged on the items of all domains."""
    domains = list(probabilities)
    predictions = np.stack([probabilities[d].argmax(axis=1) for d in domains], axis=1)
    return Population([f"{name} {d}" for d in domains], predictions, [representations[d] for d in domains], about)
