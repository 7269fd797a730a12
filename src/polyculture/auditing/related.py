"""What alike models have in common besides their likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from polyculture.arrays import Floats
from polyculture.auditing.cards import Cards, properties
from polyculture.auditing.settings import Settings
from polyculture.measure.inference.regression import regress_pairs

DRAWS, MOST_MODELS = 1000, 200
"""Permutations of the models, and where there are so many that the robust errors alone are trusted."""


def related(
    similarity: Floats,
    name: str,
    models: Sequence[str],
    settings: Settings,
    *,
    cards: Cards | None = None,
    accuracy: Floats | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """Regression of the likeness of pairs on accuracy and on what their cards share.

    Parameters
    ----------
    similarity : array of shape (m, m)
    name : str
        Of the measure.
    models : sequence of m str
    settings : Settings
    cards : mapping or None
    accuracy : array of shape (m,), or None

    Returns
    -------
    By name of the measure, the regression as plain values; and what could not be measured, with the reason.
    """
    given: dict[str, Any] = {} if accuracy is None else {"accuracy": accuracy}
    given |= properties(cards, models) if cards is not None else {}
    if not given:
        return {}, {"regression": "nothing is known of the models besides their likeness; give their cards"}
    draws = DRAWS if len(models) <= MOST_MODELS else 0
    found = regress_pairs(similarity, given, level=settings.level, permutations=draws, seed=settings.seed)
    reasons = {f"regression on {term}": reason for term, reason in found.not_measured.items()}
    return ({name: asdict(found)} if found.terms else {}), reasons
