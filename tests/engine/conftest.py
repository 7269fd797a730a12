"""Clusters on this machine, started and ended by the tests."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyculture.engine import Engine
from polyculture.engine.dask_engine import DaskEngine
from polyculture.engine.ray_engine import RayEngine

BESIDE = Path(__file__).parent


class Lent:
    """An engine that stays open when a test has used it."""

    def __init__(self, engine: Engine) -> None:
        self.as_done = engine.as_done

    def close(self) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def importable():
    """Processes that the tests start find the pieces of work beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BESIDE))
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(BESIDE), os.environ.get("PYTHONPATH")))))
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("POLARS_MAX_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def dask(importable):
    """Two workers of Dask."""
    started = DaskEngine(None, 2)
    yield Lent(started)
    started.close()


@pytest.fixture(scope="module")
def ray(importable):
    """Two processes of Ray."""
    started = RayEngine(None, 2)
    yield Lent(started)
    started.close()


class Cluster:
    """A scheduler and workers, each a process that can be ended."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder, self.workers = folder, []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()
        for _ in range(workers):
            self.workers.append(
                self._begin(
                    "distributed.cli.dask_worker", f"tcp://{self.address}", "--nthreads", "1", "--no-nanny",
                    "--no-dashboard", "--local-directory", str(folder),
                )
            )  # fmt: skip

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.scheduler = self._begin(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"
        )
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError("the scheduler does not listen")

    def _begin(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(ProcessLookupError):
                self.kill(process)


@pytest.fixture
def cluster(importable, tmp_path) -> Iterator[Cluster]:
    """A scheduler and four workers."""
    found = Cluster(tmp_path, 4)
    try:
        yield found
    finally:
        found.end()
