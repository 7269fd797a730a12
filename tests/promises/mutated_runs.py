"""Damaged files in numbers, read by processes that may die of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_WORKER = Path(__file__).with_name("mutated_worker.py")
_SECONDS_A_FILE, _SECONDS_TO_START = 1.0, 300.0


@dataclass
class Found:
    """What became of damaged files: how many of each case were read and refused, and what else happened."""

    read: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many there were."""
        return self.read.total() + self.refused.total() + len(self.bugs)


def run(count: int, seed: int, only: str = "") -> Found:
    """Read so many files of a seed; a process that dies is one bug, and the next goes on after it."""
    found, number = Found(), 0
    while number < count:
        number = _until_death(found, number, count, seed, only)
    return found


def _until_death(found: Found, start: int, stop: int, seed: int, only: str) -> int:
    """The number of the file after the last one that was looked at."""
    with tempfile.TemporaryDirectory(prefix="mutated-", dir=_in_memory()) as folder:
        answer = Path(folder, "answer")
        command = [sys.executable, str(_WORKER), folder, str(seed), str(start), str(stop), only]
        with answer.open("wb") as to:
            seconds = _SECONDS_TO_START + _SECONDS_A_FILE * (stop - start)
            ended = _ended(command, to, seconds)
        said = [json.loads(line) for line in answer.read_text().splitlines()]
    number, case = start, "none"
    for line in said:
        number = line["number"]
        case = line.get("case", case)
        if "ended" in line:
            _count(found, f"{case} (file {number} of seed {seed})", case, line["ended"])
    died = ended != "" and (not said or "ended" not in said[-1])
    if died:
        found.bugs.append(f"{case} (file {number} of seed {seed}): the process ended: {ended}")
    elif ended:
        raise RuntimeError(f"the worker failed: {ended}")
    if not said:
        raise RuntimeError(f"the worker read nothing: {ended}")
    return number + 1


def _count(found: Found, which: str, case: str, ended: str) -> None:
    if ended in ("", "refused"):
        (found.refused if ended else found.read)[case] += 1
    else:
        found.bugs.append(f"{which}: {ended}")


def _ended(command: list[str], to: Any, seconds: float) -> str:
    """How a process ended, in a few words; nothing if all is well."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    try:
        done = subprocess.run(
            command, stdout=to, stderr=subprocess.PIPE, timeout=seconds, check=False, env=os.environ | threads
        )
    except subprocess.TimeoutExpired:
        return f"not within {seconds:.0f} s"
    if not done.returncode:
        return ""
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return f"code {done.returncode} {last[0][:300]}"


def _in_memory() -> str | None:
    """The disk is not what is tested."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
