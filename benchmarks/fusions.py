"""Every way to make one model of experts, on three sets of domains: merges, routing, distillation, the ensemble.

    OMP_NUM_THREADS=1 POLYCULTURE_DATA=FOLDER python benchmarks/fusions.py

A network of one hidden layer on 100 singular vectors of the texts, trained on a share of the items of all domains, is
fine-tuned on each domain; every method makes one model of these experts. Settings are chosen by the loss on held-out
items. *Normalised* is accuracy over that of a specialist, a network of the same shape trained on the domain alone;
*unseen* is that on a domain that neither backbone nor experts were trained on (the vectors were found on its texts,
without labels). What merging costs on files is measured by ``fuse_large.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _experts import READERS, Items, Trial, Weights, network, trial

from polyculture.features.backbone import Backbone
from polyculture.fuse.average import average
from polyculture.fuse.distil import distil
from polyculture.fuse.entry import fuse
from polyculture.fuse.fisher import linear_fisher
from polyculture.fuse.routing import calibrated
from polyculture.fuse.similarity import moments
from polyculture.training import threads

GRIDS: dict[str, list[dict[str, Any]]] = {
    "average": [{}],
    "task_arithmetic": [{"scale": s} for s in (0.1, 0.3, 0.6, 1.0)],
    "ties": [{"density": d, "scale": s} for d in (0.2, 0.5) for s in (0.5, 1.0, 1.5)],
    "dare": [{"drop": p} for p in (0.5, 0.9)],
    "wudi": [{"ridge": r} for r in (0.01, 0.1, 1.0, 10.0, 100.0)],
    "tsv_m": [{"scale": s} for s in (0.3, 0.6, 1.0)],
    "iso_c": [{"scale": s} for s in (0.3, 0.6, 1.0)],
    "fisher": [{}],
    "regmean": [{"ridge": r} for r in (0.01, 0.1, 0.3)],
    "regmean_plus_plus": [{"ridge": r} for r in (0.01, 0.1, 0.3)],
    "greedy_soup": [{}],
}
TEMPERATURES = (1.0, 4.0)
STARTS = {"a tenth": 0.1, "all": 1.0}
KNOWN = ("one network of all domains", "own expert, domain told")

Answer = Callable[[np.ndarray, str], np.ndarray]
"""Scores for some vectors; the domain is told to those that may know it."""
Row = dict[str, Any]


def sums(method: str, made: Trial) -> dict[str, Any]:
    """What a method needs besides weights."""
    backbone, names = made.backbone, list(made.experts)
    layers = [name for name in backbone.layer_inputs(made.items.x[:1]) if name != "logits"]
    if method == "regmean":
        return {"grams": [backbone.gram_sums(made.own(name), made.experts[name]) for name in names]}
    if method == "regmean_plus_plus":
        return {"layers": layers, "gather": lambda i, weights: backbone.gram_sums(made.own(names[i]), weights)}
    if method == "greedy_soup":
        return {"score": lambda weights: -made.loss(weights)}
    if method == "fisher":
        return {"fishers": [_head_fisher(made, name, layers[-1]) for name in names]}
    return {}


def _head_fisher(made: Trial, name: str, layer: str) -> Weights:
    received = made.backbone.layer_inputs(made.own(name), made.experts[name])
    raised = np.exp(received["logits"] - received["logits"].max(axis=1, keepdims=True))
    return linear_fisher(received[layer], raised / raised.sum(axis=1, keepdims=True), layer)


def fixed(backbone: Backbone, weights: Weights) -> Answer:
    """One set of weights for all."""
    return lambda x, _: backbone.logits(x, weights)


def merged(method: str, made: Trial) -> tuple[Answer, str]:
    """The setting of a merge that does best on held-out items."""
    given = sums(method, made)
    tried = [(fuse(made.experts, made.backbone.weights_, method, **each, **given), each) for each in GRIDS[method]]
    weights, setting = min(tried, key=lambda each: made.loss(each[0]))
    return fixed(made.backbone, weights), ", ".join(f"{name} {value}" for name, value in setting.items())


def routed(made: Trial) -> tuple[Answer, str]:
    """Experts by the similarity of an item to their domains; the average where it is like none."""
    items, backbone, names = made.items, made.backbone, list(made.experts)
    train, held = items.rows("train"), items.rows("held")

    def experts(x: np.ndarray) -> np.ndarray:
        return np.stack([backbone.answers(x, made.experts[name]) for name in names])

    def without(left: str | None) -> Weights:
        return average(backbone.weights_, [made.experts[name] for name in names if name != left])

    router = calibrated(
        moments(items.x[train], items.domain[train]),
        items.x[held],
        items.y[held],
        items.domain[held],
        experts(items.x[held]),
        {name: backbone.answers(items.x[held], without(name)) for name in names},
    )
    static = without(None)
    strange = router.similarity.strangeness(items.x[held])
    setting = f"T {router.temperature:g}, {100 * (strange <= router.threshold).mean():.0f} % routed"
    return lambda x, _: router.answers(x, experts(x), backbone.answers(x, static)), setting


def student(made: Trial, teacher: Callable[[np.ndarray], np.ndarray]) -> tuple[Answer, str]:
    """A network that learnt the teacher's answers and the labels, from the average of the experts on."""
    items, backbone = made.items, made.backbone
    seen = np.flatnonzero(items.part != "test")
    start = average(backbone.weights_, list(made.experts.values()))
    found = {
        t: distil(
            backbone, items.x[seen], teacher(seen), items.y[seen], temperature=t, start=start,
            validation=items.part[seen] == "held",
        )
        for t in TEMPERATURES
    }  # fmt: skip
    best = min(found, key=lambda t: made.loss(found[t]))
    return fixed(backbone, found[best]), f"T {best:g}"


def own_experts(made: Trial, rows: np.ndarray) -> np.ndarray:
    """Each item's answer by its own domain's expert."""
    found = np.empty((len(rows), 2))
    for name, weights in made.experts.items():
        own = made.items.domain[rows] == name
        found[own] = made.backbone.logits(made.items.x[rows[own]], weights)
    return found


def ensemble(made: Trial) -> Answer:
    """Mean of the experts' log-probabilities."""

    def answer(x: np.ndarray, _: str) -> np.ndarray:
        found = np.stack([made.backbone.answers(x, weights) for weights in made.experts.values()])
        return np.asarray(np.log(np.clip(found, 1e-6, 1)).mean(axis=0))

    return answer


def models(made: Trial) -> Iterator[tuple[str, str, Answer, float]]:
    """Name, setting, answers and seconds of processor time of everything that is made of the experts."""
    yield "backbone", "", fixed(made.backbone, made.backbone.weights_), 0.0
    ways: dict[str, Callable[[], tuple[Answer, str]]] = {
        **{method: (lambda method=method: merged(method, made)) for method in GRIDS},
        "ensemble of all experts": lambda: (ensemble(made), ""),
        "routed by similarity": lambda: routed(made),
        "distilled from own experts": lambda: student(made, lambda rows: own_experts(made, rows)),
        "distilled from the ensemble": lambda: student(made, lambda rows: ensemble(made)(made.items.x[rows], "")),
    }
    for name, way in ways.items():
        start = time.process_time()
        answer, setting = way()
        yield name, setting, answer, time.process_time() - start


def accuracy(items: Items, name: str, answer: Answer) -> float:
    """On a domain's test items."""
    rows = items.rows("test", name)
    return float((answer(items.x[rows], name).argmax(axis=1) == items.y[rows]).mean())


def judged(items: Items, share: float, seed: int, leave: int) -> dict[str, Row]:
    """Accuracy of each model on each domain, seen and unseen."""
    alone = {name: network(items.take(items.domain == name), seed) for name in items.domains}
    specialists = {name: accuracy(items, name, fixed(alone[name], alone[name].weights_)) for name in items.domains}
    rows: dict[str, Row] = {"specialists": {"seen": specialists, "unseen": {}, "setting": "", "seconds": 0.0}}
    pooled = network(items, seed)
    made = trial(items, share, seed)
    known: list[tuple[str, str, Answer, float]] = [
        (KNOWN[0], "", fixed(pooled, pooled.weights_), 0.0),
        (KNOWN[1], "", lambda x, name: made.backbone.logits(x, made.experts[name]), 0.0),
    ]
    for name, setting, answer, seconds in [*known, *models(made)]:
        seen = {domain: accuracy(items, domain, answer) for domain in items.domains}
        rows[name] = {"seen": seen, "unseen": {}, "setting": setting, "seconds": seconds}
    for left in np.random.default_rng(seed).permutation(items.domains)[:leave].tolist():
        others = items.take(items.domain != left)
        apart = network(others, seed)
        rows[KNOWN[0]]["unseen"][left] = accuracy(items, left, fixed(apart, apart.weights_))
        for name, _, answer, _ in models(trial(others, share, seed)):
            rows[name]["unseen"][left] = accuracy(items, left, answer)
    return rows


def normalised(runs: list[dict[str, Row]], name: str) -> tuple[float, float, float]:
    """Accuracy over that of specialists, in per cent: mean and worst of domains, and of unseen ones."""
    means, worst, unseen = [], [], []
    for run in runs:
        own = run["specialists"]["seen"]
        ratios = [found / own[domain] for domain, found in run[name]["seen"].items()]
        means.append(np.mean(ratios))
        worst.append(min(ratios))
        unseen += [found / own[domain] for domain, found in run[name]["unseen"].items()]
    return 100 * float(np.mean(means)), 100 * float(np.mean(worst)), 100 * float(np.mean(unseen or [np.nan]))


def lines(found: dict[str, list[dict[str, Row]]]) -> Iterator[str]:
    """For each benchmark normalised mean, worst and unseen, and seconds on the last."""
    first = next(iter(found.values()))
    heads = [f"{name}: {what}" for name in found for what in ("mean", "worst", "unseen")]
    yield f"| accuracy over a specialist's, % | {' | '.join(heads)} | seconds |"
    yield "|---" * (len(heads) + 2) + "|"
    for name in first[0]:
        values = [value for runs in found.values() for value in normalised(runs, name)]
        cells = ["" if np.isnan(value) else f"{value:.1f}" for value in values]
        seconds = np.mean([run[name]["seconds"] for run in list(found.values())[-1]])
        yield f"| {name} | {' | '.join(cells)} | {f'{seconds:.1f}' if seconds else ''} |"


def settings(found: dict[str, list[dict[str, Row]]]) -> Iterator[str]:
    """Which settings held-out items chose, seed by seed."""
    yield f"| settings, seed by seed | {' | '.join(found)} |"
    yield "|---" * (len(found) + 1) + "|"
    for name, row in next(iter(found.values()))[0].items():
        if row["setting"]:
            chosen = ["; ".join(run[name]["setting"] for run in runs) for runs in found.values()]
            yield f"| {name} | {' | '.join(chosen)} |"


def steadiness(found: dict[str, list[dict[str, Row]]]) -> Iterator[str]:
    """Standard error over seeds of a method's lead over the average: the median of the methods, and the largest."""
    yield "| standard error of a lead over the average, median (largest) | mean | worst | unseen |"
    yield "|---|---|---|---|"
    for name, runs in found.items():
        first = np.array([normalised([run], "average") for run in runs])
        others = [row for row in runs[0] if row not in ("average", "specialists", *KNOWN)]
        leads = np.array([[normalised([run], row) for run in runs] for row in others]) - first
        errors = leads.std(axis=1, ddof=1) / np.sqrt(len(runs))
        yield f"| {name} | " + " | ".join(f"{np.median(each):.1f} ({each.max():.1f})" for each in errors.T) + " |"


def main() -> None:
    """Print tables for each start of the experts, and keep the numbers where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--each", type=int, default=1500, help="items of a domain at most, in train and in test")
    parser.add_argument("--leave", type=int, default=4, help="domains that are left out, one at a time")
    parser.add_argument("--only", nargs="+", choices=list(READERS), default=list(READERS))
    parser.add_argument("--starts", nargs="+", choices=list(STARTS), default=list(STARTS))
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    names = [name for name in chosen.only if chosen.data_dir or name == "vader-domains"]
    kept: dict[str, Any] = {}
    for start in chosen.starts:
        found: dict[str, list[dict[str, Row]]] = kept.setdefault(start, {})
        for name in names:
            for seed in chosen.seeds:
                with threads(1):
                    items = READERS[name](chosen.data_dir, chosen.each, seed)
                    found.setdefault(name, []).append(judged(items, STARTS[start], seed, chosen.leave))
                sys.stderr.write(f"{start}, {name}, seed {seed}: {time.process_time():.0f} s\n")
                if chosen.json:
                    chosen.json.write_text(json.dumps(kept))
        said = [*lines(found), "", *settings(found)] + (["", *steadiness(found)] if len(chosen.seeds) > 1 else [])
        sys.stdout.write(f"\nBackbone of {start} of the items\n\n" + "\n".join(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
