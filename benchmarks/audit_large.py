"""2,000 models and 100,000 items of right and wrong: from the wide table to the written result, with intervals."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

GIBIBYTE = 2**20  # of kilobytes, in which Linux counts


def write_table(path: Path, models: int, items: int, seed: int = 0) -> None:
    """Models of different accuracy that share hard items."""
    rng = np.random.default_rng(seed)
    hard = rng.random(items) < 0.4
    columns = {"item": np.arange(items)}
    for model, accuracy in enumerate(rng.uniform(0.5, 0.95, models)):
        right = rng.random(items, dtype=np.float32) < np.where(hard, 0.6 * accuracy, accuracy)
        columns[f"model{model}"] = right.astype(np.int8)
    pl.DataFrame(columns).write_parquet(path)


def main() -> None:
    """Print seconds and the memory of the largest process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=2000)
    parser.add_argument("--items", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table, result = Path(folder, "answers.parquet"), Path(folder, "audit.json")
        write_table(table, args.models, args.items)
        command = [sys.executable, "-m", "polyculture", "audit", table, "--kind", "outcomes", "--no-cache"]
        start = time.perf_counter()
        subprocess.run([*command, "--json", result], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        seconds = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / GIBIBYTE
        written = sum(path.stat().st_size for path in Path(folder).glob("audit*")) / 1e6
    sys.stdout.write(
        f"{args.models:,} models, {args.items:,} items: {seconds:.1f} s, {memory:.2f} GiB, {written:.0f} MB written\n"
    )


if __name__ == "__main__":
    main()
