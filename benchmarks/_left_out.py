"""What the benchmarks of images share: one domain left out, weights learnt on left-out training domains, one table."""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from threadpoolctl import threadpool_limits

from polyculture.fuse import LogPool, logit_ensemble
from polyculture.measure import bootstrap

Answer = Callable[[np.ndarray], np.ndarray]
FUSED, EQUAL = "fused", "fused, equal weights"
SHRINKAGE = 0.2
"""Of the covariance of a head over frozen vectors, towards a multiple of the identity."""


@dataclass(frozen=True)
class Base:
    """A base model: `fit(rows, seed)` learns from rows and gives a function from rows to probabilities."""

    fit: Callable[[np.ndarray, int], Answer]
    seeded: bool = True
    fused: bool = True


@dataclass(frozen=True)
class Task:
    """Codes of classes, domains, parts of a split and what each picture shows, one entry an image."""

    y: np.ndarray
    domain: np.ndarray
    split: np.ndarray
    item: np.ndarray

    @property
    def domains(self) -> list[str]:
        """Their names, sorted."""
        return sorted(set(self.domain.tolist()))

    def rows(self, parts: Sequence[str], *, without: Sequence[str] = (), only: str | None = None) -> np.ndarray:
        """Positions in these parts of the split, outside of some domains or inside of one."""
        here = np.isin(self.split, parts) & ~np.isin(self.domain, without)
        return np.flatnonzero(here if only is None else here & (self.domain == only))


def arguments(description: str | None, *, networks: Sequence[str]) -> argparse.Namespace:
    """Seeds, networks from scratch, processes, and where to keep the numbers."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--networks", nargs="*", choices=networks, default=["cnn"])
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="file for every number")
    return parser.parse_args()


def head(vectors: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Linear discriminants with one shrunken covariance: a head over frozen vectors in closed form."""
    mean, spread = vectors.mean(0), vectors.std(0) + 1e-3 * vectors.std()
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE)
    with threadpool_limits(1):
        model.fit((vectors - mean) / spread, y)
    return lambda later: model.predict_proba((later - mean) / spread)


def _one(base: Base, train: np.ndarray, test: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
    start = time.process_time()
    return base.fit(train, seed)(test), time.process_time() - start


def _all(calls: Sequence[tuple[Base, np.ndarray, np.ndarray, int]], jobs: int) -> list[tuple[np.ndarray, float]]:
    """Each call's answers and seconds: heads here, networks in processes of their own, as heads carry large arrays."""
    slow = [i for i, call in enumerate(calls) if call[0].seeded]
    found: list[Any] = [None if call[0].seeded else _one(*call) for call in calls]
    for i, done in zip(slow, Parallel(n_jobs=jobs)(delayed(_one)(*calls[i]) for i in slow), strict=True):
        found[i] = done
    return found


def _nested(task: Task, bases: Mapping[str, Base], jobs: int) -> tuple[dict[Any, np.ndarray], float]:
    """Answers for validation items of each domain, by models that saw neither it nor one more domain."""
    fused = [name for name, base in bases.items() if base.fused]
    asked = [(name, pair) for pair in combinations(task.domains, 2) for name in fused]
    calls = [
        (
            bases[name],
            task.rows(["train"], without=pair),
            np.concatenate([task.rows(["validation"], only=d) for d in pair]),
            0,
        )
        for name, pair in asked
    ]
    found = _all(calls, jobs)
    answers = {}
    for (name, pair), (p, _) in zip(asked, found, strict=True):
        first = len(task.rows(["validation"], only=pair[0]))
        answers[name, pair[0], pair[1]], answers[name, pair[1], pair[0]] = p[:first], p[first:]
    return answers, sum(seconds for _, seconds in found)


def _pool(task: Task, bases: Mapping[str, Base], nested: Mapping[Any, np.ndarray], target: str) -> LogPool:
    """Weights for a target from validation items of the other domains, each answered by models that saw neither."""
    others = [domain for domain in task.domains if domain != target]
    fused = [name for name, base in bases.items() if base.fused]
    answers = np.stack([np.concatenate([nested[name, d, target] for d in others]) for name in fused])
    truth = np.concatenate([task.y[task.rows(["validation"], only=d)] for d in others])
    return LogPool(own=0).fit(answers, truth, np.repeat("any", len(truth)))


def _finals(
    task: Task, bases: Mapping[str, Base], seeds: Sequence[int], jobs: int
) -> tuple[dict[Any, np.ndarray], float]:
    """Answers for test items of each domain, by models that saw the others' training and validation items."""
    asked = [
        (name, target, seed)
        for target in task.domains
        for seed in seeds
        for name, base in bases.items()
        if base.seeded or seed == seeds[0]
    ]
    parts = ["train", "validation"]
    calls = [
        (bases[name], task.rows(parts, without=[target]), task.rows(["test"], only=target), seed)
        for name, target, seed in asked
    ]
    found = _all(calls, jobs)
    answers = {key: p for key, (p, _) in zip(asked, found, strict=True)}
    whole = {
        (name, target, seed): answers[name, target, seed if base.seeded else seeds[0]]
        for target in task.domains
        for seed in seeds
        for name, base in bases.items()
    }
    return whole, sum(seconds for _, seconds in found)


def judged(task: Task, bases: Mapping[str, Base], seeds: Sequence[int], jobs: int) -> dict[str, Any]:
    """Accuracy of every row by domain and seed, leads of the fused model with intervals, weights and seconds."""
    begun = time.perf_counter()
    nested, one = _nested(task, bases, jobs)
    answers, two = _finals(task, bases, seeds, jobs)
    fused, weights = [name for name, base in bases.items() if base.fused], {}
    for target in task.domains:
        pool = _pool(task, bases, nested, target)
        weights[target] = dict(zip(fused, pool.weights_.round(3).tolist(), strict=True))
        for seed in seeds:
            stacked = np.stack([answers[name, target, seed] for name in fused])
            answers[FUSED, target, seed] = pool.predict_proba(stacked, np.repeat("any", stacked.shape[1]))
            answers[EQUAL, target, seed] = logit_ensemble(stacked)
    right = {
        name: {
            d: np.stack([answers[name, d, s].argmax(1) == task.y[task.rows(["test"], only=d)] for s in seeds])
            for d in task.domains
        }
        for name in (FUSED, EQUAL, *bases)
    }
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    return {
        "rows": {name: _row(task, right, name) for name in right},
        "weights": weights,
        "seeds": list(seeds),
        "test_items": {d: len(task.rows(["test"], only=d)) for d in task.domains},
        "seconds": {"wall": time.perf_counter() - begun, "in models": one + two},
        "largest process, MB": memory,
    }


def _row(task: Task, right: Mapping[str, Mapping[str, np.ndarray]], name: str) -> dict[str, Any]:
    by_domain = {d: float(100 * hits.mean()) for d, hits in right[name].items()}
    by_seed = np.mean([100 * hits.mean(axis=1) for hits in right[name].values()], axis=0)
    found: dict[str, Any] = {"by_domain": by_domain, "mean": float(by_seed.mean()), "by_seed": by_seed.tolist()}
    if name != FUSED:
        lead = bootstrap(np.mean, 100 * _each_item(task, right[FUSED], right[name]), samples=2000, seed=0)
        found["lead"] = {"estimate": lead.estimate, "low": lead.low, "high": lead.high}
        found["leads of seeds"] = (
            np.mean([100 * hits.mean(axis=1) for hits in right[FUSED].values()], axis=0) - by_seed
        ).tolist()
    return found


def _each_item(task: Task, one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> np.ndarray:
    """Mean lead on each item over seeds and over its domains: pictures of one item are not independent."""
    items = np.concatenate([task.item[task.rows(["test"], only=d)] for d in task.domains])
    lead = np.concatenate([(one[d].astype(float) - other[d]).mean(axis=0) for d in task.domains])
    _, place = np.unique(items, return_inverse=True)
    return np.bincount(place, lead) / np.bincount(place)


def markdown(found: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the table, the best mean first."""
    domains = list(found["test_items"])
    yield "| accuracy, % | " + " | ".join(domains) + " | mean | seeds | the fused model is ahead by (95 %) |"
    yield "|---" * (len(domains) + 4) + "|"
    for name, row in sorted(found["rows"].items(), key=lambda item: -item[1]["mean"]):
        numbers = " | ".join(f"{row['by_domain'][d]:.1f}" for d in domains)
        lead = row.get("lead")
        said = "" if lead is None else f"{lead['estimate']:+.1f} ({lead['low']:+.1f} to {lead['high']:+.1f})"
        seeds = f"{min(row['by_seed']):.1f}–{max(row['by_seed']):.1f}"
        yield f"| {name} | {numbers} | {row['mean']:.1f} | {seeds} | {said} |"


def tell(title: str, found: Mapping[str, Any], file: Path | None) -> None:
    """Print the table, the weights and what it took; keep every number where a file is given."""
    lines = [title, "", *markdown(found), "", "weights by the domain left out:"]
    lines += [f"  {d}: " + ", ".join(f"{n} {w:.2f}" for n, w in own.items()) for d, own in found["weights"].items()]
    took = found["seconds"]
    seconds = f"{took['wall']:.0f} s, of these {took['in models']:.0f} s of processor time in base models"
    lines += ["", f"{seconds}; largest process {found['largest process, MB']:.0f} MB; {os.cpu_count()} processors"]
    sys.stdout.write("\n".join(lines) + "\n")
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"title": title, **found}, indent=1), encoding="utf-8")
