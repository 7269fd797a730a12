"""Killed at any moment, a run goes on from its last whole step and ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kills import Tally, kill_often
from runs import COMMANDS, Case, done_twice, finish, journal, start, strays, torn, warm

KILLS = 10

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot copy a process")


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    with warm() as started:
        yield started


@pytest.fixture(params=COMMANDS)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    return Case(request.param, tmp_path).write()


def test_killed_at_random_moments_it_ends_with_the_same_bytes(server, case):
    found = kill_often(server, case, kills=KILLS, seed=COMMANDS.index(case.command))
    assert found == Tally(case.command, found.kills, found.resumed, found.ends)
    assert found.kills >= KILLS
    assert found.resumed >= 1


def test_a_finished_run_computes_nothing_and_ends_with_the_same_bytes(server, case):
    plain, first = finish(server, case, "plain", kept=False), finish(server, case, "kept")
    lines = list(journal(case.home / "kept" / "run"))
    assert finish(server, case, "kept") == first == plain
    assert list(journal(case.home / "kept" / "run")) == lines
    assert {line["what"] for line in lines} == {"begun", "kept"}


def test_lost_steps_alone_are_done_again(server, case):
    whole = finish(server, case, "kept")
    run = case.home / "kept" / "run"
    before = list(journal(run))
    lost = set(np.random.default_rng(0).permutation(sorted(run.glob("*/*/")))[::2].tolist())
    lost |= set(run.glob(f"{case.command}-*/{case.command}-*/"))  # what holds all the others
    for step in lost:
        shutil.rmtree(step)
    assert finish(server, case, "kept") == whole
    again = [line for line in list(journal(run))[len(before) :] if line["what"] == "kept"]
    assert 0 < len(again) <= len(lost)


def test_a_damaged_step_is_done_again(server, tmp_path):
    case = Case("fit", tmp_path).write()
    whole = finish(server, case, "kept")
    (tensors,) = (case.home / "kept" / "run").glob("fit-*/backbone-*/tensors-*")
    tensors.write_bytes(tensors.read_bytes()[:-8])
    assert finish(server, case, "kept") == whole
    assert strays(case.home / "kept") == []


@pytest.mark.parametrize(
    ("more", "told"),
    [(["--seed", "1"], "seed was 0 and is 1"), (["--permutations", "21"], "permutations was 20 and is 21")],
)
def test_a_folder_of_other_parameters_is_refused(server, tmp_path, more, told):
    case = Case("audit", tmp_path).write()
    finish(server, case, "kept")
    running = start(server, case, "kept", more=more)
    assert running.wait() == 2
    said = running.err.read_text()
    assert told in said
    assert "name another folder, or remove it" in said
    assert "Traceback" not in said


def test_a_folder_of_other_data_is_refused(server, tmp_path):
    case = Case("audit", tmp_path).write()
    finish(server, case, "kept")
    with (tmp_path / "data.csv").open("a") as file:
        file.write("more,o1" + ",o1" * 7 + "\n")
    running = start(server, case, "kept")
    assert running.wait() == 2
    assert "the file data.csv holds something else than it did" in running.err.read_text()


def test_a_folder_of_other_things_is_refused(server, tmp_path):
    case = Case("audit", tmp_path).write()
    theirs = tmp_path / "kept" / "run" / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work")
    running = start(server, case, "kept")
    assert running.wait() == 2
    assert "holds other things than a run (thesis.txt)" in running.err.read_text()
    assert theirs.read_text() == "years of work"


def test_what_a_killed_process_left_is_swept(server, tmp_path):
    case = Case("audit", tmp_path).write()
    finish(server, case, "kept")
    run = tmp_path / "kept" / "run"
    (half,) = run.glob("audit-*/pairs-*/")
    (half / "manifest.json").unlink()
    (half / ".state-00000000.json.abc.tmp").write_text("{")
    (run / ".run.json.abc.tmp").write_text("{")
    (tmp_path / "kept" / ".found.json.abc.tmp").write_text("{")
    (tmp_path / "kept" / ".found.json.of.others.txt").write_text("not ours")
    with (run / "journal.jsonl").open("a") as file:
        file.write('{"part": "audit-0')
    shutil.rmtree(next(run.glob("audit-*/audit-*/")))
    finish(server, case, "kept")
    assert strays(tmp_path / "kept") == []
    assert (tmp_path / "kept" / ".found.json.of.others.txt").exists()
    assert all(json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines())


def test_torn_artefacts_and_steps_done_twice_would_be_seen(server, tmp_path):
    case = Case("audit", tmp_path).write()
    finish(server, case, "kept")
    run = tmp_path / "kept" / "run"
    assert (torn(tmp_path / "kept"), done_twice(run)) == ([], [])
    (state,) = run.glob("audit-*/pairs-*/state-*")
    state.write_text("{")
    lines = (run / "journal.jsonl").read_text()
    (run / "journal.jsonl").write_text(lines + lines.splitlines()[0] + "\n")
    (tmp_path / "kept" / "found.json").write_text('{"half')
    assert len(torn(tmp_path / "kept")) == 2
    assert len(done_twice(run)) == 1


@pytest.mark.parametrize("left", ["state-01234567.json", ".tensors-01234567.safetensors.abc.tmp"])
def test_a_model_whose_first_save_was_killed_is_saved_again(server, tmp_path, left):
    case = Case("recommend", tmp_path).write()
    whole = finish(server, case, "whole")
    (tmp_path / "kept" / "model").mkdir(parents=True)
    (tmp_path / "kept" / "model" / left).write_text("{")
    assert finish(server, case, "kept") == whole
    assert strays(tmp_path / "kept") == []


def test_a_folder_of_somebody_else_is_no_such_model(server, tmp_path):
    case = Case("recommend", tmp_path).write()
    (tmp_path / "kept" / "model").mkdir(parents=True)
    (tmp_path / "kept" / "model" / "state.json").write_text("{")
    running = start(server, case, "kept")
    assert running.wait() == 2
    assert "holds other things than a model" in running.err.read_text()
