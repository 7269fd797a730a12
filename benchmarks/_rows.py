"""What the benchmarks of topics, genres, Chinese and other targets share: one split, one fit, its rows, one table."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _ablations import without_encoders, without_steps

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.evaluation.accuracy import macro_f1
from polyculture.evaluation.baselines import ngrams
from polyculture.measure import paired_interval
from polyculture.preprocess import Preprocessor
from polyculture.progress import LOG

Row = dict[str, Any]
Runs = list[dict[str, Row]]
Score = Callable[[np.ndarray, np.ndarray], float]

RESAMPLED = 200
"""Resamples of the test items, where intervals over items are asked for."""
NAMES = {
    "encoder:lexical:words": "words alone",
    "encoder:lexical:characters": "characters alone",
    "encoder:pretrained": "MiniLM alone",
    "encoder:pretrained:wordllama": "static vectors alone",
}


def arguments(description: str | None, *, csv: bool = False, parts: Sequence[str] = ()) -> argparse.Namespace:
    """Seeds, the folder of data and where to keep the numbers; maybe a table to write items to, or parts to run."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", type=Path, help="folder for every seed's numbers")
    parser.add_argument("--ablation", choices=("steps", "encoders"), help="rows without each step, or encoders too")
    if csv:
        parser.add_argument("--csv", type=Path)
    if parts:
        parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    return parser.parse_args()


def split_by_groups(data: DomainData, groups: np.ndarray, strata: np.ndarray, seed: int) -> DomainData:
    """Three tenths of each stratum's groups to judge on, 15 in a hundred held out, and no group in two parts.

    Training texts that stand in the test are left out.
    """
    rng, parts = np.random.default_rng(seed), np.full(len(data), "train", dtype=object)
    for stratum in sorted(set(strata.tolist())):
        mixed = rng.permutation(np.unique(groups[strata == stratum]))
        test, held = round(0.3 * len(mixed)), max(1, round(0.15 * len(mixed)))
        parts[np.isin(groups, mixed[:test])] = "test"
        parts[np.isin(groups, mixed[test : test + held])] = "validation"
    return Preprocessor(leakage="drop", random_state=seed).fit_transform(data.with_split(parts))


def class_runs(
    seeds: Sequence[int],
    parted: Callable[[int], DomainData],
    without: Mapping[str, Sequence[str]] | None = None,
    *,
    ablation: str | None = None,
) -> Runs:
    """Macro-F1 of every row for each seed: the default classifier, word n-grams, and fused models of fewer encoders.

    With an ablation also of the default classifier without each step (and each encoder), and intervals over items.
    """
    runs = []
    for seed in seeds:
        learnt, test = halves(parted(seed))
        model = CrossDomainClassifier(random_state=seed, clean=False)
        answers = answers_of(model, learnt, test, ablation=ablation)
        answers |= simple_rows(learnt, test, lambda part, texts, names=model.classes_: ngrams(part, names, texts))
        for name, encoders in (without or {}).items():
            less = CrossDomainClassifier(encoders, random_state=seed, clean=False)
            answers[name] = answers_of(less, learnt, test)["fused"]
        truth = model.codes(test.label)
        runs.append(
            judged(
                answers,
                truth,
                test.domain,
                lambda y, found: macro_f1(y, found.argmax(axis=1)),
                samples=RESAMPLED if ablation else 0,
            )
        )
    return runs


def halves(data: DomainData) -> tuple[DomainData, DomainData]:
    """Items to learn from, and test items."""
    learnt, test = data.take(~data.within("test")), data.take(data.within("test"))
    held = int(learnt.within("validation").sum())
    LOG.info("%d items to train on, %d held out, %d to judge on", len(learnt) - held, held, len(test))
    return learnt, test


def answers_of(
    model: Any, learnt: DomainData, test: DomainData, *, ablation: str | None = None
) -> dict[str, np.ndarray]:
    """Fit with the split that is given; answers of every part and of the whole for the test items."""
    start = time.process_time()
    prepared = model.preprocess(learnt.texts, learnt.label.tolist(), domain=learnt.domain, split=learnt.split)
    encoded = model.encode_fit(prepared)
    model.learn(encoded, prepared)
    later = model.encode(test.texts)
    found = dict(model.answers(later, test.domain))
    LOG.info("%.0f s of processor time to fit and answer", time.process_time() - start)
    losses = ", ".join(f"{name} {loss:.3f}" for name, loss in model.routed_.losses_.items())
    LOG.info("fusion: %s, by the loss on held-out items: %s", model.routed_.method_, losses)
    LOG.info("graph: %s, %d hops", model.features_.spread_.kind_, model.features_.spread_.hops_)
    found["fused, domain not told"] = model.answers(later)["fused"]
    if ablation:
        parts = model, encoded, prepared, later, test.domain
        found |= without_steps(*parts) | dict(without_encoders(*parts, altogether=ablation == "encoders"))
        LOG.info("%.0f s of processor time with the ablation", time.process_time() - start)
    return {NAMES.get(name, name): answer for name, answer in found.items()}


def simple_rows(
    learnt: DomainData, test: DomainData, fit_and_answer: Callable[[DomainData, np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """A simple model of all domains, and one a domain."""
    pooled = fit_and_answer(learnt, test.texts)
    own = np.empty_like(pooled)
    for domain in test.domains:
        rows = np.flatnonzero(test.domain == domain)
        own[rows] = fit_and_answer(learnt.take(np.flatnonzero(learnt.domain == domain)), test.texts[rows])
    return {"n-grams, pooled": pooled, "n-grams, a specialist a domain": own}


def judged(
    answers: Mapping[str, np.ndarray], truth: np.ndarray, domain: np.ndarray, score: Score, *, samples: int = 0
) -> dict[str, Row]:
    """Score of each row in per cent: each domain, their mean and the worst.

    With samples also the lead of the fused model on the mean, and its interval over items by a paired bootstrap.
    """

    def mean(rows: np.ndarray, answer: np.ndarray) -> float:
        where = domain[rows]
        each = [score(truth[rows[where == d]], answer[where == d]) for d in sorted(set(where.tolist()))]
        return 100 * float(np.mean(each))

    found, everything = {}, np.arange(len(truth))
    for name, answer in answers.items():
        each = {d: 100 * score(truth[domain == d], answer[domain == d]) for d in sorted(set(domain.tolist()))}
        found[name] = {"by_domain": each, "mean": float(np.mean(list(each.values()))), "worst": min(each.values())}
        if samples and name != "fused":
            interval = paired_interval(mean, everything, answers["fused"], answer, samples=samples)
            found[name]["ahead"] = {**vars(interval), "items": len(truth)}
    return found


def over_seeds(runs: Sequence[Mapping[str, Row]]) -> dict[str, Row]:
    """Mean of each number over seeds, and the lead of the fused model on the mean over each row, seed by seed."""
    found = {}
    for name in runs[0]:
        rows = [run[name] for run in runs]
        found[name] = {
            "by_domain": {d: float(np.mean([row["by_domain"][d] for row in rows])) for d in rows[0]["by_domain"]},
            "mean": float(np.mean([row["mean"] for row in rows])),
            "worst": float(np.mean([row["worst"] for row in rows])),
            "lead": [run["fused"]["mean"] - run[name]["mean"] for run in runs],
        }
    return found


def markdown(rows: Mapping[str, Row], metric: str) -> Iterator[str]:
    """Lines of the table, the best mean first."""
    domains = list(next(iter(rows.values()))["by_domain"])
    yield f"| {metric} | " + " | ".join(domains) + " | mean | worst | fused is ahead by, seed by seed |"
    yield "|---" * (len(domains) + 4) + "|"
    for name, row in sorted(rows.items(), key=lambda item: -item[1]["mean"]):
        numbers = [*row["by_domain"].values(), row["mean"], row["worst"]]
        lead = "" if name == "fused" else ", ".join(f"{x:.1f}" for x in row["lead"])
        yield f"| {name} | " + " | ".join(f"{x:.1f}" for x in numbers) + f" | {lead} |"


def tell(title: str, metric: str, runs: Runs, folder: Path | None) -> None:
    """Print the table; keep every seed's numbers where a folder is given."""
    sys.stdout.write(f"\n{title}\n\n" + "\n".join(markdown(over_seeds(runs), metric)) + "\n")
    sys.stdout.flush()
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        found = json.dumps({"title": title, "metric": metric, "seeds": runs}, indent=1, ensure_ascii=False)
        (folder / f"{title.replace(' ', '_')}.json").write_text(found, encoding="utf-8")
