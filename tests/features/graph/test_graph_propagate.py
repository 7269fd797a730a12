from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.graph import (
    PROPAGATIONS,
    Propagation,
    given,
    neighbours,
    propagation,
    restore,
    words_and_items,
)
from polyculture.features.graph import normalise as scales

METHODS = ["sgc", "sign", "appnp"]
NORMS = ["row", "symmetric"]


@pytest.fixture
def rng():
    return np.random.RandomState(0)


def random_edges(rng, m, n, density=0.2):
    weights = rng.random_sample((m, n)) * (rng.random_sample((m, n)) < density)
    return sp.csr_array(weights.astype(np.float32))


def path():
    """Item 0 - item 1 - item 2, the second edge twice as heavy."""
    return given(np.array([[0, 1, 0], [1, 0, 2], [0, 2, 0]]))


X = np.array([[1.0, 0.0], [0.0, 3.0], [4.0, 0.0]], dtype=np.float32)


def test_two_hops_by_hand():
    one = [[0, 3], [3, 0], [0, 3]]
    two = [[3, 0], [0, 3], [3, 0]]
    np.testing.assert_allclose(Propagation("sgc", hops=1).fit_transform(X, path()), one)
    np.testing.assert_allclose(Propagation("sgc", hops=2).fit_transform(X, path()), two)
    np.testing.assert_allclose(Propagation("sign", hops=2).fit_transform(X, path()), np.hstack([X, one, two]))
    np.testing.assert_allclose(Propagation("appnp", hops=1, alpha=0.5).fit_transform(X, path()), (X + one) / 2)
    np.testing.assert_allclose(Propagation("sgc", hops=1, self_loop=1).fit_transform(X, path())[0], [0.5, 1.5])


def test_symmetric_normalisation_by_hand():
    features = Propagation("sgc", hops=1, normalise="symmetric").fit_transform(X, path())
    np.testing.assert_allclose(features[0], X[1] / np.sqrt(3), rtol=1e-6)
    np.testing.assert_allclose(features[1], X[0] / np.sqrt(3) + 2 * X[2] / np.sqrt(6), rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_no_hops_leave_vectors_as_they_are(method):
    spread = Propagation(method, hops=0)
    np.testing.assert_array_equal(spread.fit_transform(X, path()), X)
    np.testing.assert_array_equal(spread.transform(X[:1], path()[:1]), X[:1])
    assert spread.neighbour_parts(path()[:1]).own == 1
    assert not len(spread.neighbour_parts(path()[:1]).indices)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalise", NORMS)
@pytest.mark.parametrize("self_loop", [0.0, 1.0])
def test_an_item_that_none_receives_from_is_the_same_earlier_and_later(rng, method, normalise, self_loop):
    square = random_edges(rng, 30, 30).toarray()
    square[:, 25:] = 0
    vectors = rng.normal(size=(30, 4))
    spread = Propagation(method, hops=3, normalise=normalise, self_loop=self_loop)
    together = spread.fit_transform(vectors, given(square))
    first = spread.fit_transform(vectors[:25], given(square[:25, :25]))
    np.testing.assert_allclose(first, together[:25], atol=1e-5)
    later = spread.transform(vectors[25:], given(square[25:, :25], items=25))
    np.testing.assert_allclose(later, together[25:], atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalise", NORMS)
@pytest.mark.parametrize("self_loop", [0.0, 1.0])
def test_a_later_graph_spreads_as_if_it_had_been_fitted(rng, method, normalise, self_loop):
    vectors, fitted, later = rng.normal(size=(50, 3)), random_edges(rng, 30, 30), random_edges(rng, 20, 20)
    tied = random_edges(rng, 20, 30, 0.05)
    spread = Propagation(method, hops=3, normalise=normalise, self_loop=self_loop)
    together = sp.block_array([[fitted, None], [tied, later]], format="csr")
    expected = spread.fit_transform(vectors, together)[30:]
    found = spread.fit(vectors[:30], fitted).transform(vectors[30:], tied, among=later)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert not np.allclose(found, spread.transform(vectors[30:], tied), atol=1e-3)


def test_one_hop_is_the_same_whoever_receives_from_the_item(rng):
    square, vectors = given(random_edges(rng, 20, 20)), rng.normal(size=(20, 4))
    others = np.arange(1, 20)
    spread = Propagation("sgc", hops=1)
    together = spread.fit_transform(vectors, square)
    spread.fit(vectors[1:], square[1:][:, others])
    np.testing.assert_allclose(spread.transform(vectors[:1], square[:1][:, others]), together[:1], atol=1e-6)


def test_a_fitted_item_asked_again_is_the_same(rng):
    square, vectors = given(random_edges(rng, 20, 20)), rng.normal(size=(20, 4))
    for method in METHODS:
        spread = Propagation(method, hops=3, self_loop=0.5)
        np.testing.assert_allclose(spread.fit_transform(vectors, square), spread.transform(vectors, square), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalise", NORMS)
@pytest.mark.parametrize("self_loop", [0.0, 1.0])
def test_shares_of_neighbours_add_up_to_the_features(rng, method, normalise, self_loop):
    vectors, later = rng.normal(size=(25, 3)), rng.normal(size=(2, 3))
    edges = random_edges(rng, 2, 25)
    spread = Propagation(method, hops=3, normalise=normalise, self_loop=self_loop)
    spread.fit(vectors, given(random_edges(rng, 25, 25)))
    features = spread.transform(later, edges)
    for hop in range(4) if method == "sign" else [3]:
        for row in range(2):
            indices, weights, own = spread.neighbour_parts(edges[[row]], hop)
            block = features[row, 3 * hop : 3 * hop + 3] if method == "sign" else features[row]
            np.testing.assert_allclose(own * later[row] + weights @ vectors[indices], block, atol=1e-5)
    if normalise == "row":
        assert own + weights.sum() == pytest.approx(1, abs=1e-5)


def test_shares_of_one_hop_are_the_edges_themselves():
    spread = Propagation("sgc", hops=1).fit(X, path())
    indices, weights, own = spread.neighbour_parts(sp.csr_array(np.array([[1.0, 0.0, 3.0]])))
    assert (indices.tolist(), weights.tolist(), own) == ([0, 2], [0.25, 0.75], 0)


def test_shares_over_words(rng):
    weights = random_edges(rng, 30, 40)
    vectors = rng.normal(size=(30, 3))
    spread = Propagation("sgc", hops=2).fit(vectors, words_and_items(weights[:30]))
    edges = words_and_items(weights[:30], random_edges(rng, 1, 40))
    indices, shares, own = spread.neighbour_parts(edges)
    np.testing.assert_allclose(
        own * vectors[0] + shares @ vectors[indices], spread.transform(vectors[:1], edges)[0], atol=1e-5
    )


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("normalise", NORMS)
def test_items_without_edges_keep_their_own_vector(name, normalise):
    edges = given(np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]]))
    spread = Propagation(name, hops=4, normalise=normalise)
    features = spread.fit_transform(X, edges)
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features[2].reshape(-1, 2), np.tile(X[2], (features.shape[1] // 2, 1)), rtol=1e-6)
    later = spread.transform(X[:1], sp.csr_array((1, 3)))
    np.testing.assert_allclose(later.reshape(-1, 2), np.tile(X[0], (later.shape[1] // 2, 1)), rtol=1e-6)


def test_walks_over_words_and_their_product_spread_alike(rng):
    walks = words_and_items(random_edges(rng, 30, 40))
    vectors = rng.normal(size=(30, 3))
    dense = given(np.maximum(walks @ np.eye(30), 0))
    for method in METHODS:
        spread = Propagation(method, hops=3)
        np.testing.assert_allclose(
            spread.fit_transform(vectors, walks), spread.fit_transform(vectors, dense), atol=1e-5
        )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("edges", [neighbours, lambda view: words_and_items(sp.csr_array(view))])
def test_state_gives_the_same_numbers(rng, method, edges):
    view = rng.random_sample((40, 6)).astype(np.float32)
    spread = propagation(method, hops=2, normalise="symmetric", self_loop=0.5)
    features = spread.fit_transform(view, edges(view))
    again = restore(spread.state())
    np.testing.assert_array_equal(again.transform(view, edges(view)), spread.transform(view, edges(view)))
    np.testing.assert_array_equal(spread.fit_transform(view, edges(view)), features)
    assert features.dtype == np.float32


@pytest.mark.parametrize(
    "params",
    [{"method": "ppr"}, {"normalise": "column"}, {"hops": -1}, {"alpha": 1.5}, {"self_loop": -1.0}],
)
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ParameterError):
        Propagation(**params).fit(X, path())


def test_vectors_and_edges_must_fit_together():
    with pytest.raises(ShapeError, match="3 fitted items"):
        Propagation().fit(X, path()[:2])
    with pytest.raises(ShapeError):
        Propagation().fit(X, path()).transform(X, path()[:, :2])
    with pytest.raises(ShapeError):
        Propagation().fit(X, path()).neighbour_parts(path())
    with pytest.raises(DataError, match="row 1"):
        Propagation().fit(np.array([[1.0], [1e300], [0.0]]), path())


def test_every_way_to_spread_has_its_paper():
    assert list(PROPAGATIONS) == ["sgc", "sign", "appnp", "gcn", "sage", "gat"]
    assert all("arXiv" in part.paper and part.summary for part in PROPAGATIONS.values())
    with pytest.raises(ParameterError, match="did you mean sgc"):
        propagation("sgcc")


def allocated(function):
    """Most bytes that a call held at once, beyond what was there."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def few_edges(rng, rows, columns, each=3):
    places = rng.randint(0, columns, rows * each), np.arange(0, rows * each + 1, each)
    return sp.csr_array((np.ones(rows * each, np.float32), *places), shape=(rows, columns))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("normalise", NORMS)
def test_how_many_rows_are_scaled_at_once_changes_no_bit(rng, method, normalise, monkeypatch):
    edges, vectors = random_edges(rng, 30, 30, density=0.05), rng.normal(size=(30, 4)).astype(np.float32)
    spread = Propagation(method, hops=2, normalise=normalise)
    at_once = spread.fit_transform(vectors, edges)
    monkeypatch.setattr(scales, "ROWS", 7)
    np.testing.assert_array_equal(spread.fit_transform(vectors, edges), at_once)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hops", [0, 2])
def test_vectors_that_are_given_stay_as_they_are(rng, method, hops):
    edges, vectors, later = random_edges(rng, 9, 9), rng.normal(size=(9, 4)).astype(np.float32), np.ones((2, 4), "f4")
    before = vectors.copy(), later.copy()
    # may not be written to
    vectors.flags.writeable = later.flags.writeable = False
    spread = Propagation(method, hops=hops).fit(vectors, edges)
    spread.transform(later, edges[:2], among=random_edges(rng, 2, 2, density=1.0))
    np.testing.assert_array_equal(vectors, before[0])
    np.testing.assert_array_equal(later, before[1])


def test_fitting_holds_the_hops_and_little_else(rng):
    vectors = rng.normal(size=(40_000, 32)).astype(np.float32)
    edges = few_edges(rng, 40_000, 40_000)
    taken = allocated(lambda: Propagation("appnp", hops=2).fit(vectors, edges))
    # two new hops; the vectors themselves are not copied
    assert 2 * vectors.nbytes < taken < 2.7 * vectors.nbytes


def test_a_few_later_items_copy_no_fitted_vectors(rng):
    vectors = rng.normal(size=(40_000, 32)).astype(np.float32)
    spread = Propagation("appnp", hops=2).fit(vectors, few_edges(rng, 40_000, 40_000))
    later, edges, among = vectors[:50], few_edges(rng, 50, 40_000), few_edges(rng, 50, 50)
    assert allocated(lambda: spread.transform(later, edges, among=among)) < vectors.nbytes / 5
