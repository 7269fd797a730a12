"""Dask and Ray give the same results as this machine, and errors as they were raised."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from operator import truediv

import joblib
import numpy as np
import pytest
from engine_work import added, ends_once, inside, installed, lacking, refused

from polyculture import engine, pieces, store
from polyculture.errors import DataError, EngineError, ParameterError


@pytest.fixture(params=["dask", "ray"])
def used(request):
    installed(request.param)
    with engine.use(request.getfixturevalue(request.param)):
        yield


@pytest.mark.usefixtures("used")
def test_results_come_in_order_from_other_processes():
    found = engine.run(added, [(n,) for n in range(40)], shared=(np.ones(200_000),))
    assert [value for value, _ in found] == [200_000.0 + n for n in range(40)]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.usefixtures("used")
def test_a_piece_may_ask_for_pieces_and_runs_them_itself():
    assert engine.elsewhere()
    assert engine.run(inside, [(2,), (3,)]) == [(False, [4, 8]), (False, [9, 27])]


@pytest.mark.usefixtures("used")
def test_errors_are_those_of_the_piece():
    with pytest.raises(DataError, match=r"^row 3 is not a number; mend it$"):
        engine.run(refused, [(row,) for row in range(20)])
    with pytest.raises(ZeroDivisionError):
        engine.run(truediv, [(1, 0)])
    with pytest.raises(ValueError, match="pip install"):
        engine.run(lacking, [()])
    assert engine.run(pow, [(2, 2)]) == [4]


@pytest.mark.usefixtures("used")
def test_pieces_are_asked_for_as_they_are_worked_on():
    given = []

    def lazily():
        for n in range(200):
            given.append(n)
            yield (n, 2)

    coming = engine.as_done(pow, lazily())
    next(coming)
    assert len(given) < 50
    coming.close()


@pytest.mark.usefixtures("used")
def test_nothing_to_do():
    assert engine.run(pow, []) == []


@pytest.mark.usefixtures("used")
def test_pieces_are_kept_as_steps_by_the_process_that_asked(tmp_path):
    with store.run(tmp_path), store.part("sums", n=1):
        first = pieces.steps(added, ["a", "b"], [(1,), (2,)], shared=(np.ones(3),))
    with store.run(tmp_path), store.part("sums", n=1):
        again = pieces.steps(added, ["a", "b", "c"], [(1,), (2,), (3,)], shared=(np.ones(3),))
    assert [tuple(value) for value in again[:2]] == [tuple(value) for value in first]
    assert again[2][0] == 6.0


def test_a_backend_of_joblib_is_used():
    with joblib.parallel_config("threading", n_jobs=2):
        assert engine.elsewhere()
        assert engine.run(pow, [(n, 2) for n in range(10)]) == [n**2 for n in range(10)]
    assert not engine.elsewhere()


def test_processes_of_this_machine():
    with engine.use("local", workers=2):
        assert os.getpid() not in engine.run(os.getpid, [()] * 3)
    assert engine.run(os.getpid, [()]) == [os.getpid()]


def test_what_was_in_use_before_is_again():
    class Backwards:
        closed = False

        def as_done(self, function, pieces, shared):
            return ((place, function(*shared, *piece)) for place, piece in reversed(list(enumerate(pieces))))

        def close(self):
            self.closed = True

    own = Backwards()
    with engine.use(own):
        assert list(engine.as_done(pow, [(2, 2), (3, 2)])) == [(1, 9), (0, 4)]
        assert engine.run(pow, [(2, 2), (3, 2)]) == [4, 9]
        with engine.use("local"):
            assert not engine.elsewhere()
        assert engine.elsewhere()
    assert own.closed
    assert not engine.elsewhere()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("spark",), "engine is 'spark'; use one of local, dask, ray"),
        (("local://x",), "engine is 'local://x'; use one of local, dask, ray"),
        (("dask://",), "engine is at '', which is no HOST:PORT"),
        (("dask://foo",), "engine is at 'foo', which is no HOST:PORT"),
        (("dask", "127.0.0.1:port"), "engine is at '127.0.0.1:port', which is no HOST:PORT"),
        (("dask", None, 0), "workers is 0; use a number from 1"),
    ],
)
def test_engines_that_are_not_there_are_an_error(asked, said):
    name, address, workers = (*asked, None, None)[:3]
    with pytest.raises(ParameterError, match=said):
        engine.use(name, address, workers=workers)


def test_an_address_where_nothing_answers_is_an_error(monkeypatch):
    installed("dask")
    monkeypatch.setattr("polyculture.engine.dask_engine.PATIENCE", 0.5)
    with pytest.raises(EngineError, match=r"no Dask scheduler with a worker answers at tcp://127.0.0.1:9"):
        engine.use("dask://127.0.0.1:9")
    assert not engine.elsewhere()


@pytest.mark.parametrize("engine_of", ["dask", "ray"])
def test_workers_of_another_version_are_refused(engine_of, monkeypatch):
    installed(engine_of)
    monkeypatch.setattr("polyculture.version.__version__", "0.0.1")
    with pytest.raises(EngineError, match=r"have polyculture .*, and this is 0\.0\.1; install the same everywhere"):
        engine.use(engine_of, workers=1)
    assert not engine.elsewhere()


def test_a_process_that_is_ended_is_one_error():
    with engine.use("local", workers=2), pytest.raises(EngineError, match="a process was ended from outside"):
        engine.run(os._exit, [(1,)])


def test_ray_runs_a_piece_again_whose_process_ended(tmp_path, request):
    installed("ray")
    with engine.use(request.getfixturevalue("ray")):
        assert engine.run(ends_once, [(str(tmp_path / "met"), 3)]) == [3]


def test_nobody_joins_ray_that_is_started_here_without_its_token(request):
    installed("ray")
    with engine.use(request.getfixturevalue("ray")):
        address = importlib.import_module("ray").get_runtime_context().gcs_address
        stranger = f"import ray; ray.init(address={address!r}); print('joined')"
        env = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
        with subprocess.Popen(
            [sys.executable, "-c", stranger], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            said = ""
            for line in process.stdout:
                said += line
                if "InvalidAuthToken" in line or "joined" in line:
                    break
            process.kill()
    assert "InvalidAuthToken" in said
    assert "joined" not in said


LISTENING = """
from pathlib import Path
from polyculture import engine

def listening():
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {tuple(row[1].split(":")) for row in rows if row[3] == "0A"}

if __name__ == "__main__":
    before = listening()
    with engine.use("dask", workers=1):
        engine.run(pow, [(2, 2)])
        print(*sorted(listening() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_of_dask_that_are_started_here_listen_on_this_machine_alone(tmp_path):
    installed("dask")
    script = tmp_path / "script.py"
    script.write_text(LISTENING)
    done = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True)
    addresses = re.findall(r"\('([0-9A-F]+)', ", done.stdout)
    assert addresses
    # 127.0.0.1 and ::1, as the system writes them; the second also as the first within it
    here = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    assert set(addresses) <= here
