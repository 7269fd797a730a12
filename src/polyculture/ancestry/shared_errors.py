"""How well common ancestry predicts that models err alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from polyculture.ancestry.audited import Audited
from polyculture.ancestry.matching import matched
from polyculture.ancestry.population import Population
from polyculture.ancestry.settings import Settings
from polyculture.arrays import Floats, Ints
from polyculture.errors import DataError
from polyculture.measure.ancestry import Pedigree, kinship_between, regress_on_kinship
from polyculture.measure.inference.regression import PairRegression, PairTerm

MOST = 500
"""Models that are compared at most: beyond, permutations would take minutes."""


def shared_errors(models: Population, given: Audited, wide: Pedigree, settings: Settings) -> dict[str, Any]:
    """Regression of the likeness of audited models on their kinship; bounds from what is not declared.

    Raises
    ------
    DataError
        If fewer than two audited models are among those whose ancestry is known.
    """
    rows, nodes = _found(models, given)
    if len(rows) < 2:
        raise DataError(
            f"of {len(given.models)} audited models {len(rows)} are listed; use the same names in both, such as "
            f"{', '.join(given.models[:3])}"
        )
    some = slice(0, MOST)
    likeness = given.likeness[np.ix_(rows[some], rows[some])]
    further = _accuracies(given.accuracy[rows[some]])
    fitted, else_ = (
        regress_on_kinship(
            likeness,
            kinship_between(pedigree, nodes[some]),
            further,
            level=settings.level,
            permutations=settings.permutations,
            seed=settings.seed,
        )
        for pedigree in (models.pedigree, wide)
    )
    return {
        "measure": given.measure,
        "models": fitted.models,
        "pairs": fitted.pairs,
        "not_listed": [name for i, name in enumerate(given.models) if i not in set(rows.tolist())],
        "explained": fitted.explained,
        "terms": [_term(term, else_) for term in fitted.terms],
        "left_out": dict(fitted.not_measured),
    }


def _found(models: Population, given: Audited) -> tuple[Ints, Ints]:
    """Rows of the audit whose model is listed, each model once, and those models."""
    asked = pl.DataFrame({"given": given.models, "row": np.arange(len(given.models))})
    asked = asked.with_columns(child=pl.lit(None, dtype=pl.UInt32), relation=pl.lit(None, dtype=pl.String))
    listed = models.nodes.filter("listed")
    found = matched(asked, listed).drop_nulls("parent").select("given", "parent")
    joined = asked.join(found, on="given").unique("parent", keep="first", maintain_order=True).sort("row")
    return joined["row"].to_numpy().astype(np.int64), joined["parent"].to_numpy().astype(np.int64)


def _accuracies(accuracy: Floats) -> dict[str, Floats]:
    """What the accuracies of a pair explain of its likeness, where all are known."""
    if np.isnan(accuracy).any():
        return {}
    one, other = accuracy[:, None], accuracy
    return {"difference in accuracy": np.abs(one - other), "mean accuracy": (one + other) / 2}


def _term(term: PairTerm, otherwise: PairRegression) -> dict[str, Any]:
    both = [term.estimate, *(each.estimate for each in otherwise.terms if each.name == term.name)]
    return {
        "name": term.name,
        "estimate": term.estimate,
        "low": min(both),
        "high": max(both),
        "interval": {"low": term.low, "high": term.high},
        "p": term.p,
        "p_permuted": term.p_permuted,
    }
