"""Dropping edges, interactions and features: how many, which never, and that it is seeded."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.preprocess import drop_edges, drop_features, drop_interactions


def random_graph(n=60, density=0.2, seed=0):
    half = sp.random_array((n, n), density=density, rng=np.random.default_rng(seed))
    return sp.csr_array(half + half.T + sp.eye_array(n))


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1), seed=st.integers(0, 100))
def test_a_symmetric_graph_stays_symmetric_and_keeps_its_loops_and_weights(share, seed):
    graph = random_graph(12)
    fewer = drop_edges(graph, share=share, seed=seed)
    assert (abs(fewer - fewer.T)).sum() == 0
    assert np.array_equal(fewer.diagonal(), graph.diagonal())
    there = fewer != 0
    assert (abs(fewer - graph.multiply(there))).sum() == 0


def test_as_many_edges_as_asked_are_dropped():
    graph = random_graph(200)
    left = (drop_edges(graph, share=0.3, seed=0).nnz - 200) / (graph.nnz - 200)
    assert abs(left - 0.7) < 0.03
    assert drop_edges(graph, share=1.0, seed=0).nnz == 200
    assert (drop_edges(graph, share=0.0, seed=0) != graph).nnz == 0


def test_same_seed_same_edges():
    graph = random_graph()
    assert (drop_edges(graph, seed=1) != drop_edges(graph, seed=1)).nnz == 0
    assert (drop_edges(graph, seed=1) != drop_edges(graph, seed=2)).nnz > 0


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1), seed=st.integers(0, 100))
def test_no_user_is_left_without_items_and_none_gets_new_ones(share, seed):
    table = sp.csr_array(sp.random_array((30, 20), density=0.15, rng=np.random.default_rng(seed)))
    fewer = drop_interactions(table, share=share, seed=seed)
    had, has = np.diff(table.indptr), np.diff(fewer.indptr)
    assert np.array_equal(had > 0, has > 0)
    assert (abs(fewer - table.multiply(fewer != 0))).sum() == 0
    if share == 1:
        assert (has <= 1).all()
    if share == 0:
        assert np.array_equal(had, has)


def test_as_many_interactions_as_asked_are_dropped():
    table = sp.csr_array(np.ones((50, 100)))
    assert abs(drop_interactions(table, share=0.4, seed=0).nnz / table.nnz - 0.6) < 0.03


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_entries_and_columns(kind):
    vectors = kind(np.ones((200, 50), dtype=np.float32))
    entries = drop_features(vectors, share=0.3, seed=0)
    assert entries.dtype == np.float32
    assert abs(entries.sum() / 10000 - 0.7) < 0.02
    columns = drop_features(vectors, share=0.3, columns=True, seed=0)
    kept = np.asarray(columns.sum(axis=0)).ravel()
    assert set(kept.tolist()) == {0.0, 200.0}
    assert vectors.sum() == 10000


@pytest.mark.parametrize("drop", [drop_edges, drop_interactions, drop_features])
@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_bad_shares(drop, share):
    with pytest.raises(ParameterError, match="share is"):
        drop(sp.csr_array(np.eye(3)), share=share, seed=0)


def test_a_graph_is_square():
    with pytest.raises(ShapeError, match="as many columns as rows"):
        drop_edges(sp.csr_array(np.ones((2, 3))), seed=0)
