"""Three million papers read in batches: seconds, peak memory, and how processor time grows with their number.

Each reading runs in a process of its own, whose largest memory (with that of the process that decodes Parquet, which is
given apart) is what counts. Run by ``python benchmarks/survey_reading.py [--format parquet] [--papers 3000000]``.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

BATCH = 100_000
WRITE = 250_000
MEBIBYTE = 2**10  # of kilobytes, in which Linux counts
WORDS = ["learning", "deep", "neural", "parsing", "graph", "attention", "diffusion", "robust", "domain", "planning"]
COMMUNITIES = ("NLP", "CV", "ML", "Robotics", "Speech", "IR", "Medical imaging", "Graphics")


def papers(start: int, count: int) -> pl.DataFrame:
    """Generated papers with titles of eight words, a third of them with an abstract of eighty; one in 100 repeats."""
    rng = np.random.default_rng(start)
    words = np.array(WORDS, dtype=object)
    ids = np.arange(start, start + count)
    ids[rng.random(count) < 0.01] = start
    sentences = words[rng.integers(0, len(words), (4096, 80))]
    abstracts = np.array([" ".join(row) for row in sentences], dtype=object)[rng.integers(0, 4096, count)]
    abstracts[rng.random(count) < 2 / 3] = None
    titles = words[rng.integers(0, len(words), (count, 8))]
    return pl.DataFrame(
        {
            "paper_id": [f"W{number}" for number in ids],
            "community": np.array(COMMUNITIES)[rng.integers(0, len(COMMUNITIES), count)],
            "year": rng.integers(2005, 2026, count).astype(str),
            "title": [" ".join(row) for row in titles],
            "abstract": pl.Series(abstracts.tolist(), dtype=pl.String),
        }
    )


def write(path: Path, count: int) -> None:
    """A file of so many papers, written piece by piece."""
    pieces = [(start, min(WRITE, count - start)) for start in range(0, count, WRITE)]
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        with pq.ParquetWriter(path, papers(0, 1).to_arrow().schema) as writer:
            for start, rows in pieces:
                writer.write_table(papers(start, rows).to_arrow())
        return
    with path.open("wb") as stream:
        for start, rows in pieces:
            frame = papers(start, rows)
            if path.suffix == ".csv":
                frame.write_csv(stream, include_header=not start)
            else:
                frame.write_ndjson(stream)


def read(path: str) -> None:
    """Read in batches, and print what it took."""
    from polyculture.data.papers import batches

    start, kept = time.perf_counter(), 0
    for batch in batches(path, rows=BATCH):
        kept += len(batch)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {
        "kept": kept,
        "seconds": seconds,
        "processor": sum(one.ru_utime + one.ru_stime for one in used),
        "own": used[0].ru_maxrss / MEBIBYTE,
        "child": used[1].ru_maxrss / MEBIBYTE,
    }
    sys.stdout.write(json.dumps(found))


def measured(path: Path) -> dict[str, float]:
    """What a reading in a process of its own took."""
    command = [sys.executable, __file__, "--read", str(path)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return dict(json.loads(found.stdout))


def main() -> None:
    """Print a line for each number of papers, and the exponent that fits them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=3_000_000)
    parser.add_argument("--format", choices=("parquet", "csv", "jsonl"), default="parquet")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.read:
        read(args.read)
        return
    numbers = [args.papers // divisor for divisor in (8, 4, 2, 1)]
    seconds = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"papers.{args.format}")
            write(path, number)
            found = measured(path)
            size = path.stat().st_size / 1e6
        seconds.append(found["processor"])
        child = f", and {found['child']:,.0f} MiB to decode" if found["child"] else ""
        sys.stdout.write(
            f"{number:>9,} papers ({size:,.0f} MB of {args.format}): {found['kept']:,} kept in "
            f"{found['seconds']:.1f} s ({found['processor']:.1f} s of processor time); "
            f"peak {found['own']:,.0f} MiB{child}\n"
        )
    exponent = np.polyfit(np.log(numbers), np.log(seconds), 1)[0]
    sys.stdout.write(f"processor time grows with papers to the power {exponent:.2f}\n")


if __name__ == "__main__":
    main()
