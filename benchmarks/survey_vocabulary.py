"""How precise the tags of the vocabulary are, on titles that were labelled by reading.

Run it with ``POLYCULTURE_DATA=FOLDER python benchmarks/survey_vocabulary.py``. `survey_titles.csv` holds identifiers
and labels; the titles are in ``papers/papers.parquet`` of the folder. A family is judged by the drawing that followed
the last change of its patterns; what was drawn for it before belongs to its development, and a title carries labels of
the families that it was drawn for. Precision and recall of each family stand with counts and Wilson intervals;
weighted, each title counts for the papers of its stratum that it was drawn from. The aim is a precision of .95 and a
recall of .85, both as they are.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import polars as pl

from polyculture.data.papers.types import Papers
from polyculture.measure.outcome.tail import wilson
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.vocabulary import load_vocabulary, tag

LABELS = Path(__file__).with_name("survey_titles.csv")
PARTS = ("held_out", "development")
ROUND = 3  # of the drawing that judges a family, but for those whose patterns were changed afterwards
LATER = {"cnn": 4, "hand_crafted": 4, "optimisation": 4, "symbolic": 6}
AIM = (0.95, 0.85)


def main() -> None:
    """Print one line for each family, and one for all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="held_out")
    parser.add_argument("--vocabulary", type=Path)
    parser.add_argument("--errors", action="store_true", help="list the titles on which tags and labels differ")
    parser.add_argument("--speed", action="store_true", help="time all papers of the folder, too")
    chosen = parser.parse_args()
    papers = pl.read_parquet(Path(os.environ["POLYCULTURE_DATA"], "papers", "papers.parquet"))
    vocabulary = load_vocabulary(chosen.vocabulary)
    titles = labelled(papers)
    tagged = tag(Papers(titles, "labelled titles"), vocabulary, abstracts=False)
    sys.stdout.write("\n".join(report(tagged, titles, chosen.part, errors=chosen.errors)) + "\n")
    if chosen.speed:
        for abstracts in (False, True):
            begin, worked = perf_counter(), process_time()
            tag(Papers(papers, "all papers"), vocabulary, abstracts=abstracts)
            took = f"{perf_counter() - begin:.1f} s, of processors {process_time() - worked:.1f} s"
            sys.stdout.write(f"{papers.height} papers, abstracts {abstracts}: {took}\n")


def labelled(papers: pl.DataFrame) -> pl.DataFrame:
    """Titles with their labels, the round that they were drawn in, and the number of papers that each stands for."""
    labels = pl.read_csv(LABELS, schema_overrides={"paper_id": pl.String})
    # a name with another number of papers is a stratum of another drawing
    weight = pl.col("stratum_papers") / pl.len().over("part", "round", "stratum", "stratum_papers")
    known = labels.with_columns(pl.col("families").fill_null(""), pl.col("round").fill_null(0), weight=weight)
    return known.join(papers.select("paper_id", "year", "title"), on="paper_id", how="left", maintain_order="left")


def judging(family: str, part: str, drawn: np.ndarray) -> np.ndarray:
    """Which titles, by the round that they were drawn in, belong to a part for a family."""
    last = LATER.get(family, ROUND)
    return drawn == last if part == "held_out" else drawn < last


def report(tagged: Tagged, titles: pl.DataFrame, part: str, *, errors: bool) -> list[str]:
    """Lines of the table, and the titles that differ if asked for."""
    weight, drawn = titles["weight"].to_numpy(), titles["round"].to_numpy()
    family = np.asarray(tagged.family_of)
    names = tagged.names.toarray()
    shares = f"{'precision':20} {'recall':20} weighted   aim round"
    lines, found, true, heavy = [f"{'family':24} {'labelled':>8} {'tagged':>6} {'both':>5}  {shares}"], [], [], []
    for position, name in enumerate(tagged.families):
        rows = np.flatnonzero(judging(name, part, drawn))
        found.append(names[np.ix_(rows, np.flatnonzero(family == position))].any(axis=1))
        true.append(np.array([name in titles["families"][int(i)].split() for i in rows]))
        heavy.append(weight[rows])
        lines.append(f"{line(name, found[-1], true[-1], heavy[-1])} {LATER.get(name, ROUND):5}")
        if errors:
            wrong = np.flatnonzero(found[-1] != true[-1])
            year_and_title = [" ".join(map(str, titles.row(int(rows[i]))[-2:])) for i in wrong]
            lines += [f"    {'+-'[int(true[-1][i])]} {said}" for i, said in zip(wrong, year_and_title, strict=True)]
    lines.append(line("all", np.concatenate(found), np.concatenate(true), np.concatenate(heavy)))
    return lines


def line(name: str, found: np.ndarray, true: np.ndarray, weight: np.ndarray) -> str:
    """One family: counts, precision and recall as they are, both weighted, and whether both reach the aim."""
    both = found & true
    shares = [share(int(both.sum()), int(of.sum())) for of in (found, true)]
    heavy = [f"{weighted(both, of, weight):.2f}" for of in (found, true)]
    reached = all(both.sum() >= aim * of.sum() for aim, of in zip(AIM, (found, true), strict=True))
    counts = f"{true.sum():8} {found.sum():6} {both.sum():5}"
    return f"{name:24} {counts}  {shares[0]:20} {shares[1]:20} {' '.join(heavy)} {'yes' if reached else 'no':>4}"


def weighted(both: np.ndarray, of: np.ndarray, weight: np.ndarray) -> float:
    """Share among all papers rather than among the titles drawn."""
    return float(weight[both].sum() / weight[of].sum()) if of.any() else math.nan


def share(hits: int, of: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson(np.array(float(hits)), np.array(float(of)), 0.95)
    return f"{hits / of:.2f} [{float(low):.2f}, {float(high):.2f}]" if of else "none"


if __name__ == "__main__":
    main()
