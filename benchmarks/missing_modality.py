"""Accuracy where modalities are missing: ways of fusing three modalities on made items whose best accuracy is known.

    OMP_NUM_THREADS=1 python benchmarks/missing_modality.py --json FOLDER

Items are those of ``_evidence.py``: text, picture and numbers, each showing the class with a known probability.
Encoders are fitted once a seed on complete training items; every row is then trained on the same vectors. Two tables:
accuracy where whole modalities are missing from all test items, beside the best single remaining modality's model and
the best accuracy there can be; and accuracy against the share of modalities that is missing, each modality of each item
on its own, but never all of an item. Rows:

* ``concatenation, no dropout`` ... ``gated``: the network alone, trained with modality dropout unless it says otherwise
* ``late``: base models of the modalities, joined by what held-out items chose for each pattern
* ``classifier``: the whole, but not the default: its network is fed the picture's vectors too, though they know
  training labels, the picture's encoder is a smaller network, and no graph is tried
* ``one set of weights``: the same, but what joins answers was chosen on complete items alone

Nothing is chosen with test items. Intervals are Student's over seeds (95 %).
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
from _evidence import SHOWS, best_accuracy, made
from scipy import stats

from polyculture import CrossDomainClassifier
from polyculture.classify.lacking import by_pattern, having, patterns
from polyculture.features.encoded import Encoded
from polyculture.features.encoders.images.cnn import ImageCNNEncoder
from polyculture.features.modality_backbone import ModalityBackbone
from polyculture.fuse.combine import Combination
from polyculture.progress import LOG

TRAINING, TESTED = 1600, 1200
MISSING = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
NETWORKS = {
    "concatenation, no dropout": {"fusion": "concatenation", "modality_dropout": 0.0},
    "concatenation": {"fusion": "concatenation"},
    "low rank": {"fusion": "low_rank"},
    "gated": {"fusion": "gated"},
}
SINGLE = "best single one that is left"


class Trial:
    """Everything that is fitted for one seed, and the encoded test items."""

    def __init__(self, seed: int, kind: str) -> None:
        items, y, domain = made(TRAINING, seed, kind)
        pictures = ImageCNNEncoder(width=8, stages=2, size=16, hidden=64, epochs=12)
        self.model = CrossDomainClassifier(
            {"text": "lexical:words", "picture": pictures, "numbers": "vectors"},
            network_encoders=("text/lexical:words", "picture/image-cnn", "numbers/vectors"),
            graph="none",
            random_state=seed,
        )
        self.data = self.model.preprocess(items, y, domain=domain)
        self.encoded = self.model.encode_fit(self.data)
        self.model.learn(self.encoded, self.data)
        self.reads, self.columns = self.model.features_.reads_, self.model.features_.columns_
        self.y, self.held = self.model.codes(self.data.label), self.data.within("validation")
        self.networks = {name: self._network(seed, **how) for name, how in NETWORKS.items()}
        self.late = self._late(seed)
        test, self.truth, self.domain = made(TESTED, 10_000 + seed, kind)
        self.test = self.model.encode(test)

    def _network(self, seed: int, **how: object) -> ModalityBackbone:
        network = ModalityBackbone(columns=self.columns, random_state=seed).set_params(**how)
        return network.fit(self.encoded.vectors, self.y, validation=self.held, classes=self.model.target_.width)

    def _families(self, encoded: Encoded) -> dict[str, np.ndarray]:
        answers = self.model.answers(encoded)
        return {view: answers[f"encoder:{view}"] for view in self.reads}

    def _late(self, seed: int) -> dict[tuple[str, ...], Combination]:
        """What joins the base models alone, chosen on held-out items by models that did not learn from them."""
        held = self.encoded.take(self.held)
        said = {v: m.answers(held.views[v], held.present.get(v)) for v, m in self.model.judging_.items()}
        found = {}
        for has in patterns(list(SHOWS)):
            first, *others = [view for view, modality in self.reads.items() if modality in has]
            found[has] = Combination("auto", seed).fit(
                {first: said[first]},
                {view: said[view] for view in others},
                self.y[self.held],
                self.data.domain[self.held],
                told=False,
            )
        return found

    def lesser(self, there: Mapping[str, np.ndarray]) -> Encoded:
        """The test items with what is not there taken away."""
        vectors = self.test.vectors.copy()
        for name, spans in self.columns.items():
            for start, end in spans:
                vectors[~there[name], start:end] = 0
        present = {view: there[modality] for view, modality in self.reads.items()}
        return Encoded(self.test.views, vectors, present=present)

    def accuracies(self, there: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Share of the test items that each row gets right."""
        items = self.lesser(there)
        found = {name: network.answers(items.vectors) for name, network in self.networks.items()}
        found["late"] = self._late_answers(items)
        found["classifier"] = self.model.answers(items, self.domain)["fused"]
        kept, self.model.lacking_ = self.model.lacking_, {}
        found["one set of weights"] = self.model.answers(items, self.domain)["fused"]
        self.model.lacking_ = kept
        return {name: self._right(answer) for name, answer in found.items()}

    def _right(self, answer: np.ndarray) -> float:
        return 100 * float((answer.argmax(axis=1) == self.truth).mean())

    def _late_answers(self, items: Encoded) -> np.ndarray:
        families = self._families(items)
        found = next(iter(families.values())).copy()
        nowhere = np.full(len(items), "", dtype=object)
        for has, rows in by_pattern(having(items, self.reads)):
            said = {view: answers[rows] for view, answers in families.items()}
            found[rows] = self.late[has].predict_proba(said, said, nowhere[rows])
        return found

    def single(self, has: Collection[str]) -> float:
        """The best of the models of one modality each, chosen on held-out items."""
        held = self.encoded.take(self.held)
        judged, tested = {}, {}
        for view, modality in self.reads.items():
            if modality in has:
                model = self.model.judging_[view]
                judged[view] = (model.answers(held.views[view]).argmax(axis=1) == self.y[self.held]).mean()
                tested[view] = self._right(self.model.families_[view].answers(self.test.views[view]))
        return tested[max(judged, key=lambda view: judged[view])]


def without(trial: Trial) -> dict[str, dict[str, float]]:
    """Accuracy of each row where one modality, or two, are missing from all items."""
    found = {}
    for has in (each for count in (3, 2, 1) for each in combinations(SHOWS, count)):
        there = {name: np.full(TESTED, name in has) for name in SHOWS}
        found[" + ".join(has)] = trial.accuracies(there) | {SINGLE: trial.single(has)}
    return found


def curve(trial: Trial, seed: int) -> dict[str, dict[str, float]]:
    """Accuracy of each row by the share of modalities that is missing."""
    drawn = np.random.default_rng(seed).random((TESTED, len(SHOWS)))
    found = {}
    for share in MISSING:
        left = (drawn >= share) | (drawn == drawn.max(axis=1, keepdims=True))
        found[f"{share:.0%}"] = trial.accuracies({name: left[:, m] for m, name in enumerate(SHOWS)})
    return found


Runs = list[dict[str, dict[str, float]]]


def table(runs: Runs, title: str, *, best: bool = False) -> Iterator[str]:
    """Lines of a table: rows by columns, mean over seeds and half the width of its interval."""
    columns = list(runs[0])
    yield f"| {title} | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 1) + "|"
    for row in runs[0][columns[0]]:
        cells = [_cell([run[column][row] for run in runs]) for column in columns]
        yield f"| {row} | " + " | ".join(cells) + " |"
    if best:
        bounds = [f"{100 * best_accuracy(column.split(' + ')):.1f}" for column in columns]
        yield "| best there can be | " + " | ".join(bounds) + " |"


def _cell(values: list[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.1f}"
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{np.mean(values):.1f} ± {half:.1f}"


def main() -> None:
    """Fit, judge and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--kind", choices=("alone", "together"), default="alone")
    parser.add_argument("--json", type=Path, help="folder for every seed's numbers")
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    LOG.setLevel(logging.WARNING)
    missing, shares = Runs(), Runs()
    for seed in given.seeds:
        start = time.process_time()
        trial = Trial(seed, given.kind)
        missing.append(without(trial))
        shares.append(curve(trial, seed))
        sys.stderr.write(f"seed {seed}: {time.process_time() - start:.0f} s of processor time\n")
    lines = [*table(missing, "items have", best=given.kind == "alone"), "", *table(shares, "missing")]
    sys.stdout.write("\n".join(lines) + "\n")
    if given.json:
        given.json.mkdir(parents=True, exist_ok=True)
        kept = {"kind": given.kind, "seeds": given.seeds, "missing": missing, "shares": shares}
        (given.json / f"missing_modality_{given.kind}.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
