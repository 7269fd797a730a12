"""Several processes that torchrun starts train one network as one does, and go on when one of them is killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from polyculture.features.backbone import Backbone
from polyculture.features.together import together
from polyculture.training.gradient import gradient
from polyculture.training.objectives import classification
from polyculture.training.team import Team, launched

# each test starts processes that import torch
pytestmark = pytest.mark.timeout(280)

SCRIPT = """
import faulthandler, json, os, sys
from pathlib import Path
faulthandler.dump_traceback_later(90, repeat=True)
import numpy as np
from polyculture import store
from polyculture.features.backbone import Backbone
from polyculture.features.together import together
from polyculture.training import standing

folder, settings = Path(sys.argv[1]), json.loads(sys.argv[2])
standing.SECONDS = settings.pop("seconds", 1e9)
pause, run = settings.pop("pause", 0), settings.pop("run", False)
rng = np.random.RandomState(0)
x = rng.randn(403, 6).astype("float32")
y = (x[:, 0] + 0.5 * rng.randn(403) > 0).astype(int)
Path(folder, f"process-{os.environ.get('RANK', 0)}-{os.getpid()}").touch()

if pause and os.environ.get("RANK") == "0":
    import logging, time
    class Slow(logging.Handler):
        def emit(self, record):
            with Path(folder, "said").open("a") as file:
                file.write(record.getMessage() + "\\n")
            time.sleep(pause)
    logging.getLogger("polyculture").addHandler(Slow())
    logging.getLogger("polyculture").setLevel("INFO")

def work():
    def fit():
        model = Backbone(**settings).fit(x, y)
        expert, history = model.trained(model.weights_, x, y, np.arange(50), np.arange(50, 80), epochs=2, frozen=1)
        return {"losses": [e.loss for e in model.history_ + history],
                "held": [e.validation_loss for e in model.history_ + history],
                "weights": dict(model.weights_), "expert": dict(expert)}
    if not run:
        return fit()
    with store.run(folder / "run"), store.part("fit", settings=settings):
        return store.step("fit", fit)

found = together(work)
if found is not None:
    store.save(folder / "found", found, kind="found", facts={})
"""
SETTINGS = {"hidden": [8], "dropout": [0.2, 0.5], "epochs": 6, "batch_size": 32, "patience": 6}


def started(folder: Path, settings: dict, processes: int, *more: str) -> subprocess.Popen:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    asked = [str(script), str(folder), json.dumps({**SETTINGS, **settings})]
    alone = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *(alone if processes > 1 else []), *asked]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process: subprocess.Popen, seconds: float = 200) -> str:
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        said, _ = process.communicate(timeout=60)
        pytest.fail(f"it did not end:\n{said}")
    assert process.returncode == 0, said
    return said


def found(folder: Path) -> dict:
    from polyculture import store

    return store.load(folder / "found", kind="found")


def run(tmp_path: Path, name: str, settings: dict, processes: int) -> dict:
    folder = tmp_path / name
    folder.mkdir()
    ended(started(folder, settings, processes))
    return found(folder)


def alike(one: dict, other: dict, tolerance: float) -> None:
    np.testing.assert_allclose(one["losses"], other["losses"], rtol=tolerance)
    np.testing.assert_allclose(one["held"], other["held"], rtol=tolerance)
    for part in ("weights", "expert"):
        for name, value in one[part].items():
            np.testing.assert_allclose(value, other[part][name], rtol=0, atol=10 * tolerance, err_msg=name)


def test_two_processes_reach_the_loss_curve_of_one(tmp_path):
    """With dropout, and a last batch that is uneven: 363 rows in batches of 32, of which the last has 11."""
    alike(run(tmp_path, "one", {}, 1), run(tmp_path, "two", {}, 2), 1e-4)


def test_more_processes_than_a_batch_has_rows(tmp_path):
    """Three processes and batches of 8 of 363 rows: the last has three, and the expert's has two of 50."""
    settings = {"batch_size": 8, "epochs": 2}
    alike(run(tmp_path, "one", settings, 1), run(tmp_path, "three", settings, 3), 1e-4)


def running(folder: Path, rank: int) -> list[int]:
    """Processes of this rank that live."""
    pids = [int(path.name.rpartition("-")[2]) for path in folder.glob(f"process-{rank}-*")]
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("rank", [0, 1])
def test_one_that_is_killed_is_started_again_and_goes_on(tmp_path, rank):
    """The first kills come after a checkpoint; the curve, and the weights, are those of a run that nobody disturbed."""
    folder = tmp_path / "killed"
    folder.mkdir()
    process = started(
        folder, {"run": True, "seconds": 0, "pause": 0.7}, 2, "--max-restarts", "2", "--monitor-interval", "0.2"
    )
    try:
        until = time.monotonic() + 100
        while not (folder / "said").exists() or "epoch 3" not in (folder / "said").read_text():
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        (pid,) = running(folder, rank)
        os.kill(pid, signal.SIGKILL)
        ended(process)
    finally:
        for pid in (pid for each in (0, 1) for pid in running(folder, each)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert len(list(folder.glob(f"process-{rank}-*"))) == 2
    said = (folder / "said").read_text()
    assert "the training goes on after epoch" in said
    # an epoch that was finished and kept is not trained again
    assert said.count("epoch 1:") == 2  # of the backbone and of its expert
    whole = run(tmp_path, "whole", {}, 2)
    alike(found(folder), whole, 1e-7)
    assert not list((folder / "run").glob("*/training-*"))


def test_a_fit_of_the_command_line_writes_the_model_of_one_process(tmp_path):
    rng = np.random.RandomState(0)
    labels, things = rng.randint(0, 2, 160), rng.choice(["day", "meal", "film"], 160)
    rows = "".join(f"{['bad', 'good'][labels[i]]} {things[i]} {i},{labels[i]},{'ab'[i % 2]}\n" for i in range(160))
    (tmp_path / "d.csv").write_text("text,label,domain\n" + rows)
    answers = []
    for processes in (1, 2):
        out = tmp_path / f"model-{processes}"
        alone = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"] if processes == 2 else []
        command = [sys.executable, *alone, "-m", "polyculture", "fit", str(tmp_path / "d.csv"), "--out", str(out)]
        command += ["--text", "text", "--domain", "domain", "--encoders", "lexical", "--jobs", "1"]
        done = subprocess.run(
            command,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # the leader alone prints
        assert done.stdout.count(str(out)) == 1
        from polyculture import CrossDomainClassifier

        model = CrossDomainClassifier.load(out)
        answers.append(model.predict_proba([f"good {w}" for w in ("day", "meal")] + ["bad film"]))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-3)


def test_alone_it_is_the_work_itself():
    assert not launched()
    assert together(lambda: 3) == 3


class Pretended(Team):
    """A team of which every member is in this process, one after the other."""

    def sums(self, numbers):
        return [float(n) for n in numbers]

    def add_up(self, parameters, total):
        pass


@pytest.mark.parametrize("rows", [1, 2, 7, 8])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_gradients_of_parts_add_up_to_that_of_the_whole(rows, size):
    """Weighted by their rows, with the very dropout of one process."""
    x, y = torch.randn(8, 5), torch.randint(0, 3, (8,))
    network = torch.nn.Sequential(
        torch.nn.Dropout(0.4), torch.nn.Linear(5, 4), torch.nn.Dropout(0.4), torch.nn.Linear(4, 3)
    )
    objective = classification(lambda at: (x[at],), y)

    def of(member):
        torch.manual_seed(0)
        network.zero_grad()
        loss, right, answers = gradient(network, objective, torch.arange(rows), member)
        after = torch.rand(1)
        return float(loss), right, answers, [p.grad.clone() for p in network.parameters()], float(after)

    loss, right, answers, grads, after = of(None)
    parts = [of(Pretended(rank, size)) for rank in range(min(size, rows))]
    assert sum(part[0] * part[2] for part in parts) / answers == pytest.approx(loss, rel=1e-5)
    assert sum(part[1] for part in parts) == right
    assert sum(part[2] for part in parts) == answers == rows
    for k, grad in enumerate(grads):
        torch.testing.assert_close(sum(part[3][k] for part in parts) / rows, grad, rtol=1e-5, atol=1e-6)
    assert {part[4] for part in parts} == {after}


def test_a_training_that_is_kept_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    """In one process, broken off after each of its epochs."""
    from polyculture import store
    from polyculture.training import standing

    monkeypatch.setattr(standing, "SECONDS", 0.0)
    rng = np.random.RandomState(0)
    x = rng.randn(200, 4).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    whole = Backbone(hidden=(6,), epochs=4, random_state=3).fit(x, y)
    real, seen = standing.Standing.keep, []

    def broken(self, checkpoint):
        real(self, checkpoint)
        seen.append(len(self.history))
        raise KeyboardInterrupt

    monkeypatch.setattr(standing.Standing, "keep", broken)
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt), store.run(tmp_path / "run"), store.part("fit"):
            store.step("fit", lambda: Backbone(hidden=(6,), epochs=4, random_state=3).fit(x, y).weights_)
    assert seen == [1, 2, 3, 4]
    monkeypatch.setattr(standing.Standing, "keep", real)
    with store.run(tmp_path / "run"), store.part("fit"):
        found = store.step("fit", lambda: Backbone(hidden=(6,), epochs=4, random_state=3).fit(x, y).weights_)
    for name, value in whole.weights_.items():
        np.testing.assert_array_equal(found[name], value)
    assert not list((tmp_path / "run").glob("*/training-*"))


def test_those_that_wait_look_again_until_there_is_work(monkeypatch):
    """However long the leader takes; a board that is gone is an error, and no reason to wait on."""
    monkeypatch.setattr("polyculture.training.team._GLANCE", timedelta(milliseconds=50))
    board = dist.TCPStore("127.0.0.1", 0, is_master=True)
    with ThreadPoolExecutor(1) as pool:
        other = dist.TCPStore("127.0.0.1", board.port, is_master=False)
        waiting = pool.submit(Team(1, 2, other).announce, 7)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        Team(0, 2, board).announce(7)
        waiting.result(timeout=20)
        late = pool.submit(Team(1, 2, other).announce, 8)
        del board
        with pytest.raises(dist.DistNetworkError):
            late.result(timeout=60)
