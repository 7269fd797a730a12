"""An audit of how models see items: representations, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from polyculture import store
from polyculture.arrays import Array, Floats
from polyculture.auditing.cards import Cards, unmatched
from polyculture.auditing.pair_table import pair_parts, pair_table
from polyculture.auditing.related import KIN, related
from polyculture.auditing.result import AuditResult
from polyculture.auditing.settings import Settings
from polyculture.data.answers import Embeddings
from polyculture.errors import DataError
from polyculture.measure.pairs import PairMeasure
from polyculture.measure.representation.cka import cka_matrix
from polyculture.measure.representation.layers import Layers
from polyculture.measure.representation.pairs import RepresentationPairs, representation_pairs
from polyculture.memory import audit_embeddings as audit_need
from polyculture.memory import check
from polyculture.progress import LOG, Steps

REPLICATES, MOST_LAYERS, FEWEST_ITEMS = 10, 300, 16
"""Random halves of the items that families are tried on, and where that is done."""
MOST_MAPS = 100
"""Pairs of models whose layers are shown beside each other, the most alike first."""
OUTCOMES = ("accuracy", "effective_models", "joint_failure", "systemic_failure", "portfolio")


def audit_embeddings(embeddings: Embeddings, settings: Settings, cards: Cards | None = None) -> AuditResult:
    """Everything that representations can tell.

    Raises
    ------
    DataError
        If there are fewer than two models.
    """
    models = list(embeddings.models)
    if len(models) < 2:
        raise DataError(f"{embeddings.source}: has one model, {models[0]!r}; give at least two to compare")
    clock = Steps()
    layers = [list(embeddings.layers[model].values()) for model in models]
    LOG.info("%d models, %d layers, %d items", len(models), sum(map(len, layers)), len(embeddings.items))
    columns = sum(layer.shape[1] for several in layers for layer in several)
    check(audit_need(len(embeddings.items), columns, sum(map(len, layers)), blocks=settings.memory))
    with clock.step("representations"):
        found = _each_kept(layers, settings) if store.keeping() else _pairs(layers, settings, settings.measures)
    first = settings.measures[0]
    with clock.step("families"):
        replicates = _replicates(layers, found, settings)
        how: dict[str, Any] = {"replicates": replicates, "cards": cards}
        kin = store.step("families", lambda: related(first, found.measures[first], models, settings, **how), KIN)
    table = pair_table(models, found.measures, adjust=settings.adjust)
    return AuditResult(
        kind="embeddings",
        models=models,
        items=len(embeddings.items),
        maps=_maps(embeddings, found, first),
        not_measured=_not_measured(found) | kin.not_measured,
        policies=[asdict(policy) for policy in embeddings.policies] + unmatched(cards, models) + _aligned(embeddings),
        settings=asdict(settings) | {"drawn_from": found.drawn_from},
        source=embeddings.source,
        **kin.parts,
        **pair_parts(table, list(found.measures), models, kin.twins),
    )


def _each_kept(layers: Sequence[Sequence[Array]], settings: Settings) -> RepresentationPairs:
    """The same, each measure a step; at once they would share what is computed of the layers."""
    found = [
        store.step(
            f"representations, {name}",
            partial(_pairs, layers, settings, (name,)),
            (RepresentationPairs, PairMeasure),
        )
        for name in settings.measures
    ]
    measures = {name: measure for each in found for name, measure in each.measures.items()}
    return replace(found[0], measures=measures, maps={name: m for each in found for name, m in each.maps.items()})


def _pairs(layers: Sequence[Sequence[Array]], settings: Settings, measures: Sequence[str]) -> RepresentationPairs:
    return representation_pairs(
        layers,
        measures=measures,
        k=settings.neighbours,
        permutations=settings.permutations,
        blocks=settings.blocks,
        level=settings.level,
        seed=settings.seed,
        memory=settings.memory,
    )


def _replicates(layers: Sequence[Sequence[Array]], found: RepresentationPairs, settings: Settings) -> Iterator[Floats]:
    """The likeness of all pairs, as far as it is CKA, on random halves of the items."""
    rows = len(layers[0][0])
    if settings.measures[0] != "cka" or len(found.of) > MOST_LAYERS or rows < FEWEST_ITEMS:
        return
    rng = np.random.default_rng(settings.seed)
    for _ in range(REPLICATES):
        some = np.sort(rng.permutation(rows)[: rows // 2])
        half = Layers([[layer[some] for layer in model] for model in layers], at_least=FEWEST_ITEMS // 2)
        yield half.highest(cka_matrix(half.flat, memory=settings.memory))


def _maps(embeddings: Embeddings, found: RepresentationPairs, measure: str) -> dict[str, Any]:
    """Likeness of all layers of two models, for the pairs that are most alike."""
    models, values = embeddings.models, found.maps[measure]
    alike = found.measures[measure].estimate
    several = [len(embeddings.layers[model]) > 1 for model in models]
    pairs = [(a, b) for a, b in combinations(range(len(models)), 2) if several[a] or several[b]]
    pairs.sort(key=lambda pair: -np.nan_to_num(alike[pair], nan=-np.inf))
    return {
        f"{models[a]}|{models[b]}": {
            "measure": measure,
            "rows": list(embeddings.layers[models[a]]),
            "columns": list(embeddings.layers[models[b]]),
            "values": values[np.ix_(found.of == a, found.of == b)].tolist(),
        }
        for a, b in pairs[:MOST_MAPS]
    }


def _not_measured(found: RepresentationPairs) -> dict[str, str]:
    reasons = dict.fromkeys(OUTCOMES, "representations say nothing of what is right or wrong; give predictions")
    for name, measure in found.measures.items():
        apart = ~np.eye(len(measure.estimate), dtype=bool)
        whole = "" if np.isnan(measure.estimate[apart]).any() else "sound interval of "
        reasons |= {whole + name: measure.reason} if measure.reason else {}
    return reasons


def _aligned(embeddings: Embeddings) -> list[Mapping[str, Any]]:
    if embeddings.aligned_by == "id":
        return []
    done = "taken to be the same items in the same order; give ids to be sure"
    return [{"what": "rows without an id of their item", "count": len(embeddings.items), "done": done}]
