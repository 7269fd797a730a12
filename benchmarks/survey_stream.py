"""Three million generated papers surveyed in batches: seconds, peak memory, and how processor time grows.

Each survey runs in a process of its own, whose largest memory is what counts; that of the process that decodes Parquet
is given apart. Titles name methods of the vocabulary as often as real ones do. Questions that need all papers at once
(copies, and what is named beside methods) are not answered.

    OMP_NUM_THREADS=1 POLARS_MAX_THREADS=2 python benchmarks/survey_stream.py --papers 3000000
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
COMMUNITIES = ("NLP", "CV", "ML", "Robotics", "Speech", "IR", "Medical imaging", "Graphics")
NAMED = (
    "convolutional neural networks", "LSTM", "transformers", "graph neural networks", "diffusion models", "attention",
    "support vector machines", "variational autoencoders", "random forests", "Gaussian processes", "word2vec", "BERT",
)  # fmt: skip
PLAIN = (
    "robust",
    "scalable",
    "maps",
    "parsing",
    "retrieval",
    "planning",
    "segmentation",
    "a study of",
    "users",
    "data",
)


def papers(start: int, count: int) -> pl.DataFrame:
    """Papers of which three in ten name a method, communities preferring some; one in 100 repeats another."""
    rng = np.random.default_rng(start)
    ids = np.arange(start, start + count)
    ids[rng.random(count) < 0.01] = start
    community = rng.integers(0, len(COMMUNITIES), count)
    method = (community + rng.geometric(0.3, count)) % len(NAMED)
    words = np.array(PLAIN, dtype=object)[rng.integers(0, len(PLAIN), (count, 6))]
    words[:, 3] = np.where(rng.random(count) < 0.3, np.array(NAMED, dtype=object)[method], words[:, 3])
    return pl.DataFrame(
        {
            "paper_id": [f"W{number}" for number in ids],
            "community": np.array(COMMUNITIES)[community],
            "year": rng.integers(2005, 2026, count),
            "title": [" ".join(row) for row in words],
        }
    )


def write(path: Path, count: int) -> None:
    """A Parquet file of so many papers, written piece by piece."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, papers(0, 1).to_arrow().schema) as writer:
        for start in range(0, count, WRITE):
            writer.write_table(papers(start, min(WRITE, count - start)).to_arrow())


def surveyed(path: str, draws: int) -> None:
    """Survey in batches, and print what it took."""
    from polyculture.surveying import survey

    start = time.perf_counter()
    found = survey(path, batch=BATCH, draws=draws)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = {
        "papers": found.papers,
        "seconds": seconds,
        "processor": sum(one.ru_utime + one.ru_stime for one in used),
        "own": used[0].ru_maxrss / MEBIBYTE,
        "child": used[1].ru_maxrss / MEBIBYTE,
    }
    sys.stdout.write(json.dumps(told))


def measured(path: Path, draws: int) -> dict[str, float]:
    """What a survey in a process of its own took."""
    command = [sys.executable, __file__, "--survey", str(path), "--draws", str(draws)]
    found = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return dict(json.loads(found.stdout))


def main() -> None:
    """Print a line for each number of papers, and the exponent that fits them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=3_000_000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--survey", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.survey:
        surveyed(asked.survey, asked.draws)
        return
    numbers = [asked.papers // divisor for divisor in (8, 4, 2, 1)]
    worked = []
    for number in numbers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "papers.parquet")
            write(path, number)
            found = measured(path, asked.draws)
        worked.append(found["processor"])
        sys.stdout.write(
            f"{number:>9,} papers: {found['papers']:,} surveyed in {found['seconds']:.1f} s "
            f"({found['processor']:.1f} s of processor time); peak {found['own']:,.0f} MiB, "
            f"and {found['child']:,.0f} MiB to decode\n"
        )
        sys.stdout.flush()
    exponent = np.polyfit(np.log(numbers), np.log(worked), 1)[0]
    sys.stdout.write(f"processor time grows with papers to the power {exponent:.2f}\n")


if __name__ == "__main__":
    main()
