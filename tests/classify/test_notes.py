"""Domains and classes that are not everywhere: worked with, and said."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
from polyculture.features.backbone import Backbone

NETWORK = Backbone(hidden=(8,), dropout=(0, 0), epochs=6, learning_rate=0.02)


def make(kind=CrossDomainClassifier, **changes):
    return kind(**{"backbone": NETWORK, "fine_tune_epochs": 1, "graph": "none"} | changes)


def planted(n=120, seed=0):
    X = np.random.RandomState(seed).normal(size=(n, 3))
    return X, np.where(X[:, 0] > 0, "yes", "no"), np.tile(["a", "b", "c"], n // 3)


def test_nothing_is_said_where_nothing_is_odd():
    X, y, domain = planted()
    assert make().fit(X, y, domain=domain).notes_ == []


def test_a_class_of_one_domain_alone():
    X, y, domain = planted()
    y = np.where((domain == "b") & (X[:, 1] > 0.5), "maybe", y)
    model = make().fit(X, y, domain=domain)
    assert model.notes_ == ["the class 'maybe' occurs in the domain 'b' alone"]
    # whatever the domain, every class can be answered, and probabilities are whole
    found = model.predict_proba(X, domain=domain)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert (model.predict(X, domain=domain) == y).mean() > 0.7


def test_a_domain_without_labels_is_served():
    X, y, domain = planted()
    labels = np.where(domain == "c", None, y.astype(object))
    model = make().fit(X, labels, domain=domain)
    assert model.notes_ == ["the domain 'c' has no labels: it is served by what the others taught"]
    assert "c" not in model.experts_
    assert model.score(X[domain == "c"], y[domain == "c"], domain=domain[domain == "c"]) > 0.8


def test_a_domain_seen_at_prediction_alone_is_said_and_served(caplog):
    X, y, domain = planted()
    model = make().fit(X, y, domain=domain)
    with caplog.at_level(logging.WARNING, "polyculture"):
        found = model.predict_proba(X, domain=np.where(domain == "a", "new", domain))
    assert "40 of 120 items are of domains that the model has not seen (new)" in caplog.text
    np.testing.assert_allclose(found[domain == "a"], model.predict_proba(X)[domain == "a"], atol=1e-6)


def test_a_domain_with_a_single_label():
    X, y, domain = planted()
    domain = domain.astype(object)
    domain[5] = "d"
    model = make().fit(X, y, domain=domain)
    assert model.notes_ == ["nothing is held out of the domain 'd'"]
    np.testing.assert_array_equal(model.experts_["d"]["1.weight"], model.backbone_.weights_["1.weight"])


@pytest.mark.parametrize("fuse", ["auto", "average", "regmean", "logit_ensemble", "backbone", "none"])
def test_nothing_can_be_held_out(fuse):
    X, _, _ = planted(6)
    y, domain = np.array(["yes", "no"] * 3), np.array(["a", "a", "b", "b", "c", "c"])
    model = make(fuse=fuse, threshold="f1").fit(X, y, domain=domain)
    assert "nothing is held out, as every domain and class has a single item" in model.notes_[0]
    assert model.threshold_ == 0.5
    assert model.temperature_ == 1
    assert model.predict(X, domain=domain).shape == (6,)


def test_every_item_is_a_domain_of_its_own():
    X, y, _ = planted(12)
    model = make().fit(X, y, domain=[f"d{i}" for i in range(12)])
    assert len(model.notes_) == 1
    assert set(model.predict(X)) <= {"yes", "no"}


def test_few_items_of_each_class_and_domain_for_values():
    X, _, domain = planted(9)
    model = make(CrossDomainRegressor).fit(X, X[:, 0], domain=domain)
    assert np.isfinite(model.predict(X, domain=domain)).all()


def test_a_label_of_one_domain_alone():
    X, _, domain = planted()
    Y = np.stack([X[:, 0] > 0, (X[:, 1] > 0) & (domain == "a")], axis=1)
    assert make().fit(X, Y, domain=domain).notes_ == ["the label 1 occurs in the domain 'a' alone"]
