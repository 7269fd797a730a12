"""What a model's folder tells of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

TASKS = {"text": "text-classification", "image": "image-classification", "audio": "audio-classification",
         "vector": "tabular-classification"}  # fmt: skip
"""Names of tasks on a model page, for items of one modality."""
_TARGETS = {"classes": "one class an item", "labels": "several labels an item", "values": "values"}


def told_by(found: Mapping[str, Any]) -> dict[str, Any]:
    """Kind, classes, domains, modalities, and what each step chose."""
    kind, facts, state = found["kind"], found["facts"], found["state"]
    if kind == "recommender":
        return {"kind": kind, **{name: int(facts[name]) for name in ("users", "items", "domains")}}
    return {
        "kind": kind,
        "classes": [str(name) for name in facts["classes"]],
        "domains": [str(name) for name in facts["domains"]],
        "modalities": {str(name): str(given["kind"]) for name, given in facts["modalities"].items()},
        **_chosen(state),
    }


def _chosen(state: Mapping[str, Any]) -> dict[str, Any]:
    features, merges = state["features"], state["merges"]
    spread = features["spread"]
    return {
        "learns": _TARGETS[state["target"]["kind"]],
        "encoders": [str(encoder["name"]) for encoder in features["encoders"]],
        "backbone": str(state["backbone"]["family"]),
        "graph": {"kind": str(spread["kind"]), "hops": int(spread["hops"])},
        "experts": sorted(map(str, state["experts"])),
        "without_labels": sorted(map(str, state.get("own", {}))),
        "with_few_labels": sorted(map(str, state.get("arrived", {}))),
        "merge": {"method": str(merges[0]["method"]), "setting": str(merges[0]["setting"])} if merges else {},
        "domain_known": str(state["routed"]["method"]),
        "domain_not_known": str(state["static"]["method"]),
        "weights": int(sum(np.size(tensor) for tensor in state["merged"].values())),
        "seed": int(state["params"]["random_state"]),
        "notes": [str(note) for note in state["notes"]],
    }


def task_of(model: Mapping[str, Any]) -> str:
    """What a model page calls the task; empty where items have several modalities, or it does not classify.

    Examples
    --------
    >>> from polyculture.report.card.told import task_of
    >>> task_of({"kind": "CrossDomainClassifier", "modalities": {"text": "text"}})
    'text-classification'
    """
    kinds = list(model.get("modalities", {}).values())
    if model.get("kind") == "recommender":
        return ""
    if model.get("kind") == "CrossDomainRegressor":
        return "tabular-regression" if kinds == ["vector"] else ""
    return TASKS.get(kinds[0], "") if len(kinds) == 1 else ""
