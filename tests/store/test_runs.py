"""Steps are kept when they are whole, found by what they depend on, and done once."""

from __future__ import annotations

import errno
import json
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyculture import store
from polyculture.errors import StoreError
from polyculture.store import locks, run_folder


class Counted:
    """A computation that knows how often it was done."""

    def __init__(self, value: Any) -> None:
        self.value, self.times = value, 0

    def __call__(self) -> Any:
        self.times += 1
        return self.value


@dataclass(frozen=True)
class Found:
    values: np.ndarray


def test_a_step_is_done_once_for_the_same_inputs(tmp_path):
    sums = Counted(3)
    for _ in range(3):
        with store.run(tmp_path / "run"), store.part("sums", numbers=np.arange(3), seed=0):
            assert store.step("sum", sums) == 3
    assert sums.times == 1


@pytest.mark.parametrize(
    "changed",
    [{"numbers": np.arange(4)}, {"numbers": np.arange(3.0)}, {"seed": 1}, {"more": None}],
    ids=["values", "type", "seed", "one input more"],
)
def test_other_inputs_are_another_part(tmp_path, changed):
    sums = Counted(3)
    for inputs in ({}, changed, {}):
        with store.run(tmp_path / "run"), store.part("sums", **({"numbers": np.arange(3), "seed": 0} | inputs)):
            store.step("sum", sums)
    assert sums.times == 2


def test_a_later_version_does_not_take_what_an_earlier_kept(tmp_path, monkeypatch):
    sums = Counted(3)
    for version in ("1", "2"):
        monkeypatch.setattr("polyculture.store.runs.__version__", version)
        with store.run(tmp_path / "run"), store.part("sums"):
            store.step("sum", sums)
    assert sums.times == 2


def test_without_a_run_or_a_part_it_is_computed_and_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value, sums = object(), Counted(None)
    sums.value = value
    with store.part("sums", numbers=value):
        assert store.step("sum", sums) is value
    with store.run("run"):
        assert store.step("sum", sums) is value
    assert list((tmp_path / "run").glob("*/*/")) == []
    assert not store.keeping()


def test_a_name_that_is_asked_for_twice_is_computed_again(tmp_path):
    with store.run(tmp_path / "run"), store.part("sums"):
        assert [store.step("sum", Counted(n)) for n in (1, 2)] == [1, 2]
    with store.run(tmp_path / "run"), store.part("sums"):
        assert store.step("sum", Counted(5)) == 1


def test_steps_within_steps_are_kept_by_themselves(tmp_path):
    inner = Counted(1)

    def outer() -> int:
        store.step("inner", inner)
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), store.run(tmp_path / "run"), store.part("sums"):
            store.step("outer", outer)
    assert inner.times == 1
    assert not store.keeping()


def test_what_is_given_is_what_was_read_back(tmp_path):
    columns = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    for _ in range(2):
        with store.run(tmp_path / "run"), store.part("found"):
            found = store.step("found", lambda: Found(columns), (Found,))
        assert found.values.flags["C_CONTIGUOUS"]
        np.testing.assert_array_equal(found.values, columns)


def test_a_step_that_fails_is_not_kept(tmp_path):
    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError), store.run(tmp_path / "run"), store.part("sums"):
            store.step("sum", fail)
    assert list((tmp_path / "run").glob("*/*/")) == []


def test_a_value_that_cannot_be_kept_is_refused(tmp_path):
    with pytest.raises(StoreError, match="cannot be kept"), store.run(tmp_path / "run"), store.part("sums"):
        store.step("sum", object)


def test_a_damaged_step_is_computed_again_and_said(tmp_path, caplog):
    sums = Counted(3)
    for _ in range(2):
        with caplog.at_level(logging.WARNING, "polyculture"), store.run(tmp_path / "run"), store.part("sums"):
            assert store.step("sum", sums) == 3
        for state in (tmp_path / "run").glob("*/*/state-*.json"):
            state.write_text("{")
    assert sums.times == 2
    assert "is damaged" in caplog.text


def test_a_step_that_says_more_than_it_may_make_is_computed_again(tmp_path):
    with store.run(tmp_path / "run"), store.part("found"):
        store.step("found", lambda: Found(np.zeros(1)), (Found,))
    again = Counted(4)
    with store.run(tmp_path / "run"), store.part("found"):
        assert store.step("found", again) == 4
    assert again.times == 1


def test_names_of_any_kind_are_folders_of_their_own(tmp_path):
    names = ["../../up", "a/b", "a:b", "", "ü", "x" * 300, "A", "a"]
    with store.run(tmp_path / "run"), store.part("names"):
        assert [store.step(name, Counted(name)) for name in names] == names
    assert len(list((tmp_path / "run").glob("names-*/*/"))) == len(names)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_what_differs_is_said(tmp_path):
    about = {"command": "fit", "seed": 0, "hops": (0, 2)}
    with store.run(tmp_path, about=about), store.part("sums"):
        store.step("sum", Counted(1))
    with store.run(tmp_path, about=about):
        pass
    said = "seed was 0 and is 1; more was None and is 2; name another folder"
    with pytest.raises(StoreError, match=said), store.run(tmp_path, about={**about, "seed": 1, "more": 2}):
        pass


def test_a_folder_in_which_nothing_was_finished_may_become_another_run(tmp_path):
    for seed in (0, 1):
        with store.run(tmp_path, about={"seed": seed}):
            pass
    assert json.loads((tmp_path / "run.json").read_text())["about"]["seed"] == 1


def test_a_damaged_note_of_what_it_is_of_is_one_sentence(tmp_path):
    with store.run(tmp_path, about={}), store.part("sums"):
        store.step("sum", Counted(1))
    (tmp_path / "run.json").write_text("[")
    with pytest.raises(StoreError, match="remove the folder to begin anew"), store.run(tmp_path, about={}):
        pass


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be a run folder"), store.run(tmp_path / "file"):
        pass


def test_the_same_folder_within_itself_is_not_waited_for(tmp_path):
    with store.run(tmp_path) as outer, store.run(tmp_path) as inner:
        assert outer == inner


def test_a_folder_that_this_process_holds_already_is_not_waited_for(tmp_path):
    sums = Counted(3)
    outer, inner = tmp_path / "outer", tmp_path / "inner"
    with store.run(outer), store.run(inner), store.run(outer), store.part("sums"):
        assert store.step("sum", sums) == 3
    with store.run(outer), ThreadPoolExecutor(1) as pool:
        assert pool.submit(summed, outer, sums).result(timeout=30) == 3
    assert sums.times == 1
    with store.run(outer):  # all of them let go
        assert not list(inner.glob("*/*/"))


def summed(folder: Path, compute: Counted) -> Any:
    with store.run(folder), store.part("sums"):
        return store.step("sum", compute)


def test_where_nothing_can_be_held_what_another_may_be_writing_stays(tmp_path, monkeypatch):
    with store.run(tmp_path), store.part("sums") as part:
        store.step("sum", Counted(3))
    half = part.folder / "half-0123456789ab"
    half.mkdir()
    for place in (half, tmp_path):
        (place / ".state.json.abc_1.tmp").write_text("")
    with (tmp_path / "journal.jsonl").open("a") as journal:
        journal.write('{"half')
    left = sorted(tmp_path.rglob("*"))
    for held in (False, True):
        if not held:
            monkeypatch.setattr(locks.fcntl, "flock", raising(OSError(errno.ENOLCK, "no locks available")))
        with store.run(tmp_path):
            assert (sorted(tmp_path.rglob("*")) == left) != held
            assert half.exists() != held
            assert (tmp_path / "journal.jsonl").read_text().endswith("\n") == held
        monkeypatch.undo()
    old = time.time() - 7200
    half.mkdir()
    os.utime(half, (old, old))
    monkeypatch.setattr(locks, "fcntl", None)
    with store.run(tmp_path):
        assert not half.exists()


def raising(error: Exception) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise error

    return call


def test_lines_of_the_journal_that_were_broken_off_are_left_out(tmp_path):
    with store.run(tmp_path), store.part("sums"):
        store.step("sum", Counted(3))
    journal = tmp_path / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text(lines[0] + '{"part": "s' + "".join(lines) + lines[1] + '{"part"')
    with store.run(tmp_path):
        assert journal.read_text() == lines[0] + lines[1] + lines[1]


def test_a_disk_that_takes_a_part_of_a_line_gets_the_rest_or_is_full(tmp_path, monkeypatch):
    written, whole = [], os.write

    def some(handle: int, data: bytes) -> int:
        written.append(data)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(handle, data[:9])

    monkeypatch.setattr(os, "write", some)
    run_folder.append(tmp_path / "journal.jsonl", {"part": "sums"})
    with pytest.raises(StoreError, match=r"journal\.jsonl cannot be written \(No space left"):
        run_folder.append(tmp_path / "journal.jsonl", {"part": "sums"})
    monkeypatch.undo()
    assert (tmp_path / "journal.jsonl").read_text().splitlines()[0] == '{"part": "sums"}'


def test_a_lock_that_cannot_name_its_holder_holds_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "ftruncate", raising(OSError(errno.ENOSPC, "No space left on device")))
    with locks.alone(tmp_path) as held:
        assert held


def test_another_version_of_a_library_computes_anew(tmp_path, monkeypatch):
    sums = Counted(3)
    for version in ("1", "2", "2"):
        monkeypatch.setattr("polyculture.store.runs.libraries", lambda version=version: {"torch": version})
        summed(tmp_path, sums)
    assert sums.times == 2


def test_outputs_are_swept_of_what_was_left_beside_them_and_of_nothing_else(tmp_path):
    for name in (".found[1].json.abc.tmp", ".found1.json.abc.tmp", ".other.json.abc.tmp"):
        (tmp_path / name).write_text("")
    with store.run(tmp_path / "run", outputs=[tmp_path / "found[1].json", None]):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == [".found1.json.abc.tmp", ".other.json.abc.tmp", "run"]


def test_a_journal_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(StoreError, match=r"journal\.jsonl cannot be written"):
        run_folder.append(tmp_path / "journal.jsonl", {})


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match="cannot be written to"), locks.alone(tmp_path / "nowhere"):
        pass


def test_where_there_are_no_locks_work_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "fcntl", None)
    with locks.alone(tmp_path), locks.alone(tmp_path):
        assert Path(tmp_path, "lock").is_file()
