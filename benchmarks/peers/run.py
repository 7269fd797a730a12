"""The project beside other packages on the same work: one table.

    python benchmarks/peers/run.py [--only PART]... [--json FILE] [--page docs/peers.md] [--fresh] [--list]

Each side runs in a process of its own; peers that are not in the project's environment get one of their own below
``build/peers``, which ``--fresh`` makes anew. What cannot be installed, fails or takes too long is listed with its
error. Works that read benchmark data are skipped unless the variable POLYCULTURE_DATA names its folder. Rows that
``--only`` leaves out are taken from the JSON file, if they are there. The exit code is 1 if a ratio is below 1 and
nothing says why.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from all_works import all_works
from environments import PLACE
from measured import Row, Taken, compare
from rich.console import Console
from rich.table import Table
from table import HEAD, by_name, cells, markdown, said, unexplained
from work import Work

BEGIN, END = "<!-- table -->", "<!-- end of the table -->"


def main() -> int:
    """Compare, keep, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="of the name of a work or a peer")
    parser.add_argument("--json", type=Path, default=PLACE / "bench.json")
    parser.add_argument("--page", type=Path, help="the page whose table is to be written")
    parser.add_argument("--fresh", action="store_true", help="make environments anew")
    parser.add_argument("--list", action="store_true", help="run nothing, tell what there is")
    parser.add_argument("--kept", action="store_true", help="run nothing, show what the JSON file holds")
    chosen = parser.parse_args()
    # so that a run that is ended ends the side that it waits for
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    modules = all_works()
    works = [work for found in modules.values() for work in found]
    console = Console()
    if not console.is_terminal:
        console.width = 200
    if chosen.list:
        console.print("\n".join(f"{work.name} ({work.peer})" for work in works), highlight=False)
        return 0
    rows = kept(chosen.json)
    wanted = [(m, w) for m, found in modules.items() for w in found if not chosen.kept and asked(w, chosen.only)]
    done: dict[tuple[object, ...], Taken] = {}
    for module, work in wanted:
        same = (module, work.prepare, work.ours)
        console.print(f"{work.name} ({work.peer})", style="dim", highlight=False)
        rows[work.name] = compare(module, work, fresh=chosen.fresh, ours=done.get(same))
        if rows[work.name].ours.values:
            # several peers of the same work have ours beside them, which runs once
            done[same] = rows[work.name].ours
        keep(chosen.json, rows)
    show(console, works, list(rows.values()))
    if chosen.page:
        write(chosen.page, works, list(rows.values()))
    open_ends = unexplained(works, list(rows.values()))
    for line in open_ends:
        console.print(f"below 1 and not explained: {line}", style="red", highlight=False)
    return 1 if open_ends else 0


def asked(work: Work, only: Sequence[str]) -> bool:
    """Whether a work is among those to run."""
    return not only or any(part.lower() in f"{work.name} {work.peer}".lower() for part in only)


def kept(path: Path) -> dict[str, Row]:
    """Rows of an earlier run, by work."""
    if not path.is_file():
        return {}
    return {row["work"]: Row.from_json(row) for row in json.loads(path.read_text(encoding="utf-8"))}


def keep(path: Path, rows: dict[str, Row]) -> None:
    """Write rows; those of works that went before a broken run are not lost."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([row.to_json() for row in rows.values()], indent=1), encoding="utf-8")


def show(console: Console, works: Sequence[Work], rows: Sequence[Row]) -> None:
    """The table, then what is said of each work."""
    table = Table(*HEAD)
    for work, row in by_name(works, rows):
        table.add_row(*cells(work, row))
    console.print(table)
    for work, row in by_name(works, rows):
        console.print(f"{work.name} ({work.peer}): {work.protocol}", highlight=False)
        for start, text in said(work, row):
            console.print(f"  {start.strip('*')} {text}", highlight=False)


def write(page: Path, works: Sequence[Work], rows: Sequence[Row]) -> None:
    """Put the table between the two marks of a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page} has no {BEGIN} followed by {END}.")
    text = "\n".join([machine(), "", *markdown(works, rows)])
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def machine() -> str:
    """Where it ran."""
    model = next(
        (line.partition(":")[2].strip() for line in cpu_lines() if line.startswith("model name")), platform.machine()
    )
    return f"Python {platform.python_version()} on {platform.system()}, {model}."


def cpu_lines() -> list[str]:
    """What Linux tells of the processor."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


if __name__ == "__main__":
    sys.exit(main())
