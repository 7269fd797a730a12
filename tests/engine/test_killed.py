"""Workers and schedulers that are ended in the middle: only what was lost is done again."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter

import numpy as np
import polars as pl
import pytest
from engine_work import noted

from polyculture import engine, pieces, store, survey
from polyculture.errors import EngineError

pytest.importorskip("distributed")

PIECES, SECONDS = 40, 0.1


def begun(log):
    return Counter(log.read_text().split()) if log.exists() else Counter()


def when_some_ran(log, act):
    """Act in another thread as soon as a quarter of the pieces ran."""

    def wait():
        while sum(begun(log).values()) < PIECES // 4:
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def run(log):
    names = [f"piece {n}" for n in range(PIECES)]
    return pieces.steps(noted, names, [(n,) for n in range(PIECES)], shared=(str(log), SECONDS, np.ones(100_000)))


@pytest.mark.parametrize("lost", [1, 2])
def test_workers_that_are_killed_cost_what_they_worked_on(cluster, tmp_path, lost):
    log = tmp_path / "log"
    with engine.use(f"dask://{cluster.address}"):
        thread = when_some_ran(log, lambda: [cluster.kill(worker) for worker in cluster.workers[:lost]])
        found = run(log)
        thread.join()
    assert found == [1e5 * n for n in range(PIECES)]
    again = sum(times - 1 for times in begun(log).values())
    # what a worker was at, and results that it had not handed over
    assert again <= 3 * lost


def test_a_scheduler_that_is_killed_is_one_error_and_the_run_goes_on(cluster, tmp_path):
    log = tmp_path / "log"
    with store.run(tmp_path / "run"), store.part("test", n=1), engine.use(f"dask://{cluster.address}"):
        thread = when_some_ran(log, lambda: cluster.kill(cluster.scheduler))
        with pytest.raises(EngineError, match=r"scheduler at tcp://.* was lost; start it and the same command again"):
            run(log)
        thread.join()
    first = begun(log)
    log.unlink()
    with store.run(tmp_path / "run"), store.part("test", n=1):
        assert run(log) == [1e5 * n for n in range(PIECES)]
    again = set(first) & set(begun(log))
    assert len(begun(log)) < PIECES
    # what was under way, or done and not handed over yet, on four workers
    assert len(again) <= 12


def papers(folder, files=12, each=300):
    for part in range(files):
        pl.DataFrame(
            {
                "paper_id": [f"{part} {i}" for i in range(each)],
                "community": [("CV", "NLP")[i % 2] for i in range(each)],
                "year": [2015 + i % 4 for i in range(each)],
                "title": [f"A {('random forest', 'LSTM', 'transformer')[(i + part) % 3]} for {i}" for i in range(each)],
            }
        ).write_parquet(folder / f"part{part:02d}.parquet")
    return sorted(folder.glob("*.parquet"))


def journal(folder, what):
    """Steps of a run folder that were begun, or are kept."""
    path = folder / "journal.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line["step"] for line in map(json.loads, lines) if line["what"] == what]


def asked(paths):
    return json.dumps(survey(paths, batch=100, draws=20, nulls=19, least=5, jobs=1, questions=["divergence"]).to_dict())


def test_a_survey_goes_on_without_two_workers_and_after_its_scheduler(cluster, tmp_path):
    (tmp_path / "papers").mkdir()
    paths, run = papers(tmp_path / "papers"), tmp_path / "run"
    here = asked(paths)

    def kill():
        while len(journal(run, "kept")) < 2:
            time.sleep(0.01)
        for worker in cluster.workers[:2]:
            cluster.kill(worker)
        while len(journal(run, "kept")) < 5:
            time.sleep(0.01)
        cluster.kill(cluster.scheduler)

    with store.run(run), engine.use(f"dask://{cluster.address}"):
        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(EngineError, match="was lost"):
            asked(paths)
        thread.join()
    kept = set(journal(run, "kept"))
    assert 5 <= len(kept) < 12
    with store.run(run), engine.use("local", workers=2):
        assert asked(paths) == here
    # what was kept before is not done again
    assert all(journal(run, "kept").count(step) == 1 for step in kept)
    assert len(set(journal(run, "kept"))) > len(kept)


def test_a_piece_that_ends_its_worker_is_one_error(tmp_path):
    with engine.use("dask", workers=1), pytest.raises(EngineError, match=r"a piece of work ended . workers at"):
        engine.run(os._exit, [(1,)])
