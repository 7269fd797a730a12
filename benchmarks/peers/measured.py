"""Run a comparison: each side in a process of its own, which is ended if it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from environments import PLACE, PeerError, last_line, python_of
from work import Work

HERE = Path(__file__).parent
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")


@dataclass(frozen=True)
class Taken:
    """What one side gave and took; or why it gave nothing."""

    values: tuple[float, ...] = ()
    seconds: float = float("nan")
    megabytes: float = float("nan")
    repeats: int = 0
    version: str = ""
    error: str = ""
    limit: float = 0.0
    """Seconds after which it was ended, or 0."""


@dataclass(frozen=True)
class Row:
    """Both sides of one work."""

    work: str
    ours: Taken
    theirs: Taken
    skipped: str = ""
    date: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Row:
        """From what `to_json` gave."""
        sides = {side: Taken(**{**kept[side], "values": tuple(kept[side]["values"])}) for side in ("ours", "theirs")}
        return cls(kept["work"], **sides, skipped=kept["skipped"], date=kept["date"])


def compare(module: str, work: Work, *, place: Path = PLACE, fresh: bool = False, ours: Taken | None = None) -> Row:
    """Prepare the input, then let both sides work on it; ours does not if it is given."""
    nothing, now = Taken(), datetime.now(UTC).strftime("%Y-%m-%d")
    if work.data and not (Path(os.environ.get("POLYCULTURE_DATA", "")) / work.data).is_dir():
        return Row(work.name, nothing, nothing, f"POLYCULTURE_DATA names no folder with {work.data}", now)
    given = place / "inputs" / f"{module.rpartition('.')[2]}.npz"
    given.parent.mkdir(parents=True, exist_ok=True)
    try:
        run(Path(sys.executable), module, work, "prepare", given)
    except PeerError as error:
        return Row(work.name, nothing, nothing, f"no input: {error}", now)
    sides: dict[str, Taken] = {"ours": ours} if ours else {}
    for which in ("theirs", "ours")[: 1 if ours else 2]:
        try:
            python = python_of(work.peer, work.needs if which == "theirs" else (), place=place, fresh=fresh)
            told = run(python, module, work, which, given)
            sides[which] = Taken(**{**told, "values": tuple(told["values"])})
        except TooLongError as error:
            sides[which] = Taken(error=str(error), limit=work.seconds)
        except PeerError as error:
            sides[which] = Taken(error=str(error))
    return Row(work.name, **sides, date=now)


class TooLongError(PeerError):
    """A side that had to be ended."""


def run(python: Path, module: str, work: Work, which: str, given: Path) -> dict[str, Any]:
    """What a side printed; a PeerError says in one line why there is nothing."""
    asked = [python, HERE / "side.py", module, work.name, which, given]
    child = subprocess.Popen(  # noqa: S603 - no shell
        asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings(work), start_new_session=True
    )
    try:
        out, err = child.communicate(timeout=work.seconds)
    except subprocess.TimeoutExpired as error:
        raise TooLongError(f"ended after {work.seconds:.0f} s") from error
    finally:
        end(child)
    if child.returncode:
        raise PeerError(last_line(err) if err.strip() else f"ended with code {child.returncode}")
    return dict(json.loads(out.splitlines()[-1]))


def end(child: subprocess.Popen[str]) -> None:
    """End a side that still runs, and the children that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def surroundings(work: Work) -> dict[str, str]:
    """Variables of a side: as many threads for each, no GPU, no network."""
    fixed = dict.fromkeys(THREADS, str(work.threads))
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "CUDA_VISIBLE_DEVICES": ""}
    return {**os.environ, **fixed, **offline, "PYTHONWARNINGS": "ignore"}
