"""Neighbours' parts add up to the vector, and their effects are what happens without them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from explained import SMALL, numbers

from polyculture import CrossDomainClassifier
from polyculture.explain import Asked, neighbour_reasons, neighbours_of
from polyculture.explain.neighbours import kept_neighbours
from polyculture.explain.odds import margins

TEXT = "splendid film lovely"


@pytest.fixture(scope="module", params=["sgc", "sign", "appnp"])
def of_edges(request: pytest.FixtureRequest) -> tuple[CrossDomainClassifier, sp.csr_array, np.ndarray]:
    """Numbers with edges among items of the same class."""
    x, y, domain = numbers(80)
    rng = np.random.default_rng(1)
    near = sp.csr_array((y[:, None] == y) & (rng.random((80, 80)) < 0.1)).astype(float)
    graph = sp.csr_array(near.maximum(near.T))
    model = CrossDomainClassifier(graph="given", propagation=request.param, hops=(2,), backbone=SMALL)
    return model.fit(x, y, domain=domain, graph=graph), graph, x


def test_parts_and_the_own_share_are_the_whole_vector(of_edges) -> None:
    model, graph, x = of_edges
    asked = Asked.of(model, x[:3], edges=graph[:3])
    empty = sp.csr_array((3, 80))
    for i, found in enumerate(neighbours_of(asked, most=80)):
        layer = next(iter(model.features_.spread_.layers_.values()))
        shares = layer.propagation.neighbour_parts(layer.graph.attach(graph[[i]]))
        plain = model.encode(x[[i]], edges=empty[[i]]).vectors[0]
        own = asked.encoded.vectors[i] - found.parts.sum(axis=0)
        if layer.propagation.method == "sign":
            own, plain = own[-5:], plain[-5:]
        assert own == pytest.approx(shares.own * plain, abs=1e-4)


def test_an_effect_is_what_the_network_loses_without_the_part(of_edges) -> None:
    model, graph, x = of_edges
    asked = Asked.of(model, x[:2], domain=["a", "nowhere"], edges=graph[:2])
    for i, weights in enumerate((model.experts_["a"], model.merged_)):
        found = neighbours_of(asked)[i]
        vectors = np.vstack([asked.encoded.vectors[i], asked.encoded.vectors[i] - found.parts[0]]).astype(np.float32)
        whole, without = margins(model.backbone_.logits(vectors, weights), np.repeat(asked.predicted[i], 2))
        assert found.effects[0] == pytest.approx(whole - without, abs=1e-5)


def test_all_kept_is_the_answer_and_none_kept_is_that_without_edges(of_edges) -> None:
    model, graph, x = of_edges
    asked = Asked.of(model, x[:1], edges=graph[:1])
    found = neighbours_of(asked, most=80)
    keep = kept_neighbours(asked, found)
    count = len(found[0].items)
    whole, gone = keep(np.array([0, 0]), [np.ones(count, dtype=bool), np.zeros(count, dtype=bool)])

    assert whole == pytest.approx(asked.probability(asked.encoded, np.arange(1))[0], abs=1e-6)
    assert gone != pytest.approx(whole, abs=1e-6)


def test_neighbours_are_named_the_largest_effect_first(of_texts: CrossDomainClassifier) -> None:
    encoded = of_texts.encode([TEXT])
    near = of_texts.features_.neighbour_shares(encoded)
    known = {int(item) for _, items, _ in near for item in of_texts.as_given(items)}
    found = neighbour_reasons(of_texts, TEXT, "a")

    assert found
    assert all(n["item"] in known for n in found)
    sizes = [abs(n["effect"]) for n in found]
    assert sizes == sorted(sizes, reverse=True)


def test_without_a_graph_no_neighbour_is_named(of_numbers: CrossDomainClassifier) -> None:
    assert neighbour_reasons(of_numbers, np.ones(5)) == []
    assert len(neighbours_of(Asked.of(of_numbers, np.ones((1, 5))))[0].items) == 0


def test_an_item_without_edges_has_no_neighbours(of_edges) -> None:
    model, _, x = of_edges

    assert neighbour_reasons(model, x[0]) == []
