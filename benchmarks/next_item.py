"""The next film of each user of MovieLens 100K, by models that know the order of a history and models that do not.

Run ``python benchmarks/next_item.py``. Protocol: all 100,000 ratings count as interactions; the last of each user is
the test, the one before it is for validation, and the rest is train (ties in time are broken at random). All films are
ranked that the user has in neither train nor validation; NDCG and the hit rate at 10, mean over all users with the
standard error over users. Settings and weights are chosen on the validation part; the model is fitted again with it, as
a history must reach to the last item but one. Networks have no settings that are searched here: their defaults were
settled by ``--tune``, on the validation part alone.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Floats
from polyculture.data.interactions import Interactions, hold_out, load_interactions
from polyculture.recommend import MODELS, CrossDomainRecommender
from polyculture.recommend.edges import edges_of
from polyculture.recommend.judged import by_user
from polyculture.recommend.jury import Jury
from polyculture.recommend.search import NETWORKS
from polyculture.recommend.times import times_of
from polyculture.training import threads

K = 10
ORDERLESS = ("popularity", "co_occurrence", "spectral", "ease", "user_ease")
METHODS: dict[str, str | tuple[str, ...]] = {
    "popularity": "popularity",
    "co_occurrence": "co_occurrence",
    "EASE": "ease",
    "timed_ease": "timed_ease",
    "blend without order": ORDERLESS,
    "Markov chain": "markov",
    "GRU": "gru4rec",
    "Transformer": "sasrec",
    "blend of all": (*ORDERLESS, "timed_ease", "markov", "gru4rec", "sasrec"),
}
TRIED: dict[str, tuple[Any, ...]] = {
    "dropout": (0.15, 0.5),
    "epochs": (10, 40),
    "learning_rate": (0.001,),
}
Row = dict[str, Floats]


def split(data: Interactions, seed: int) -> Interactions:
    """The last interaction of each user to judge on, the one before to choose by."""
    return hold_out(hold_out(data, "last", seed=seed), "last", seed=seed, split="validation")


def row_of(data: Interactions, method: str | tuple[str, ...], seed: int) -> tuple[Row, list[str], float]:
    """Measures of each user, what was chosen, and seconds of processor time."""
    start = time.process_time()
    model = CrossDomainRecommender(method, k=K, reorder=False, random_state=seed).fit(data)
    test = data.take(data.within("test")).matrix()
    seen = data.take(~data.within("test")).matrix()
    found = by_user(model.serving_["all"], np.flatnonzero(np.diff(test.indptr)), seen, test, (K,))
    return found, model.notes(), time.process_time() - start


def tune(data: Interactions, name: str, seed: int) -> Iterator[str]:
    """Validation NDCG of a network's settings, one moved at a time from the defaults."""
    train, held = data.take(data.within("train")), data.take(data.within("validation")).matrix()
    matrix, times, items = edges_of(train)["all"], times_of(train), np.arange(len(data.items))
    jury = Jury.of(np.flatnonzero(np.diff(held.indptr)), items, matrix, held, K)
    tried: list[Mapping[str, Any]] = [{}, *({key: value} for key, values in TRIED.items() for value in values)]
    for settings in tried:
        start = time.process_time()
        model = MODELS.load(name)(matrix, times=times, random_state=seed, **settings)
        worth, seconds = jury.worth(model.scores(jury.rows, items)), time.process_time() - start
        yield f"| {name} | {settings or 'defaults'} | {worth:.4f} | {seconds:.0f} |"


def table(rows: Mapping[str, tuple[Row, list[str], float]]) -> Iterator[str]:
    """Lines in Markdown."""
    yield f"| | NDCG@{K} | HR@{K} | processor s |"
    yield "|---|---|---|---|"
    for name, (found, _, seconds) in rows.items():
        cells = [f"{np.mean(x):.4f} ± {np.std(x, ddof=1) / np.sqrt(len(x)):.4f}" for x in _two(found)]
        yield f"| {name} | {' | '.join(cells)} | {seconds:.0f} |"


def _two(found: Row) -> list[Floats]:
    return [found[f"ndcg@{K}"], found[f"hit_rate@{K}"]]


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", nargs="+", choices=METHODS, default=list(METHODS), help="rows of the table")
    parser.add_argument("--tune", choices=NETWORKS, help="judge settings of a network on the validation part")
    parser.add_argument("--cache", type=Path, default=os.environ.get("POLYCULTURE_CACHE"), help="folder of the archive")
    parser.add_argument("--json", type=Path, help="file for every row's numbers")
    chosen = parser.parse_args()
    data = split(load_interactions("movielens", cache=chosen.cache), chosen.seed)
    with threads(1):
        if chosen.tune:
            for line in tune(data, chosen.tune, chosen.seed):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            return
        rows = {name: row_of(data, METHODS[name], chosen.seed) for name in chosen.rows}
    sys.stdout.write("\n".join([*table(rows), "", *(note for _, notes, _ in rows.values() for note in notes)]) + "\n")
    if chosen.json:
        kept = {name: {"ndcg": _two(found)[0].tolist(), "notes": notes} for name, (found, notes, _) in rows.items()}
        chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(f"{int((~data.within('test')).sum())} interactions learnt from, peak memory {peak:.1f} GiB.\n")


if __name__ == "__main__":
    main()
