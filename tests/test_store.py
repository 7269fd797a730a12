"""The store: what was saved comes back exactly, is never torn, and is never trusted."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyculture.errors import ShapeError, StoreError
from polyculture.store import Cache, cache_folder, facts, load, save, write_bytes, write_json, write_text
from polyculture.store.artefact import _seal
from polyculture.store.encode import decode, encode

STATE = {
    "net": {
        "layer.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "bias": np.zeros((0, 3)),
        "on": np.array([True]),
    },
    "matrix": sp.csr_array(np.array([[0, 1.5], [2, 0]])),
    "names": np.array(["a", None, "é", 3], dtype=object),
    "words": np.array([["x", "yz"]]),
    "scalar": np.array(2.5),
    "plain": {"n": 3, "rate": 0.1, "none": None, "flag": True, "list": [1, "b", [2.5]], "tuple": (1, ("x",))},
    "by_number": {0: "zero", 1: np.ones(2)},
    "odd": {"nan": float("nan"), "inf": -float("inf"), "$": "a key like the mark"},
}


def same(a: Any, b: Any) -> bool:
    if sp.issparse(a):
        return sp.issparse(b) and a.shape == b.shape and a.dtype == b.dtype and (a != b).nnz == 0
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tolist() == b.tolist()
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or repr(a) == repr(b) == "nan")


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text())


def test_a_state_comes_back_exactly(tmp_path: Path) -> None:
    save(tmp_path, STATE, kind="demo", facts={})
    assert same(STATE, load(tmp_path, kind="demo"))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(12.0)[::-2],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.broadcast_to(np.float32(3), (2, 2)),
    ],
)
def test_arrays_that_lie_otherwise_in_memory_keep_their_order(tmp_path: Path, array: np.ndarray) -> None:
    save(tmp_path, {"a": array}, kind="demo", facts={})
    assert same(array, load(tmp_path, kind="demo")["a"])


def test_big_endian_arrays_keep_their_values(tmp_path: Path) -> None:
    save(tmp_path, {"a": np.array([1.5, -2], dtype=">f8")}, kind="demo", facts={})
    assert load(tmp_path, kind="demo")["a"].tolist() == [1.5, -2]


def test_paths_that_read_the_same_are_kept_apart(tmp_path: Path) -> None:
    state = {"a.b": np.ones(1), "a": {"b": np.zeros(2)}}
    save(tmp_path, state, kind="demo", facts={})
    assert same(state, load(tmp_path, kind="demo"))


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", np.array([1j]), np.array([object()]), np.datetime64("2020")]
)
def test_what_cannot_be_kept_is_named_and_nothing_is_written(tmp_path: Path, value: object) -> None:
    with pytest.raises(StoreError, match=r"^part\.x "):
        save(tmp_path / "new", {"part": {"x": value}}, kind="demo", facts={})
    assert not (tmp_path / "new").exists()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None)
@given(tree=st.dictionaries(st.text(), TREES))
def test_any_tree_of_plain_values_comes_back_from_json_exactly(tree: dict[str, Any]) -> None:
    plain, tensors = encode(tree)
    assert tensors == {}
    assert same(tree, decode(json.loads(json.dumps(plain, allow_nan=False)), tensors))


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name, STATE, kind="demo", facts={"x": 1})
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files(tmp_path / "a")
    )


def test_facts_are_read_without_the_tensors(tmp_path: Path) -> None:
    save(tmp_path, STATE, kind="demo", facts={"classes": np.int64(2), "score": float("nan")})
    next(tmp_path.glob("tensors-*")).unlink()
    assert facts(tmp_path, kind="demo") == {"classes": 2, "score": None}


def test_saving_again_leaves_the_new_files_and_those_of_others(tmp_path: Path) -> None:
    save(tmp_path, {"a": np.zeros(3)}, kind="demo", facts={})
    write_text(tmp_path / "notes.txt", "mine")
    (tmp_path / ".state.json.abc123.tmp").write_bytes(b"torn by a kill")
    save(tmp_path, {"a": np.ones(3)}, kind="demo", facts={})
    named = {file["name"] for file in manifest(tmp_path)["files"]}
    assert files(tmp_path) == named | {"manifest.json", "notes.txt"}


def fail_at(monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """Let the n-th call that reaches the disk fail, as a full disk would."""
    calls = 0

    def guarded(real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return call

    monkeypatch.setattr(os, "fsync", guarded(os.fsync))
    monkeypatch.setattr(os, "replace", guarded(os.replace))
    monkeypatch.setattr(Path, "replace", guarded(Path.replace))
    monkeypatch.setattr("polyculture.store.files.tempfile.mkstemp", guarded(__import__("tempfile").mkstemp))


def test_a_disk_that_fails_at_any_step_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    old, new = {"a": np.zeros(3), "n": 1}, {"a": np.ones(3), "n": 2}
    save(tmp_path, old, kind="demo", facts={})
    failures = 0
    for nth in range(1, 16):
        with pytest.MonkeyPatch.context() as patch:
            fail_at(patch, nth)
            try:
                save(tmp_path, new, kind="demo", facts={})
            except StoreError as error:
                failures += "No space left" in str(error)
        found = load(tmp_path, kind="demo")
        assert same(found, old) or same(found, new)
        assert not list(tmp_path.glob(".*.tmp"))
        save(tmp_path, old, kind="demo", facts={})
    assert failures >= 10


WRITER = """
import sys, numpy as np
from polyculture.store import save
n = 0
while True:
    n += 1
    save(sys.argv[1], {"n": n, "a": np.full(300_000, n), "b": {"c": np.full(1000, n)}}, kind="demo", facts={"n": n})
    print(n, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_state(tmp_path: Path) -> None:
    rng = np.random.RandomState(0)
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.rand() * 0.1)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        state = load(tmp_path, kind="demo")
        assert (state["a"] == state["n"]).all()
        assert (state["b"]["c"] == state["n"]).all()
        assert facts(tmp_path, kind="demo") == {"n": state["n"]}
    save(tmp_path, {}, kind="demo", facts={})
    assert len(files(tmp_path)) == 3, "a later save sweeps what the kills left"


def test_a_reader_beside_a_writer_always_finds_a_whole_state(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    seen = {int(load(tmp_path, kind="demo")["n"]) for _ in range(20)}
    writer.kill()
    writer.wait()
    writer.stdout.close()
    assert len(seen) > 1


def spoil(folder: Path, **changes: Any) -> None:
    whole = manifest(folder)
    changed = whole | changes
    # whoever forges a manifest can seal it, too
    (folder / "manifest.json").write_text(json.dumps(changed | {"sha256": _seal(changed)}))


def damage_part(folder: Path, prefix: str, data: bytes | None) -> None:
    path = next(folder.glob(f"{prefix}-*"))
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


BAD = {
    "no manifest": (lambda f: (f / "manifest.json").unlink(), "holds no saved demo"),
    "no JSON": (lambda f: (f / "manifest.json").write_text("{"), "cannot be read as a manifest"),
    "a list": (lambda f: (f / "manifest.json").write_text("[]"), "cannot be read as a manifest"),
    "deep": (lambda f: (f / "manifest.json").write_text("[" * 100_000), "cannot be read as a manifest"),
    "other kind": (lambda f: spoil(f, kind="song"), "describes a 'song', expected a 'demo'"),
    "other schema": (lambda f: spoil(f, schema=99), "has schema 99, this version reads 2"),
    "no files": (lambda f: spoil(f, files=[]), "does not list its state and tensors"),
    "odd files": (lambda f: spoil(f, files=[{"role": "state"}, 3]), "does not list its state and tensors"),
    "missing part": (lambda f: damage_part(f, "tensors", None), "cannot be read"),
    "short part": (lambda f: damage_part(f, "tensors", b"x"), "has 1 bytes, the manifest says"),
    "flipped part": (
        lambda f: damage_part(f, "state", next(f.glob("state-*")).read_bytes().replace(b"3", b"4")),
        "its SHA-256 differs",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_damaged_folder_is_one_sentence_that_names_the_file(tmp_path: Path, case: str) -> None:
    spoiler, sentence = BAD[case]
    save(tmp_path, {"n": 3, "a": np.ones(3)}, kind="demo", facts={})
    spoiler(tmp_path)
    with pytest.raises(StoreError, match=sentence) as caught:
        load(tmp_path, kind="demo")
    assert str(tmp_path) in str(caught.value)
    assert ";" in str(caught.value), "it says what to do"


@pytest.mark.parametrize("name", ["../secret.json", "/etc/passwd", "sub/state-00000000.json", "state.json", "C:x", ""])
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    save(tmp_path, {"n": 3}, kind="demo", facts={})
    parts = manifest(tmp_path)["files"]
    parts[0]["name"] = name
    spoil(tmp_path, files=parts)
    with pytest.raises(StoreError, match="no plain name of a part"):
        load(tmp_path, kind="demo")


@pytest.mark.parametrize(
    "tree",
    [
        {"a": {"$": "array", "name": "nowhere"}},
        {"a": {"$": "exec", "code": "print(1)"}},
        {"a": {"$": "csr", "shape": [2, 2], "data": "x", "indices": "x", "indptr": "x"}},
        {"a": {"$": "list", "dtype": "object", "shape": [3], "values": [1]}},
        {"a": {"$": "dict", "items": [[[], 1]]}},
        [1],
    ],
)
def test_a_well_hashed_state_that_makes_no_sense_is_a_store_error(tmp_path: Path, tree: Any) -> None:
    save(tmp_path, {"x": np.ones(2)}, kind="demo", facts={})
    data = json.dumps(tree).encode()
    digest = hashlib.sha256(data).hexdigest()
    parts = manifest(tmp_path)["files"]
    parts[0] |= {"name": f"state-{digest[:8]}.json", "sha256": digest, "bytes": len(data)}
    write_bytes(tmp_path / parts[0]["name"], data)
    spoil(tmp_path, files=parts)
    with pytest.raises(StoreError, match="does not hold a state that can be read"):
        load(tmp_path, kind="demo")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999), bit=st.integers(0, 7), which=st.integers(0, 2))
def test_a_flipped_bit_is_found_or_harmless(tmp_path: Path, place: float, bit: int, which: int) -> None:
    state = {"a": np.arange(5), "n": [1, 2]}
    save(tmp_path, state, kind="demo", facts={})
    path = sorted(path for path in tmp_path.iterdir() if path.name in files(tmp_path))[which]
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    try:
        said = ""
        assert same(load(tmp_path, kind="demo"), state)
    except StoreError as error:
        said = str(error)
    assert not said or str(tmp_path) in said


def test_json_is_what_any_reader_accepts(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.json"
    write_json(path, {"b": np.float32(1.5), "a": [np.nan, np.inf, np.array([1, 2])], 3: (True, None), "t": "é\ud800"})
    text = path.read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found == {"b": 1.5, "a": [None, None, [1, 2]], "3": [True, None], "t": "é\ud800"}
    assert list(found) == ["b", "a", "3", "t"], "the order of keys is kept"


def test_what_json_does_not_know_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="object has no form in JSON"):
        write_json(tmp_path / "a.json", {"a": object()})
    assert files(tmp_path) == set()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "below", b"x")
    with pytest.raises(StoreError, match="cannot be made"):
        save(tmp_path / "file", {}, kind="demo", facts={})
    with pytest.raises(StoreError, match="cannot be written"):
        write_bytes(tmp_path, b"x")


def test_the_environment_chooses_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POLYCULTURE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    for off in ("", "off", "OFF"):
        monkeypatch.setenv("POLYCULTURE_CACHE", off)
        assert cache_folder() is None
    assert cache_folder(tmp_path) == tmp_path
    monkeypatch.delenv("POLYCULTURE_CACHE")
    assert cache_folder() is not None


def test_a_cache_gives_back_what_was_put_and_zeros_elsewhere(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(1500)]
    vectors = np.random.RandomState(0).rand(1500, 3).astype(np.float32)
    Cache("m", 3, folder=tmp_path).put(texts, vectors)
    found, known = Cache("m", 3, folder=tmp_path).get([*texts, "new", texts[0]])
    assert known.tolist() == [True] * 1500 + [False, True]
    np.testing.assert_array_equal(found[:1500], vectors)
    assert found[1500].tolist() == [0, 0, 0]


def test_caches_of_other_names_or_widths_know_nothing_of_each_other(tmp_path: Path) -> None:
    Cache("m/1", 2, folder=tmp_path).put(["a"], np.ones((1, 2)))
    for other in (Cache("m-1", 2, folder=tmp_path), Cache("m/1", 3, folder=tmp_path)):
        assert not other.get(["a"])[1].any()


def test_a_cache_that_is_off_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLYCULTURE_CACHE", "off")
    cache = Cache("m", 2)
    cache.put(["a"], np.ones((1, 2)))
    assert not cache.get(["a"])[1].any()
    assert files(tmp_path) == set()


@pytest.mark.parametrize("damage", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 500])
def test_a_broken_cache_is_set_aside_and_built_anew(tmp_path: Path, damage: bytes) -> None:
    cache = Cache("m", 2, folder=tmp_path)
    cache.put(["a"], np.ones((1, 2)))
    assert cache.path is not None
    for path in cache.path.parent.iterdir():
        path.write_bytes(damage)
    assert not cache.get(["a"])[1].any()
    cache.put(["a"], np.ones((1, 2)))
    assert cache.get(["a"])[1].all()
    assert any("broken" in name for name in files(cache.path.parent))


def test_a_row_that_was_altered_is_unknown(tmp_path: Path) -> None:
    cache = Cache("m", 2, folder=tmp_path)
    cache.put(["a", "b"], np.ones((2, 2)))
    connection = sqlite3.connect(cache.path or "")
    with connection:
        connection.execute("UPDATE vectors SET row = zeroblob(length(row)) WHERE key = (SELECT min(key) FROM vectors)")
    connection.close()
    assert sorted(cache.get(["a", "b"])[1].tolist()) == [False, True]


def test_vectors_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeError, match=r"2 texts need an array of shape \(2, 3\), not \(2, 2\)"):
        Cache("m", 3, folder=tmp_path).put(["a", "b"], np.ones((2, 2)))


def test_a_cache_folder_that_cannot_be_written_never_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    cache = Cache("m", 2, folder=tmp_path / "file")
    cache.put(["a"], np.ones((1, 2)))
    assert not cache.get(["a"])[1].any()


def fill(folder: str, start: int) -> None:
    cache = Cache("m", 2, folder=folder)
    for i in range(start, start + 40):
        cache.put([str(i)], np.full((1, 2), i))


def test_two_processes_fill_one_cache(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=fill, args=(str(tmp_path), start)) for start in (0, 40)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    vectors, known = Cache("m", 2, folder=tmp_path).get([str(i) for i in range(80)])
    assert known.all()
    assert vectors[:, 0].tolist() == list(range(80))
