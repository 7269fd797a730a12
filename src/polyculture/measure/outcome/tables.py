"""Each measure of pairs as five sums: what was observed, what chance gives, the most there can be, a zero and a scale.

Every measure here is (observed - zero) / scale. Its null and its largest value are the same expression at what chance
gives and at the most that the pair's error rates allow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from polyculture.arrays import Floats
from polyculture.measure.outcome import counts

Slab = Mapping[str, Floats]


class Table(NamedTuple):
    """Sums for some pairs, (..., rows, columns): one sample, or a stack that leaves one block out each."""

    observed: Floats
    chance: Floats
    most: Floats
    zero: Floats | float
    scale: Floats

    def value(self, of: Floats) -> Floats:
        """The measure if `of` had been observed."""
        return counts.defined_ratio(of - self.zero, self.scale)


class Recipe(NamedTuple):
    """How one measure is computed for all pairs.

    A share of items gets Wilson's interval, any other measure that of the jackknife. Where the measure rises with
    shared failures alone, p is exact, and few of them widen the interval; elsewhere p is that of the jackknife's t.
    """

    table: Callable[[Slab], Table]
    share: bool
    exact: bool
    undefined: str


def error_consistency(s: Slab) -> Table:
    """Cohen's κ: agreement on right and wrong, in units of n², so that undefined is an exact zero."""
    n, a, b = s["n"], s["a"], s["b"]
    chance = a * b + (n - a) * (n - b)
    return Table(n * (n - a - b + 2 * s["both"]), chance, n * (n - np.abs(a - b)), chance, n * n - chance)


def error_correlation(s: Slab) -> Table:
    """Pearson's φ of failures."""
    n, a, b = s["n"], s["a"], s["b"]
    chance = a * b
    return Table(n * s["both"], chance, n * np.minimum(a, b), chance, np.sqrt(a * (n - a) * (b * (n - b))))


def joint_failure(s: Slab) -> Table:
    """Share of items that both fail on."""
    n, a, b = s["n"], s["a"], s["b"]
    return Table(s["both"], counts.defined_ratio(a * b, n), np.minimum(a, b), 0.0, n)


def capa(s: Slab) -> Table:
    """Same answers beyond what accuracies imply, wrong answers taken to spread evenly; in units of n²."""
    n, a, b = s["n"], s["a"], s["b"]
    chance = _even_chance(s)
    return Table(n * _same(s), chance, n * (n - np.abs(a - b)), chance, n * n - chance)


def agreement(s: Slab) -> Table:
    """Share of items with the same answer."""
    n = s["n"]
    return Table(_same(s), counts.defined_ratio(_even_chance(s), n), n - np.abs(s["a"] - s["b"]), 0.0, n)


def agreement_both_wrong(s: Slab) -> Table:
    """Share of the same answer among items that both fail on; see `outcome_pairs` for which items are judged."""
    judged = s["judged_both"] > 0
    both = np.where(judged, s["judged_both"], s["both"])
    same = np.where(judged, s["judged_same"], s["same"])
    return Table(same, np.where(judged, s["tempting"], s["even"]), both, 0.0, both)


def unlabelled_agreement(s: Slab) -> Table:
    """Share of items with the same answer, where no answer is known to be right."""
    unknown = np.full_like(s["same"], np.nan)
    return Table(s["same"], unknown, np.broadcast_to(s["n"], unknown.shape), 0.0, s["n"])


def capa_probabilistic(s: Slab) -> Table:
    """CAPA from probabilities: `a` and `b` are the probabilities that do not go to the right answer."""
    n, a, b = s["n"], s["a"], s["b"]
    chance = _even_chance(s)
    # Σ p q is at most Σ min(p, q), and by Cauchy and Schwarz at most what the models agree with themselves.
    most = np.minimum(n - np.abs(a - b), np.sqrt(s["own_a"] * s["own_b"]))
    return Table(n * s["dot"], chance, n * most, chance, n * n - chance)


def _even_chance(s: Slab) -> Floats:
    n, a, b = s["n"], s["a"], s["b"]
    return np.asarray((n - a) * (n - b) + a * b * counts.defined_ratio(s["spread"], n))


def _same(s: Slab) -> Floats:
    both_right = s["same_right"] if "same_right" in s else s["n"] - s["a"] - s["b"] + s["both"]
    return np.asarray(both_right + s["same"])


VARY = "undefined where both models are always right or both always wrong on the items they share"
OUTCOMES: Mapping[str, Recipe] = MappingProxyType(
    {
        "error_consistency": Recipe(error_consistency, share=False, exact=True, undefined=VARY),
        "error_correlation": Recipe(
            error_correlation,
            share=False,
            exact=True,
            undefined="undefined where a model is always right or always wrong",
        ),
        "joint_failure": Recipe(joint_failure, share=True, exact=True, undefined="undefined where no item is shared"),
    }
)
ANSWERS: Mapping[str, Recipe] = MappingProxyType(
    {
        "agreement": Recipe(agreement, share=True, exact=False, undefined="undefined where no item is shared"),
        "capa": Recipe(
            capa, share=False, exact=False, undefined="undefined where chance alone makes the answers of both the same"
        ),
        "agreement_both_wrong": Recipe(
            agreement_both_wrong, share=True, exact=False, undefined="undefined where no item defeats both models"
        ),
    }
)
UNLABELLED: Mapping[str, Recipe] = MappingProxyType(
    {
        "agreement": Recipe(
            unlabelled_agreement, share=True, exact=False, undefined="undefined where no item is shared"
        ),
    }
)
PROBABILITIES: Mapping[str, Recipe] = MappingProxyType(
    {
        "capa_probabilistic": Recipe(
            capa_probabilistic, share=False, exact=False, undefined="defined only where both models give probabilities"
        ),
    }
)
