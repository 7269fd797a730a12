"""Amazon books and films, discs and music: what the other domain's interactions bring to each.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/amazon_recommend.py``. Protocol: one held-out item of each user and
domain; all items of the domain are ranked that the user has not in train; NDCG@10 and Recall@10 over all users. "Alone"
is the same methods, chosen on the same held-out training interactions, on the domain's interactions alone. Methods,
settings, weights and what edges of the other domain weigh are chosen by NDCG@10 on a tenth of each user's training
interactions. The difference is tested over users (paired bootstrap of the mean, 10,000 draws; Wilcoxon's signed-rank
test). New users: three tenths of the users lose their whole history in one domain before anything is chosen or fitted,
and are judged on all of it; the choice is made on three tenths of the others, who lose one in turn.
An item of one domain and one of the other are counterparts if at least two users and half of all users of either have
both; the gain is also given apart for users who have no counterpart of their held-out item in their history.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import scipy.sparse as sp
from scipy.stats import wilcoxon

from polyculture.data.interactions import Interactions
from polyculture.progress import LOG
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.choice import Choice
from polyculture.recommend.choose import Plan, choose_new, items_of
from polyculture.recommend.edges import edges_of, held_out
from polyculture.recommend.judged import baselines, by_user
from polyculture.recommend.serving import serve
from polyculture.training import threads

K = 10
DRAWS = 10_000
COUNTERPART = 0.5
"""Share of the users of either of two items who have both."""
MEASURES = (f"ndcg@{K}", f"recall@{K}")

Row = dict[str, Any]


def read(path: Path, pair: str) -> Interactions:
    """One pair of domains."""
    rows = pl.read_parquet(path).filter(pl.col("pair") == pair)
    columns = {name: rows[name].to_list() for name in ("user", "item", "domain", "split")}
    return Interactions.of(columns["user"], columns["item"], domain=columns["domain"], split=columns["split"])


def known_users(data: Interactions, model: CrossDomainRecommender) -> Iterator[Row]:
    """Rows of each domain for users with a history in it."""
    test = data.take(data.within("test"))
    seen = sum(model.edges_.values())
    for name, serving in model.serving_.items():
        relevant = test.matrix(domain=name)
        users = np.flatnonzero(np.diff(relevant.indptr))
        found = {each: by_user(of, users, seen, relevant, (K,)) for each, of in baselines(serving).items()}
        for each, values in found.items():
            yield {"domain": name, "users": len(users), "model": each} | _means(values)
        gain = found["fused"][MEASURES[0]] - found["specialist"][MEASURES[0]]
        yield {"domain": name, "users": len(users), "model": "gain"} | compared(gain)
        lengths = np.diff(model.edges_[name].indptr)[users]
        yield from _by_activity(name, lengths, gain, found["specialist"][MEASURES[0]])
        yield from _by_counterpart(model, name, relevant[users], users, gain, found["specialist"][MEASURES[0]])


def compared(gain: np.ndarray) -> Row:
    """Mean difference with its interval, and both tests' probabilities."""
    rng = np.random.default_rng(0)
    draws = np.array([gain[rng.integers(0, len(gain), len(gain))].mean() for _ in range(DRAWS)])
    low, high = np.quantile(draws, (0.025, 0.975))
    rank = float(wilcoxon(gain).pvalue) if gain.any() else 1.0
    sides = min(float((draws <= 0).mean()), float((draws >= 0).mean()))
    return {
        "gain": float(gain.mean()),
        "low": float(low),
        "high": float(high),
        "p": min(1.0, 2 * sides),
        "wilcoxon": rank,
    }


def _by_activity(domain: str, lengths: np.ndarray, gain: np.ndarray, alone: np.ndarray) -> Iterator[Row]:
    """The gain in three groups of users by the length of their history in the domain."""
    edges = np.quantile(lengths, (1 / 3, 2 / 3))
    group = np.searchsorted(edges, lengths)
    for each in np.unique(group):
        mine = group == each
        span = f"{lengths[mine].min()} to {lengths[mine].max()}"
        row = {"domain": domain, "users": int(mine.sum()), "model": f"gain, {span} interactions"}
        yield row | {"alone": float(alone[mine].mean())} | compared(gain[mine])


def counterparts(own: sp.csr_array, other: sp.csr_array) -> sp.csr_array:
    """Items by items: 1 where an item of one domain has almost the same users as one of the other."""
    both = sp.coo_array(own.T @ other)
    mine, its = (np.asarray(matrix.sum(axis=0)).ravel() for matrix in (own, other))
    rows, columns = both.coords
    like = both.data / (mine[rows] + its[columns] - both.data)
    # an item of several domains is no counterpart of itself
    there = (like >= COUNTERPART) & (both.data >= 2) & (rows != columns)
    return sp.csr_array((np.ones(there.sum()), (rows[there], columns[there])), shape=both.shape)


def _by_counterpart(
    model: CrossDomainRecommender,
    domain: str,
    relevant: sp.csr_array,
    users: np.ndarray,
    gain: np.ndarray,
    alone: np.ndarray,
) -> Iterator[Row]:
    """The gain of users who have a counterpart of what is held out in their history elsewhere, and of the others."""
    for other in set(model.edges_) - {domain}:
        found = relevant @ counterparts(model.edges_[domain], model.edges_[other])
        has = np.asarray(found.multiply(model.edges_[other][users]).sum(axis=1)).ravel() > 0
        for mine, name in ((has, "counterpart in their history"), (~has, "no counterpart in their history")):
            if mine.any():
                row = {"domain": domain, "users": int(mine.sum()), "model": f"gain, {name}"}
                yield row | {"alone": float(alone[mine].mean())} | compared(gain[mine])


def new_users(data: Interactions, share: float, model: CrossDomainRecommender) -> Iterator[Row]:
    """Rows of each domain for users who lost their history in it; others who lose one are what is chosen by."""
    rng = np.random.default_rng(model.random_state)
    lost = np.full(len(data.users), -1)
    chosen = rng.permutation(len(data.users))[: round(share * len(data.users))]
    lost[chosen] = rng.integers(0, len(data.domains), len(chosen))
    gone = lost[data.user] == data.domain
    left = data.take(data.within("train") & ~gone)
    edges, away = edges_of(left), edges_of(data.take(gone))
    held = held_out(edges, 0.0, share, model.random_state + 1)
    plan = Plan(tuple(model.method), model.others, model.most_users, model.vectors, model.k, model.random_state)
    seen, nothing = sum(edges.values()), float("nan")
    for code, name in enumerate(data.domains.tolist()):
        items = items_of(left, name, code)
        members, worth = choose_new(held, name, items, plan)
        choice = Choice(warm=[], cold=members, alone=[], worth=nothing, cold_worth=worth)
        LOG.info("%s", choice.told(name)[1])
        serving = serve(edges, name, items, choice, seed=model.random_state)
        users = np.flatnonzero((lost == code) & (np.diff(away[name].indptr) > 0))
        found = {n: by_user(of, users, seen, away[name], (K,)) for n, of in baselines(serving).items()}
        for each in ("fused", "popularity"):
            yield {"domain": name, "users": len(users), "model": f"new users, {each}"} | _means(found[each])
        gain = found["fused"][MEASURES[0]] - found["popularity"][MEASURES[0]]
        yield {"domain": name, "users": len(users), "model": "new users, gain on popularity"} | compared(gain)


def _means(values: dict[str, np.ndarray]) -> Row:
    return {name: float(values[name].mean()) for name in MEASURES}


def table(rows: list[Row]) -> Iterator[str]:
    """Lines in Markdown."""
    yield f"| domain | | users | {' | '.join(MEASURES)} |"
    yield "|---|---|---|---|---|"
    for row in rows:
        if "gain" in row:
            span = f"{row['gain']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"
            told = f"{span} | p = {row['p']:.4f}, Wilcoxon {row['wilcoxon']:.1e}"
            if "alone" in row:
                told += f", alone {row['alone']:.4f}"
        else:
            told = " | ".join(f"{row[name]:.4f}" for name in MEASURES)
        yield f"| {row['domain']} | {row['model']} | {row['users']} | {told} |"


def main() -> None:
    """Both pairs, and one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--pairs", nargs="+", default=["Book_Movie", "CD_Music"])
    parser.add_argument("--methods", nargs="+", default=["popularity", "co_occurrence", "ease"])
    parser.add_argument("--users", type=int, default=1500, help="users to choose by, at most")
    parser.add_argument("--others", type=float, nargs="+", default=[0.5, 1.0], help="weights of the other domain")
    parser.add_argument("--new", type=float, default=0.3, help="share of users who lose a domain; 0 leaves that out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    settings = {"method": chosen.methods, "most_users": chosen.users, "k": K, "random_state": chosen.seed}
    settings |= {"others": tuple(chosen.others), "cold_validation": 0.1 if chosen.new else 0.0}
    start, notes = time.process_time(), []
    rows: list[Row] = []
    for pair in chosen.pairs:
        with threads(chosen.threads):
            data = read(chosen.data_dir / "amazon_cross_domain" / "interactions.parquet", pair)
            model = CrossDomainRecommender(**settings).fit(data)
            rows += known_users(data, model)
            notes += model.notes()
            sys.stderr.write("\n".join([*table(rows), *notes]) + "\n")
            if chosen.new:
                rows += new_users(data, chosen.new, model)
        if chosen.json:
            chosen.json.write_text(json.dumps({"rows": rows, "notes": notes}, indent=1), encoding="utf-8")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write("\n".join([*table(rows), "", *notes]) + "\n")
    sys.stdout.write(
        f"Seed {chosen.seed}, {time.process_time() - start:.0f} s of processor time, peak memory {peak:.1f} GiB.\n"
    )


if __name__ == "__main__":
    main()
