"""What a worker that is started here is set to."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
from engine_work import installed

from polyculture.engine.dask_engine import WORKER, DaskEngine

ROUNDS = """
import resource
import numpy as np

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(2**20)  # 8 MiB, freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


def _faults(thresholds: dict[str, str]) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], env={**os.environ, **thresholds}, check=True, capture_output=True, text=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="thresholds of glibc")
def test_freed_arrays_are_used_again_with_the_thresholds_of_workers():
    dask = _faults({"MALLOC_TRIM_THRESHOLD_": "65536"})
    assert dask > 40  # two a round at least, also where pages are large
    assert _faults(WORKER) < dask / 4


def test_workers_that_are_started_here_have_them():
    installed("dask")
    engine = DaskEngine(None, 1)
    try:
        found = list(engine.as_done(os.getenv, [(name,) for name in WORKER], ()))
    finally:
        engine.close()
    assert [value for _, value in sorted(found)] == list(WORKER.values())
