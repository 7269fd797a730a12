"""Graphs of very many nodes: fewer passes, and no depth that nobody asks for."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import training
from polyculture.adapt import depth_network as module
from polyculture.adapt import graph_trials
from polyculture.adapt.depth_network import at_depths, depth_network
from polyculture.adapt.graph_trials import GraphWay, tried_over_graph
from polyculture.features.graph import given
from polyculture.features.graph import normalise as scales

ITEMS = 60


@pytest.fixture
def planted():
    """Vectors, edges within either side, classes, and which items are of the source."""
    rng = np.random.default_rng(0)
    y, side = rng.integers(0, 2, ITEMS), np.arange(ITEMS) < ITEMS // 2
    x = (2 * y[:, None] - 1 + rng.normal(size=(ITEMS, 3))).astype(np.float32)
    like = np.equal.outer(y, y) & np.equal.outer(side, side) & (rng.random((ITEMS, ITEMS)) < 0.3)
    return x, sp.csr_array(like.astype(np.float32)), y, side


@pytest.mark.parametrize(
    ("many", "asked", "passes"), [(ITEMS, 8, 8), (ITEMS // 2, 8, 4), (1, 8, 2), (1, 1, 1), (10**6, 3, 3)]
)
def test_very_many_items_are_passed_over_less_often(planted, monkeypatch, many, asked, passes):
    x, _, y, _ = planted
    train, seen = training.train, []

    def watched(*given_, **settings):
        seen.append((settings["epochs"], settings["batch_size"]))
        return train(*given_, **settings)

    monkeypatch.setattr(training, "train", watched)
    monkeypatch.setattr(module, "MANY", many)
    answer = depth_network([([x], np.eye(2)[y])], epochs=asked)
    assert [epochs for epochs, _ in seen] == [passes]
    assert answer([x]).shape == (ITEMS, 2)


def test_vectors_and_depths_are_only_read(planted):
    x, edges, y, _ = planted
    x.flags.writeable = False
    found = at_depths(x, given(edges), [0, 2])
    before = {hop: view.copy() for hop, view in found.items()}
    depth_network([(list(found.values()), np.eye(2)[y])], epochs=1)(list(found.values()))
    for hop, view in found.items():
        np.testing.assert_array_equal(view, before[hop])


def test_depths_are_the_formula(planted, monkeypatch):
    x, edges, _, _ = planted
    monkeypatch.setattr(scales, "ROWS", 7)
    found = at_depths(x, given(edges), [1, 3], alpha=0.2)
    joined = given(edges).toarray().astype(np.float64)
    degree = joined.sum(axis=1)
    mean = np.where(degree[:, None] > 0, joined / np.maximum(degree, 1)[:, None], np.eye(ITEMS))
    state, expected = x.astype(np.float64), {}
    for hop in range(1, 4):
        state = 0.8 * mean @ state + 0.2 * x
        expected[hop] = state
    for hop, view in found.items():
        np.testing.assert_allclose(view, expected[hop], atol=1e-5)


@pytest.mark.parametrize(("judged", "kept"), [(False, [[0], [0, 2, 5]]), (True, [[0, 2, 5], [0, 2, 5]])])
def test_a_side_is_spread_as_far_as_somebody_asks(planted, monkeypatch, judged, kept):
    x, edges, y, side = planted
    spread, seen = graph_trials.at_depths, []

    def watched(vectors, joined, hops, **settings):
        seen.append(list(hops))
        return spread(vectors, joined, hops, **settings)

    monkeypatch.setattr(graph_trials, "at_depths", watched)
    ways = {"deeper": GraphWay((0,), (0, 2, 5), epochs=1)}
    tried_over_graph(x, edges, np.where(side, y, -1), side, ways=ways, judged=judged)
    assert seen == kept


def test_unlabelled_items_of_the_source_teach_nothing(planted):
    x, edges, y, side = planted
    few = np.where(side & (np.arange(ITEMS) % 3 == 0), y, -1)
    taken = (few >= 0) | ~side
    ways = {"own": GraphWay((0,), (0,), epochs=2)}
    all_items = tried_over_graph(x, edges, few, side, ways=ways)["own"].answers
    without = tried_over_graph(x[taken], edges[taken][:, taken], few[taken], side[taken], ways=ways)["own"].answers
    np.testing.assert_allclose(all_items, without, atol=1e-6)
