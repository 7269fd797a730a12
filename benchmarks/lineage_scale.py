"""A million models and 1.5 million parents: from the file to the written result, time and memory by size."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl

GIBIBYTE = 2**20  # of kilobytes, in which Linux counts
PARENTS = 1.5


def write_table(path: Path, models: int, seed: int = 0) -> int:
    """Models that choose parents by how many children these have; some names are spelt otherwise, some are lost."""
    rng = np.random.default_rng(seed)
    roots = max(models // 50, 2)
    names = np.char.add("org", (np.arange(models) % 5000).astype(str))
    names = np.char.add(np.char.add(names, "/Model-"), np.arange(models).astype(str))
    # half of the parents are roots or models that were drawn before, by rank; the others any earlier model
    edges = int(models * PARENTS)
    child = np.sort(np.concatenate([np.arange(roots, models), rng.integers(roots, models, edges - (models - roots))]))
    popular = (rng.pareto(1.1, edges) * 3).astype(np.int64)
    parent = np.where(rng.random(edges) < 0.5, popular, (rng.random(edges) * child).astype(np.int64))
    parent = np.minimum(parent, child - 1)
    given = names[parent].astype(object)
    spelt = rng.random(edges)
    given[spelt < 0.1] = [name.upper() for name in given[spelt < 0.1]]
    given[(spelt >= 0.1) & (spelt < 0.15)] = [n.replace("-", "_") for n in given[(spelt >= 0.1) & (spelt < 0.15)]]
    given[spelt > 0.98] = [f"{name} (gone)" for name in given[spelt > 0.98]]
    joined = (
        pl.DataFrame({"row": child, "parent": given.astype(str)}).group_by("row").agg(pl.col("parent").str.join(";"))
    )
    table = pl.DataFrame({"row": np.arange(models), "name": names}).join(joined, on="row", how="left").drop("row")
    table.with_columns(
        organisation=pl.Series((np.arange(models) % 5000).astype(str)),
        architecture=pl.Series(np.array(["llama", "bert", "t5", "mistral", "qwen"])[rng.integers(0, 5, models)]),
        date=pl.Series(np.char.add(np.char.add((2020 + 5 * np.arange(models) // models).astype(str), "-"), "06")),
        downloads=pl.Series(rng.pareto(1, models).astype(int)),
    ).rename({"parent": "parents"}).write_csv(path)
    return edges


def measured(table: str, result: str) -> tuple[float, float, float, str]:
    """Seconds, those of the processor, GiB of this process, and the headline, from the file to the JSON."""
    from polyculture.ancestry import lineage
    from polyculture.ancestry.tables import headline

    start, busy = time.perf_counter(), time.process_time()
    found = lineage(table)
    found.to_json(result)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIBIBYTE
    return time.perf_counter() - start, time.process_time() - busy, memory, headline(found)


def main() -> None:
    """Print seconds and memory by size, and the exponent of time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[62_500, 125_000, 250_000, 500_000, 1_000_000])
    args = parser.parse_args()
    taken = []
    for models in args.models:
        with tempfile.TemporaryDirectory() as folder, get_context("spawn").Pool(1) as pool:
            table = Path(folder, "models.csv")
            edges = write_table(table, models)
            seconds, busy, memory, said = pool.apply(measured, (str(table), str(Path(folder, "lineage.json"))))
        taken.append(busy)
        sys.stdout.write(
            f"{models:>9,} models, {edges:>9,} parents: {seconds:6.1f} s ({busy:.1f} s of processor time), "
            f"{memory:.2f} GiB. {said}\n"
        )
        sys.stdout.flush()
    if len(taken) > 1:
        slope = np.polyfit(np.log(args.models), np.log(taken), 1)[0]
        sys.stdout.write(f"processor time grows with models to the power of {slope:.2f}\n")


if __name__ == "__main__":
    main()
