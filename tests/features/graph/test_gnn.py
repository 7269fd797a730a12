from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.graph import Propagation, given, propagation, restore, words_and_items
from polyculture.features.graph.gnn import GNN

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch_geometric.nn.conv.gcn_conv import gcn_norm

LAYERS = ["gcn", "sage", "gat"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Threads wait for each other longer than graphs of this size take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def blocks():
    """Two communities that link within, and vectors that say little about which is which."""
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1], 200)
    likely = np.where(y[:, None] == y, 0.04, 0.004)
    upper = np.triu(rng.random_sample((400, 400)) < likely, 1)
    vectors = 0.15 * (2 * y[:, None] - 1) + rng.normal(size=(400, 16))
    known = np.where(rng.random_sample(400) < 0.15, y, -1)
    return vectors.astype(np.float32), given(upper | upper.T), y, known


def accuracy(features, y, known):
    model = LogisticRegression().fit(features[known >= 0], known[known >= 0])
    return model.score(features[known < 0], y[known < 0])


def small(layer, **params):
    return GNN(layer, **{"hidden": 16, "epochs": 60, **params})


@pytest.mark.parametrize("self_loop", [0.0, 1.0])
def test_symmetric_normalisation_is_that_of_torch_geometric(blocks, self_loop):
    vectors, edges, _, _ = blocks
    listed = edges.tocoo()
    sources = torch.from_numpy(np.stack([listed.col, listed.row]).astype(np.int64))
    weights = torch.rand(edges.nnz, generator=torch.manual_seed(0))
    places, norms = gcn_norm(sources, weights, len(vectors), add_self_loops=bool(self_loop))
    oracle = np.zeros((len(vectors), len(vectors)))
    oracle[places[1], places[0]] = norms
    weighted = sp.csr_array((weights.numpy(), (listed.row, listed.col)), shape=edges.shape)
    spread = Propagation("sgc", hops=1, normalise="symmetric", self_loop=self_loop)
    connected = np.asarray(edges.sum(axis=1)) > 0
    features = spread.fit_transform(vectors, weighted)
    np.testing.assert_allclose(features[connected], (oracle @ vectors)[connected], atol=1e-5)


def test_spreading_beats_the_vectors_alone(blocks):
    vectors, edges, y, known = blocks
    alone = accuracy(vectors, y, known)
    assert accuracy(Propagation("sgc", hops=2).fit_transform(vectors, edges), y, known) > alone + 0.1


@pytest.mark.parametrize("layer", LAYERS)
def test_networks_beat_the_vectors_alone(blocks, layer):
    vectors, edges, y, known = blocks
    features = small(layer).fit_transform(vectors, edges, known)
    assert features.shape == (400, 16)
    assert features.dtype == np.float32
    assert accuracy(features, y, known) > accuracy(vectors, y, known) + 0.1


@pytest.mark.parametrize("layer", LAYERS)
def test_later_items_receive_and_change_nobody(blocks, layer):
    vectors, edges, _, known = blocks
    gnn = small(layer, epochs=3).fit(vectors[:300], edges[:300, :300], known[:300])
    before = gnn._hidden(gnn.vectors_, gnn.edges_)
    arrive = edges[300:, :300]
    square = sp.block_array([[gnn.edges_, None], [arrive, sp.csr_array((100, 100))]], format="csr")
    both = gnn._hidden(np.concatenate([gnn.vectors_, vectors[300:]]), square)
    np.testing.assert_allclose(both[:300], before, atol=1e-6)
    later = gnn.transform(vectors[300:], arrive)
    np.testing.assert_array_equal(later, both[300:])
    # Each as if it came alone, and not as it would be without its edges.
    np.testing.assert_allclose(gnn.transform(vectors[300:301], arrive[:1]), later[:1], atol=1e-6)
    assert np.abs(gnn.transform(vectors[300:], sp.csr_array((100, 300))) - later).max() > 1e-3
    np.testing.assert_array_equal(gnn._hidden(gnn.vectors_, gnn.edges_), before)


def test_messages_flow_from_columns_to_rows():
    edges = given(np.array([[0, 1], [0, 0]]))
    gnn = GNN("sage", hidden=8, layers=1, epochs=1).fit(np.eye(2), edges, np.array([0, 1]))
    before = gnn._hidden(np.eye(2, dtype=np.float32), gnn.edges_)
    after = gnn._hidden(np.array([[1, 0], [5, 9]], dtype=np.float32), gnn.edges_)
    changed = gnn._hidden(np.array([[7, 3], [0, 1]], dtype=np.float32), gnn.edges_)
    assert np.abs(after[0] - before[0]).max() > 0
    np.testing.assert_array_equal(changed[1], before[1])


def test_gcn_looks_at_weights():
    vectors, y = np.eye(3), np.array([0, 1, 0])
    light, heavy = (given(np.array([[0, w, 1], [0, 0, 0], [0, 0, 0]])) for w in (1.0, 9.0))
    gnn = GNN("gcn", hidden=8, epochs=1).fit(vectors, light, y)
    assert np.abs(gnn.transform(vectors[:1], light[:1]) - gnn.transform(vectors[:1], heavy[:1])).max() > 0


@pytest.mark.parametrize("layer", LAYERS)
def test_state_gives_the_same_numbers(blocks, layer):
    vectors, edges, _, known = blocks
    gnn = propagation(layer, hidden=16, epochs=2)
    gnn.fit(vectors, edges, known)
    again = restore(gnn.state())
    np.testing.assert_array_equal(again.transform(vectors, edges), gnn.transform(vectors, edges))
    assert all(isinstance(value, np.ndarray) for value in gnn.state()["weights"].values())


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_callers_stream(blocks):
    vectors, edges, _, known = blocks
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    gnn = small("gcn", epochs=3)
    first = gnn.fit_transform(vectors, edges, known)
    assert torch.rand(1) == expected
    np.testing.assert_array_equal(clone(gnn).fit_transform(vectors, edges, known), first)
    assert np.abs(clone(gnn).set_params(random_state=1).fit_transform(vectors, edges, known) - first).max() > 0


def test_validation_decides_when_to_stop_and_nothing_is_learnt_from_it(blocks):
    vectors, edges, _, known = blocks
    held = (np.arange(400) % 4 == 0) & (known >= 0)
    gnn = small("gcn", epochs=100, patience=2).fit(vectors, edges, known, validation=held)
    assert len(gnn.history_) < 100
    other = small("gcn", epochs=3).fit(vectors, edges, np.where(held, 1 - known, known), validation=held)
    for epoch, same in zip(gnn.history_, other.history_, strict=False):
        assert epoch.loss == same.loss
        assert epoch.validation_loss != same.validation_loss


def test_isolated_items_and_odd_labels_are_fine():
    vectors, y = np.eye(4), np.array([7, 3, -1, 7])
    for layer in LAYERS:
        gnn = GNN(layer, hidden=8, epochs=2)
        assert np.isfinite(gnn.fit_transform(vectors, sp.csr_array((4, 4)), y)).all()
        assert gnn.classes_.tolist() == [3, 7]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"layer": "gin"}, ParameterError),
        ({"layers": 0}, ParameterError),
        ({"dropout": 1.0}, ParameterError),
        ({"layer": "gat", "hidden": 10}, ParameterError),
    ],
)
def test_parameters_out_of_range_are_refused(params, error):
    with pytest.raises(error):
        GNN(**params).fit(np.eye(2), given(np.ones((2, 2))), np.array([0, 1]))


def test_bad_data_is_refused():
    edges = given(np.ones((2, 2)))
    with pytest.raises(DataError, match="label"):
        GNN().fit(np.eye(2), edges, np.array([-1, -1]))
    with pytest.raises(ShapeError):
        GNN().fit(np.eye(2), edges, np.array([0]))
    with pytest.raises(ParameterError, match="sgc"):
        GNN().fit(np.eye(2), words_and_items(sp.csr_array(np.ones((2, 2)))), np.array([0, 1]))


@pytest.mark.parametrize("layer", LAYERS)
def test_the_same_graph_come_later_gives_the_same_features(blocks, layer):
    vectors, edges, _, known = blocks
    gnn = small(layer, epochs=3)
    features = gnn.fit_transform(vectors, edges, known)
    found = gnn.transform(vectors, sp.csr_array(edges.shape, dtype=np.float32), among=edges)
    np.testing.assert_allclose(found, features, rtol=1e-4, atol=1e-5)
    assert not np.allclose(gnn.transform(vectors, sp.csr_array(edges.shape, dtype=np.float32)), features, atol=1e-3)


def test_vectors_that_may_not_be_written_to_are_read(blocks):
    vectors, edges, _, known = blocks
    kept = vectors.copy()
    kept.flags.writeable = False
    fitted = small("gcn", epochs=1).fit(kept, edges, known)
    np.testing.assert_array_equal(fitted.transform(kept[:5], edges[:5]), fitted.transform(vectors[:5], edges[:5]))
    np.testing.assert_array_equal(kept, vectors)
