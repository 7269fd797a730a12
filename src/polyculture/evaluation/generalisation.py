"""Each domain left out in turn, as if nobody had labelled it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from polyculture import engine
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import macro_f1
from polyculture.evaluation.baselines import ngrams
from polyculture.features.combine import Encoded

ROWS = {"fused": "fused", "merged": "merged", "backbone": "pooled"}
"""Rows of the table by what the model calls them: with steps 3 to 5 left out, the backbone is the pooled network."""


def leave_one_out(
    model: CrossDomainClassifier,
    data: DomainData,
    prepared: DomainData,
    encoded: Encoded,
    test: Encoded,
    *,
    most: int | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Fit on all domains but one, judge on that one's test items; with and without its unlabelled training items.

    Encoders that learn labels are left out, for each would have to be trained again without the domain. The graph's
    kind
    and depth are those that were chosen with all domains. With the unlabelled items, vocabularies, scales and graph are
    those of all domains, as none of these looks at a label; without them they are fitted again.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted.
    data, prepared : DomainData
        All splits, and what the model was fitted on.
    encoded, test : Encoded
        Fitted and test items after step 2.
    most : int or None
        Training items at most.
    jobs : int
        Fits at once.

    Returns
    -------
    dict
        For ``without`` and ``with`` the unlabelled items of the unseen domain: macro-F1 of ``fused``, ``merged``,
        ``pooled``
        and ``ngrams``, with ``mean``, ``worst`` and ``by_domain``.
    """
    items = data.take(data.within("test"))
    names = model.features_.quiet_
    pieces: list[tuple[Any, ...]] = []
    for domain in data.domains:
        kept = np.flatnonzero(_limited(prepared, most, model.random_state) | (prepared.domain == domain))
        there = items.domain == domain
        pieces += [
            ("with", model, prepared.take(kept), encoded.only(names).take(kept), items.take(there),
            test.only(names).take(there), domain),
            ("without", fixed(model), limit(data, most, model.random_state), None, items.take(there), None, domain),
        ]  # fmt: skip
    tables: dict[str, dict[str, dict[str, float]]] = {"without": {}, "with": {}}
    for piece, scores in zip(pieces, engine.run(_one, pieces, jobs=jobs), strict=True):
        for row, value in scores.items():
            tables[piece[0]].setdefault(row, {})[piece[-1]] = value
    return {how: {row: _summary(each) for row, each in rows.items()} for how, rows in tables.items()}


def _summary(each: Mapping[str, float]) -> dict[str, Any]:
    values = list(each.values())
    return {"mean": float(np.mean(values)), "worst": min(values), "by_domain": dict(each)}


def _one(
    how: str,
    model: CrossDomainClassifier,
    data: DomainData,
    encoded: Encoded | None,
    items: DomainData,
    test: Encoded | None,
    domain: str,
) -> dict[str, float]:
    if encoded is None or test is None:
        seen = data.take((data.domain != domain) & data.within("train", "validation"))
        prepared = model.preprocess(seen.texts, seen.label, domain=seen.domain, split=seen.split)
        model.learn(model.encode_fit(prepared), prepared)
        test = model.encode(items.texts)
    else:
        features = model.features_
        model = clone(model)
        model.features_ = features
        model.learn(encoded, _without_labels(data, domain))
    truth = model.codes(items.label)
    answers = model.answers(test)
    scores = {name: 100 * macro_f1(truth, answers[row].argmax(axis=1)) for row, name in ROWS.items()}
    if how == "without":
        scores["ngrams"] = 100 * macro_f1(truth, ngrams(seen, model.classes_, items.texts).argmax(axis=1))
    return scores


def _without_labels(data: DomainData, domain: str) -> DomainData:
    unseen = data.domain == domain
    label, split = data.label.copy(), np.array(data.split, dtype=object)
    label[unseen], split[unseen] = None, "unlabelled"
    return replace(data, label=label, split=split)


def fixed(model: CrossDomainClassifier, **changes: Any) -> CrossDomainClassifier:
    """A fresh model whose choices of step 2 are those of a fitted one, without encoders that learn labels."""
    chosen: dict[str, Any] = {
        "encoders": tuple(model.features_.quiet_),
        "network_encoders": None,
        "graph": model.features_.spread_.kind_,
        "hops": (model.features_.spread_.hops_,),
    }
    fresh: CrossDomainClassifier = clone(model).set_params(**(chosen | changes))
    return fresh


def limit(data: DomainData, most: int | None, seed: int) -> DomainData:
    """The data with at most so many training items, drawn at random; the other splits stay whole."""
    return data.take(_limited(data, most, seed))


def _limited(data: DomainData, most: int | None, seed: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    kept = np.ones(len(data), dtype=bool)
    train = np.flatnonzero(data.within("train"))
    if most is not None and len(train) > most:
        kept[np.random.default_rng(seed).permutation(train)[most:]] = False
    return kept
