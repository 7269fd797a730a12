"""Commands run in this process, and the limits that they are held to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from polyculture.cli import app


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def refused(self) -> bool:
        """Whether it ended with one sentence on its second stream, and the code of bad input."""
        sentence, *others = self.err.splitlines()[-1:] or [""]
        return self.code == 2 and sentence.startswith("Error: ") and not others and "Traceback" not in self.err


def run(*args: object) -> Done:
    """Run a command; an exception that no command turned into a sentence is raised."""
    done = CliRunner().invoke(app, [str(arg) for arg in args], catch_exceptions=False)
    return Done(done.exit_code, done.stdout, done.stderr)


@contextmanager
def bounded(*, seconds: float, megabytes: float) -> Iterator[None]:
    """Fail if what is done takes more processor time, or this process grows by more at any time (only Linux tells)."""
    start, before = time.process_time(), _reset()
    yield
    assert time.process_time() - start < seconds
    if before is not None and (grown := _megabytes("VmHWM:") - before) >= megabytes:
        pytest.fail(f"{grown:.0f} MB more than before")


def _reset() -> float | None:
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark is set to what is held now
    except OSError:
        return None
    return _megabytes("VmRSS:")


def _megabytes(line: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(line)[2].split()[0]) / 1024
