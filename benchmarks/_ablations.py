"""A fitted model once more without one of its parts; what the part does not touch is not fitted again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.ablation import relearnt
from polyculture.features.combine import Encoded

STEPS: dict[str, dict[str, Any]] = {
    "without experts (step 3)": {"adapt": "none"},
    "without fusion: each domain's expert alone (step 4)": {"fuse": "none"},
    "without joining base models: merged weights alone (step 4)": {"fuse": "regmean"},
    "without choosing the fusion: the plain ensemble (step 4)": {"fuse": "logit_ensemble"},
    "without steps 3 to 5: the backbone alone": {"fuse": "backbone", "adapt": "none", "fine_tune_epochs": 0},
    "without fine-tuning of the merged weights (step 5)": {"fine_tune_epochs": 0},
    "without base models refitted on held-out items (step 5)": {"refit_base_models": False},
}

Answers = dict[str, np.ndarray]


def without_steps(
    model: CrossDomainClassifier, encoded: Encoded, prepared: DomainData, later: Encoded, domain: np.ndarray
) -> Answers:
    """The fused answers for later items without each of the steps 3 to 5, and without the graph where there is one."""
    found = {
        name: relearnt(model, encoded, prepared, **change).answers(later, domain)["fused"]
        for name, change in STEPS.items()
    }
    if model.features_.spread_.kind_ != "none":
        plain, asked = (_cut(model, part, list(model.families_), spread=False) for part in (encoded, later))
        fresh = relearnt(model, plain, prepared, anew=True)
        found["without the graph (step 2)"] = fresh.answers(asked, domain)["fused"]
    return found


def without_encoders(
    model: CrossDomainClassifier,
    encoded: Encoded,
    prepared: DomainData,
    later: Encoded,
    domain: np.ndarray,
    *,
    altogether: bool = True,
) -> Iterator[tuple[str, np.ndarray]]:
    """The fused answers without each base model, and without its encoder altogether: the network is fitted anew."""
    for left in model.families_:
        names = [name for name in model.families_ if name != left]
        less, asked = encoded.only(names), later.only(names)
        fresh = relearnt(model, less, prepared)
        yield f"without the base model {left} (step 4)", fresh.answers(asked, domain)["fused"]
        if altogether and left in model.features_.blocks_:
            less, asked = (_cut(model, part, names) for part in (encoded, later))
            fresh = relearnt(model, less, prepared, anew=True)
            yield f"without the encoder {left} (step 2)", fresh.answers(asked, domain)["fused"]


def _cut(model: CrossDomainClassifier, items: Encoded, names: list[str], *, spread: bool = True) -> Encoded:
    """Items with the blocks of these encoders alone, spread as they were or not at all."""
    blocks = model.features_.dense(items)
    whole = items.vectors if spread else np.hstack(list(blocks.values()))
    ends = np.cumsum([block.shape[1] for block in blocks.values()])
    parts = dict(zip(blocks, np.split(whole, ends[:-1], axis=1), strict=True))
    return Encoded({name: items.views[name] for name in names}, np.hstack([parts[n] for n in parts if n in names]))
