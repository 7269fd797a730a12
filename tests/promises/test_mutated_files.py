"""Damaged files of every format are read or refused in one sentence, within limits of memory and time.

``python benchmarks/mutate_files.py 100000`` does the same with more of them.
"""

from __future__ import annotations

import sys
import zipfile
from io import BytesIO
from pathlib import Path

import mutated_runs
import mutated_worker
import pytest
import whole_files
from mutated_runs import run
from mutations import mutated
from readers_of_files import Case, cases

from polyculture.errors import DataError

FILES = 5_000

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux")


@pytest.mark.timeout(600)
def test_every_reader_reads_or_refuses() -> None:
    found = run(FILES, seed=20)
    assert found.bugs == []
    assert found.total == FILES
    often = [case.name for case in cases() if case.weight == 1.0]
    assert [name for name in often if not found.read[name] or not found.refused[name]] == []


WORKER = """
import json, os, resource, signal, sys
start, stop = int(sys.argv[3]), int(sys.argv[4])
for number in range(start, stop):
    print(json.dumps({"number": number, "case": "odd"}), flush=True)
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 3:
        signal.setitimer(signal.ITIMER_PROF, 0.1)
        while True:
            pass
    print(json.dumps({"number": number, "ended": "ValueError: no" if number == 4 else ""}), flush=True)
"""


def test_what_dies_hangs_or_raises_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER)
    monkeypatch.setattr(mutated_runs, "_WORKER", worker)
    found = run(6, seed=0)
    assert [bug.partition(" of seed")[0] for bug in found.bugs] == ["odd (file 1", "odd (file 3", "odd (file 4"]
    assert "code -9" in found.bugs[0]
    assert found.read["odd"] == 3


def failing(error: Exception) -> Case:
    def read(_path: Path) -> None:
        raise error

    return Case("x", b"", read)


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (DataError("x: is odd; mend it"), "refused"),
        (DataError(""), "no sentence: ''"),
        (DataError("two\nlines"), "no sentence: 'two\\nlines'"),
        (KeyError("a"), "KeyError: 'a' at "),
        (MemoryError(), "MemoryError:  at "),
    ],
)
def test_only_one_sentence_of_ours_is_a_refusal(tmp_path: Path, error: Exception, ended: str) -> None:
    assert mutated_worker._ended(failing(error), tmp_path).startswith(ended)


def test_files_depend_on_their_numbers_alone() -> None:
    known = [Case("a", b"hello world", len), Case("b", whole_files.zipped({"x": "1,2"}), len)]
    some = list(mutated_worker.drawn(known, 1, 0, 40))
    assert some[25:] == list(mutated_worker.drawn(known, 1, 25, 40))
    assert len({data for _, _, data in some}) > 30


def test_archives_are_damaged_inside_too() -> None:
    import random

    whole = whole_files.zipped({"x.txt": "one,two,three"})
    inside = 0
    for seed in range(60):
        try:
            with zipfile.ZipFile(BytesIO(mutated(whole, random.Random(seed)))) as archive:
                inside += archive.read("x.txt") != b"one,two,three"
        except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
            pass
    assert inside > 10
