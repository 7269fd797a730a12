"""Two processes on one run folder, and twelve on one cache and one artefact: they wait, and all see whole things."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from runs import COMMANDS, Case, done_twice, finish, journal, start, strays, torn, warm

from polyculture import store

WRITERS = 12

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")


def test_two_processes_on_one_run_folder_end_with_the_same(tmp_path):
    with warm() as one, warm() as other:
        for command in COMMANDS:
            case = Case(command, tmp_path / command).write()
            alone = finish(one, case, "alone")
            both = [start(server, case, "both") for server in (one, other)]
            assert [running.wait() for running in both] == [0, 0], both[0].err.read_text()
            assert case.written("both") == alone
            run = case.home / "both" / "run"
            assert (torn(case.home / "both"), strays(case.home / "both"), done_twice(run)) == ([], [], [])
            assert len(list(journal(run))) == len(list(journal(case.home / "alone" / "run")))
            # whoever came first did it all, and the other waited
            assert len({line["process"] for line in journal(run)}) == 1


def test_a_killed_holder_does_not_block(tmp_path):
    case = Case("audit", tmp_path).write()
    with warm() as server:
        (tmp_path / "kept").mkdir()
        holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "kept" / "run")], stdout=subprocess.PIPE)
        with holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            waiting = start(server, case, "kept")
            holder.kill()
        assert waiting.wait() == 0
    assert torn(tmp_path / "kept") == []


HOLD = """
import pathlib, sys, time
from polyculture.store.locks import alone
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
with alone(folder):
    print("held", flush=True)
    time.sleep(600)
"""


def test_twelve_writers_on_one_artefact_and_one_cache(tmp_path):
    program = [sys.executable, str(Path(__file__).with_name("writers.py")), str(tmp_path), str(WRITERS)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=200, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    state = store.load(tmp_path / "artefact", kind="demo")
    assert state["who"] in range(WRITERS)
    assert strays(tmp_path) == []
    vectors, known = store.Cache("shared", 4, folder=tmp_path / "cache").get([f"key {key}" for key in range(60)])
    assert known.all()
    np.testing.assert_array_equal(vectors, np.repeat(np.arange(60.0)[:, None], 4, axis=1))
