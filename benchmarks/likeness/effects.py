"""Likeness of all pairs of models, and what each shared factor does to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from design import Recipe, factors, interactions, shared
from kept import Said
from material import Material
from reasons import agreement

from polyculture import AuditResult, audit
from polyculture.arrays import Floats, Ints, Mask
from polyculture.measure import regress_pairs

KAPPA, CKA, REASONS = "κ", "CKA", "agreement of reasons"
CALIBRATED = "calibrated"
ALONE = ("labels", "denoising")
"""Objectives whose models are looked at alone as well."""

RANDOM = "random starts"


def answered(design: Sequence[Recipe], given: Sequence[Said], part: str) -> dict[str, Ints]:
    """Answers of each model to a part of the items."""
    return {recipe.name: getattr(said, part) for recipe, said in zip(design, given, strict=True)}


def wrong(given: Sequence[Said], part: str, labels: Ints) -> Mask:
    """Whether each model errs on each item, shape (n, m)."""
    return np.stack([getattr(said, part) != labels for said in given], axis=1)


def audits(design: Sequence[Recipe], given: Sequence[Said], items: Material) -> dict[str, AuditResult]:
    """Audits of the answers on known and unseen domains, and of the last hidden vectors."""
    how: dict[str, Any] = {"cache": False, "largest_portfolio": 1}
    return {
        KAPPA: audit(answered(design, given, "likeness"), labels=items.codes(items.likeness), **how),
        f"{KAPPA}, unseen": audit(answered(design, given, "unseen"), labels=items.codes(items.unseen), **how),
        CKA: audit(
            {recipe.name: said.vectors for recipe, said in zip(design, given, strict=True)},
            kind="embeddings",
            measures=("cka",),
            cache=False,
        ),
    }


def matrices(found: Mapping[str, AuditResult], given: Sequence[Said], item_of: Ints) -> dict[str, Floats]:
    """Likeness of all pairs by name of the measure, shape (m, m); calibrated where the audit does so."""
    measured = {KAPPA: "error_consistency", f"{KAPPA}, unseen": "error_consistency", CKA: "cka"}
    squares = {name: square(found[name], measure, "estimate") for name, measure in measured.items()}
    squares |= {f"{name}, {CALIBRATED}": square(found[name], measured[name], "calibrated") for name in (KAPPA, CKA)}
    return squares | {REASONS: agreement(np.stack([said.weights for said in given], axis=1), item_of)}


def square(found: AuditResult, measure: str, part: str) -> Floats:
    """A column of the table of pairs as a symmetric matrix with ones on its diagonal."""
    place = {name: at for at, name in enumerate(found.models)}
    values = np.eye(len(place))
    for pair in found.pairs:
        a, b = place[pair["a"]], place[pair["b"]]
        values[a, b] = values[b, a] = pair[measure][part]
    return values


def populations(design: Sequence[Recipe]) -> dict[str, Mask]:
    """All models, those of one objective, and those that start from random weights of one seed or another."""
    objective = np.array([recipe.objective for recipe in design])
    drawn = np.array([recipe.start.startswith("random") for recipe in design])
    return {"all": np.ones(len(design), dtype=bool)} | {name: objective == name for name in ALONE} | {RANDOM: drawn}


def effects(likeness: Floats, design: Sequence[Recipe], accuracy: Floats) -> dict[str, dict[str, Any]]:
    """What sharing a factor adds to likeness: by itself, at equal accuracy, and beside what two factors do together.

    Parameters
    ----------
    likeness : array of shape (m, m)
    design : sequence of m Recipe
    accuracy : array of shape (m,)
    """
    levels = factors(design)
    asked: dict[str, dict[str, Any]] = {
        "factors": dict(levels),
        "at equal accuracy": {**levels, "accuracy": accuracy},
        "interactions": {**levels, **interactions(levels)},
    }
    return {name: _terms(likeness, covariates) for name, covariates in asked.items()}


def _terms(likeness: Floats, covariates: Mapping[str, Any]) -> dict[str, Any]:
    found = regress_pairs(likeness, covariates)
    terms = {
        term.name: {"estimate": term.estimate, "low": term.low, "high": term.high, "p": term.p_permuted}
        for term in found.terms
    }
    return terms | {"explained": {"estimate": found.explained, "low": np.nan, "high": np.nan, "p": np.nan}}


def by_shared(likeness: Floats, design: Sequence[Recipe]) -> dict[str, dict[str, float]]:
    """Mean likeness of pairs that share 0, 1, ... factors; and of those that share one factor alone, or all but one."""
    levels = factors(design)
    count, most = shared(levels), len(levels)
    kinds: dict[str, Mask] = {str(number): count == number for number in range(most + 1)}
    for name, values in levels.items():
        same = shared({name: values}) == 1
        kinds |= {f"{name} alone": same & (count == 1), f"all but {name}": ~same & (count == most - 1)}
    return {name: _mean(likeness, kind) for name, kind in kinds.items()}


def by_level(likeness: Floats, design: Sequence[Recipe]) -> dict[str, dict[str, float]]:
    """Mean likeness of pairs that share a level, whatever else they share, but for those that share everything."""
    whole = shared({"cell": [recipe.cell for recipe in design]}) == 1
    found = {}
    for name, values in factors(design).items():
        given = np.array(values)
        for level in sorted(set(values)):
            both = (given == level)[:, None] & (given == level)
            found[f"{name}: {level}"] = _mean(likeness, both & ~whole)
    return found


def _mean(likeness: Floats, kind: Mask) -> dict[str, float]:
    """The constant of a regression on nothing: a mean whose interval allows for pairs having models in common."""
    found = regress_pairs(np.where(kind, likeness, np.nan), {}, permutations=0)
    pairs = float(np.triu(kind, 1).sum())
    if not found.terms:
        return {"estimate": np.nan, "low": np.nan, "high": np.nan, "pairs": pairs}
    term = found.terms[0]
    return {"estimate": term.estimate, "low": term.low, "high": term.high, "pairs": pairs}
