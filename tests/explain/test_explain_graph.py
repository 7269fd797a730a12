"""What is around an item is all that its answer depends on, and masks belong to its edges."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.sparse as sp
from explained import SMALL, numbers

from polyculture import CrossDomainClassifier
from polyculture.errors import MissingExtraError, ParameterError
from polyculture.explain import Asked, graph_reasons, randomised
from polyculture.explain.graph import around, kept_edges
from polyculture.explain.message_passing import hidden


@pytest.fixture(scope="module", params=["gcn", "sage", "gat"])
def learnt(request: pytest.FixtureRequest) -> tuple[CrossDomainClassifier, sp.csr_array, np.ndarray]:
    x, y, domain = numbers(60)
    near = sp.csr_array((y[:, None] == y) & (np.random.default_rng(1).random((60, 60)) < 0.1)).astype(float)
    graph = sp.csr_array(near.maximum(near.T))
    model = CrossDomainClassifier(graph="given", propagation=request.param, hops=(2,), backbone=SMALL)
    return model.fit(x, y, domain=domain, graph=graph), graph, x


def test_what_is_around_an_item_gives_the_vector_that_the_whole_graph_gives(learnt) -> None:
    model, graph, x = learnt
    asked = Asked.of(model, x[:3], edges=graph[:3])
    for i in range(3):
        near = around(asked, i)
        assert hidden(model, near.vectors, near.edges)[-1] == pytest.approx(asked.encoded.vectors[i], abs=1e-5)


def test_all_edges_kept_is_the_answer_and_none_kept_is_that_of_an_item_alone(learnt) -> None:
    model, graph, x = learnt
    asked = Asked.of(model, x[:1], edges=graph[:1])
    found = graph_reasons(asked, epochs=2)
    count = len(found[0].edges)
    keep = kept_edges(asked, found)
    whole, gone = keep(np.array([0, 0]), [np.ones(count, dtype=bool), np.zeros(count, dtype=bool)])
    alone = Asked.of(model, x[:1], edges=sp.csr_array((1, 60)))

    assert whole == pytest.approx(asked.probability(asked.encoded, np.arange(1))[0], abs=1e-5)
    assert gone == pytest.approx(asked.probability(alone.encoded, np.arange(1))[0], abs=1e-5)


def test_there_is_a_weight_for_each_edge_and_item_and_the_model_is_left_alone(learnt) -> None:
    model, graph, x = learnt
    asked = Asked.of(model, x[:1], edges=graph[:1])
    first, again = (graph_reasons(asked, epochs=3)[0] for _ in range(2))

    assert first.edges.shape == (len(first.around.listed()),)
    assert first.items.shape == first.around.items.shape
    assert np.array_equal(first.edges, again.edges)
    assert (first.around.listed()[:, 0] >= 0).all()
    assert np.array_equal(model.predict_proba(x[:1], edges=graph[:1]), asked.probabilities)


def test_mixing_a_model_up_reaches_its_learnt_layers(learnt) -> None:
    model, graph, x = learnt
    own, mixed = (m.encode(x[:5], edges=graph[:5]).vectors for m in (model, randomised(model)))

    assert not np.allclose(own, mixed)


def test_integrated_gradients_need_captum(learnt, monkeypatch: pytest.MonkeyPatch) -> None:
    model, graph, x = learnt
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)

    with pytest.raises(MissingExtraError, match="explain"):
        graph_reasons(Asked.of(model, x[:1], edges=graph[:1]), method="integrated_gradients")


def test_integrated_gradients_add_up_to_what_messages_and_features_did(learnt) -> None:
    pytest.importorskip("captum")
    model, graph, x = learnt
    found = graph_reasons(Asked.of(model, x[:1], edges=graph[:1]), method="integrated_gradients")[0]

    assert np.abs(found.edges).max() > 0


def test_other_methods_and_models_without_layers_are_refused(learnt, of_numbers: CrossDomainClassifier) -> None:
    model, graph, x = learnt
    with pytest.raises(ParameterError, match="gnn_explainer, integrated_gradients"):
        graph_reasons(Asked.of(model, x[:1], edges=graph[:1]), method="saliency")
    with pytest.raises(ParameterError, match="ask for neighbours"):
        graph_reasons(Asked.of(of_numbers, np.ones((1, 5))))
