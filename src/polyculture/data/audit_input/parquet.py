"""Parquet files, read by a process of their own.

A damaged file can end the process that reads it: a few flipped bits make polars ask for 2⁶¹ bytes, and abort. A process
of its own ends without harm, and can be held to limits of memory and time: its own of processor time, and here one of
the time that is waited for it, as a disk that does not answer takes no processor time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from polyculture.errors import DataError

_CHILD = Path(__file__).with_name("parquet_child.py")
_SECONDS, _SECONDS_PER_FILE, _SECONDS_PER_BYTE = 600, 1, 2e-5


def read_parquets(
    paths: Sequence[Path], *, small: bool = True, rows: int | None = None
) -> Iterator[pl.DataFrame | DataError]:
    """Each file's columns, or what is wrong with it, in the order of the paths.

    Parameters
    ----------
    paths : sequence of Path
    small : bool
        Whether whole numbers may come in a smaller type than they were written in.
    rows : int, optional
        How many of the first rows to read.
    """
    with tempfile.TemporaryDirectory(prefix="polyculture-", ignore_cleanup_errors=True) as folder:
        jobs = [
            {"path": str(path), "to": f"{folder}/{i}", "small": small, "rows": rows} for i, path in enumerate(paths)
        ]
        frames: list[pl.DataFrame | DataError] = []
        while len(frames) < len(jobs):
            said = _said(Path(folder, "jobs"), jobs[len(frames) :])
            frames += [_frame(path, what) for path, what in zip(paths[len(frames) :], said, strict=False)]
    return iter(frames)


def _said(file: Path, jobs: Sequence[Any]) -> list[dict[str, Any]]:
    """What a process says of each job; if it ends before its time, an error is the last.

    If it does not end in time, none of what is left is tried again: the next file would be waited for as long.
    """
    file.write_text("".join(json.dumps(job) + "\n" for job in jobs), encoding="utf-8")
    # -P: the modules of this folder must not stand in the way of others of the same name
    command = [sys.executable, "-P", str(_CHILD), str(file)]
    seconds = _patience([Path(job["path"]) for job in jobs])
    answer = file.with_name("said")
    with answer.open("wb") as to:
        try:
            ended: int | None = subprocess.run(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=to, stderr=subprocess.DEVNULL, timeout=seconds, check=False
            ).returncode
        except subprocess.TimeoutExpired:
            ended = None
    *lines, _ = answer.read_text(encoding="utf-8").split("\n")  # what follows the last end of a line is cut short
    said = [json.loads(line) for line in lines]
    left = len(jobs) - len(said)
    if ended is None:
        return said + [{"waited": seconds}] * left
    return said + [{"error": f"the process that read it ended with {ended}"}] * min(left, 1)


def _patience(paths: Sequence[Path]) -> float:
    """Seconds that are waited for a process that reads these files."""
    size = sum(path.stat().st_size for path in paths if path.exists())
    return _SECONDS + _SECONDS_PER_FILE * len(paths) + _SECONDS_PER_BYTE * size


def _frame(path: Path, said: dict[str, Any]) -> pl.DataFrame | DataError:
    if "waited" in said:
        return DataError(f"{path}: was not read within {said['waited']:.0f} s; copy it to a disk that answers")
    if "error" in said:
        return DataError(f"{path}: is no whole Parquet file ({said['error']}); write it again")
    batches = [pl.read_ipc(file) for file in said["files"]]
    return pl.concat(batches, how="horizontal") if batches else DataError(f"{path}: has no columns; write it again")
