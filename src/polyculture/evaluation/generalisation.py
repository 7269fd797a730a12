"""Each domain left out in turn, as if nobody had labelled it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from polyculture import engine
from polyculture.arrays import Mask
from polyculture.classify import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import macro_f1
from polyculture.evaluation.baselines import ngrams
from polyculture.features.combine import Encoded
from polyculture.features.spread import LEARNT

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
    kind and depth are those that were chosen with all domains. With the unlabelled items, vocabularies, scales and
    graph are those of all domains, as none of these looks at a label; without them they are fitted again, on the
    limited items. Where the network is fed by what does look at labels, the former is left out.

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
        ``pooled`` and ``ngrams``, with ``mean``, ``worst`` and ``by_domain``.
    """
    items = data.take(data.within("test"))
    names = model.features_.quiet_
    blind = set(model.features_.blocks_) <= set(names) and model.propagation not in LEARNT

    def pieces() -> Iterator[tuple[Any, ...]]:
        for domain in data.domains:
            kept = np.flatnonzero(_limited(prepared, most, model.random_state) | (prepared.domain == domain))
            there = items.domain == domain
            known, later = encoded.only(names).take(kept), test.only(names).take(there)
            if blind:
                yield domain, model, prepared.take(kept), items.take(there), known, later
            yield domain, fixed(model), limit(data, most, model.random_state), items.take(there)

    tables: dict[str, dict[str, dict[str, float]]] = {"without": {}, "with": {}}
    for domain, how, scores in engine.run(_one, pieces(), jobs=jobs):
        for row, value in scores.items():
            tables[how].setdefault(row, {})[domain] = value
    return {how: {row: _summary(each) for row, each in rows.items()} for how, rows in tables.items() if rows}


def _summary(each: Mapping[str, float]) -> dict[str, Any]:
    values = list(each.values())
    return {"mean": float(np.mean(values)), "worst": min(values), "by_domain": dict(each)}


def _one(
    domain: str,
    model: CrossDomainClassifier,
    data: DomainData,
    items: DomainData,
    encoded: Encoded | None = None,
    test: Encoded | None = None,
) -> tuple[str, str, dict[str, float]]:
    """Scores on one unseen domain; items that come encoded are those of the unseen domain too, their labels masked."""
    if encoded is not None and test is not None:
        features, model = model.features_, clone(model)
        model.features_ = features
        model.learn(encoded, _without_labels(data, domain))
        return domain, "with", _scores(model, test, items)
    seen = data.take((data.domain != domain) & data.within("train", "validation"))
    prepared = model.preprocess(seen.texts, seen.label, domain=seen.domain, split=seen.split)
    model.learn(model.encode_fit(prepared), prepared)
    scores = _scores(model, model.encode(items.texts), items)
    linear = ngrams(seen, model.classes_, items.texts).argmax(axis=1)
    return domain, "without", scores | {"ngrams": 100 * macro_f1(model.codes(items.label), linear)}


def _scores(model: CrossDomainClassifier, test: Encoded, items: DomainData) -> dict[str, float]:
    truth, answers = model.codes(items.label), model.answers(test)
    return {name: 100 * macro_f1(truth, answers[row].argmax(axis=1)) for row, name in ROWS.items()}


def _without_labels(data: DomainData, domain: str) -> DomainData:
    unseen = data.domain == domain
    label, split = data.label.copy(), np.array(data.split, dtype=object)
    label[unseen], split[unseen] = None, "unlabelled"
    return replace(data, label=label, split=split)


def fixed(model: CrossDomainClassifier, **changes: Any) -> CrossDomainClassifier:
    """A fresh model whose choices of step 2 are those of a fitted one, without encoders that learn labels."""
    chosen: dict[str, Any] = {
        "encoders": tuple(clone(model.features_.encoders_[name]) for name in model.features_.quiet_),
        "network_encoders": None,
        "graph": model.features_.spread_.kind_,
        "hops": (model.features_.spread_.hops_,),
    }
    fresh: CrossDomainClassifier = clone(model).set_params(**(chosen | changes))
    return fresh


def limit(data: DomainData, most: int | None, seed: int) -> DomainData:
    """The data with at most so many training items, drawn at random; the other splits stay whole."""
    return data.take(_limited(data, most, seed))


def _limited(data: DomainData, most: int | None, seed: int) -> Mask:
    kept = np.ones(len(data), dtype=bool)
    train = np.flatnonzero(data.within("train"))
    if most is not None and len(train) > most:
        kept[np.random.default_rng(seed).permutation(train)[most:]] = False
    return kept
