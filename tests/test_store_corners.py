"""What the store does where few ever come: other systems, locks of others, files that are too large or of nobody."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture.errors import ParameterError, StoreError
from polyculture.store import Cache, artefact, cache, facts, load, rebuilt, save, write_bytes, write_frame, write_json
from polyculture.store.files import sweep


def test_scalars_of_numpy_come_back_as_those_of_python(tmp_path: Path) -> None:
    save(
        tmp_path, {"n": np.int16(3), "x": np.float32(0.5), "on": np.bool_(True), "w": np.str_("é")}, kind="a", facts={}
    )
    found = load(tmp_path, kind="a")
    assert found == {"n": 3, "x": 0.5, "on": True, "w": "é"}
    assert {type(value) for value in found.values()} == {int, float, bool, str}


def test_a_frame_is_written_whole(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None], "b": ["x", "é"]})
    write_frame(tmp_path / "deep" / "a.parquet", frame)
    assert pl.read_parquet(tmp_path / "deep" / "a.parquet").equals(frame)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["a.parquet"]


def test_paths_are_words_in_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"path": Path("a") / "b"})
    assert json.loads((tmp_path / "a.json").read_text()) == {"path": os.fspath(Path("a") / "b")}


def test_files_are_as_open_to_others_as_the_system_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "a", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_only_old_strays_of_ours_are_swept(tmp_path: Path) -> None:
    ours, young, others = (tmp_path / name for name in (".a.json.x1_y.tmp", ".b.json.x2.tmp", ".Other.TMP.tmp"))
    for path in (ours, young, others):
        path.write_bytes(b"1")
    for path in (ours, others):
        os.utime(path, (time.time() - 4000,) * 2)
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {young.name, others.name}
    sweep(tmp_path, older_than=0)
    assert {path.name for path in tmp_path.iterdir()} == {others.name}


def sealed(folder: Path, **changes: Any) -> None:
    """A manifest with other things in it, and a seal that fits."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["sha256"] = artefact._seal(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": []},
        {"files": {}},
        {"files": [1, 2]},
        {"files": []},
        {"files": [{"role": "state", "name": "n", "sha256": "0", "bytes": True}] * 2},
    ],
)
def test_a_sealed_manifest_of_another_form_is_refused(changes: dict[str, Any], tmp_path: Path) -> None:
    save(tmp_path, {"a": 1}, kind="a", facts={"n": 1})
    sealed(tmp_path, **changes)
    with pytest.raises(StoreError, match="does not list its state and tensors as a manifest must"):
        facts(tmp_path, kind="a")


def test_a_manifest_of_any_size_is_not_read(tmp_path: Path) -> None:
    save(tmp_path, {"a": 1}, kind="a", facts={})
    with (tmp_path / "manifest.json").open("r+b") as file:
        file.truncate(artefact._MANIFEST_BYTES + 1)
    with pytest.raises(StoreError, match="is larger than a manifest can be"):
        load(tmp_path, kind="a")
    with (tmp_path / "manifest.json").open("r+b") as file:
        file.truncate(artefact._MANIFEST_BYTES)
    with pytest.raises(StoreError, match="cannot be read as a manifest"):
        load(tmp_path, kind="a")


def test_where_the_system_knows_no_locks_young_strays_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "fcntl", None)
    (tmp_path / ".state.json.x.tmp").write_bytes(b"another writer's, maybe")
    save(tmp_path, {"a": 1}, kind="a", facts={})
    assert load(tmp_path, kind="a") == {"a": 1}
    assert (tmp_path / ".state.json.x.tmp").exists()


def test_what_is_rebuilt_is_what_a_function_makes(tmp_path: Path) -> None:
    save(tmp_path, {"a": 1}, kind="a", facts={})
    assert rebuilt(tmp_path, lambda state: state["a"] + 1, kind="a") == 2


@pytest.mark.parametrize(
    "error",
    [KeyError("w"), TypeError("two\nlines"), ParameterError("x is odd; mend it"), RuntimeError(), MemoryError()],
)
def test_what_cannot_be_rebuilt_is_one_sentence(error: Exception, tmp_path: Path) -> None:
    def build(_state: Any) -> None:
        raise error

    save(tmp_path, {}, kind="a", facts={})
    with pytest.raises(StoreError, match="holds a state of which this version can make no a") as caught:
        rebuilt(tmp_path, build, kind="a")
    assert "\n" not in str(caught.value)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """A cache that another process writes to and does not let go."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_cache_that_others_hold_is_waited_for_and_then_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(cache, "_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(cache, "_TRIES", 3)
    kept = Cache("demo", 2, folder=tmp_path)
    kept.put(["a"], np.ones((1, 2)))
    assert kept.path is not None
    with held(kept.path):
        kept.put(["b"], np.ones((1, 2)))
        assert "is not used: others hold it" in caplog.text
    assert kept.get(["a", "b"])[1].tolist() == [True, False]


@pytest.mark.parametrize(("error", "told"), [(PermissionError, 1), (FileNotFoundError, 3)])
def test_a_damaged_cache_that_cannot_be_set_aside_is_done_without(
    error: type[OSError], told: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stays(_path: Path, _to: Path) -> None:
        raise error

    monkeypatch.setattr(cache, "_TRIES", 3)
    kept = Cache("demo", 2, folder=tmp_path)
    kept.put(["a"], np.ones((1, 2)))
    assert kept.path is not None
    kept.path.write_bytes(b"no database at all " * 99)
    monkeypatch.setattr(Path, "replace", stays)
    assert kept.get(["a"])[1].tolist() == [False]
    assert caplog.text.count("is damaged") == told


def no_manifest(_path: Path, _manifest: Any) -> None:
    raise StoreError("there is no room")


def test_parts_without_a_manifest_are_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "old", {"a": 1}, kind="a", facts={})
    before = sorted(path.name for path in (tmp_path / "old").iterdir())
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(artefact, "write_json", no_manifest)
    for name in ("old", "new", "empty"):
        with pytest.raises(StoreError, match="there is no room"):
            save(tmp_path / name, {"a": 2}, kind="a", facts={})
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == before
    assert load(tmp_path / "old", kind="a") == {"a": 1}
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("kind", ["longdouble", "complex64", "datetime64[s]", "timedelta64[s]", "S3"])
def test_arrays_of_other_types_than_numbers_of_64_bits_are_refused(kind: str, tmp_path: Path) -> None:
    if np.dtype(kind) == np.float64:
        pytest.skip("a long double is no longer than a double here")
    with pytest.raises(StoreError, match=r"w is an array of .*, which cannot be kept"):
        save(tmp_path, {"w": np.zeros(2, dtype=kind)}, kind="a", facts={})


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be synced there")
def test_a_file_and_then_its_folder_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
    write_bytes(tmp_path / "a", b"1")
    assert synced == [False, True]


def test_a_cache_makes_the_folders_that_it_needs(tmp_path: Path) -> None:
    kept = Cache("demo", 1, folder=tmp_path / "not" / "yet")
    kept.put(["a"], np.ones((1, 1)))
    assert kept.get(["a"])[1].tolist() == [True]


def test_a_manifest_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    save(tmp_path / "kept", {"w": 1}, kind="a", facts={})

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(StoreError, match="may not be read; change its permissions"):
        load(tmp_path / "kept", kind="a")
