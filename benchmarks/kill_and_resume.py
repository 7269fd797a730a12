"""How a run that is killed again and again ends: ``python benchmarks/kill_and_resume.py --kills 100 --command fit``.

Each kill is a SIGKILL at a random moment; after it, every artefact must be readable or invisible, and the same command
goes on from the run folder. A run that comes to its end must have written the same bytes as one that nobody
disturbed, have no step done twice in its journal, and leave nothing behind. Ends with 1 if any of that is not so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import asdict
from itertools import chain
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "promises"))

from kills import kill_often
from runs import COMMANDS, Case, warm


def main() -> int:
    """Kill each command so many times, and tell what was seen."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=100)
    asked.add_argument("--command", choices=COMMANDS, action="append")
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    wrong = 0
    for command in given.command or COMMANDS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as home, warm() as server:
            found = asdict(kill_often(server, Case(command, Path(home)).write(), kills=given.kills, seed=given.seed))
        bad = {name: seen for name, seen in found.items() if isinstance(seen, list)}
        counts = ", ".join(f"{len(seen)} {name.replace('_', ' ')}" for name, seen in bad.items())
        told = (
            f"{command}: {found['kills']} kills, {found['resumed']} after a resumption, {found['ends']} ends; {counts}"
        )
        seen = list(chain.from_iterable(bad.values()))
        sys.stdout.write("\n".join([f"{told}; {time.monotonic() - began:.0f} s", *seen]) + "\n")
        sys.stdout.flush()
        wrong += len(seen)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
