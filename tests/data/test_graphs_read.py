"""Graphs come in as they were written, whatever the format, and several become one."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import loadmat, savemat

from polyculture.data import DomainData
from polyculture.data.graphs import (
    GraphData,
    from_graphs,
    from_networkx,
    read_acdne,
    read_edge_list,
    read_musae,
    read_svmlight,
    to_networkx,
)
from polyculture.data.graphs.edges import Edges, adjacency
from polyculture.data.graphs.mat_v5 import matrices

TRIANGLE = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])


def decided(data: GraphData) -> dict[str, int]:
    return {policy.what: policy.count for policy in data.policies}


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def dense(data: GraphData) -> list[list[float]]:
    vectors = data.vectors
    return (vectors.toarray() if sp.issparse(vectors) else vectors).tolist()


# -- one graph ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(hnp.arrays(np.int64, st.tuples(st.just(2), st.integers(0, 12)), elements=st.integers(0, 5)), st.booleans())
def test_an_adjacency_is_the_one_that_is_filled_edge_by_edge(ends: np.ndarray, directed: bool):
    wanted = np.zeros((6, 6))
    for tail, head in ends.T:
        wanted[tail, head] = 1
        if not directed:
            wanted[head, tail] = 1
    loops = int((ends[0] == ends[1]).sum())
    kept, policies = adjacency(Edges(6, ends[0], ends[1], self_loops="keep"), directed=directed)
    assert kept.toarray().tolist() == wanted.tolist()
    assert {p.what: p.count for p in policies}.get("self-loops", 0) == loops
    dropped, _ = adjacency(Edges(6, ends[0], ends[1]), directed=directed)
    np.fill_diagonal(wanted, 0)
    assert dropped.toarray().tolist() == wanted.tolist()


def test_of_an_edge_given_twice_the_larger_weight_counts():
    ends = np.array([[0, 0, 1], [1, 1, 2]])
    graph, policies = adjacency(Edges(3, *ends, np.array([2.0, 5.0, 1.0])), directed=True)
    assert graph.toarray().tolist() == [[0, 5, 0], [0, 0, 1], [0, 0, 0]]
    assert [(p.what, p.count) for p in policies] == [("edges given twice", 1)]


@pytest.mark.parametrize("store", [np.asarray, sp.csc_matrix], ids=["dense", "sparse"])
def test_acdne_files_are_domains_with_several_labels(tmp_path: Path, store):
    for name, group in (("a", [[1, 1], [0, 1], [0, 0]]), ("b", [[1, 0], [1, 0], [-1, -1]])):
        network = TRIANGLE + np.diag([1, 0, 0])
        savemat(tmp_path / f"{name}.mat", {"network": store(network), "attrb": store(np.eye(3)), "group": group})
    data = read_acdne([tmp_path / "a.mat", tmp_path / "b.mat"])
    assert data.label.tolist() == [(1, 1), (0, 1), None, (1, 0), (1, 0), None]
    assert data.label_names == (0, 1)
    assert data.graph.toarray().tolist() == sp.block_diag([TRIANGLE, TRIANGLE]).toarray().tolist()
    assert dense(data) == [*np.eye(3).tolist()] * 2
    assert decided(data) == {"nodes without labels": 2, "self-loops": 2}
    assert data.ids.tolist()[:2] == ["a/0", "a/1"]


def test_acdne_files_of_one_class_each_are_another_protocol(tmp_path: Path):
    savemat(tmp_path / "a.mat", {"network": TRIANGLE, "attrb": np.eye(3), "group": [[0, 1], [1, 1], [0, 0]]})
    data = read_acdne({"papers": tmp_path / "a.mat"}, labels="single")
    assert data.label.tolist() == [1, 0, None]
    assert data.domains == ["papers"]
    assert decided(data) == {"nodes without labels": 1, "nodes with several labels": 1}


@pytest.mark.parametrize("packed", [False, True])
def test_matlab_files_are_read_as_scipy_reads_them(tmp_path: Path, packed: bool):
    rng = np.random.RandomState(0)
    path, kinds = tmp_path / "x.mat", ("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?")
    given = {f"a{kind.replace('?', 'b')}": rng.randint(0, 9, (3, 5)).astype(kind) for kind in kinds}
    given |= {"one": np.ones((1, 1)), "sparse": sp.random(7, 4, 0.3, random_state=0), "none": sp.csc_matrix((3, 2))}
    given |= {"marks": sp.csc_matrix(rng.rand(4, 4) > 0.5), "words": "abc", "cells": np.array([1, "a"], dtype=object)}
    savemat(path, given, do_compression=packed)
    wanted = loadmat(path)
    read = [name for name in given if name not in ("words", "cells")]
    found = matrices(path, read)
    assert sorted(found) == sorted(read)
    for name, matrix in found.items():
        assert sp.issparse(matrix) == sp.issparse(wanted[name]), name
        pair = [m.toarray() if sp.issparse(m) else m for m in (matrix, wanted[name])]
        np.testing.assert_array_equal(*pair, err_msg=name)


def test_matlab_files_of_version_7_3_give_the_same(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    matrices = {"network": TRIANGLE, "attrb": np.arange(6).reshape(3, 2), "group": np.array([[0, 1], [1, 1], [1, 0]])}
    savemat(tmp_path / "old.mat", matrices)
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as store:
        for name in ("attrb", "group"):
            store[name] = matrices[name].T.astype(float)
        packed = sp.csc_array(TRIANGLE)
        for part, values in (("data", packed.data), ("ir", packed.indices), ("jc", packed.indptr)):
            store[f"network/{part}"] = values
        store["network"].attrs["MATLAB_sparse"] = 3
    old, new = read_acdne(tmp_path / "old.mat"), read_acdne(tmp_path / "new.mat")
    assert (old.label.tolist(), dense(old)) == (new.label.tolist(), dense(new))
    assert old.graph.toarray().tolist() == new.graph.toarray().tolist()


def test_an_edge_list_with_labels_and_features(tmp_path: Path):
    edges = write(tmp_path, "e.txt", "# a remark\nada bob 2\nbob ada 2\nbob bob 1\n")
    features = write(tmp_path, "f.csv", "bob,1,0\nada,0.5,2\ncem,3,4\n")
    labels = write(tmp_path, "l.tsv", "node\tlabel\nada\tx\ncem\t-1\n")
    data = read_edge_list(edges, labels=labels, features=features)
    assert data.ids.tolist() == ["bob", "ada", "cem"]
    assert data.label.tolist() == [None, "x", None]
    assert dense(data) == [[1, 0], [0.5, 2], [3, 4]]
    assert data.graph.toarray().tolist() == [[0, 2, 0], [2, 0, 0], [0, 0, 0]]
    assert decided(data) == {"self-loops": 1, "nodes without labels": 2}


def test_an_edge_list_with_several_labels_directed_and_packed(tmp_path: Path):
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(b"source,target\n0,1\n1,2\n"))
    labels = write(tmp_path, "l.txt", "0 a b\n1 a\n1 c\n")
    data = read_edge_list(tmp_path / "e.txt.gz", labels=labels, several=True, directed=True)
    assert (data.label_names, data.label.tolist()) == (("a", "b", "c"), [(1, 1, 0), (1, 0, 1), None])
    assert data.graph.toarray().tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert data.domains == ["e"]


def test_nodes_without_features_get_zeros_where_that_is_asked_for(tmp_path: Path):
    edges, features = write(tmp_path, "e.txt", "0 1\n1 2\n"), write(tmp_path, "f.txt", "0 1 1\n2 1 1\n")
    data = read_edge_list(edges, features=features, missing="zeros")
    assert (data.ids.tolist(), dense(data)) == (["0", "2", "1"], [[1, 1], [1, 1], [0, 0]])
    assert decided(data) == {"nodes without features": 1}


def musae(folder: Path, domain: str = "DE", **files: str) -> Path:
    given = {
        f"{domain}_edges.csv": "from,to\n0,1\n1,0\n1,2\n",
        f"{domain}.json": json.dumps({"0": [2, 2], "2": [0]}),
        f"{domain}_target.csv": "id,mature,new_id\n71,True,2\n70,False,0\n72,,1\n70,False,0\n",
    } | files
    for name, text in given.items():
        write(folder, name, text)
    return folder


def test_musae_graphs_of_a_folder_and_of_a_zip_are_the_same(tmp_path: Path):
    musae(tmp_path)
    musae(tmp_path, "musae_FR", **{"musae_FR.json": '{"0": [1]}'})
    packed = tmp_path.parent / f"{tmp_path.name}.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in tmp_path.iterdir():
            archive.write(path, f"twitch/{path.name}")
    found, again = read_musae(tmp_path), read_musae(packed)
    assert found.domains == ["DE", "FR"]
    assert found.ids.tolist()[:3] == ["DE/0", "DE/1", "DE/2"]
    assert found.label.tolist()[:3] == ["False", None, "True"]
    assert dense(found) == [[0, 0, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert found.graph.toarray()[:3, :3].tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert decided(found) == {
        "features given twice to a node": 1,
        "nodes without features": 3,
        "nodes listed twice": 2,
    }
    assert (dense(again), again.label.tolist(), decided(again)) == (dense(found), found.label.tolist(), decided(found))
    assert read_musae(packed, domains=["FR"], columns=9).vectors.shape == (3, 9)


def test_svmlight_files_share_their_columns_and_keep_minus_one_as_a_class(tmp_path: Path):
    (tmp_path / "books.svmlight.gz").write_bytes(gzip.compress(b"1 1:2 3:1\n-1 2:1 # remark\n"))
    write(tmp_path, "dvd.svmlight", "-1 5:1\n0 1:1\n")
    data = read_svmlight([tmp_path / "books.svmlight.gz", tmp_path / "dvd.svmlight"], unlabelled="0")
    assert data.domains == ["books", "dvd"]
    assert data.label.tolist() == ["1", "-1", "-1", None]
    assert dense(data) == [[2, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 1], [1, 0, 0, 0, 0]]
    assert data.graph.nnz == 0
    from_zero = read_svmlight(tmp_path / "dvd.svmlight", zero_based=True, columns=8, split=["test"])
    assert from_zero.vectors.shape == (2, 8)
    assert from_zero.split.tolist() == ["test", "test"]


def test_svmlight_files_of_several_labels(tmp_path: Path):
    data = read_svmlight(write(tmp_path, "a.txt", "1,3 0:1\n 1:1\n10 0:2\n"), several=True)
    assert (data.label_names, data.label.tolist()) == (("1", "3", "10"), [(1, 1, 0), None, (0, 0, 1)])


def test_networkx_there_and_back():
    graph = nx.Graph()
    graph.add_edge("ada", "bob", weight=2.0)
    graph.add_edge("bob", "bob")
    graph.add_node("ada", label={"x", "y"}, vector=[1, 2], domain="a")
    graph.add_node("bob", vector=[3, 4], domain="b")
    data = from_networkx(graph)
    assert (data.label.tolist(), data.label_names) == ([(1, 1), None], ("x", "y"))
    assert (dense(data), data.domain.tolist()) == ([[1, 2], [3, 4]], ["a", "b"])
    assert decided(data) == {"self-loops": 1}
    back = from_networkx(to_networkx(data))
    assert (back.label.tolist(), dense(back)) == (data.label.tolist(), dense(data))
    assert back.graph.toarray().tolist() == data.graph.toarray().tolist() == [[0, 2], [2, 0]]


def test_a_networkx_multigraph_with_numbers_by_name():
    graph = nx.MultiDiGraph([(0, 1), (0, 1)])
    graph.add_node(0, age=3, height=1.5, label="old")
    data = from_networkx(graph, vector=["age", "height"], directed=True)
    assert data.feature_names == ("age", "height")
    assert dense(data) == [[3, 1.5], [0, 0]]
    assert decided(data) == {"nodes without features": 1, "edges given twice": 1}
    assert data.graph.toarray().tolist() == [[0, 1], [0, 0]]


# -- several graphs ----------------------------------------------------------------------------------------------------


def part(domain: str, vectors, names=None, label=None, label_names=None) -> GraphData:
    edges = Edges(2, np.array([0]), np.array([1]))
    return GraphData.made(
        vectors, edges, domain=domain, label=label, feature_names=names, label_names=label_names, source=domain
    )


def test_columns_are_joined_by_their_names():
    both = from_graphs([part("a", np.array([[1, 2], [3, 4]]), ("x", "y")), part("b", np.array([[5], [6]]), ("y",))])
    assert both.feature_names == ("x", "y")
    assert dense(both) == [[1, 2], [3, 4], [0, 5], [0, 6]]


def test_columns_without_names_are_widened_where_that_is_asked_for():
    parts = [part("a", sp.csr_array(np.eye(2))), part("b", np.array([[5], [6]]))]
    assert dense(from_graphs(parts, columns=3)) == [[1, 0, 0], [0, 1, 0], [5, 0, 0], [6, 0, 0]]


def test_degrees_of_two_graphs_are_joined_too():
    both = from_graphs([from_networkx(nx.path_graph(3), domain="a"), from_networkx(nx.complete_graph(4), domain="b")])
    assert both.feature_names == ("degree 1", "degree 2", "degree 3")
    assert np.asarray(dense(both)).sum(axis=0).tolist() == [2, 1, 4]
    assert both.counts()["b"] == {"nodes": 4, "edges": 6, "labelled": 0}


def test_labels_are_joined_by_their_names_and_a_domain_may_have_none():
    parts = [
        part("a", np.eye(2), label=[(1, 0), (1, 1)], label_names=("x", "y")),
        part("b", np.eye(2), label=[(1, 0), None], label_names=("z", "x")),
        part("c", np.eye(2)),
    ]
    both = from_graphs(parts)
    assert both.label_names == ("x", "y", "z")
    assert both.label.tolist() == [(1, 0, 0), (1, 1, 0), (0, 0, 1), None, None, None]


def test_a_join_of_one_domain_is_undone_by_taking_it():
    parts = [part(name, np.eye(2), label=[name, None]) for name in "ab"]
    again = from_graphs(parts).take([2, 3])
    assert isinstance(again, GraphData)
    assert (dense(again), again.label.tolist()) == (dense(parts[1]), ["b", None])
    assert again.graph.toarray().tolist() == parts[1].graph.toarray().tolist()


def test_items_without_edges_may_be_joined_with_a_graph():
    plain = DomainData.of(np.ones((1, 2)), domain=["b"], ids=["z"])
    both = from_graphs([part("a", np.eye(2)), plain])
    assert both.ids.tolist() == ["0", "1", "z"]
    assert both.graph.nnz == 2


# -- the releases ------------------------------------------------------------------------------------------------------


def released(name: str) -> Path:
    folder = os.environ.get("POLYCULTURE_DATA")
    if not folder:
        pytest.skip("POLYCULTURE_DATA names no folder")
    return Path(folder) / name


@pytest.mark.data
def test_the_citation_networks_as_released():
    data = read_acdne(sorted(released("citation").glob("*.mat")))
    counts = {name: (each["nodes"], each["edges"]) for name, each in data.counts().items()}
    assert counts == {"acmv9": (9360, 15556), "citationv1": (8935, 15098), "dblpv7": (5484, 8117)}
    assert data.vectors.shape[1] == 6775
    two = [data.domain[i] for i, row in enumerate(data.label.tolist()) if sum(row) == 2]
    assert {name: two.count(name) for name in data.domains} == {"acmv9": 581, "citationv1": 166, "dblpv7": 15}


@pytest.mark.data
def test_the_twitch_graphs_as_released():
    data = read_musae(released("twitch") / "twitch.zip")
    nodes = [each["nodes"] for each in data.counts().values()]
    assert (len(nodes), min(nodes), max(nodes)) == (7, 1912, 9498)
    assert data.vectors.shape[1] == 3170
    assert decided(data)["nodes listed twice"] == 2


@pytest.mark.data
def test_the_amazon_files_as_released():
    files = sorted(released("amazon_svmlight").glob("*.gz"))
    words = [path.name.partition(".")[0].split("_") for path in files]
    data = read_svmlight(files, domain=[w[0] for w in words], split=[w[1] for w in words])
    shape = {name: int((data.domain == name).sum()) for name in data.domains}
    assert shape == {"books": 6465, "dvd": 5586, "electronics": 7681, "kitchen": 7945}
    assert data.vectors.shape[1] == 5000
    assert data.classes == ["-1", "1"]
