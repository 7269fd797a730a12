"""What a worker of another engine does before its pieces."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ROUNDS = """
import resource
import numpy as np
from polyculture.engine.piece import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(2**20)  # 8 MiB, freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
before = faults()
keep_freed_memory()
faults()
print(before, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="thresholds of glibc")
def test_freed_arrays_are_used_again_where_dask_started_the_process():
    thresholds = {"MALLOC_TRIM_THRESHOLD_": "65536"}
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS], env={**os.environ, **thresholds}, check=True, capture_output=True, text=True
    )
    before, after = map(int, done.stdout.split())
    assert before > 40  # two a round at least, also where pages are large
    assert after < before / 4
