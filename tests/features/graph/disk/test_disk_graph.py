from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ShapeError, StoreError
from polyculture.features.graph import open_graph, write_graph
from polyculture.features.graph.disk import graph as module


@pytest.fixture
def place(tmp_path):
    rng = np.random.default_rng(0)
    tail, head = rng.integers(0, 50, (2, 400))
    write_graph([(tail, head, rng.random(400) + 0.1)], tmp_path / "g", nodes=50)
    return tmp_path / "g"


def change(place, name, at, value):
    """Write numbers over those of a file, as one who wishes harm would."""
    found = np.load(place / name)
    found[at] = value
    np.save(place / name, found)


def test_rows_are_those_of_the_whole(place):
    graph = open_graph(place)
    dense = graph.rows(0, 50).toarray()
    np.testing.assert_array_equal(graph.rows(7, 31).toarray(), dense[7:31])
    assert graph.rows(9, 9).shape == (0, 50)
    assert graph.rows(0, 5, np.float64).dtype == np.float64


def test_products_are_those_of_the_sparse_array(place, monkeypatch):
    graph = open_graph(place)
    edges, vector = graph.rows(0, 50), np.random.default_rng(1).random(50)
    monkeypatch.setattr(module, "_ENTRIES", 30)
    np.testing.assert_array_equal(graph @ vector, edges @ vector)
    np.testing.assert_array_equal(graph @ np.ones((50, 3), np.float32), edges @ np.ones((50, 3), np.float32))
    np.testing.assert_allclose(graph.T @ vector, edges.T @ vector)
    with pytest.raises(ShapeError, match="pass one a node"):
        _ = graph @ vector[1:]


def test_numbers_that_lead_out_of_the_graph_are_refused_before_they_are_followed(place):
    for at in (50, -1):
        change(place, "indices.npy", 3, at)
        with pytest.raises(StoreError, match="nodes that are not there"):
            open_graph(place).rows(0, 50)
    change(place, "indptr.npy", 3, 2**40)
    with pytest.raises(StoreError, match="no ends of rows"):
        open_graph(place).rows(0, 50)
    with pytest.raises(StoreError, match="no ends of rows"):
        list(open_graph(place).blocks())


def test_sums_tell_what_was_changed(place):
    open_graph(place).verify()
    change(place, "weights.npy", 3, 7)
    with pytest.raises(StoreError, match=r"weights\.npy is damaged"):
        open_graph(place).verify()


def rewrite(place, **changes):
    said = json.loads((place / "manifest.json").read_text())
    (place / "manifest.json").write_text(json.dumps({**said, **changes}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda place: (place / "manifest.json").unlink(), "holds no graph"),
        (lambda place: (place / "manifest.json").write_text("{"), "cannot be read as a manifest"),
        (lambda place: (place / "manifest.json").write_text("[" * 10_000), "cannot be read as a manifest"),
        (lambda place: rewrite(place, nodes=49), "does not describe a graph"),
        (lambda place: (place / "indices.npy").unlink(), "holds no whole graph"),
        (lambda place: (place / "indices.npy").write_bytes(b"short"), "has not the"),
        (lambda place: np.save(place / "indices.npy", np.zeros(400, "<f4")), "has not the|arrays of a graph"),
    ],
)
def test_folders_that_hold_no_whole_graph(place, damage, message):
    damage(place)
    with pytest.raises(StoreError, match=message):
        open_graph(place)


def test_names_that_lead_elsewhere_are_not_followed(place):
    said = json.loads((place / "manifest.json").read_text())
    bare = {key: value for key, value in said.items() if key not in ("schema", "kind", "sha256")}
    bare["files"]["../../secret.npy"] = bare["files"]["indices.npy"]
    (place / "manifest.json").write_text(json.dumps(module.sealed(bare)))
    with pytest.raises(StoreError, match="does not describe a graph"):
        open_graph(place)


def test_a_graph_without_edges(tmp_path):
    graph = write_graph([], tmp_path / "g", nodes=4)
    assert graph.nnz == 0
    np.testing.assert_array_equal(graph @ np.ones(4), np.zeros(4))
    assert sp.issparse(graph.rows(0, 4))
