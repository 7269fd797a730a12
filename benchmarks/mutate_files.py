"""Damaged files in numbers: every reader reads them or refuses them in a sentence.

    python benchmarks/mutate_files.py 100000 --seed 7

Small whole files of every format that is read are damaged (flipped bits, lost and doubled pieces, lengths that lie,
pieces of other formats, odd Unicode; inside archives as well as outside) and given to their readers, in a process that
may hold 1 GiB more than it does and take 10 s of processor time for each. Ends with 1 if one did anything else.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "promises"))

from mutated_runs import Found, run


def table(found: Found) -> str:
    """Cases, and how many of each were read and refused."""
    names = sorted(found.read.keys() | found.refused.keys())
    rows = [f"{name:40} {found.read[name]:8,} {found.refused[name]:8,}" for name in names]
    return "\n".join([f"{'reader and file':40} {'read':>8} {'refused':>8}", *rows])


def main() -> int:
    """Read damaged files, and say what became of them."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("count", type=int, nargs="?", default=100_000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only", default="", help="cases whose name holds this")
    given = asked.parse_args()
    start = time.monotonic()
    found = run(given.count, given.seed, given.only)
    seconds = time.monotonic() - start
    told = [table(found), f"{found.total:,} files, {len(found.bugs)} findings, {seconds:.0f} s", *found.bugs]
    sys.stdout.write("\n".join(told) + "\n")
    return int(bool(found.bugs))


if __name__ == "__main__":
    sys.exit(main())
