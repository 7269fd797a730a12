"""A survey of 271,592 real papers: a known series from their tags, and what reading, tagging and measuring cost.

The folder that POLYCULTURE_DATA names holds ``papers/papers.parquet`` (titles, and abstracts of some) and
``papers/method_flags.parquet`` (the same papers tagged by others). The series is the mean of the three pairwise
Jensen-Shannon divergences of NLP, CV and ML over six families, among papers with an abstract that are no preprints and
name at least one of them.

    OMP_NUM_THREADS=1 POLARS_MAX_THREADS=2 python benchmarks/survey_papers.py --draws 1000 --jobs 2
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

import polars as pl

from polyculture.surveying import survey
from polyculture.surveying.result import SurveyResult

KNOWN = {2016: 0.163, 2018: 0.161, 2020: 0.285, 2022: 0.171, 2023: 0.148, 2024: 0.147, 2025: 0.139}


def series(folder: Path, *, draws: int) -> SurveyResult:
    """The survey that the known series is part of."""
    flags = pl.read_parquet(folder / "method_flags.parquet").filter(
        pl.col("has_abs") & ~pl.col("venue").str.starts_with("arXiv")
    )
    return survey(
        flags.drop("has_abs"),
        columns={"tags": "S.*"},
        communities=["NLP", "CV", "ML"],
        questions=["divergence", "convergence"],
        draws=draws,
    )


def compared(found: SurveyResult) -> str:
    """Year by year what was found and what is known."""
    rows = [
        row
        for row in found.divergence
        if (row["level"], row["conditional"], row["measure"]) == ("method", True, "jensen_shannon")
    ]
    lines = []
    for row in rows:
        known = KNOWN.get(row["year"])
        told = (
            ""
            if known is None
            else f"known {known:.3f}, {'the same' if round(row['estimate'], 3) == known else 'ANOTHER'}"
        )
        ends = f"corrected {row['corrected']:.3f} [{row['low']:.3f}, {row['high']:.3f}], by chance {row['null']:.3f}"
        lines.append(f"{row['year']}  {row['estimate']:.3f}  {ends}  {told}".rstrip())
    return "\n".join(lines)


def main() -> None:
    """Print the series, then seconds and memory of a whole survey."""
    parser = argparse.ArgumentParser(description="Survey real papers.")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--questions", nargs="*", default=["adoption", "diversity", "divergence", "convergence"])
    asked = parser.parse_args()
    if "POLYCULTURE_DATA" not in os.environ:
        sys.exit("name the folder of the benchmark data in POLYCULTURE_DATA")
    folder = Path(os.environ["POLYCULTURE_DATA"]) / "papers"
    sys.stdout.write(compared(series(folder, draws=200)) + "\n\n")
    start, worked = perf_counter(), process_time()
    found = survey(folder / "papers.parquet", draws=asked.draws, questions=asked.questions, jobs=asked.jobs)
    seconds, cpu = perf_counter() - start, process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"{str(found).partition('difference between')[0]}"
        f"read, tagged and measured with {asked.draws} resamples: {seconds:.1f} s ({cpu:.1f} s of work), "
        f"peak {peak:.2f} GB\n"
    )


if __name__ == "__main__":
    main()
