"""A model learns one domain more, by the word that is a setting too."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

from polyculture import CrossDomainClassifier
from polyculture.classify.arriving import fused, seen_by_heads
from polyculture.errors import DataError, ParameterError
from polyculture.features.backbone import Backbone
from polyculture.optimise.few_labels.choose import choose

N = 120


def drawn(seed: int, shift: float):
    """Two classes; `shift` moves them both along the column that tells them."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, N)
    x = rng.normal(size=(N, 4)).astype(np.float32)
    x[:, 0] += 3.0 * (2 * y - 1) + shift
    return x, y


@pytest.fixture
def fitted():
    parts = [drawn(0, 0.0), drawn(1, 0.5)]
    x, y = np.vstack([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    model = CrossDomainClassifier(backbone=Backbone(hidden=(16,), epochs=10))
    return model.fit(x, y, domain=np.repeat(["a", "b"], N)), x, np.repeat(["a", "b"], N)


def test_few_labels_serve_the_new_domain_and_leave_the_others(fitted):
    model, x, where = fitted
    new, truth = drawn(2, 5.0)
    before = model.predict_proba(x, domain=where)
    poor = model.score(new, truth, domain=["new"] * N)
    rows = np.concatenate([np.flatnonzero(truth == k)[:16] for k in (0, 1)])
    assert model.adapt(new[rows], truth[rows], domain="new") is model
    assert model.score(new, truth, domain=["new"] * N) > poor + 0.1
    np.testing.assert_array_equal(model.predict_proba(x, domain=where), before)
    assert model.known_domains == ["a", "b", "new"]


def test_nobody_is_warned_of_a_domain_that_has_arrived(fitted, caplog):
    model, _, _ = fitted
    new, truth = drawn(2, 5.0)
    model.predict(new[:2], domain=["new"] * 2)
    assert "has not seen (new)" in caplog.text
    caplog.clear()
    model.adapt(new[:20], truth[:20], domain="new").predict(new[:2], domain=["new"] * 2)
    assert caplog.text == ""


def test_it_is_kept_with_the_model(fitted, tmp_path):
    model, _, _ = fitted
    new, truth = drawn(2, 5.0)
    model.adapt(new[:20], truth[:20], domain="new").save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    found = again.predict_proba(new, domain=["new"] * N)
    np.testing.assert_allclose(found, model.predict_proba(new, domain=["new"] * N), atol=1e-6)


def test_the_word_stays_a_setting(fitted):
    model, _, _ = fitted
    assert model.adapt == "fine_tune"
    assert clone(model).get_params()["adapt"] == "fine_tune"
    assert type(model.get_params()["adapt"]) is str
    assert clone(model).set_params(adapt="none").adapt == "none"
    assert pickle.loads(pickle.dumps(model)).adapt == "fine_tune"  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("labels", "settings", "error", "said"),
    [
        ([-1] * 4, {}, DataError, "no item has a label"),
        ([0, 1, 0, 7], {}, DataError, "the label 7"),
        ([0, 1, 0, 1], {"domain": "a"}, ParameterError, "was fitted on the domain 'a'"),
        ([0, 1, 0, 1], {"domain": ""}, ParameterError, "no empty text"),
        ([0, 1, 0, 1], {"method": "magic"}, ParameterError, "magic"),
        ([0, 1, 0, 1], {"method": ["prototypes"]}, ParameterError, "give one name"),
        ([0, 1, 0, 1], {"unlabelled": [[0.0] * 4], "graph": sp.csr_array((4, 4))}, ParameterError, "with no label"),
    ],
)
def test_what_cannot_be_learnt_is_said(fitted, labels, settings, error, said):
    model, x, _ = fitted
    with pytest.raises(error, match=said):
        model.adapt(x[:4], labels, **settings)


@pytest.fixture(scope="module")
def over_edges():
    """A model whose vectors tell classes by their neighbours alone, and what the items of a new domain are tied to."""
    rng, y = np.random.RandomState(4), np.arange(2 * N) % 2
    x = rng.normal(size=(2 * N, 4)) + 0.4 * (2 * y[:, None] - 1)
    graph = (y[:, None] == y) & (rng.random_sample((2 * N, 2 * N)) < 0.2)
    tr, te = np.arange(2 * N) < N, np.arange(2 * N) >= N
    model = CrossDomainClassifier(graph="given", hops=(2,), fuse="backbone", backbone=Backbone(hidden=(16,), epochs=20))
    model.fit(x[tr], y[tr], graph=sp.csr_array(graph[tr][:, tr].astype(float)))
    later = {"edges": graph[te][:, tr], "graph": graph[te][:, te]}
    return model, x[te], y[te], {kind: sp.csr_array(tied.astype(float)) for kind, tied in later.items()}


@pytest.mark.parametrize("kind", ["edges", "graph"])
@pytest.mark.parametrize("method", ["prototypes", "logistic_head"])
def test_heads_learn_the_spread_vectors_that_they_are_asked(over_edges, kind, method):
    model, x, y, given = over_edges
    taught = {kind: given[kind][:40] if kind == "edges" else given[kind][:40, :40]}
    model.adapt(x[:40], 1 - y[:40], domain="other way", method=method, **taught)
    encoded, spread = model.encode(x, edges=given["edges"]), model.encode(x[:40], **taught)
    head = choose(seen_by_heads(model, spread), 1 - y[:40], fused(model, spread), methods=(method,))
    found = model.predict_proba(x, domain=["other way"] * N, edges=given["edges"])
    np.testing.assert_allclose(found, head.answers(seen_by_heads(model, encoded), fused(model, encoded)), atol=1e-6)


def test_an_unfitted_model_cannot_be_adapted():
    with pytest.raises(ValueError, match="not fitted"):
        CrossDomainClassifier().adapt([[1.0]], [0])
