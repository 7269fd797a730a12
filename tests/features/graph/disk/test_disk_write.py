from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from polyculture.errors import DataError, ParameterError, StoreError
from polyculture.features.graph import given, open_graph, write_graph
from polyculture.features.graph.disk import write


def whole(graph):
    return graph.rows(0, graph.shape[0])


def same(left, right):
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(left, part), getattr(right, part))


def edges(rng, nodes, count, *, weighted):
    ends = rng.integers(0, nodes, (2, count))
    return (*ends, rng.integers(0, 4, count).astype(np.float32)) if weighted else tuple(ends)


def expected(block, nodes, *, symmetric):
    """By a dense matrix and a loop over edges."""
    dense = np.zeros((nodes, nodes), np.float32)
    for i, j, *w in zip(*block, strict=True):
        dense[i, j] = max(dense[i, j], w[0] if w else 1)
    return given(sp.csr_array(dense), symmetric=symmetric)


@settings(max_examples=40, deadline=None)
@drawn(
    nodes=st.integers(1, 600),
    count=st.integers(0, 900),
    symmetric=st.booleans(),
    weighted=st.booleans(),
    cuts=st.lists(st.integers(0, 900), max_size=3),
    seed=st.integers(0, 2**20),
)
def test_edges_in_any_order_and_blocks_give_the_same_graph(
    tmp_path_factory, nodes, count, symmetric, weighted, cuts, seed
):
    block = edges(np.random.default_rng(seed), nodes, count, weighted=weighted)
    blocks = list(zip(*(np.split(part, sorted(cuts)) for part in block), strict=True))
    graph = write_graph(blocks, tmp_path_factory.mktemp("graph") / "it", nodes=nodes, symmetric=symmetric)
    same(whole(graph), expected(block, nodes, symmetric=symmetric))
    graph.verify()


def test_edges_that_do_not_count_once_add_up(tmp_path):
    graph = write_graph([([0, 0, 0], [1, 1, 2], [1.0, 2.0, 5.0])], tmp_path / "g", nodes=3, once=False)
    assert graph.nnz == 3
    np.testing.assert_array_equal(whole(graph).toarray(), [[0, 3, 5], [0, 0, 0], [0, 0, 0]])


def test_what_is_left_out_is_counted(tmp_path):
    graph = write_graph([([0, 1, 1, 2, 2], [1, 0, 1, 0, 0], [1.0, 3.0, 1.0, 0.0, 2.0])], tmp_path, nodes=3)
    assert graph.left_out == {"self-loops": 1, "weights of 0": 1, "edges given twice": 0}
    assert write_graph([([0, 0], [1, 1])], tmp_path / "h", nodes=2).left_out["edges given twice"] == 1


def test_ranges_of_rows_larger_than_memory_are_sorted_in_turns(tmp_path, monkeypatch):
    """One node has most of the edges, and little may be held."""
    rng = np.random.default_rng(0)
    tail, head = rng.integers(0, 600, 5000), rng.integers(0, 600, 5000)
    tail[:3000] = rng.integers(0, 3, 3000)
    monkeypatch.setattr(write, "ENTRY_BYTES", 2**20 // 100)  # a hundred entries in a MiB
    graph = write_graph([(tail, head)], tmp_path / "g", nodes=600, memory="1MiB")
    same(whole(graph), expected((tail, head), 600, symmetric=False))


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([([0], [3])], "Block 0 of the edges names the node 3, which does not exist; nodes are numbered from 0 to 2"),
        ([([0], [1]), ([-1], [1])], "Block 1 of the edges names the node -1"),
        ([([0.0], [1.0])], "names nodes by float64"),
        ([([0], [1], [-1.0])], "has the weight -1.0"),
        ([([0], [1], [np.nan])], "has the weight nan"),
        ([([0], [1], [1e300])], "has the weight 1e\\+300"),
        ([([0, 1], [1])], r"arrays of shapes \(2,\), \(1,\)"),
        ([([0], [1]), ([0], [1], [1.0])], "in each block or in none"),
    ],
)
def test_edges_that_cannot_be(tmp_path, blocks, message):
    with pytest.raises(DataError, match=message):
        write_graph(blocks, tmp_path / "g", nodes=3)
    # and nothing of them stays
    assert [path.name for path in (tmp_path / "g").iterdir()] == ["lock"]


@pytest.mark.parametrize("settings", [{"nodes": 0}, {"nodes": 2, "symmetric": True, "once": False}])
def test_parameters_out_of_range(tmp_path, settings):
    with pytest.raises(ParameterError):
        write_graph([], tmp_path, **settings)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("words")
    with pytest.raises(StoreError, match=r"thesis\.tex"):
        write_graph([], tmp_path, nodes=1)
    assert (tmp_path / "thesis.tex").read_text() == "words"
    write_graph([([0], [1])], tmp_path / "g", nodes=2)
    with pytest.raises(StoreError, match="a graph already"):
        write_graph([([0], [1])], tmp_path / "g", nodes=2)


KILLED = """
import os, signal, sys
import numpy as np
from polyculture.features.graph.disk import write
from polyculture.features.graph import write_graph

step, calls = sys.argv[2], []
real = getattr(write, step)
def until(*args, **kwargs):
    calls.append(1)
    if len(calls) > int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(write, step, until)
rng = np.random.default_rng(0)
write_graph([tuple(rng.integers(0, 500, (2, 900)))], sys.argv[1], nodes=500)
"""


@pytest.mark.parametrize(("step", "calls"), [("spill", 0), ("_in_order", 7), ("_finish", 0), ("write_json", 0)])
def test_a_killed_process_leaves_no_graph_and_nothing_in_the_way(tmp_path, step, calls):
    place = tmp_path / "g"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(place), step, str(calls)], check=False).returncode
    assert ended == -9
    with pytest.raises(StoreError, match="holds no graph"):
        open_graph(place)
    block = tuple(np.random.default_rng(0).integers(0, 500, (2, 900)))
    same(whole(write_graph([block], place, nodes=500)), expected(block, 500, symmetric=False))
    assert sorted(path.name for path in place.iterdir()) == ["indices.npy", "indptr.npy", "lock", "manifest.json"]


def test_files_are_read_as_blocks_are(tmp_path):
    ends = np.random.default_rng(0).integers(0, 40, (200, 2))
    np.save(tmp_path / "ends.npy", ends)
    graph = write_graph(tmp_path / "ends.npy", tmp_path / "g", nodes=40)
    same(whole(graph), expected(tuple(ends.T), 40, symmetric=False))
    assert json.loads((tmp_path / "g" / "manifest.json").read_text())["nodes"] == 40
