from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.graph import KINDS, Graph, build_graph, given, neighbours, search, words_and_items


@pytest.fixture
def rng():
    return np.random.RandomState(0)


def vectors(rng, n=300, d=20):
    return rng.normal(size=(n, d)).astype(np.float32)


def words(rng, n=300, d=400, density=0.03):
    """Weights as in TF-IDF: positive, sparse, the first words frequent."""
    weights = rng.random_sample((n, d)) * (rng.random_sample((n, d)) < density + 0.5 / (1 + np.arange(d)))
    return sp.csr_array(weights.astype(np.float32))


def views(rng):
    return [vectors(rng), words(rng)]


def brute(view, queries, k):
    finder = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(view)
    return finder.kneighbors(queries, return_distance=False)


def sets(edges):
    return [set(edges.indices[a:b].tolist()) for a, b in zip(edges.indptr, edges.indptr[1:], strict=False)]


def recall(found, truth):
    return np.mean([len(a & b) / max(len(b), 1) for a, b in zip(sets(found), sets(truth), strict=True)])


def test_three_points_by_hand():
    view = np.array([[1, 0], [3, 4], [0, 2]])
    expected = np.array([[0, 0.6, 0], [0.6, 0, 0.8], [0, 0.8, 0]])
    np.testing.assert_allclose(neighbours(view, k=2).toarray(), expected, rtol=1e-6)
    np.testing.assert_allclose(neighbours(sp.csr_array(view), k=2).toarray(), expected, rtol=1e-6)
    np.testing.assert_allclose(neighbours(view, np.array([[0, 5]]), k=1).toarray(), [[0, 0, 1]])


@pytest.mark.parametrize("number", [0, 1])
def test_neighbours_are_those_of_scikit_learn(rng, number):
    view = views(rng)[number]
    found = neighbours(view, k=8)
    for row, near in enumerate(brute(view, None, 8)):
        assert set(found[[row]].indices) == set(near)
    later = neighbours(view[100:], view[:100], k=8)
    for row, near in enumerate(brute(view[100:], view[:100], 8)):
        assert set(later[[row]].indices) == set(near)


@pytest.mark.parametrize("number", [0, 1])
def test_values_are_cosines(rng, number):
    view = views(rng)[number]
    found = neighbours(view, k=5).toarray()
    dense = view.toarray() if number else view
    unit = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    np.testing.assert_allclose(found, np.where(found > 0, unit @ unit.T, 0), atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_an_item_is_never_its_own_neighbour_but_its_copy_may_be(rng, form, exact):
    view = form(np.repeat(np.abs(vectors(rng, 20, 6)), 10, axis=0))
    found = neighbours(view, k=4, exact=exact)
    assert not found.diagonal().any()
    assert (np.diff(found.indptr) == 4).all()
    np.testing.assert_allclose(found.data, 1, atol=1e-6)
    if exact:
        for row, near in enumerate(sets(found)):
            copies = [i for i in range(row // 10 * 10, row // 10 * 10 + 10) if i != row]
            assert near == set(copies[:4])


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_ties_go_to_the_lower_index_for_later_items_too(form):
    view = form(np.tile(np.array([[1.0, 2.0, 0.1], [0.3, 0.3, 0.7]]), (40, 1)))
    found = neighbours(view, view[:2], k=3)
    assert found[[0]].indices.tolist() == [0, 2, 4]
    assert found[[1]].indices.tolist() == [1, 3, 5]


def test_blocks_do_not_change_the_numbers(rng, monkeypatch):
    dense, sparse = vectors(rng), words(rng)
    whole = neighbours(dense), neighbours(sparse)
    monkeypatch.setattr(search, "BLOCK", 1000)
    for before, after in zip(whole, (neighbours(dense), neighbours(sparse)), strict=True):
        np.testing.assert_array_equal(before.toarray(), after.toarray())


def test_texts_without_known_words_have_no_edges(rng):
    view = words(rng, 50).toarray()
    view[3] = 0
    for form in (view, sp.csr_array(view)):
        assert not neighbours(form, k=3)[[3]].nnz
        assert 3 not in neighbours(form, k=49).indices
        assert not neighbours(form, form[3:4], k=3).nnz


def test_opposite_and_orthogonal_items_have_no_edges():
    assert not neighbours(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).nnz


def test_fewer_items_than_neighbours(rng):
    assert neighbours(vectors(rng, 1)).shape == (1, 1)
    assert neighbours(np.abs(vectors(rng, 4)), k=15).nnz == 12
    assert neighbours(vectors(rng, 4), vectors(rng, 4)[:0]).shape == (0, 4)
    assert neighbours(words(rng, 4), words(rng, 4)[:0]).shape == (0, 4)


def test_approximate_search_of_dense_vectors_finds_most(rng):
    view = (rng.normal(size=(20, 30))[rng.randint(20, size=2000)] + 0.5 * vectors(rng, 2000, 30)).astype(np.float32)
    found = neighbours(view, exact=False)
    assert recall(found, neighbours(view, exact=True)) > 0.8
    np.testing.assert_array_equal(found.toarray(), neighbours(view, exact=False).toarray())
    later = neighbours(view[500:], view[:500], exact=False)
    assert recall(later, neighbours(view[500:], view[:500], exact=True)) > 0.8


def test_approximate_search_of_sparse_vectors_finds_most(rng, monkeypatch):
    counts = words(rng, 2000, 3000, 0.005).tocoo()
    rarity = np.log(2000 / np.maximum(np.bincount(counts.col, minlength=3000), 1))
    view = sp.csr_array(((counts.data * rarity[counts.col]).astype(np.float32), (counts.row, counts.col)))
    truth = neighbours(view, exact=True)
    monkeypatch.setattr(search.sparse_rare, "__kwdefaults__", {"common": 100})
    assert 0.8 < recall(neighbours(view, exact=False), truth) < 1
    frequent = sp.csr_array(np.abs(vectors(rng, 200, 3)))
    np.testing.assert_array_equal(neighbours(frequent, exact=False).toarray(), neighbours(frequent).toarray())


def test_huge_and_tiny_numbers_have_cosines():
    view = np.array([[1e30, 1e30], [1e-30, 1e-30]])
    np.testing.assert_allclose(neighbours(view).toarray(), [[0, 1], [1, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"view": np.ones((2, 2)), "k": 0}, ParameterError),
        ({"view": np.ones(3)}, ShapeError),
        ({"view": np.ones((0, 3))}, ShapeError),
        ({"view": np.array([[1.0, np.nan]])}, DataError),
        ({"view": sp.csr_array([[1.0, np.inf]])}, DataError),
        ({"view": np.ones((2, 2)), "queries": np.ones((2, 3))}, ShapeError),
        ({"view": np.ones((2, 2)), "queries": sp.csr_array(np.ones((2, 2)))}, ShapeError),
    ],
)
def test_bad_views_are_refused(arguments, error):
    with pytest.raises(error):
        neighbours(**arguments)


def test_walks_over_words_are_the_product_without_its_diagonal(rng):
    weights = words(rng, 60, 80).toarray().astype(np.float64)
    edges = words_and_items(sp.csr_array(weights))
    product = edges.items_to_words.toarray() @ edges.words_to_items.toarray()
    np.testing.assert_allclose(edges @ np.eye(60), product - np.diag(np.diag(product)), atol=1e-9)
    np.testing.assert_allclose(edges.T @ np.eye(60), (edges @ np.eye(60)).T, atol=1e-9)
    np.testing.assert_allclose(edges @ np.ones(60), 1)


def test_an_item_walks_as_if_it_had_come_later(rng):
    weights = words(rng, 40, 60)
    inside = words_and_items(weights) @ np.eye(40)
    for row in range(40):
        others = np.delete(np.arange(40), row)
        outside = words_and_items(weights[others], weights[[row]]) @ np.eye(39)
        np.testing.assert_allclose(inside[row, others], outside[0], atol=1e-9)
        assert inside[row, row] == pytest.approx(0, abs=1e-9)


def test_an_item_that_shares_no_word_has_no_edges():
    weights = sp.csr_array(np.array([[1.0, 0, 0], [2.0, 0, 0], [0, 5.0, 0]]))
    edges = words_and_items(weights)
    np.testing.assert_allclose(edges @ np.eye(3), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    unknown = words_and_items(weights, sp.csr_array(np.array([[0, 0, 1.0], [0, 1.0, 1.0]])))
    np.testing.assert_allclose(unknown @ np.eye(3), [[0, 0, 0], [0, 0, 1]])


def test_walks_keep_the_type_of_vectors_and_refuse_other_numbers(rng):
    edges = words_and_items(words(rng, 30, 50))
    assert (edges @ vectors(rng, 30, 100)).dtype == np.float32
    with pytest.raises(ShapeError, match="31 vectors"):
        edges @ np.ones((31, 2))


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_weights_of_words_must_be_weights(bad):
    with pytest.raises(DataError):
        words_and_items(sp.csr_array([[bad, 1.0]]))
    with pytest.raises(DataError, match="row 0, column 1"):
        given(np.array([[0, bad], [1, 0]]))


def test_queries_need_the_same_words():
    with pytest.raises(ShapeError):
        words_and_items(sp.csr_array(np.ones((2, 2))), sp.csr_array(np.ones((2, 3))))


def test_given_edges_lose_their_loops_and_nothing_else():
    adjacency = sp.coo_array((np.array([1, 2, 3, 9]), (np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1]))), shape=(2, 2))
    np.testing.assert_array_equal(given(adjacency).toarray(), [[0, 3], [3, 0]])
    directed = np.array([[0, 1, 0], [2, 0, 0], [5, 0, 0]])
    np.testing.assert_array_equal(given(directed).toarray(), directed)
    np.testing.assert_array_equal(given(directed, symmetric=True).toarray(), [[0, 2, 5], [2, 0, 0], [5, 0, 0]])
    np.testing.assert_array_equal(given(np.eye(2, 3), items=3).toarray(), np.eye(2, 3))


@pytest.mark.parametrize(("shape", "items"), [((2, 3), None), ((2, 3), 4), ((3,), None)])
def test_given_edges_of_the_wrong_shape_are_refused(shape, items):
    with pytest.raises(ShapeError):
        given(np.ones(shape), items=items)


def test_a_graph_attaches_later_items_as_its_builder_would(rng):
    view, weights = vectors(rng, 60), words(rng, 60)
    other = build_graph("other", view[:50], k=3)
    np.testing.assert_array_equal(other.edges.toarray(), neighbours(view[:50], k=3).toarray())
    np.testing.assert_array_equal(other.attach(view[50:]).toarray(), neighbours(view[:50], view[50:], k=3).toarray())
    walks = build_graph("words", weights[:50])
    assert walks.attach(weights[50:]).shape == (10, 50)
    edges = build_graph("given", np.ones((3, 3)))
    np.testing.assert_array_equal(edges.attach(np.ones((1, 3))).toarray(), np.ones((1, 3)))
    with pytest.raises(ParameterError, match="given, words, other, same"):
        build_graph("mine", view)


@pytest.mark.parametrize("kind", KINDS)
def test_graphs_survive_their_state(rng, kind):
    matrix = {"given": np.ones((9, 9)), "words": words(rng, 9)}.get(kind, vectors(rng, 9))
    graph = build_graph(kind, matrix, k=2)
    again = Graph.from_state(graph.state())
    np.testing.assert_array_equal(again.edges @ np.eye(9), graph.edges @ np.eye(9))
    np.testing.assert_array_equal(again.attach(matrix[:2]) @ np.eye(9), graph.attach(matrix[:2]) @ np.eye(9))


def test_torch_stays_out_until_a_network_is_asked_for():
    code = "import sys, polyculture.features.graph as g; g.propagation('sgc'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
