"""Reasons of a network are those of the network that answers, and there are none where another part does."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from explained import SMALL

from polyculture import CrossDomainClassifier
from polyculture.classify.unlabelled import OwnNetwork
from polyculture.errors import ParameterError
from polyculture.explain import Asked, explain, judge, randomised
from polyculture.explain.domains import domain_shares
from polyculture.explain.neighbours import neighbours_of
from polyculture.explain.odds import log_odds

N = 100


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray, sp.csr_array]:
    """Three domains; vectors tell two classes a little, friends are of one class and one domain."""
    rng = np.random.default_rng(0)
    y, domain = np.arange(3 * N) % 2, np.repeat(["a", "b", "c"], N)
    x = rng.normal(size=(3 * N, 6))
    x[:, 0] += 0.3 * (2 * y - 1)
    alike = (y[:, None] == y) & (domain[:, None] == domain)
    upper = np.triu(alike & (rng.random(alike.shape) < 0.1), 1)
    return x, y, domain, sp.csr_array((upper | upper.T).astype(float))


@pytest.fixture(scope="module")
def fitted() -> CrossDomainClassifier:
    """The domain c has no labels, and is adapted over its graph."""
    x, y, domain, graph = drawn()
    model = CrossDomainClassifier(graph="given", hops=(2,), adapt="auto", backbone=SMALL)
    return model.fit(x, np.where(domain == "c", -1, y), domain=domain, graph=graph)


@pytest.fixture(scope="module")
def with_a_network(fitted: CrossDomainClassifier) -> CrossDomainClassifier:
    """The same, where a network of its own answers for c: that of the other classes."""
    weights = {name: -value for name, value in fitted.merged_.items()}
    other = randomised(fitted)
    other.__dict__.update(vars(fitted) | {"own_": {"c": OwnNetwork("self_training", {}, weights)}})
    return other


def test_neighbours_are_those_of_the_domains_own_network(with_a_network: CrossDomainClassifier) -> None:
    x, _, _, graph = drawn()
    rows = np.arange(200, 210)
    asked = Asked.of(with_a_network, x[rows], domain=["c"] * 10, edges=graph[rows])
    own = with_a_network.own_["c"].weights
    items = np.arange(10)

    assert asked.network_odds(asked.encoded.vectors, items) == pytest.approx(
        asked.network_odds(asked.encoded.vectors, items, own)
    )
    merged = asked.network_odds(asked.encoded.vectors, items, with_a_network.merged_)
    assert np.abs(asked.network_odds(asked.encoded.vectors, items) - merged).max() > 0.1
    assert all(len(found.effects) for found in neighbours_of(asked))
    with pytest.raises(ParameterError, match="'c' was adapted"):
        domain_shares(asked)


@pytest.mark.parametrize("kind", ["neighbours", "domains"])
def test_a_network_that_does_not_answer_gives_no_reasons(fitted: CrossDomainClassifier, kind: str) -> None:
    x, _, domain, graph = drawn()
    rows = np.array([0, 100, 200])
    settings = {"domain": domain[rows], "edges": graph[rows]}
    assert list(fitted.own_) == ["c"]

    found = explain(fitted, x[rows], **settings)
    assert [getattr(e, kind) is None for e in found] == [False, False, True]
    alone = explain(fitted, x[rows[:2]], domain=domain[rows[:2]], edges=graph[rows[:2]])
    assert [getattr(e, kind) for e in found[:2]] == [getattr(e, kind) for e in alone]
    with pytest.raises(ParameterError, match="'c' was adapted"):
        explain(fitted, x[rows], kinds=[kind], **settings)
    with pytest.raises(ParameterError, match="'c' was adapted"):
        judge(Asked.of(fitted, x[rows], **settings), kind)


def test_a_domain_that_has_arrived_has_no_reasons_of_the_network(fitted: CrossDomainClassifier) -> None:
    x, y, _, graph = drawn()
    model = randomised(fitted)
    model.__dict__.update(vars(fitted) | {"arrived_": {}})
    model.adapt_to(x[:20], y[:20], domain="new", edges=graph[:20])
    found = explain(model, x[20:22], domain=["new", "a"], edges=graph[20:22])

    assert [e.neighbours is None for e in found] == [True, False]
    assert [e.domains is None for e in found] == [True, False]
    assert all(e.features for e in found)


def test_reasons_of_the_fused_model_are_of_the_answer_over_the_graph(fitted: CrossDomainClassifier) -> None:
    x, _, domain, graph = drawn()
    rows = np.arange(200, 205)
    asked = Asked.of(fitted, x[rows], domain=domain[rows], edges=graph[rows])
    own = fitted.own_["c"].answers(fitted.encode(x[rows], edges=graph[rows]))

    assert asked.probabilities == pytest.approx(own)
    assert asked.predict(x[rows], np.arange(5)) == pytest.approx(own)
    assert log_odds(asked.probability(asked.encoded, np.arange(5))) == pytest.approx(log_odds(own.max(axis=1)))


def test_networks_of_domains_without_labels_are_mixed_up_too(
    fitted: CrossDomainClassifier, with_a_network: CrossDomainClassifier
) -> None:
    x, _, domain, graph = drawn()
    for model in (fitted, with_a_network):
        encoded = model.encode(x[200:], edges=graph[200:])
        where = domain[200:].astype(object)
        before = model.answers(encoded, where)["fused"]
        mixed = randomised(model)
        mixed.families_ = model.families_
        assert np.abs(mixed.answers(encoded, where)["fused"] - before).max() > 0.01
        assert model.answers(encoded, where)["fused"] == pytest.approx(before)
