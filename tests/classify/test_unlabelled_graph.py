"""A domain without labels, where items have a graph: its edges tell what its vectors do not."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import CrossDomainClassifier
from polyculture.errors import ShapeError
from polyculture.features.backbone import Backbone

N = 200


def drawn(seed: int = 0, domains: tuple[str, ...] = ("one", "two")):
    """Two classes; vectors tell them a little, friends are of one class and one domain."""
    rng = np.random.RandomState(seed)
    domain = np.repeat(domains, N)
    y = rng.randint(0, 2, len(domain))
    x = (0.5 * (2 * y[:, None] - 1) + rng.normal(size=(len(y), 6))).astype(np.float32)
    alike = (y[:, None] == y) & (domain[:, None] == domain)
    upper = np.triu(alike & (rng.random_sample(alike.shape) < 0.06), 1)
    return x, y, domain, sp.csr_array((upper | upper.T).astype(float))


@pytest.fixture(scope="module")
def fitted() -> CrossDomainClassifier:
    x, y, domain, graph = drawn()
    model = CrossDomainClassifier(adapt="auto", backbone=Backbone(hidden=(16,), epochs=10))
    return model.fit(x, np.where(domain == "two", -1, y), domain=domain, graph=graph)


def test_a_later_graph_of_the_domain_is_answered_by_its_edges(fitted):
    x, y, domain, graph = drawn(1, ("two",))
    assert fitted.own_["two"].method.startswith("self-training")
    together = fitted.score(x, y, domain=domain, graph=graph)
    alone = fitted.score(x, y, domain=domain)
    assert together > 0.95
    assert together > alone + 0.05


def test_it_is_kept_with_the_model(fitted, tmp_path):
    x, _, domain, graph = drawn(1, ("two",))
    fitted.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    found = again.predict_proba(x, domain=domain, graph=graph)
    np.testing.assert_allclose(found, fitted.predict_proba(x, domain=domain, graph=graph), atol=1e-6)


def test_several_labels_are_adapted_over_a_graph_too():
    x, y, domain, graph = drawn()
    labels = np.stack([y, 1 - y], axis=1)
    model = CrossDomainClassifier(adapt="auto", backbone=Backbone(hidden=(16,), epochs=10))
    model.fit(x, np.where((domain == "two")[:, None], -1, labels), domain=domain, graph=graph)
    two = domain == "two"
    found = model.predict(x[two], domain=domain[two], graph=graph[two][:, two])
    assert (found == labels[two]).mean() > 0.95


def test_edges_that_say_nothing_leave_the_domain_to_the_fused_model():
    x, y, domain, _ = drawn()
    x[:, 0] += 2 * (2 * y - 1)
    rng = np.random.RandomState(2)
    upper = np.triu(rng.random_sample((len(y), len(y))) < 0.03, 1)
    model = CrossDomainClassifier(adapt="auto", backbone=Backbone(hidden=(16,), epochs=10))
    model.fit(x, np.where(domain == "two", -1, y), domain=domain, graph=sp.csr_array((upper | upper.T).astype(float)))
    assert model.own_ == {}


def later(domain: str):
    """Items of one domain, and the edges that tie them to fitted items of their class there."""
    _, old, where, _ = drawn()
    x, y, _, _ = drawn(1, (domain,))
    rng = np.random.RandomState(3)
    tied = (y[:, None] == old) & (where == domain) & (rng.random_sample((len(y), len(old))) < 0.06)
    return x, y, np.repeat(domain, len(y)), sp.csr_array(tied.astype(float))


def test_edges_to_the_fitted_items_count_as_a_graph_does(fitted):
    x, y, domain, edges = later("two")
    alone = fitted.score(x, y, domain=domain)
    assert fitted.score(x, y, domain=domain, edges=edges) > max(0.95, alone + 0.05)


def test_later_items_that_share_neighbours_say_nothing_of_each_other(fitted):
    x, _, domain, edges = later("two")
    together = fitted.predict_proba(x, domain=domain, edges=edges)
    one = fitted.predict_proba(x[:1], domain=domain[:1], edges=edges[[0]])
    np.testing.assert_allclose(together[:1], one, atol=1e-6)


def test_the_fitted_items_are_kept_with_the_model(fitted, tmp_path):
    x, _, domain, edges = later("two")
    fitted.save(tmp_path / "model")
    found = CrossDomainClassifier.load(tmp_path / "model").predict_proba(x, domain=domain, edges=edges)
    np.testing.assert_allclose(found, fitted.predict_proba(x, domain=domain, edges=edges), atol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(2, 400), (3, 7)])
def test_edges_that_do_not_fit_are_refused(fitted, rows, columns):
    x, _, domain, _ = later("two")
    with pytest.raises(ShapeError):
        fitted.predict(x[:3], domain=domain[:3], edges=sp.csr_array((rows, columns)))


def test_the_temperature_of_the_fused_model_leaves_answers_over_a_graph_alone(fitted):
    x, _, domain, edges = later("two")
    encoded = fitted.encode(x, edges=edges)
    sharp = copy(fitted)
    sharp.temperature_ = fitted.temperature_ / 5
    own = fitted.own_["two"].answers(encoded)
    for model in (fitted, sharp):
        np.testing.assert_allclose(model.answers(encoded, domain.astype(object))["fused"], own, atol=1e-6)
    plain, other = (m.answers(encoded)["fused"].max(axis=1).mean() for m in (fitted, sharp))
    assert other > plain
