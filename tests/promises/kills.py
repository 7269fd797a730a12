"""One command killed again and again at random moments, and what that did to its files."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from dataclasses import dataclass, field

from runs import Case, done_twice, finish, journal, start, strays, torn


@dataclass
class Tally:
    """What was seen: kills, those of runs that had gone on from kept steps, ends that were reached; what is wrong."""

    command: str
    kills: int = 0
    resumed: int = 0
    ends: int = 0
    torn: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    other_bytes: list[str] = field(default_factory=list)


def kill_often(server: subprocess.Popen[str], case: Case, *, kills: int, seed: int) -> Tally:
    """Start, kill, look, start again; a run that comes to its end is compared with an undisturbed one.

    More kills follow, up to five times as many, until one hits a run that had gone on from kept steps.
    """
    moments, found = random.Random(seed), Tally(case.command)
    whole = finish(server, case, "whole")
    began = time.monotonic()
    finish(server, case, "timed")  # the first one had files to read that the system now knows
    seconds = time.monotonic() - began
    folder = case.home / "killed"
    while found.kills < kills or (not found.resumed and found.kills < 5 * kills):
        resuming = any(line["what"] == "kept" for line in journal(folder / "run"))
        if start(server, case, "killed").kill_after(moments.uniform(0, seconds)):
            found.kills += 1
            found.resumed += resuming
            found.torn += torn(folder)
        else:
            _look(case, found, whole)
            shutil.rmtree(folder)
    finish(server, case, "killed")
    _look(case, found, whole)
    return found


def _look(case: Case, found: Tally, whole: dict[str, str]) -> None:
    """A run that came to its end: the same bytes, nothing torn, nothing left, nothing done twice."""
    folder = case.home / "killed"
    found.ends += 1
    written = case.written("killed")
    found.other_bytes += [name for name in {**written, **whole} if written.get(name) != whole.get(name)]
    found.torn += torn(folder)
    found.strays += strays(folder)
    found.twice += done_twice(folder / "run")
