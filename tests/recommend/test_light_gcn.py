"""Vectors learnt over the graph: what they are made of, and that they find tastes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.data.interactions import Interactions, hold_out
from polyculture.errors import ParameterError
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.base import normalised
from polyculture.recommend.light_gcn import LightGCN, light_gcn, spread
from polyculture.recommend.softmax_step import softmax_gradient


def taken(users: int = 40, items: int = 30) -> sp.csr_array:
    """Two tastes, by parity; nobody took the last item, and the last user took nothing."""
    rng = np.random.default_rng(1)
    same = (np.arange(users)[:, None] + np.arange(items)) % 2 == 0
    found = (rng.random((users, items)) < np.where(same, 0.4, 0.03)).astype(np.float32)
    found[-1], found[:, -1] = 0, 0
    return sp.csr_array(found)


@pytest.mark.parametrize("layers", [0, 1, 2, 3])
def test_vectors_are_spread_by_powers_of_the_graph(layers: int) -> None:
    x = normalised(taken(), 0.5, 0.5)[0]
    base = np.random.default_rng(0).normal(size=(70, 5)).astype(np.float32)
    dense = x.toarray()
    graph = np.block([[np.zeros((40, 40)), dense], [dense.T, np.zeros((30, 30))]])
    whole = sum(np.linalg.matrix_power(graph, power) @ base for power in range(layers + 1))
    np.testing.assert_allclose(spread(base, x, sp.csr_array(x.T), layers), whole, atol=1e-5)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_own_taste_comes_first(layers: int) -> None:
    model = light_gcn(taken(), layers=layers, dimensions=8)
    scores = model.scores(np.arange(39))
    same = (np.arange(39)[:, None] + np.arange(30)) % 2 == 0
    same[:, -1] = False
    assert (scores.argmax(axis=1) % 2 == np.arange(39) % 2).mean() > 0.9
    assert scores[same].mean() > scores[~same].mean() + 0.3
    assert (np.abs(scores) <= 1 + 1e-5).all()
    np.testing.assert_allclose(model.scores(np.array([3]), np.array([7, 2])), scores[[3]][:, [7, 2]], atol=1e-6)


@pytest.mark.parametrize("layers", [0, 2])
def test_training_lessens_the_loss_over_all_items(layers: int) -> None:
    def loss(epochs: int, rate: float = 0.03) -> float:
        model = light_gcn(taken(), layers=layers, dimensions=8, candidates=10, epochs=epochs, learning_rate=rate)
        rows, rng = np.arange(40), np.random.default_rng(0)
        found = softmax_gradient(model.users, model.items, taken(), rows, temperature=0.1, candidates=30, rng=rng)
        return found.loss

    begun = loss(1, 1e-9)
    assert loss(2) < begun - 0.05
    assert loss(12) < loss(2) - 0.05


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_parts_sum_to_the_score(layers: int) -> None:
    model = light_gcn(taken(), layers=layers, dimensions=8)
    scores = model.scores(np.arange(40))
    for row, item in ((0, 0), (3, 7), (11, 11), (39, 4), (5, 29)):
        columns, values = model.parts(row, item)
        assert values.sum() == pytest.approx(scores[row, item], abs=1e-6)
        assert columns.tolist() == [-1, *np.flatnonzero(taken().toarray()[row]).tolist()]
        assert layers or not values[1:].any()


def test_the_part_of_an_item_is_what_leaves_with_its_edge() -> None:
    model = light_gcn(taken(), layers=1, dimensions=8)
    columns, values = model.parts(3, 7)
    messages = model.messages[columns[1]] * model.matrix[[3]].toarray()[0, columns[1]]
    without = model.users[3] * model.lengths[3] - messages
    rest = float(without @ model.items[7]) / float(model.lengths[3])
    assert float(model.scores(np.array([3]), np.array([7]))[0, 0]) - rest == pytest.approx(values[1], abs=1e-6)


def test_a_seed_settles_everything() -> None:
    first, again = (light_gcn(taken(), candidates=10, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(first.users, again.users)
    assert not np.array_equal(first.users, light_gcn(taken(), candidates=10, random_state=5).users)


def test_state_and_back() -> None:
    model = light_gcn(taken(), dimensions=8)
    again = LightGCN.from_state(model.state(), taken())
    np.testing.assert_array_equal(again.scores(np.arange(40)), model.scores(np.arange(40)))
    np.testing.assert_allclose(again.parts(3, 7)[1], model.parts(3, 7)[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [("layers", -1), ("dimensions", 0), ("epochs", 0), ("candidates", 0), ("temperature", 0.0), ("learning_rate", -1)],
)
def test_what_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=f"{name} is {value}"):
        light_gcn(taken(), **{name: value})


def test_two_domains_are_served_better_than_by_popularity_and_kept(two_domains: Interactions, tmp_path: Path) -> None:
    data = hold_out(two_domains, "random")
    model = CrossDomainRecommender("light_gcn", others=(1.0,), k=3).fit(data)
    found = model.evaluate(data, k=(3,))
    values = dict(zip(zip(found["domain"], found["model"], strict=True), found["ndcg@3"], strict=True))
    for domain in "ab":
        assert values[domain, "fused"] > values[domain, "popularity"] + 0.1
    best = model.recommend(["u001"], 1, domain="b")
    reasons = model.reasons("u001", best.items[0, 0], most=100, domain="b")
    assert reasons["adds"].sum() == pytest.approx(best.scores[0, 0], rel=1e-4)
    assert len(reasons) > 1
    model.save(tmp_path / "kept")
    again = CrossDomainRecommender.load(tmp_path / "kept").recommend(["u001"], 3, domain="b")
    np.testing.assert_allclose(again.scores, model.recommend(["u001"], 3, domain="b").scores, rtol=1e-5)


def test_of_a_matrix_without_interactions_nothing_is_learnt() -> None:
    scores = light_gcn(sp.csr_array((5, 4), dtype=np.float32)).scores(np.arange(5))
    assert np.isfinite(scores).all()
