"""Houses are houses, their answers are known, and reasons find the roof."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from polyculture import CrossDomainClassifier
from polyculture.errors import ParameterError, ShapeError
from polyculture.explain import Asked, auroc, graph_reasons, neighbours_of, planted_houses, true_edges

HOUSES = planted_houses(120, 200, noise=0.3)
KNOWN = np.where(HOUSES.house % 2 == 0, HOUSES.label, None)
ASKED = HOUSES.asked[HOUSES.house[HOUSES.asked] % 2 == 1]


def test_each_house_is_a_square_with_a_roof() -> None:
    house = nx.house_graph()
    for k in range(5):
        nodes = np.flatnonzero(HOUSES.house == k)
        own = nx.from_scipy_sparse_array(HOUSES.graph[nodes][:, nodes])
        assert nx.is_isomorphic(own, house)
        # one edge ties it to the rest
        assert HOUSES.graph[nodes].sum() == 2 * 6 + 1


def test_the_rest_is_a_graph_whose_nodes_came_with_two_edges() -> None:
    base = HOUSES.graph[:200][:, :200]

    assert nx.is_connected(nx.from_scipy_sparse_array(base))
    assert base.sum() / 2 == 2 + 2 * (200 - 3)
    assert (HOUSES.graph != HOUSES.graph.T).nnz == 0


def test_roofs_alone_know_the_class() -> None:
    roofs = np.unique(HOUSES.roof[HOUSES.roof >= 0])
    classes = np.array([HOUSES.label[roof - 1] == "right" for roof in roofs])

    assert ((HOUSES.features[roofs, 0] > 0) == classes).all()
    others = HOUSES.features[HOUSES.asked, 0]
    right = HOUSES.label[HOUSES.asked] == "right"
    assert 0.4 < auroc(others, right) < 0.6
    assert all(HOUSES.label[roof] is None for roof in roofs)


def test_auroc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    weights, truth = rng.integers(6, size=50).astype(float), rng.random(50) < 0.3

    assert auroc(weights, truth) == pytest.approx(roc_auc_score(truth, weights))
    assert np.isnan(auroc(weights, np.zeros(50, dtype=bool)))
    with pytest.raises(ShapeError, match="one for each"):
        auroc(weights, truth[:3])


def test_a_graph_that_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least 2 houses"):
        planted_houses(1)


@pytest.mark.parametrize("propagation", ["sgc", "sign"])
def test_neighbours_find_the_roof(propagation: str) -> None:
    model = CrossDomainClassifier(graph="given", propagation=propagation, hops=(2,))
    model.fit(HOUSES.features, KNOWN.tolist(), graph=HOUSES.graph)
    asked = Asked.of(model, HOUSES.features[ASKED], edges=HOUSES.graph[ASKED])
    right = model.target_.names[asked.predicted] == HOUSES.label[ASKED]
    found = [auroc(n.effects, n.items == HOUSES.roof[a]) for n, a in zip(neighbours_of(asked), ASKED, strict=True)]

    assert right.mean() > 0.8
    assert np.nanmean(np.array(found)[right]) >= 0.9


@pytest.mark.timeout(900)
def test_masks_of_learnt_layers_find_the_roof_and_the_ways_from_it() -> None:
    model = CrossDomainClassifier(graph="given", propagation="gcn", hops=(2,))
    model.fit(HOUSES.features, KNOWN.tolist(), graph=HOUSES.graph)
    some = ASKED[:8]
    asked = Asked.of(model, HOUSES.features[some], edges=HOUSES.graph[some])
    found = graph_reasons(asked)
    edges = [
        auroc(r.edges, true_edges(r.around, int(HOUSES.roof[a]), hops=2)) for r, a in zip(found, some, strict=True)
    ]

    assert (model.target_.names[asked.predicted] == HOUSES.label[some]).mean() > 0.8
    assert np.nanmean(edges) >= 0.85
