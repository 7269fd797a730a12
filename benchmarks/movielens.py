"""MovieLens 100K in RecBole's protocol, on several splits.

Run ``python benchmarks/movielens.py``. Protocol: all 100,000 ratings count as interactions; of each user's, drawn at
random, a tenth rounded down (at least one) is for the test, as many are for validation, and the rest is train; all
films are ranked that the user has neither in train nor in validation, NDCG@10 with the best list ended at 10, mean over
users with test items. The model is fitted on the train part alone; validation chooses method, settings and weights by
NDCG@10, where test items count as films that were not taken. "Train and validation" is the same choice, fitted again
with the validation part. The interval is that of the mean over splits (Student's t, 95 %).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from polyculture.data.interactions import Interactions, load_interactions
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.edges import edges_of
from polyculture.recommend.judged import by_user
from polyculture.recommend.serving import Serving, serve
from polyculture.recommend.times import times_of
from polyculture.training import threads

K = 10
RATED = "auto, ratings as weights"
RATING_WEIGHT = 0.17
"""About 0.15 for each star; chosen on the validation parts of splits 10 to 12."""
METHODS: dict[str, str | tuple[str, ...]] = {
    "popularity": "popularity",
    "EASE": "ease",
    "spectral": "spectral",
    "auto": "auto",
    RATED: "auto",
}
Row = dict[str, float]


def split(data: Interactions, seed: int) -> Interactions:
    """Of each user's interactions a random tenth, rounded down, to judge on, as many to choose by, and the rest."""
    order = np.lexsort((np.random.default_rng(seed).random(len(data)), data.user))
    counts = np.bincount(data.user, minlength=len(data.users))
    place = np.empty(len(data), dtype=np.int64)
    place[order] = np.arange(len(data)) - np.repeat(np.cumsum(counts) - counts, counts)
    tenth = np.maximum(1, counts // 10)[data.user]
    names = np.where(place < tenth, "test", np.where(place < 2 * tenth, "validation", "train"))
    return replace(data, split=names.astype(object))


def rows_of(data: Interactions, seed: int, names: Sequence[str]) -> tuple[dict[str, Row], list[str]]:
    """Test measures of popularity, each method alone, and the blend; and what was chosen."""
    test = data.take(data.within("test")).matrix()
    seen = data.take(data.within("train", "validation")).matrix()
    users = np.flatnonzero(np.diff(test.indptr))

    def means(serving: Serving) -> Row:
        return {name: float(each.mean()) for name, each in by_user(serving, users, seen, test, (K,)).items()}

    rows, notes = {}, []
    for name in names:
        start, weight = time.process_time(), RATING_WEIGHT if name == RATED else 0.0
        # rows of one method say what it is worth alone
        model = CrossDomainRecommender(
            METHODS[name],
            refit=False,
            k=K,
            rating_weight=weight,
            reorder=METHODS[name] == "auto",
            random_state=seed,
        ).fit(data)
        rows[name] = means(model.serving_["all"]) | {"seconds": time.process_time() - start}
        if weight:
            notes += model.notes()
            both = serve(
                edges_of(data.take(~data.within("test")), weight),
                "all",
                model.serving_["all"].items,
                model.choices_["all"],
                times=times_of(data),
                seed=seed,
            )
            rows[f"{name}, fitted on train and validation"] = means(both) | {"seconds": time.process_time() - start}
    return rows, notes


def table(runs: list[dict[str, Row]]) -> Iterator[str]:
    """Lines in Markdown."""
    names = [f"{name}@{K}" for name in ("ndcg", "recall", "mrr", "hit_rate")]
    yield "| | " + " | ".join(names) + " | processor s |"
    yield "|---" * (len(names) + 2) + "|"
    yield "| BPR, published by RecBole | 0.2768 | 0.2368 | 0.4519 | 0.7614 | |"
    for row in runs[0]:
        cells = [_interval([run[row][name] for run in runs]) for name in names]
        yield f"| {row} | {' | '.join(cells)} | {np.mean([run[row]['seconds'] for run in runs]):.1f} |"


def _interval(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.4f}"
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.4f} ± {half:.4f}"


def main() -> None:
    """All splits, and one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--rows", nargs="+", choices=METHODS, default=list(METHODS), help="rows of the table")
    parser.add_argument("--cache", type=Path, default=os.environ.get("POLYCULTURE_CACHE"), help="folder of the archive")
    parser.add_argument("--json", type=Path, help="file for every split's numbers")
    chosen = parser.parse_args()
    data = load_interactions("movielens", cache=chosen.cache)
    runs, told, start = [], {}, time.process_time()
    for seed in chosen.seeds:
        with threads(1):
            rows, told[seed] = rows_of(split(data, seed), seed, chosen.rows)
        runs.append(rows)
        if chosen.json:
            kept = {"runs": dict(zip(chosen.seeds, runs, strict=False)), "notes": told}
            chosen.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    sys.stdout.write("\n".join([*table(runs), "", *(f"Split {seed}: {'; '.join(told[seed])}" for seed in told)]) + "\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"{len(runs)} splits (seeds {', '.join(map(str, chosen.seeds))}), {time.process_time() - start:.0f} s of "
        f"processor time for all rows of all, peak memory {peak:.1f} GiB.\n"
    )


if __name__ == "__main__":
    main()
