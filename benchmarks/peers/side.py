"""One side of one comparison, in a process of its own: its last line of output is JSON.

    python side.py MODULE NAME ours|theirs|prepare INPUT

Seconds are those of the best of several repeats, without imports and reading; memory is the most that the process held.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from work import Work

ENOUGH = 45.0
"""After so many seconds no further repeat begins."""


def main(module: str, name: str, which: str, given: str) -> None:
    """Do what is asked and tell what it took."""
    # what a peer prints must not be taken for the answer
    with contextlib.redirect_stdout(sys.stderr):
        work = found(module, name)
        most_bytes = int(work.gigabytes * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
        if which == "prepare":
            work.prepare(Path(given))
            answer: dict[str, Any] = {}
        else:
            action = (work.ours if which == "ours" else work.theirs)(Path(given))
            answer = measured(action, work.repeats) | {"version": version(work, which)}
    sys.stdout.write(json.dumps(answer) + "\n")


def found(module: str, name: str) -> Work:
    """The work of this name in a module."""
    works: list[Work] = importlib.import_module(module).WORKS
    return next(work for work in works if work.name == name)


def measured(action: Callable[[], object], repeats: int) -> dict[str, Any]:
    """Values and seconds of the best of several repeats."""
    times: list[float] = []
    value: object = None
    while not times or (len(times) < repeats and sum(times) < ENOUGH):
        start = time.perf_counter()
        value = action()
        times.append(time.perf_counter() - start)
    held = most()
    if callable(value):
        value = value()  # what was written is read back once the clock stands
    return {"values": listed(value), "seconds": min(times), "repeats": len(times), "megabytes": held}


def listed(value: object) -> list[float]:
    """Numbers of an answer, at most some thousands."""
    import numpy as np

    values = np.asarray(value, dtype=np.float64).ravel()
    return values[:: max(1, len(values) // 5_000)].tolist()


def most() -> float:
    """Megabytes that this process held at most."""
    try:
        # getrusage also counts what the process that started this one held
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return float(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def version(work: Work, which: str) -> str:
    """Of the package that did it."""
    if which == "ours":
        import polyculture

        return polyculture.__version__
    return importlib.metadata.version(work.peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
