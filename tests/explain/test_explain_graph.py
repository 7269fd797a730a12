"""What is around an item is all that its answer depends on, and masks belong to its edges."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from explained import SMALL, numbers

from polyculture import CrossDomainClassifier
from polyculture.errors import MissingExtraError, ParameterError
from polyculture.explain import Asked, graph_reasons, randomised
from polyculture.explain.graph import around, kept_edges
from polyculture.explain.message_passing import Odds, Passing, hidden, tensors
from polyculture.explain.odds import margins


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


def test_odds_are_those_of_each_class_against_the_others(learnt) -> None:
    model, graph, x = learnt
    near = around(Asked.of(model, x[:1], edges=graph[:1]), 0)
    parts = tensors(near.vectors, near.edges)
    scores, found = (network(model)(*parts).detach().numpy() for network in (Passing, Odds))
    rows = np.arange(len(scores))

    for c in range(scores.shape[1]):
        assert found[:, c] == pytest.approx(margins(scores, np.full(len(rows), c)), abs=1e-4)


def test_integrated_gradients_add_up_to_what_messages_and_features_did(learnt) -> None:
    pytest.importorskip("captum")
    from torch_geometric.explain.algorithm.utils import set_masks

    model, graph, x = learnt
    asked = Asked.of(model, x[:2], edges=graph[:2])
    found = graph_reasons(asked, method="integrated_gradients")
    for i, reasons in enumerate(found):
        network = Odds(model)
        vectors, sources, weights = tensors(reasons.around.vectors, reasons.around.edges)
        whole = network(vectors, sources, weights)[-1, asked.predicted[i]]
        # what an item gives itself is weighed as if the silenced edges were there
        set_masks(network, torch.zeros_like(weights), sources, apply_sigmoid=False)
        nothing = network(torch.zeros_like(vectors), sources, weights)[-1, asked.predicted[i]]
        reached = reasons.edges.sum() + reasons.items.sum()

        assert reached == pytest.approx((whole - nothing).item(), rel=0.05, abs=0.05)


def test_reasons_are_for_the_class_that_is_asked(learnt) -> None:
    pytest.importorskip("captum")
    model, graph, x = learnt
    asked = Asked.of(model, x[:1], edges=graph[:1])
    other = replace(asked, predicted=1 - asked.predicted)
    own, against = (graph_reasons(a, method="integrated_gradients")[0].edges for a in (asked, other))

    # of two classes the odds of one are those of the other turned round
    assert against == pytest.approx(-own, abs=1e-4)


def test_other_methods_and_models_without_layers_are_refused(learnt, of_numbers: CrossDomainClassifier) -> None:
    model, graph, x = learnt
    with pytest.raises(ParameterError, match="gnn_explainer, integrated_gradients"):
        graph_reasons(Asked.of(model, x[:1], edges=graph[:1]), method="saliency")
    with pytest.raises(ParameterError, match="ask for neighbours"):
        graph_reasons(Asked.of(of_numbers, np.ones((1, 5))))
