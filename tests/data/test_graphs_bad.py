"""Bad graphs are one sentence that names the file, where in it, and what to do; nothing is executed or unpacked."""

from __future__ import annotations

import gzip
import json
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sp
from scipy.io import savemat

from polyculture.data import DomainData
from polyculture.data.graphs import files, from_graphs, from_networkx, read_acdne, read_edge_list, read_musae
from polyculture.data.graphs import read_svmlight as svmlight
from polyculture.data.graphs.graph_data import GraphData
from polyculture.errors import PolycultureError

Content = str | bytes | dict[str, Any]
RING = np.array([[0, 1], [1, 0]])


def put(folder: Path, contents: dict[str, Content]) -> Path:
    """Write files, and give the folder, or the file where there is one."""
    for name, content in contents.items():
        path = folder / name
        if isinstance(content, dict):
            savemat(path, content)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / next(iter(contents)) if len(contents) == 1 else folder


def mat(**changes: Any) -> dict[str, Content]:
    given = {"network": RING, "attrb": np.eye(2), "group": np.eye(2)} | changes
    return {"x.mat": {name: value for name, value in given.items() if value is not None}}


def outside(column: int) -> Any:
    """A sparse matrix that says it has entries where there are no rows."""
    matrix = sp.csc_matrix(RING.astype(float))
    matrix.indices = np.array([column, 0], dtype=np.int32)
    return matrix


def element(size: int) -> bytes:
    """A MATLAB file whose one compressed part unpacks to this many zeros."""
    packed = zlib.compress(bytes(size))
    return b" " * 124 + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed


def mat_bytes(**changes: Any) -> bytes:
    from io import BytesIO

    stream = BytesIO()
    savemat(stream, mat(**changes)["x.mat"], do_compression=True)
    return stream.getvalue()


MAT: dict[str, tuple[dict[str, Content], str]] = {
    "no network": (mat(network=None), "has no matrix 'network'; say which one holds the network"),
    "no features": (mat(attrb=None), "has no matrix 'attrb'"),
    "cells of objects": (mat(attrb=np.array([[1], ["a"]], dtype=object)), "'attrb' is a cell, which is not read"),
    "a structure": (mat(network={"a": 1}), "'network' is a struct"),
    "words": (mat(group=np.array(["ab", "cd"])), "'group' is a char"),
    "complex numbers": (mat(attrb=np.eye(2) * 1j), "'attrb' is not of real numbers"),
    "three axes": (mat(attrb=np.ones((2, 2, 2))), "'attrb' has 3 axes"),
    "a network that is not square": (mat(network=np.ones((2, 3))), r"'network' has the shape \(2, 3\)"),
    "fewer features than nodes": (mat(attrb=np.eye(1)), "a row for each of 2 nodes"),
    "fewer labels than nodes": (mat(group=np.eye(3)), "a row for each of 2 nodes"),
    "labels that are no labels": (mat(group=np.full((2, 2), 7)), "row 1 of the labels holds other numbers"),
    "features that are not finite": (mat(attrb=np.full((2, 1), np.nan)), "node 1 .* in feature 1 .* not finite"),
    "negative weights": (mat(network=-RING), "entry 1 has the weight -1.0"),
    "entries outside": (mat(network=outside(9)), "is no whole MATLAB file"),
    "an empty file": ({"x.mat": b""}, "is empty"),
    "no MATLAB file": ({"x.mat": b"hello" * 99}, "is no whole MATLAB file of version 5 to 7.3"),
    "a cut file": ({"x.mat": mat_bytes()[:200]}, "is no whole MATLAB file"),
    "a bomb": ({"x.mat": element(2**27)}, "unpacks to more than 67,108,864 bytes"),
}


@pytest.mark.parametrize("kind", MAT)
def test_bad_matlab_files(kind: str, tmp_path: Path):
    contents, sentence = MAT[kind]
    refused(lambda: read_acdne(put(tmp_path, contents)), sentence, "x.mat")


def refused(read: Callable[[], Any], sentence: str, *named: str) -> None:
    with pytest.raises(PolycultureError, match=sentence) as error:
        read()
    said = str(error.value)
    assert "\n" not in said
    assert all(name in said for name in named)


def test_version_7_3_without_h5py_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    path = put(tmp_path, {"x.mat": b" " * 512 + b"\x89HDF\r\n\x1a\n"})
    refused(lambda: read_acdne(path), "which needs h5py; install it, or save the file with -v7", "x.mat")


def test_links_out_of_version_7_3_are_not_followed(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    for name in ("secret", "x"):
        with h5py.File(tmp_path / f"{name}.mat", "w") as store:
            store["attrb"] = np.eye(2)
            store["network"] = h5py.ExternalLink("secret.mat", "attrb") if name == "x" else RING
    refused(lambda: read_acdne(tmp_path / "x.mat"), "'network' is a link to elsewhere", "x.mat")


def test_damaged_version_7_3(tmp_path: Path):
    pytest.importorskip("h5py")
    refused(lambda: read_acdne(put(tmp_path, {"x.mat": b"\x89HDF\r\n\x1a\n" + bytes(99)})), "is no whole", "x.mat")


LIST: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "a negative node": ({"e": "0 1\n-3 1\n"}, {}, "line 2 names the node -3"),
    "one cell": ({"e": "0 1\n2\n"}, {}, "line 2 has 1 cells"),
    "four cells": ({"e": "0 1 2 3\n"}, {}, "line 1 has 4 cells"),
    "a weight in one line alone": ({"e": "0 1\n1 2 0.5\n"}, {}, "line 2 has 3 cells"),
    "a weight that is no number": ({"e": "0 1 2\n1 2 x\n"}, {}, "line 2 has the weight 'x'"),
    "a weight that is not finite": ({"e": "0 1 2\n1 2 inf\n"}, {}, "line 2 has the weight inf"),
    "an empty cell": ({"e": "0,1\n,2\n"}, {}, "line 2 has an empty cell"),
    "remarks alone": ({"e": "# nothing\n"}, {}, "holds no lines but remarks"),
    "no UTF-8": ({"e": "0 1\n\udcff 1\n"}, {}, "line 2 is not UTF-8"),
    "an edge to no node": ({"e": "0 1\n0 2\n", "f": "0 1\n1 1\n"}, {}, "line 2 names the node '2', which has no fea"),
    "a label of no node": ({"e": "0 1\n", "f": "0 1\n1 1\n", "l": "9 x\n"}, {}, "line 1 names the node '9'"),
    "a node without a label": ({"e": "0 1\n", "l": "0 x\n1\n"}, {}, "line 2 has 0 labels"),
    "two labels": ({"e": "0 1\n", "l": "0 x y\n"}, {}, "or set several=True"),
    "another label": ({"e": "0 1\n", "l": "0 x\n0 y\n"}, {}, "line 2 gives the node '0' another label"),
    "features of another length": ({"e": "0 1\n", "f": "0 1 2\n1 1\n"}, {}, "line 2 has 1 numbers, the first has 2"),
    "features that are words": ({"e": "0 1\n", "f": "0 1\n1 b\n"}, {}, "line 2 has 'b' where a number"),
    "features that are not finite": ({"e": "0 1\n", "f": "0 1\n1 nan\n"}, {}, "node 2 .* not finite"),
    "features of a node twice": ({"e": "0 1\n", "f": "0 1\n0 1\n"}, {}, "line 2 names the node '0' again"),
    "an unknown policy": ({"e": "0 1\n"}, {"missing": "guess"}, "missing is 'guess'"),
    "unknown loops": ({"e": "0 1\n"}, {"self_loops": "bend"}, "self_loops is 'bend'"),
    "no file": ({"f": "0 1\n"}, {}, "does not exist"),
}


@pytest.mark.parametrize("kind", LIST)
def test_bad_edge_lists(kind: str, tmp_path: Path):
    contents, settings, sentence = LIST[kind]
    for name, text in contents.items():
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    for key, name in (("labels", "l"), ("features", "f")):
        if name in contents:
            settings = settings | {key: tmp_path / name}
    refused(lambda: read_edge_list(tmp_path / "e", **settings), sentence)


def musae(**changes: str) -> dict[str, Content]:
    given = {"edges.csv": "from,to\n0,1\n", "features.json": '{"0": [1]}', "target.csv": "id,mature\n0,a\n1,b\n"}
    return {f"DE_{name}": text for name, text in (given | changes).items()}


MUSAE: dict[str, tuple[dict[str, Content], str]] = {
    "an edge to no node": (musae(**{"edges.csv": "from,to\n0,1\n0,2\n"}), "edges.csv: line 3 leads to node 2"),
    "a negative node": (musae(**{"edges.csv": "from,to\n-1,0\n"}), "line 2 has the node '-1'"),
    "three ends": (musae(**{"edges.csv": "a,b,c\n0,1,2\n"}), "has 3 columns"),
    "a row too short": (musae(**{"edges.csv": "a,b\n0,1\n1\n"}), "line 3 has 1 cells, the header has 2"),
    "a cut quote": (musae(**{"edges.csv": 'a,b\n0,"1\n'}), "no valid CSV"),
    "an empty file": (musae(**{"edges.csv": ""}), "edges.csv: is empty"),
    "a node that is a word": (musae(**{"target.csv": "id,mature\nx,a\n"}), "line 2 has the node 'x'"),
    "a node of two classes": (musae(**{"target.csv": "id,mature\n0,a\n1,b\n0,b\n"}), "line 4 gives the node 0 another"),
    "no target": (musae(**{"target.csv": "id,days\n0,1\n"}), "has no column 'target'; its columns are id, days"),
    "no nodes": (musae(**{"target.csv": "id,mature\n"}), "has no nodes"),
    "cut JSON": (musae(**{"features.json": '{"0": [1, '}), "features.json: is no valid JSON"),
    "deep JSON": (musae(**{"features.json": "[" * 200_000}), "features.json: is no valid JSON"),
    "a list for an object": (musae(**{"features.json": "[1]"}), "holds a list"),
    "a node twice": (musae(**{"features.json": '{"0": [1], "0": [2]}'}), "has a node twice"),
    "features of no node": (musae(**{"features.json": '{"7": [1]}'}), "features of node 7"),
    "a negative feature": (musae(**{"features.json": '{"0": [-1]}'}), "node 0 has features that are no list"),
    "a feature that is too large": (musae(**{"features.json": '{"0": [99999999]}'}), "below 16,777,216"),
    "a feature that is a truth": (musae(**{"features.json": '{"0": [true]}'}), "no list of whole numbers"),
    "a missing file": ({"DE_edges.csv": "a,b\n0,1\n", "DE_target.csv": "id,target\n0,a\n"}, "it has those of none"),
}


@pytest.mark.parametrize("kind", MUSAE)
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_bad_musae_graphs(kind: str, packed: bool, tmp_path: Path):
    contents, sentence = MUSAE[kind]
    put(tmp_path, contents)
    path = tmp_path
    if packed:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in contents:
                archive.write(tmp_path / name, name)
    refused(lambda: read_musae(path), sentence)


def zipped(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../DE_edges.csv", "/DE_edges.csv", "a\\..\\DE_edges.csv", "C:DE_edges.csv"])
def test_a_zip_that_names_files_outside_is_refused(name: str, tmp_path: Path):
    path = zipped(tmp_path / "x.zip", {name: b"a,b\n"})
    refused(lambda: read_musae(path), "lies outside it", "x.zip")
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]


def test_a_zip_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "ALWAYS", 2**12)
    files_of = {name: text.encode() for name, text in musae().items() if isinstance(text, str)}
    path = zipped(tmp_path / "x.zip", files_of | {"DE_features.json": b" " * 2**20})
    refused(lambda: read_musae(path), "unpacks to more than its size allows, at DE_features.json", "x.zip")


def test_a_zip_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "MEMBERS", 2)
    refused(lambda: read_musae(zipped(tmp_path / "x.zip", dict.fromkeys("abc", b"1"))), "holds 3 files, more than 2")


def test_a_damaged_zip_and_no_zip(tmp_path: Path):
    path = zipped(tmp_path / "x.zip", {name: text.encode() for name, text in musae().items() if isinstance(text, str)})
    whole = bytearray(path.read_bytes())
    whole[40] ^= 255
    path.write_bytes(whole)
    refused(lambda: read_musae(path), "cannot be unpacked", "x.zip")
    refused(lambda: read_musae(put(tmp_path, {"y.zip": "no"})), "neither a folder nor a zip", "y.zip")


SVM: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "no svmlight": (b"hello world\n", {}, "is no file of svmlight"),
    "a negative column": (b"1 -2:1\n", {}, "is no file of svmlight|has the column"),
    "columns out of order": (b"1 5:1 2:1\n", {}, "is no file of svmlight"),
    "a column that is too large": (b"1 99999999:1\n", {}, "has the column 99999999"),
    "a number that is not finite": (b"1 1:1\n1 1:nan\n", {}, "node 2 .* not finite"),
    "a number that is too large": (b"1 1:1e300\n", {}, "node 1 .* not finite"),
    "remarks alone": (b"# nothing\n", {}, "holds no items"),
    "too few columns": (b"1 7:1\n", {"columns": 3, "zero_based": True}, "has the column 7, and columns=3"),
    "a column 0": (b"1 0:1\n", {"zero_based": False}, "has a column 0"),
    "two domains": (b"1 1:1\n", {"domain": ["a", "b"]}, "give one domain for each of 1 files"),
    "a text for a list": (b"1 1:1\n", {"split": "t"}, "give one split for each of 1 files"),
}


@pytest.mark.parametrize("kind", SVM)
def test_bad_svmlight_files(kind: str, tmp_path: Path):
    content, settings, sentence = SVM[kind]
    path = put(tmp_path, {"x.txt": content})
    refused(lambda: svmlight(path, **settings), sentence)


def test_packed_files_that_are_cut_or_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "ALWAYS", 2**12)
    cut = put(tmp_path, {"cut.gz": gzip.compress(b"1 1:1\n" * 99)[:30]})
    refused(lambda: svmlight(cut), "cannot be read", "cut.gz")
    bomb = put(tmp_path, {"bomb.gz": gzip.compress(b"\n" * 2**20)})
    refused(lambda: svmlight(bomb), "which no list of nodes does", "bomb.gz")


def graph(**attributes: Any) -> nx.Graph:
    made = nx.Graph([("a", "b")])
    for name, value in attributes.items():
        made.nodes[name].update(value)
    return made


NETWORKX: dict[str, tuple[Any, str]] = {
    "no graph": ([1], "a list was given"),
    "no nodes": (nx.Graph(), "has no nodes"),
    "vectors of another length": (graph(a={"vector": [1]}, b={"vector": [1, 2]}), "node 'b' has numbers of shape"),
    "vectors of words": (graph(a={"vector": ["x"]}), "node 'a' has other things than numbers"),
    "one label and several": (graph(a={"label": "x"}, b={"label": {"y"}}), "node 'a' has one 'label'"),
    "a domain for one": (graph(a={"domain": "x"}), "node 'b' has no 'domain'"),
    "a weight that is a word": (nx.Graph([("a", "b", {"weight": "x"})]), "that is no number"),
    "a negative weight": (nx.Graph([("a", "b", {"weight": -1})]), "edge 1 has the weight -1.0"),
    "one name for two": (nx.Graph([(1, "1")]), "stands in more than one row"),
}


@pytest.mark.parametrize("kind", NETWORKX)
def test_bad_networkx_graphs(kind: str):
    given, sentence = NETWORKX[kind]
    refused(lambda: from_networkx(given), sentence)


def items(width: int, **given: Any) -> GraphData:
    data = DomainData.of(np.ones((1, width)), domain=["a"], label=given.get("label"))
    names = {"feature_names": given.get("names"), "label_names": given.get("label_names")}
    return GraphData(data.items, data.domain, data.label, None, data.ids, source="a part", **names)


JOINS: dict[str, tuple[list[DomainData], dict[str, Any], str]] = {
    "nothing": ([], {}, "there are none"),
    "texts": ([DomainData.of(["a"])], {}, "has no vectors, only text"),
    "columns of different number": ([items(1), items(2)], {}, "a part has 1 columns of features, expected 2"),
    "fewer columns than there are": ([items(2)], {"columns": 1}, "has 2 columns of features, expected 1"),
    "no columns": ([items(2)], {"columns": 0}, "columns is 0"),
    "names in one alone": ([items(1, names=("x",)), items(1)], {}, "have no names and others have"),
    "a name twice": ([items(2, names=("x", "x")), items(1, names=("y",))], {}, "two columns .* are called 'x'"),
    "one class and several": (
        [items(1, label=["x"]), items(1, label=[(1, 0)], label_names=("x", "y"))],
        {},
        "have one class and others several labels",
    ),
    "a domain twice": ([items(1), items(1)], {}, "'a/0' stands in two graphs"),
}


@pytest.mark.parametrize("kind", JOINS)
def test_bad_joins(kind: str):
    parts, settings, sentence = JOINS[kind]
    refused(lambda: from_graphs(parts, **settings), sentence)


# -- whatever the bytes ------------------------------------------------------------------------------------------------


def mutated(data: bytes, seed: int) -> bytes:
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(out))
        out[at : at + rng.randint(0, 2)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 3)))
        out = out or bytearray(b"x")
    return bytes(out[: rng.randint(1, len(out))] if rng.random() < 0.2 else out)


WHOLE: dict[str, tuple[bytes, Callable[[Path], Any]]] = {
    "mat": (mat_bytes(network=sp.csc_matrix(RING)), read_acdne),
    "plain mat": (b"", read_acdne),
    "edges": (b"# x\n0 1 2\n1 2 0.5\n2 0 1\n", read_edge_list),
    "svmlight": (b"1 1:2 3:0.5\n-1 2:1 # x\n1 qid:3 1:1\n", svmlight),
    "zip": (b"", read_musae),
    "json": (json.dumps({"0": [1, 2], "1": []}).encode(), lambda path: read_musae(path.parent)),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_damaged_files_give_items_or_one_sentence(kind: str, tmp_path: Path):
    whole, read = WHOLE[kind]
    path = tmp_path / ("DE_features.json" if kind == "json" else "x")
    if kind == "zip":
        zipped(path, {name: text.encode() for name, text in musae().items() if isinstance(text, str)})
        whole = path.read_bytes()
    if kind == "plain mat":
        savemat(tmp_path / "y.mat", mat(network=sp.csc_matrix(RING))["x.mat"])
        whole = (tmp_path / "y.mat").read_bytes()
    if kind == "json":
        put(tmp_path, musae())
    for seed in range(150):
        path.write_bytes(mutated(whole, seed))
        try:
            data = read(path)
        except PolycultureError as error:
            assert str(error).count("\n") == 0, str(error)  # noqa: PT017
        else:
            assert data.graph.shape == (len(data), len(data))
