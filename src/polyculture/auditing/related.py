"""What alike models have in common: families, near-twins, and what their likeness goes with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from polyculture.arrays import Array, Floats
from polyculture.auditing.cards import Cards, properties
from polyculture.auditing.families import families
from polyculture.auditing.settings import Settings
from polyculture.auditing.twins import Twin, Twins, near_twins
from polyculture.measure.inference.regression import PairRegression, regress_pairs
from polyculture.measure.pairs import PairMeasure

DRAWS, MOST_MODELS = 1000, 200
"""Permutations of the models, and where there are so many that the robust errors alone are trusted."""
NOTHING_KNOWN = "nothing is known of the models besides their likeness; give their cards"


@dataclass(frozen=True)
class Related:
    """How models are related.

    Parameters
    ----------
    twins : Twins
    parts : dict
        ``families``, ``near_twins`` and ``regressions`` of an audit, as plain values.
    not_measured : dict
        What could not be measured, and why.
    """

    twins: Twins
    parts: dict[str, Any]
    not_measured: dict[str, str]


KIN = (Related, Twins, Twin)
"""Records that it consists of."""


def related(
    name: str,
    measure: PairMeasure,
    models: Sequence[str],
    settings: Settings,
    *,
    replicates: Iterable[Array] = (),
    copies: Array | None = None,
    cards: Cards | None = None,
    accuracy: Floats | None = None,
) -> Related:
    """Families, near-twins and a regression of the likeness of pairs on what the two share.

    Where there are cards, near-twins are closer than these expect; otherwise, than the models' own likeness to others
    and their accuracies do.

    Parameters
    ----------
    name : str
        Of the measure.
    measure : PairMeasure
    models : sequence of m str
    settings : Settings
    replicates : iterable of arrays of shape (m, m)
        The measure on other draws of the items.
    copies : bool array of shape (m, m), or None
        Pairs for which a likeness of 1 is evidence of a copy; None for all.
    cards : mapping or None
    accuracy : array of shape (m,), or None
    """
    fitted = _regression(measure.estimate, models, settings, cards, accuracy)
    tribe = families(measure.estimate, replicates=replicates, seed=settings.seed)
    expected = fitted.fitted if fitted is not None and cards is not None else None
    twins = near_twins(measure.estimate, measure.low, expected=expected, accuracy=accuracy, copies=copies)
    known = fitted is not None and bool(fitted.terms)
    missing = {"regression": NOTHING_KNOWN} if fitted is None else _reasons(fitted)
    return Related(
        twins,
        {
            "families": tribe.to_dict(models) | {"measure": name},
            "near_twins": [twin.to_dict() for twin in twins.named(models)],
            "regressions": {name: _plain(fitted)} if known and fitted is not None else {},
        },
        missing | ({"near_twins": twins.reason} if twins.reason else {}),
    )


def _regression(
    similarity: Floats, models: Sequence[str], settings: Settings, cards: Cards | None, accuracy: Floats | None
) -> PairRegression | None:
    given: dict[str, Any] = {} if accuracy is None else {"accuracy": accuracy}
    given |= properties(cards, models) if cards is not None else {}
    if not given:
        return None
    draws = DRAWS if len(models) <= MOST_MODELS else 0
    return regress_pairs(similarity, given, level=settings.level, permutations=draws, seed=settings.seed)


def _reasons(fitted: PairRegression) -> dict[str, str]:
    return {f"regression on {term}": reason for term, reason in fitted.not_measured.items()}


def _plain(fitted: PairRegression) -> dict[str, Any]:
    plain = asdict(replace(fitted, fitted=None))
    del plain["fitted"]
    return plain
