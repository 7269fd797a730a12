"""Peak memory of commands at several sizes, beside what `polyculture.memory` says that they need at most.

    OMP_NUM_THREADS=1 python benchmarks/memory.py
    OMP_NUM_THREADS=1 python benchmarks/memory.py --only recommend

Each command is a process of its own, on data made here; given are the largest resident memory of the process in MB (10⁶
bytes), the estimate, and their ratio, which must not be above 1.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 10**6
LAUNCH = """
import atexit, pathlib, sys
def tell():
    status = pathlib.Path("/proc/self/status").read_text()
    sys.stderr.write("HIGH " + status.partition("VmHWM:")[2].split()[0] + "\\n")
atexit.register(tell)
from polyculture.cli import main
main()
"""
MAKE = "import sys; sys.path.insert(0, {here!r}); import memory; memory.{maker}({place!r}, {size!r})"


def texts(place: str, size: int) -> None:
    """Texts of a hundred words each, from a vocabulary of 20,000."""
    import numpy as np

    rng = np.random.default_rng(0)
    words = np.array([f"{a}{b}" for a in ("ba", "ke", "li", "mo", "tu") for b in range(4000)])
    with Path(place).open("w", encoding="utf-8") as file:
        file.write("text,label,domain\n")
        for i in range(size):
            some = words[(rng.zipf(1.3, 100) * 7919 + i % 2) % len(words)]
            file.write(f"{' '.join(some)} {('good', 'bad')[i % 2]}{i % 3},{i % 2},d{i % 4 // 2}\n")


def vectors(place: str, size: int) -> None:
    """Vectors of 100 numbers."""
    import numpy as np
    import polars as pl

    x = np.random.default_rng(0).normal(size=(size, 100)).astype(np.float32)
    label = ["a" if row[0] > 0 else "b" for row in x]
    frame = pl.DataFrame({"vector": pl.Series(x.tolist(), dtype=pl.List(pl.Float32)), "label": label})
    frame.with_columns(domain=pl.Series([f"d{i % 2}" for i in range(size)])).write_parquet(place)


def answers(place: str, size: int) -> None:
    """Right or wrong of 200 models."""
    import numpy as np
    import polars as pl

    right = np.random.default_rng(0).random((size, 200)) < 0.7
    frame = pl.DataFrame(right.astype(np.int8), schema=[f"m{i}" for i in range(200)])
    frame.with_columns(item=pl.Series([f"q{i}" for i in range(size)])).write_csv(place)


def embeddings(place: str, size: int) -> None:
    """Ten models of 200 numbers each."""
    import numpy as np

    rng = np.random.default_rng(0)
    np.savez(place, **{f"m{i}": rng.normal(size=(size, 200)).astype(np.float32) for i in range(10)})


def papers(place: str, size: int) -> None:
    """Titles and abstracts of 150 words."""
    import numpy as np

    rng = np.random.default_rng(0)
    words = np.array(["network", "transformer", "lstm", "graph", *(f"word{i}" for i in range(5000))])
    with Path(place).open("w", encoding="utf-8") as file:
        file.write("paper_id,community,year,title,abstract\n")
        for i in range(size):
            some = words[rng.zipf(1.4, 150) % len(words)]
            file.write(f"p{i},c{i % 3},{2010 + i % 10},a {words[i % 4]} for {some[0]},{' '.join(some)}\n")


def clicks(place: str, size: int) -> None:
    """Twenty interactions for each of the users, of a tenth as many items, in two domains."""
    import numpy as np

    rng = np.random.default_rng(0)
    with Path(place).open("w", encoding="utf-8") as file:
        file.write("user,item,domain\n")
        for user in range(size):
            file.writelines(f"u{user},i{i},d{i % 2}\n" for i in rng.integers(0, max(50, size // 10), 20))


@dataclass(frozen=True)
class Job:
    """A command, what makes its data, in which sizes, and under what name."""

    make: Callable[[str, int], None]
    file: str
    sizes: tuple[int, ...]
    command: str


JOBS = {
    "audit answers": Job(answers, "a.csv", (2_000, 10_000, 50_000), "audit {data} --no-cache"),
    "audit embeddings": Job(embeddings, "e.npz", (2_000, 5_000, 10_000), "audit {data} --no-cache"),
    "survey": Job(papers, "p.csv", (5_000, 20_000, 80_000), "survey {data} --draws 50 --nulls 19"),
    "survey in batches": Job(papers, "p.csv", (20_000, 80_000), "survey {data} --draws 50 --nulls 19 --batch 10000"),
    "fit texts": Job(texts, "t.csv", (500, 2_000), "fit {data} --encoders lexical --out {out}"),
    "fit vectors": Job(vectors, "v.parquet", (1_000, 4_000), "fit {data} --vector vector --out {out}"),
    "recommend": Job(clicks, "c.csv", (1_000, 5_000), "recommend fit {data} --out {out}"),
}


def measured(job: Job, size: int, folder: str) -> tuple[float, float]:
    """Peak and estimate of a command, in bytes."""
    data, out = f"{folder}/{job.file}", f"{folder}/out"
    here = str(Path(__file__).parent)
    make = MAKE.format(here=here, maker=job.make.__name__, place=data, size=size)
    subprocess.run([sys.executable, "-c", make], check=True)  # noqa: S603
    args = job.command.format(data=data, out=out).split()
    # so much is enough, and the estimate is told
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", LAUNCH, *args, "--memory", "1000GB"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"POLYCULTURE_CACHE": "off"},
    )
    peak = re.search(r"^HIGH (\d+)$", done.stderr, re.MULTILINE)
    need = re.search(r"needs? up to ([\d.]+) GB", done.stderr)
    if done.returncode or peak is None:
        raise RuntimeError(done.stderr)
    return int(peak[1]) * 1024.0, float(need[1]) * 1e9 if need else float("nan")


def main() -> None:
    """Measure, and print a row for each size."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--only", default="", help="commands whose name holds this")
    asked.add_argument("--size", type=int, help="this one alone")
    given = asked.parse_args()
    sys.stdout.write("| command | size | peak, MB | estimate, MB | ratio |\n|---|---|---|---|---|\n")
    for name, job in JOBS.items():
        sizes = job.sizes if given.size is None else (given.size,)
        for size in sizes if given.only in name else ():
            with tempfile.TemporaryDirectory() as folder:
                peak, need = measured(job, size, folder)
            row = f"{name} | {size:,} | {peak / MEGABYTE:,.0f} | {need / MEGABYTE:,.0f} | {peak / need:.2f}"
            sys.stdout.write(f"| {row} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
