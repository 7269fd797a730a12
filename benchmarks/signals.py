"""Sounds and motions, simulated from their physics: domains that were trained on, and domains that were left out.

    OMP_NUM_THREADS=1 python benchmarks/signals.py --json FOLDER

Sounds are strokes on a string, a bar or a membrane through five microphones, as log-mel spectrograms; motions are
accelerations of people who are still, walk, run or cycle, worn in four places; see
:func:`polyculture.data.simulated.sounds.struck_sounds` and :func:`polyculture.data.simulated.motion.worn_motions`.
Everything is at its defaults. Training and validation items are those of the sets' splits; test items are judged once.
Two tables a set: with all domains trained on, and with each domain left out in turn and judged as one that the model
does not know. Rows:

* ``linear, pooled``: a linear model on the values as they are, of all domains that are trained on
* ``<encoder>, pooled``: that base model alone
* ``network, pooled``: the network over the vectors of all encoders, before it is adapted to any domain
* ``fused``: the whole classifier
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy import stats

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.data.simulated.motion import worn_motions
from polyculture.data.simulated.sounds import struck_sounds
from polyculture.features.base_model import BaseModel
from polyculture.progress import LOG

SETS: dict[str, Callable[[int, int], DomainData]] = {
    "sounds": lambda n, seed: struck_sounds(n, random_state=seed),
    "motions": lambda n, seed: worn_motions(n, random_state=seed),
}
Row = dict[str, float]


def judged(learnt: DomainData, test: DomainData, seed: int) -> dict[str, Row]:
    """Accuracy in per cent of every row in every domain of the test items."""
    model = CrossDomainClassifier(random_state=seed).fit(
        dict(learnt.items), learnt.label, domain=learnt.domain, split=learnt.split
    )
    answers = model.answers(model.encode(dict(test.items)), test.domain)
    truth, found = model.codes(test.label), {"linear, pooled": _linear(learnt, test, model.codes(learnt.label), seed)}
    for name, answer in answers.items():
        if name.startswith("encoder:"):
            found[f"{name.removeprefix('encoder:')}, pooled"] = answer
    found |= {"network, pooled": answers["backbone"], "fused": answers["fused"]}
    return {name: _by_domain(answer.argmax(axis=1) == truth, test.domain) for name, answer in found.items()}


def _linear(learnt: DomainData, test: DomainData, y: np.ndarray, seed: int) -> np.ndarray:
    before, after = (np.hstack([v.reshape(len(v), -1) for v in d.items.values()]) for d in (learnt, test))
    model = BaseModel(random_state=seed).fit(before.astype(np.float32), y, validation=learnt.within("validation"))
    return model.predict_proba(after.astype(np.float32))


def _by_domain(right: np.ndarray, domain: np.ndarray) -> Row:
    return {name: 100 * float(right[domain == name].mean()) for name in sorted(set(domain.tolist()))}


def known(data: DomainData, seed: int) -> dict[str, Row]:
    """All domains are trained on."""
    test = data.within("test")
    return judged(data.take(~test), data.take(test), seed)


def left_out(data: DomainData, seed: int) -> dict[str, Row]:
    """Each domain is judged by a model that was trained on the others."""
    found: dict[str, Row] = {}
    test = data.within("test")
    for name in data.domains:
        away = data.domain == name
        for row, by_domain in judged(data.take(~test & ~away), data.take(test & away), seed).items():
            found.setdefault(row, {}).update(by_domain)
    return found


def table(runs: Sequence[dict[str, Row]], title: str) -> Iterator[str]:
    """Lines of a table: mean over seeds; of the mean over domains, its 95 % interval over seeds too."""
    domains = list(next(iter(runs[0].values())))
    yield f"| {title} | " + " | ".join(domains) + " | mean |"
    yield "|---" * (len(domains) + 2) + "|"
    for row in runs[0]:
        each = [f"{np.mean([run[row][name] for run in runs]):.1f}" for name in domains]
        means = [float(np.mean(list(run[row].values()))) for run in runs]
        mean = f"{np.mean(means):.1f}"
        if len(means) > 1:
            mean += f" ± {stats.t.ppf(0.975, len(means) - 1) * stats.sem(means):.1f}"
        yield f"| {row} | " + " | ".join(each) + f" | {mean} |"


def main() -> None:
    """Simulate, fit, judge and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--items", type=int, default=200, help="of each domain")
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--json", type=Path, help="folder for every seed's numbers")
    given = parser.parse_args()
    logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stderr)
    LOG.setLevel(logging.ERROR)
    for name in given.only:
        runs: dict[str, list[dict[str, Row]]] = {"all domains known": [], "domain left out": []}
        for seed in given.seeds:
            start, data = time.process_time(), SETS[name](given.items, seed)
            runs["all domains known"].append(known(data, seed))
            runs["domain left out"].append(left_out(data, seed))
            sys.stderr.write(f"{name}, seed {seed}: {time.process_time() - start:.0f} s of processor time\n")
        for title, found in runs.items():
            sys.stdout.write("\n".join(table(found, f"{name}, {title}")) + "\n\n")
        sys.stdout.flush()
        if given.json:
            given.json.mkdir(parents=True, exist_ok=True)
            (given.json / f"signals_{name}.json").write_text(json.dumps(runs, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
