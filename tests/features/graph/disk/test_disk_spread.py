from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from polyculture.errors import DataError, MemoryLimitError, ParameterError, ShapeError, StoreError
from polyculture.features.graph import Propagation, open_graph, spread_on_disk, write_graph
from polyculture.features.graph.disk import plan as plans

NODES = 300


def tiny(monkeypatch, memory):
    """Blocks as small as if memory were, as less than a MiB cannot be asked for."""
    real = plans.plan
    monkeypatch.setattr("polyculture.features.graph.disk.spread.plan", lambda e, w, i, m: real(e, w, i, memory))
    return real


@pytest.fixture(params=[False, True], ids=["unweighted", "weighted"])
def graph(request, tmp_path):
    rng = np.random.default_rng(0)
    ends = rng.integers(0, NODES - 5, (2, 2000))  # five nodes without edges
    block = (*ends, rng.random(2000) + 0.1) if request.param else tuple(ends)
    return write_graph([block], tmp_path / "graph", nodes=NODES, symmetric=True)


@pytest.fixture
def vectors():
    return np.random.default_rng(1).standard_normal((NODES, 7)).astype(np.float32)


@pytest.mark.parametrize("memory", [10**9, 80_000, 40_000, 30_000])
@pytest.mark.parametrize("normalise", ["row", "symmetric"])
@pytest.mark.parametrize(("method", "self_loop"), [("sgc", 0.0), ("sign", 1.0), ("appnp", 0.5)])
def test_the_numbers_are_those_of_memory_to_the_bit(
    graph, vectors, monkeypatch, memory, normalise, method, self_loop, caplog
):
    tiny(monkeypatch, memory)
    settings = {"hops": 3, "normalise": normalise, "self_loop": self_loop}
    expected = Propagation(method, **settings).fit_transform(vectors, graph.rows(0, NODES))
    with caplog.at_level(logging.INFO, logger="polyculture"):
        found = Propagation(method, **settings).fit_transform(vectors, graph)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)
    blocks = [line for line in caplog.messages if line.startswith("hop 1 of 3")]
    assert (len(blocks) > 1) == (memory < 10**9)


def defined(edges, vectors, hops, alpha, normalise, loop):
    """The definition, by dense matrices in double precision."""
    dense = edges.toarray().astype(np.float64)
    loops = np.where(dense.sum(axis=1) > 0, loop, 1.0)
    degrees = dense.sum(axis=1) + loops
    full = dense + np.diag(loops)
    by = degrees[:, None] if normalise == "row" else np.sqrt(degrees[:, None] * degrees[None, :])
    found = [vectors.astype(np.float64)]
    for _ in range(hops):
        found.append((1 - alpha) * (full / by) @ found[-1] + alpha * found[0])
    return found[1:]


@settings(max_examples=30, deadline=None)
@drawn(
    double=st.booleans(),
    normalise=st.sampled_from(["row", "symmetric"]),
    alpha=st.sampled_from([0.0, 0.3]),
    loop=st.sampled_from([0.0, 1.0]),
    memory=st.integers(40_000, 200_000),
    threads=st.integers(1, 3),
    seed=st.integers(0, 2**20),
)
def test_hops_are_what_they_are_defined_as(tmp_path_factory, double, normalise, alpha, loop, memory, threads, seed):
    rng, place = np.random.default_rng(seed), tmp_path_factory.mktemp("spread")
    ends = rng.integers(0, 200, (2, 700))
    write_graph([(*ends, rng.random(700) + 0.1)], place / "graph", nodes=200, symmetric=True)
    graph = open_graph(place / "graph", threads=threads)
    given = rng.standard_normal((200, 5)).astype(np.float64 if double else np.float32)
    with pytest.MonkeyPatch.context() as patch:
        tiny(patch, memory)
        found = spread_on_disk(graph, given, hops=2, alpha=alpha, normalise=normalise, self_loop=loop)
    tolerance = 1e-12 if double else 1e-6
    for hop, expected in zip(found, defined(graph.rows(0, 200), given, 2, alpha, normalise, loop), strict=True):
        assert hop.dtype == given.dtype
        assert np.abs(hop - expected).max() <= tolerance * np.abs(expected).max()


def test_files_mapped_files_and_arrays_are_the_same(graph, vectors, tmp_path):
    np.save(tmp_path / "v.npy", vectors)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    found = [spread_on_disk(graph, given, hops=1)[0] for given in (vectors, tmp_path / "v.npy", mapped)]
    np.testing.assert_array_equal(found[0], found[1])
    # all three are one and the same folder
    assert len(list(graph.results.iterdir())) == 1
    # a part of a mapped file is that part
    half = write_graph([([0, 1], [1, 2])], tmp_path / "half", nodes=NODES - 3)
    part, whole = (spread_on_disk(half, given[3:], hops=1)[0] for given in (mapped, vectors))
    np.testing.assert_array_equal(part, whole)
    assert part[0, 0] == vectors[4, 0]


def test_numbers_of_other_types_become_float32(graph):
    found = spread_on_disk(graph, np.arange(NODES * 2).reshape(-1, 2), hops=1)[0]
    assert found.dtype == np.float32
    assert spread_on_disk(graph, np.zeros((NODES, 0)), hops=1)[0].shape == (NODES, 0)


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from polyculture.features.graph import open_graph, spread_on_disk
from polyculture.features.graph.disk import plan as plans, spread

real, calls = spread.Stored.put, []
def put(self, start, rows):
    calls.append(1)
    if len(calls) > int(sys.argv[2]):
        # half of a block is there, and nobody knows of it
        real(self, start, rows[: len(rows) // 2] + 1)
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, start, rows)
spread.Stored.put = put
cut = plans.plan
spread.plan = lambda e, w, i, m: cut(e, w, i, 45_000)
spread_on_disk(open_graph(Path(sys.argv[1]) / "graph"), Path(sys.argv[1]) / "v.npy", Path(sys.argv[1]) / "out")
"""


@pytest.mark.parametrize("blocks", [0, 2, 6])
def test_a_killed_process_goes_on_from_its_last_block(graph, vectors, tmp_path, monkeypatch, blocks):
    np.save(tmp_path / "v.npy", vectors)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), str(blocks)], check=False).returncode
    assert ended == -9
    assert not (tmp_path / "out" / "manifest.json").exists()
    expected = Propagation("sgc", hops=2).fit(vectors, graph.rows(0, NODES)).hops_[1:]
    made = []
    tiny(monkeypatch, 45_000)
    real = sys.modules[spread_on_disk.__module__].Stored.put
    monkeypatch.setattr(f"{spread_on_disk.__module__}.Stored.put", lambda *args: made.append(1) or real(*args))
    for found, hop in zip(spread_on_disk(graph, tmp_path / "v.npy", tmp_path / "out"), expected, strict=True):
        np.testing.assert_array_equal(found, hop)
    whole = sum(map(len, json.loads((tmp_path / "out" / "manifest.json").read_text())["blocks"].values()))
    assert len(made) == whole - blocks
    made.clear()
    spread_on_disk(graph, tmp_path / "v.npy", tmp_path / "out")
    assert made == []


def test_deeper_hops_go_on_from_those_that_are_there(graph, vectors, caplog):
    two = spread_on_disk(graph, vectors, hops=2)
    with caplog.at_level(logging.INFO):
        three = spread_on_disk(graph, vectors, hops=3)
    np.testing.assert_array_equal(two[1], three[1])
    assert len(list(graph.results.iterdir())) == 1


def test_a_block_that_was_damaged_is_computed_again(graph, vectors, tmp_path, caplog):
    (hop,) = spread_on_disk(graph, vectors, tmp_path / "out", hops=1)
    expected = np.array(hop)
    with (tmp_path / "out" / "hop-1.npy").open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff")
    with caplog.at_level(logging.WARNING):
        (again,) = spread_on_disk(graph, vectors, tmp_path / "out", hops=1)
    assert "is damaged in rows 0 to 300" in caplog.text
    np.testing.assert_array_equal(again, expected)


def test_a_folder_of_other_vectors_is_refused(graph, vectors, tmp_path):
    spread_on_disk(graph, vectors, tmp_path / "out", hops=1)
    with pytest.raises(StoreError, match="is the run of something else: vectors was"):
        spread_on_disk(graph, vectors + 1, tmp_path / "out", hops=1)


def test_bad_vectors(graph, vectors):
    with pytest.raises(ShapeError, match="pass one row for each"):
        spread_on_disk(graph, vectors[1:])
    with pytest.raises(DataError, match="check the path"):
        spread_on_disk(graph, "nowhere.npy")
    vectors[17, 2] = np.inf
    with pytest.raises(DataError, match="row 17 holds a value that is not finite"):
        spread_on_disk(graph, vectors)


def test_too_little_memory_is_said_before_anything_is_done(graph, vectors, tmp_path, monkeypatch):
    tiny(monkeypatch, 20_000)
    with pytest.raises(MemoryLimitError, match="allow more"):
        spread_on_disk(graph, vectors, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_later_items_and_shares_of_neighbours_are_those_of_memory(graph, vectors):
    edges = graph.rows(0, NODES)
    new = sp.csr_array((np.random.default_rng(2).random((4, NODES)) < 0.1).astype(np.float32))
    for normalise in ("row", "symmetric"):
        there, here = (Propagation("appnp", normalise=normalise).fit(vectors, each) for each in (graph, edges))
        np.testing.assert_array_equal(there.transform(vectors[:4], new), here.transform(vectors[:4], new))
        for left, right in zip(there.neighbour_parts(new[[0]]), here.neighbour_parts(new[[0]]), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-6)


def test_no_hops_are_the_vectors(graph, vectors):
    for method in ("sgc", "sign"):
        np.testing.assert_array_equal(Propagation(method, hops=0).fit_transform(vectors, graph), vectors)


def test_what_is_on_the_disk_already_is_not_kept_once_more(graph, vectors):
    with pytest.raises(ParameterError, match="on the disk already"):
        Propagation("sgc").fit(vectors, graph).state()
