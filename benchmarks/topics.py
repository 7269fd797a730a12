"""Twelve communities told by the titles of their papers, over spans of years that overlap.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/topics.py``. The class is the community, the domain a span of years.
Neighbouring spans share two years: a paper of a shared year falls to either by the toss of a coin, so that domains
overlap in time and no paper is in two. At most 150 titles of each community and span are drawn, once; seeds change the
split and the model. Default options; macro-F1 over the twelve classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from _rows import arguments, class_runs, tell

from polyculture.data import DomainData, from_frame
from polyculture.preprocess import Preprocessor

SPANS = ((2010, 2015), (2014, 2019), (2018, 2022), (2021, 2025))
CELL = 150


def spanned(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The span of each paper: one of the one or two that hold its year."""
    years, coin = frame["year"].to_numpy(), rng.random(len(frame))
    first = np.array([next(i for i, (_, last) in enumerate(SPANS) if year <= last) for year in years])
    starts = np.array([start for start, _ in SPANS] + [9999])
    late = (starts[first + 1] <= years) & (coin < 0.5)
    names = np.array([f"{start}–{last}" for start, last in SPANS])
    return frame.with_columns(pl.Series("span", names[first + late]))


def drawn(folder: Path) -> DomainData:
    """Titles, the community as the label, the span as the domain."""
    rng = np.random.default_rng(0)
    frame = pl.read_parquet(folder / "papers" / "papers.parquet", columns=["paper_id", "community", "year", "title"])
    frame = frame.with_columns(pl.col("community").cast(pl.String)).drop_nulls().sort("paper_id")
    mixed = spanned(frame, rng)[rng.permutation(len(frame))]
    cells = mixed.group_by("community", "span", maintain_order=True).head(CELL)
    return from_frame(cells, text="title", label="community", domain="span", id="paper_id", source="papers")


def main() -> None:
    """Fit, judge, print."""
    chosen = arguments(__doc__)
    data = drawn(Path(chosen.data_dir))
    parted = lambda seed: Preprocessor(random_state=seed).fit_transform(data)  # noqa: E731
    runs = class_runs(chosen.seeds, parted, ablation=chosen.ablation)
    tell("titles of papers", "macro-F1, %", runs, chosen.json)


if __name__ == "__main__":
    main()
