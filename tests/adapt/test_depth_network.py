"""Depths of spreading, and the network that sees items at several of them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from polyculture.adapt.depth_network import at_depths, depth_network
from polyculture.adapt.graph_rounds import surest
from polyculture.errors import DataError, ParameterError
from polyculture.features.graph import Propagation, given


def graph(seed, n=30):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 4)), given(sp.csr_array((rng.random((n, n)) < 0.1).astype(float)), symmetric=True)


@settings(max_examples=20, deadline=None)
@drawn(st.integers(0, 1000), st.floats(0, 1))
def test_depths_are_those_of_personalised_pagerank(seed, alpha):
    x, edges = graph(seed)
    for hop, found in at_depths(x, edges, [5, 0, 2], alpha=alpha).items():
        alone = Propagation("appnp", hops=hop, alpha=alpha).fit_transform(x, edges)
        np.testing.assert_allclose(found, alone, atol=1e-5)


def test_depths_come_in_the_order_asked_for():
    x, edges = graph(0)
    assert list(at_depths(x, edges, [5, 0, 2])) == [5, 0, 2]


def test_every_depth_of_every_part_is_learnt_from():
    """Classes show in another column at each depth, and in each part."""
    y = np.arange(200) % 2
    views = [np.zeros((200, 3), np.float32) for _ in range(3)]
    for column, view in enumerate(views):
        view[:, column] = 2 * y - 1
    goals = np.eye(2)[y]
    answer = depth_network([(views[:2], goals), (views[2:], goals)], epochs=40)
    only = depth_network([(views[:2], goals)], epochs=40)
    for view in views:
        assert answer([view])[np.arange(200), y].min() > 0.9
    # a column that was never learnt from says little
    assert np.abs(only(views[2:]) - 0.5).max() < 0.4


def test_an_answer_is_the_mean_over_depths():
    x, y = np.random.default_rng(0).normal(size=(50, 3)).astype("f4"), np.eye(2)[np.arange(50) % 2]
    answer = depth_network([([x], y)], epochs=2, networks=2)
    np.testing.assert_allclose(answer([x, -x]), (answer([x]) + answer([-x])) / 2, atol=1e-7)
    np.testing.assert_allclose(answer([x]).sum(axis=1), 1, atol=1e-6)


def test_the_surest_of_each_class_are_kept():
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4], [0.45, 0.55], [0.3, 0.7]])
    rows, goals = surest(p, 0.5)
    assert rows.tolist() == [0, 1, 5]
    assert goals.tolist() == [[1, 0], [1, 0], [0, 1]]


def test_bad_input_is_one_sentence():
    x, edges = graph(0)
    with pytest.raises(ParameterError, match="hops is"):
        at_depths(x, edges, [-1])
    with pytest.raises(ParameterError, match="alpha 2"):
        at_depths(x, edges, [1], alpha=2)
    with pytest.raises(DataError, match="no item"):
        depth_network([([x[:0]], np.empty((0, 2)))])
