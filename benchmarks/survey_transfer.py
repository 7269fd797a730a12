"""Whether what was planted in generated corpora is found again, and whether openings of the past were taken up.

Lags: in each corpus four communities take up six methods along logistic curves that are some years apart. Intervals of
lags, and of the year of half the ceiling, should hold the planted value in 95 % of the corpora. Network: communities
take methods up in random order; edges should be called real in 5 % of the corpora at most. Openings: from shares up to
one year, against random pairs of a community and a method that is absent there too and as common elsewhere.

    python benchmarks/survey_transfer.py --corpora 100
    python benchmarks/survey_transfer.py --corpora 0 --data FOLDER     # openings, duplicates and time on real papers

Real papers are those of `papers/` in the folder that POLYCULTURE_DATA names, methods the 28 of its own flags.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
import polars as pl
import scipy.sparse as sp

from polyculture.arrays import Array, Floats
from polyculture.data.papers.types import Papers
from polyculture.surveying.adoption import adoption, adoption_curves
from polyculture.surveying.associations import associations
from polyculture.surveying.counts import Counts, count
from polyculture.surveying.duplication import duplication
from polyculture.surveying.exploration import exploration
from polyculture.surveying.minhash import near_duplicates
from polyculture.surveying.neighbours import Rules, taken_up
from polyculture.surveying.openings import openings
from polyculture.surveying.resampling import resampled
from polyculture.surveying.shuffling import shuffled
from polyculture.surveying.tagged import Tagged
from polyculture.surveying.transfer import transfer

YEARS = np.arange(2010, 2026)
LAGS = np.array([0, 1, 2, 4])
AT = 0.05
MATCHES = 5
Result = TypeVar("Result")


def corpus(lags: Array, papers: int, rng: np.random.Generator) -> Tagged:
    """Papers of communities that take up each method so many years after 2013, lags of shape (communities, methods)."""
    height, rate = rng.uniform(0.15, 0.5, lags.shape[1]), rng.uniform(0.6, 1.2, lags.shape[1])
    community, year = (part.ravel() for part in np.indices((len(lags), len(YEARS))).repeat(papers, axis=2))
    late = YEARS[year][:, None] - 2014 - lags[community]
    names = rng.random(late.shape) < height / (1 + np.exp(-rate * late))
    frame = pl.DataFrame({"community": [f"c{i}" for i in community], "year": YEARS[year].astype(np.int32)})
    return _tagged(frame, names, [f"m{i}" for i in range(lags.shape[1])])


def planted(corpora: int, papers: int, draws: int) -> None:
    """Coverage of intervals of planted lags and of the difference of half-ceiling years."""
    lags = np.repeat(LAGS[:, None], 6, axis=1)
    held: dict[str, list[bool]] = {"lag": [], "pair": [], "half": []}
    for seed in range(corpora):
        one = corpus(lags, papers, np.random.default_rng(seed))
        observed, drawn = count(one, "method"), resampled(one, "method", draws, seed)
        found = transfer(observed, drawn, at=(AT,)).reached.filter(pl.col("community") != "c0")
        true = found["community"].replace_strict({f"c{i}": float(lag) for i, lag in enumerate(LAGS)})
        inside = _inside(found["lag_low"], found["lag_high"], true)
        held["lag"] += inside
        held["pair"].append(inside[found.select("community", "name").rows().index(("c2", "m0"))])
        half = adoption_curves(observed, drawn, at=()).filter(pl.col("quantity") == "50 % of the ceiling")
        middle = half["community"].replace_strict({f"c{i}": 2014.0 + lag for i, lag in enumerate(LAGS)})
        held["half"] += _inside(half["low"], half["high"], middle)
    sys.stdout.write(
        f"{corpora} corpora of {papers} papers a community and year, {draws} draws, 95 % intervals hold the planted\n"
        f"  lag of one community and method:         {100 * np.mean(held['pair']):.0f} % of corpora\n"
        f"  lag of every community and method:       {100 * np.mean(held['lag']):.1f} % of {len(held['lag'])}\n"
        f"  year of half the ceiling, of every one:  {100 * np.mean(held['half']):.1f} % of {len(held['half'])}\n"
    )


def random_orders(corpora: int, papers: int, draws: int) -> None:
    """How often an edge is called real where each method is taken up in an order of its own."""
    called = []
    for seed in range(corpora):
        rng = np.random.default_rng([seed, 1])
        one = corpus(rng.permuted(np.repeat(np.arange(6)[:, None], 20, axis=1), axis=0), papers, rng)
        edges = transfer(count(one, "method"), resampled(one, "method", draws, seed), at=(AT,)).network
        called.append(bool((edges["p_adjusted"] < 0.05).any()))
    sys.stdout.write(
        f"  an edge where orders are random:         {100 * np.mean(called):.0f} % of corpora (5 % at most)\n"
    )


def real(folder: Path, draws: int) -> None:
    """Time of all parts, openings of the past, and what hashing misses."""
    tagged = _real(folder)
    observed, took = _timed(lambda: count(tagged, "method"))
    drawn, more = _timed(lambda: resampled(tagged, "method", draws, 0))
    null, most = _timed(lambda: shuffled(tagged, "method", 200, 0))
    sys.stdout.write(
        f"{len(tagged.papers)} papers, {draws} draws\n  counts {took:.2f} s, draws {more:.2f} s, null {most:.2f} s\n"
    )
    parts: dict[str, Callable[[], object]] = {
        "adoption": lambda: adoption(observed, drawn),
        "curves": lambda: adoption_curves(observed, drawn),
        "transfer": lambda: transfer(observed, drawn, null),
        "duplication": lambda: duplication(tagged.papers),
        "openings": lambda: openings(observed, drawn),
        "exploration": lambda: exploration(observed, drawn, tagged.first_known, _different(observed)),
        "associations": lambda: associations(_beside(tagged)),
    }
    before = process_time()
    seconds = {name: _timed(part)[1] for name, part in parts.items()}
    sys.stdout.write("".join(f"  {name:<14}{spent:6.2f} s\n" for name, spent in seconds.items()))
    busy = process_time() - before
    sys.stdout.write(f"  {'together':<14}{sum(seconds.values()):6.2f} s, {busy:.2f} s of them on a processor\n")
    _past_openings(observed)
    _missed(tagged.papers.frame["title"])


def _different(observed: Counts) -> Floats:
    """How many methods as common as each other would be as diverse: the inverse of the sum of squared shares."""
    total = np.maximum(observed.naming, 1)[..., None]
    return np.where(observed.naming >= 20, 1 / np.maximum(((observed.parts / total) ** 2).sum(axis=-1), 1e-12), np.nan)


def _past_openings(observed: Counts) -> None:
    sys.stdout.write("Openings taken up, beside random absent pairs as common elsewhere\n")
    for then, now in ((2016, 2021), (2018, 2023), (2020, 2025)):
        past = taken_up(observed, then, now, Rules())
        for top in (10, 20):
            share, (matched, low, high) = _against_chance(past, top)
            sys.stdout.write(
                f"  {then} to {now}, first {top} of {len(past['taken'])}: {100 * share:.0f} %, by chance "
                f"{100 * matched:.0f} % [{100 * low:.0f}, {100 * high:.0f}], all {100 * past['taken'].mean():.0f} %\n"
            )


def _against_chance(past: dict[str, Array], top: int) -> tuple[float, tuple[float, float, float]]:
    """Share of the first that were taken up, and of as many pairs drawn among those nearest in popularity."""
    first = np.argsort(-past["score"], kind="stable")[:top]
    far = np.abs(np.log(past["popularity"][first, None]) - np.log(past["popularity"]))
    far[np.arange(len(first)), first] = np.inf
    like = np.argsort(far, axis=1)[:, :MATCHES]
    rng = np.random.default_rng(0)
    picks = like[np.arange(len(first)), rng.integers(like.shape[1], size=(10_000, len(first)))]
    drawn = past["taken"][picks].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(past["taken"][first].mean()), (float(drawn.mean()), float(low), float(high))


def _missed(titles: pl.Series, sample: int = 40_000) -> None:
    """Share of copies with another last word that hashing joins to their titles, by their exact likeness."""
    rng = np.random.default_rng(0)
    some = titles.gather(rng.choice(len(titles), sample, replace=False))
    copies = some.str.replace(r"\p{L}+\P{L}*$", "otherwise")
    (found, long), spent = _timed(lambda: near_duplicates(pl.concat([some, copies])))
    alike = np.array([_jaccard(*pair) for pair in zip(some, copies, strict=True)])
    joined, judged = found[:sample] == found[sample:], long[:sample] & long[sample:]
    near, far = (judged & (alike >= 0.8), judged & (alike < 0.8))
    sys.stdout.write(
        f"{sample} titles and copies with another last word, {spent:.2f} s: of those alike by 0.8 or more "
        f"{100 * joined[near].mean():.2f} % of {near.sum()} are joined, "
        f"of the others {100 * joined[far].mean():.2f} %\n"
    )


def _jaccard(first: str, second: str) -> float:
    words = [re.findall(r"[^\W_]+", text.lower()) for text in (first, second)]
    one, other = (set(pairwise(text)) for text in words)
    return len(one & other) / max(len(one | other), 1)


def _real(folder: Path) -> Tagged:
    columns = pl.col("community", "venue").cast(pl.String), pl.col("year").cast(pl.Int32)
    frame = pl.read_parquet(folder / "papers" / "papers.parquet").with_columns(*columns)
    flags = pl.read_parquet(folder / "papers" / "method_flags.parquet")
    names = [name for name in flags.columns if name.startswith("W.")]
    return _tagged(frame, flags.select(names).to_numpy(), [name[2:] for name in names])


def _beside(tagged: Tagged) -> Tagged:
    """The same with its methods as what stands beside them, and venues: as many pairs as a vocabulary may have."""
    venues, which = np.unique(tagged.papers.frame["venue"].fill_null("").to_numpy(), return_inverse=True)
    at = sp.csr_array((np.ones(len(which), dtype=bool), (np.arange(len(which)), which)))
    beside = {"tool": (tagged.methods, tagged.names), "venue": (tuple(venues), at)}
    return Tagged(*list(vars(tagged).values())[:-1], beside)


def _tagged(frame: pl.DataFrame, names: Array, methods: list[str]) -> Tagged:
    where, nothing = tuple(range(len(methods))), (None,) * len(methods)
    return Tagged(Papers(frame, "memory"), tuple(methods), tuple(methods), where, nothing, sp.csr_array(names), {})


def _inside(low: pl.Series, high: pl.Series, true: pl.Series) -> list[bool]:
    ends: tuple[Floats, Floats] = (low.fill_null(-np.inf).to_numpy(), high.fill_null(np.inf).to_numpy())
    return list((ends[0] <= true.to_numpy()) & (true.to_numpy() <= ends[1]))


def _timed(function: Callable[[], Result]) -> tuple[Result, float]:
    start = perf_counter()
    return function(), perf_counter() - start


def main() -> None:
    """Print what was planted and found, and what real papers say."""
    parser = argparse.ArgumentParser(description="Transfer of methods between communities.")
    for name, value in (("corpora", 100), ("papers", 400), ("draws", 400)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--data", type=Path, default=os.environ.get("POLYCULTURE_DATA"), help="folder of the data")
    asked = parser.parse_args()
    if asked.corpora:
        planted(asked.corpora, asked.papers, asked.draws)
        random_orders(asked.corpora, asked.papers // 2, 50)
    if asked.data:
        real(Path(asked.data), 1000)


if __name__ == "__main__":
    main()
