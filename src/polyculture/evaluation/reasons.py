"""Whether reasons are true, for the pooled model, the specialists and the fused model alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.explain import Predict, domain_specificity, faithfulness, neighbour_reasons, predictor, word_reasons
from polyculture.features.backbone import Backbone


def judge_reasons(
    model: CrossDomainClassifier,
    pooled: Backbone,
    specialists: Mapping[str, CrossDomainClassifier],
    items: DomainData,
    *,
    each: int = 15,
    shown: int = 1,
) -> dict[str, Any]:
    """Deletion, insertion and domain specificity of word reasons, and examples with their neighbours.

    Parameters
    ----------
    model : CrossDomainClassifier
    pooled : Backbone
    specialists : mapping of domain to CrossDomainClassifier
    items : DomainData
        Test items; `each` of every domain are drawn, of those with at least five words.
    each, shown : int
        Items a domain that are judged, and that are shown.
    """
    drawn = _drawn(items, each, model.random_state)
    texts, domain = drawn.texts.tolist(), drawn.domain
    found: dict[str, Any] = {}
    examples = []
    for name, predict in _predictors(model, pooled, specialists).items():
        reasons = word_reasons(predict, texts, domain)
        specific = domain_specificity(reasons, domain, seed=model.random_state)
        found[name] = faithfulness(predict, reasons, domain, seed=model.random_state) | {"specificity": specific}
        if name == "fused":
            examples = [
                {
                    "domain": str(domain[i]),
                    "text": texts[i],
                    "predicted": str(model.classes_[reasons[i].predicted]),
                    "words": [
                        {"word": w, "weight": float(v)}
                        for w, v in zip(reasons[i].words, reasons[i].weights, strict=True)
                    ],
                    "neighbours": neighbour_reasons(model, texts[i], str(domain[i])),
                }
                for i in range(0, len(texts), max(1, each // shown))
            ]
    return {"items": len(texts), "models": found, "examples": examples}


def _drawn(items: DomainData, each: int, seed: int) -> DomainData:
    rng = np.random.default_rng(seed)
    long = np.array([len(str(t).split()) >= 5 for t in items.texts])
    rows = [rng.permutation(np.flatnonzero((items.domain == d) & long))[:each] for d in items.domains]
    return items.take(np.concatenate(rows))


def _predictors(
    model: CrossDomainClassifier, pooled: Backbone, specialists: Mapping[str, CrossDomainClassifier]
) -> dict[str, Predict]:
    def alone(texts: list[str], domain: Array) -> Array:
        out = np.zeros((len(texts), len(model.classes_)))
        for d, specialist in specialists.items():
            rows = np.flatnonzero(domain == d)
            if len(rows):
                out[rows] = specialist.answers(specialist.encode([texts[i] for i in rows]))["backbone"]
        return out

    def one(texts: list[str], domain: Array) -> Array:  # noqa: ARG001 (a pooled model knows no domain)
        return pooled.predict_proba(model.fed(model.encode(texts)))

    return {"pooled": one, "specialists": alone, "fused": predictor(model)}
