"""Graphs as given, from two domains of which one has no labels, to predictions."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.data.graphs import GraphData, from_graphs
from polyculture.data.graphs.edges import Edges

pytest.importorskip("torch")
NODES = 120


def network(domain: str, seed: int, *, several: bool, labelled: bool) -> tuple[GraphData, np.ndarray]:
    """Nodes whose features are noise about their class, and whose edges join nodes of the same."""
    rng = np.random.RandomState(seed)
    truth = rng.randint(0, 2, (NODES, 2 if several else 1))
    same = (truth[:, None] == truth).all(axis=2)
    tail, head = np.nonzero(same & (rng.rand(NODES, NODES) < 0.15))
    vectors = truth + 1.5 * rng.randn(NODES, truth.shape[1])
    label = [tuple(row) if several else int(row[0]) for row in truth.tolist()] if labelled else None
    names = ("left", "right") if several and labelled else None
    data = GraphData.made(vectors, Edges(NODES, tail, head), domain=domain, label=label, label_names=names)
    return data, truth if several else truth[:, 0]


@pytest.mark.parametrize("several", [False, True], ids=["one class", "several labels"])
def test_a_domain_without_labels_is_served_over_its_own_edges(several):
    (source, _), (target, truth) = (
        network(name, seed, several=several, labelled=name == "source")
        for seed, name in enumerate(("source", "target"))
    )
    data = from_graphs([source, target])
    assert data.labelled.tolist() == [True] * NODES + [False] * NODES
    model = CrossDomainClassifier(graph="given", propagation="sgc", hops=(2,), refit_base_models=False)
    model.fit(data.vectors, data.label, domain=data.domain, graph=data.graph)
    inside = data.domain == "target"
    edges = data.graph[inside]
    with_edges = model.predict(data.vectors[inside], domain=data.domain[inside], edges=edges)
    without = model.predict(data.vectors[inside], domain=data.domain[inside])
    assert np.mean(with_edges == truth) > np.mean(without == truth) + 0.15
