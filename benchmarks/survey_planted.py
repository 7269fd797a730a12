"""Whether a survey finds convergence where it was planted, and none where there is none.

Corpora are generated: communities draw the methods of their papers from shares of their own, mixed with shares common
to all. Three kinds: ``converging``, where the common part grows over the years; ``steady``, where it stays as it is
while the numbers of papers grow fourfold, which lowers every measure of divergence; and ``shuffled``, the first kind
with communities swapped among the papers of each year. Papers name none, one or two methods, and truth is computed from
the probabilities of all these sets.

Printed are how many intervals hold the true trend, and how many runs find convergence: in any trend, and in the first.
Among 16 trends of 100 corpora, one that is held in 95 % of all corpora can by chance be held in 90 or fewer: run more
corpora before it is called biased.

    python benchmarks/survey_planted.py --corpora 100 --draws 1000
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from itertools import combinations, product
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from polyculture.data.papers.types import Papers
from polyculture.surveying.between import MEASURES as APART
from polyculture.surveying.between import divergence
from polyculture.surveying.convergence import MEASURES as TRENDS
from polyculture.surveying.convergence import movement
from polyculture.surveying.counts import Counts
from polyculture.surveying.entry import survey
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.within import MEASURES as VARIETY
from polyculture.surveying.within import diversity

Array = npt.NDArray[Any]
COMMUNITIES, YEARS, FAMILIES, METHODS = 4, 10, 8, 24
NAMING, SECOND = 0.6, 0.25
"""Shares of papers that name a method, and of these that name two."""
KINDS = ("converging", "steady", "shuffled")


@dataclass(frozen=True)
class Planted:
    """Probabilities (C, Y, P) of the sets of methods that a paper names, the empty one first, and the sets (P, M)."""

    chances: Array
    sets: Array

    @property
    def years(self) -> tuple[int, ...]:
        """Of the corpus."""
        return tuple(range(2010, 2010 + self.chances.shape[1]))

    @property
    def communities(self) -> tuple[str, ...]:
        """Of the corpus."""
        return tuple("ABCDEFGH"[: self.chances.shape[0]])


def planted(rng: np.random.Generator, *, converging: bool) -> Planted:
    """Communities with shares of their own, mixed with common ones."""
    own = rng.dirichlet(np.full(METHODS, 0.5), size=COMMUNITIES)[:, None]
    common = rng.dirichlet(np.ones(METHODS))
    mixed = (np.linspace(0.2, 0.6, YEARS) if converging else np.full(YEARS, 0.4))[None, :, None]
    shares = (1 - mixed) * own + mixed * common
    pairs = np.array(list(combinations(range(METHODS), 2)))
    first, second = shares[..., pairs[:, 0]], shares[..., pairs[:, 1]]
    both = first * second * (1 / (1 - first) + 1 / (1 - second))
    parts = [np.full((*shares.shape[:2], 1), 1 - NAMING), NAMING * (1 - SECOND) * shares, NAMING * SECOND * both]
    sets = np.zeros((1 + METHODS + len(pairs), METHODS))
    sets[np.arange(METHODS) + 1, np.arange(METHODS)] = 1
    sets[np.arange(len(pairs))[:, None] + METHODS + 1, pairs] = 1
    return Planted(np.concatenate(parts, axis=-1), sets)


def families_of(sets: Array) -> Array:
    """Sets of families that sets of methods belong to."""
    return (sets.reshape(len(sets), FAMILIES, -1).sum(axis=-1) > 0).astype(np.float64)


def truth(given: Planted, level: str) -> Counts:
    """Counts that ever more papers would lead to."""
    sets = given.sets if level == "method" else families_of(given.sets)
    weights = given.chances * 1e12
    parts = weights @ (sets / np.maximum(sets.sum(axis=1, keepdims=True), 1))
    names = tuple(map(str, range(sets.shape[1])))
    papers = np.full(given.chances.shape[:2], 1e12)
    return Counts(given.communities, given.years, names, papers, weights[..., 1:].sum(axis=-1), weights @ sets, parts)


def true_values(given: Planted) -> dict[tuple[Any, ...], float]:
    """Every number that a survey estimates, by level, conditional, measure, and what year and community it is of."""
    found: dict[tuple[Any, ...], float] = {}
    for level, conditional in product(("family", "method"), (True, False)):
        counts = truth(given, level)
        kept = np.ones(counts.papers.shape, dtype=bool)
        head = (level, conditional)
        moved = movement(counts, conditional=conditional).tolist()
        found |= {(*head, name, None, None): value for name, value in zip(TRENDS, moved, strict=False)}
        varied = diversity(counts, kept, conditional=conditional)
        for (c, community), (y, year) in product(enumerate(counts.communities), enumerate(counts.years)):
            values = zip(VARIETY, varied[c, y].tolist(), strict=True)
            found |= {(*head, name, year, community): value for name, value in values}
        apart = divergence(counts, kept, conditional=conditional)
        pairs = len(counts.communities) * (len(counts.communities) - 1) // 2
        places = [*range(4), *(4 + each * (1 + pairs) for each in range(4))]
        for y, year in enumerate(counts.years):
            values = zip(APART, apart[y, places].tolist(), strict=True)
            found |= {(*head, name, year, None): value for name, value in values}
    return found


def drawn(given: Planted, rng: np.random.Generator, *, papers: int, shuffle: bool) -> Tagged:
    """A corpus, in which a community has four times as many papers in the last year as in the first."""
    sizes = np.linspace(papers, 4 * papers, given.chances.shape[1]).astype(int)
    sizes = np.tile(sizes, (given.chances.shape[0], 1)) * np.arange(2, 2 + given.chances.shape[0])[:, None] // 2
    held = rng.multinomial(sizes, given.chances)
    community, year, kind = (
        np.repeat(places, held.ravel()) for places in (axis.ravel() for axis in np.indices(held.shape))
    )
    if shuffle:
        order = rng.permutation(len(year))
        mixed = np.empty_like(community)
        # papers of one year in two orders
        mixed[order[np.argsort(year[order], kind="stable")]] = community[np.argsort(year, kind="stable")]
        community = mixed
    frame = pl.DataFrame(
        {
            "paper_id": np.arange(len(year)).astype(str),
            "community": np.array(given.communities)[community],
            "year": np.array(given.years)[year],
            "title": np.full(len(year), "x"),
        }
    )
    families, methods = (
        tuple(f"{kind}{place}" for place in range(size)) for kind, size in (("f", FAMILIES), ("m", METHODS))
    )
    owner = tuple(place * FAMILIES // METHODS for place in range(METHODS))
    names = sp.csr_array(given.sets[kind] > 0)
    return Tagged(Papers(frame, "generated"), families, methods, owner, (None,) * METHODS, names, {})


def one(kind: str, seed: int, *, papers: int, draws: int, nulls: int) -> list[dict[str, Any]]:
    """Numbers of one corpus, each with the true one and whether its interval holds that."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    given = planted(rng, converging=kind != "steady")
    tagged = drawn(given, rng, papers=papers, shuffle=kind == "shuffled")
    questions = ("convergence", "diversity", "divergence") if kind == "converging" else ("convergence",)
    found = survey(tagged, questions=questions, draws=draws, nulls=nulls, seed=seed)
    known = true_values(given)
    rows = []
    for row in (*found.convergence, *found.diversity, *found.divergence):
        value = known[tuple(row.get(name) for name in ("level", "conditional", "measure", "year", "community"))]
        kept = {name: row[name] for name in ("level", "conditional", "measure", "estimate", "corrected")}
        what = "trend" if "verdict" in row else "value"
        held = {"truth": value, "holds": row["low"] <= value <= row["high"]}
        rows.append({"what": what, **kept, **held, "verdict": row.get("verdict", "")})
    return rows


def summary(runs: list[list[dict[str, Any]]]) -> str:
    """How often intervals hold the truth, by what is measured."""
    rows = pl.DataFrame([row for run in runs for row in run])
    told = rows.group_by("what", "level", "conditional", "measure", maintain_order=True).agg(
        pl.col("truth", "estimate", "corrected").mean(),
        (100 * pl.col("holds").mean()).alias("inside, %"),
        pl.len().alias("of"),
    )
    with pl.Config(
        tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, float_precision=4
    ):
        return str(told)


def main() -> None:
    """Print a table for each kind."""
    parser = argparse.ArgumentParser(description="Plant convergence and look for it.")
    for name, value in (("corpora", 100), ("papers", 120), ("draws", 1000), ("nulls", 200)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    asked = parser.parse_args()
    for kind in asked.kinds:
        start = perf_counter()
        how = {"papers": asked.papers, "draws": asked.draws, "nulls": asked.nulls}
        runs = [one(kind, seed, **how) for seed in range(asked.corpora)]
        found = [[row["verdict"] == "converging" for row in run if row["what"] == "trend"] for run in runs]
        sys.stdout.write(
            f"{kind}: {asked.corpora} corpora, {perf_counter() - start:.0f} s\n"
            f"convergence found in any trend: {sum(map(any, found))}; in the first: {sum(each[0] for each in found)}\n"
        )
        if kind != "shuffled":
            sys.stdout.write(summary(runs) + "\n")


if __name__ == "__main__":
    main()
