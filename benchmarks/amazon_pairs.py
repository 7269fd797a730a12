"""Sentiment of Amazon reviews from one category of products to another, without labels of the other: 12 pairs.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/amazon_pairs.py``. Protocol: 2,000 labelled reviews of the source, 2,000
reviews of the target without labels, accuracy on the target's test file. Nothing is chosen with target labels: the
penalty is chosen on the source, and of the ways to adapt each criterion chooses by what it can see.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_svmlight_file
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer

from polyculture.adapt.automatic import METHODS, Adapted, Method, by_coral, by_self_training, by_transport, trials
from polyculture.adapt.dann import dann
from polyculture.adapt.inputs import stacked
from polyculture.adapt.linear import Fit, best_strength, logistic
from polyculture.adapt.selection import SELECTORS, choose
from polyculture.arrays import Ints, Matrix
from polyculture.errors import MissingExtraError
from polyculture.features.backbone import Backbone
from polyculture.training import threads

CATEGORIES = ("books", "dvd", "electronics", "kitchen")
STRENGTHS = (0.3, 1.0, 3.0, 10.0)
CHOSEN_BY = ("circular", "importance_weighted", "dev", "snd", "mutual_information", "source_risk")


def read(folder: Path, name: str) -> tuple[sp.csr_array, np.ndarray]:
    """Counts of 5,000 words and pairs of words, and whether the review is positive."""
    with gzip.open(folder / "amazon_svmlight" / f"{name}.svmlight.gz") as file:
        counts, labels = load_svmlight_file(file, n_features=5000, zero_based=True)
    return sp.csr_array(counts, dtype=np.float64), (labels > 0).astype(int)


def singular(source: Matrix, target: Matrix, components: int) -> Callable[[Matrix], np.ndarray]:
    """Vectors as sums of the main directions of source and target together."""
    main = TruncatedSVD(components, algorithm="randomized", n_iter=2, random_state=0)
    main.fit(stacked(source, target))
    return main.transform


def reduced(method: Method, components: int = 300, scale: float = 4.0) -> Method:
    """A method over singular vectors in place of words, a little larger as they are shorter."""

    def over_singular_vectors(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:
        view = singular(source, target, components)
        found = method(fit, scale * view(source), y, scale * view(target))
        return Adapted(found.source, found.target, found.model, lambda X: scale * view(X))

    return over_singular_vectors


def beside(method: Method, components: int = 100, scale: float = 1.0) -> Method:
    """A method over words and singular vectors of source and target side by side."""

    def over_both(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:
        main = singular(source, target, components)

        def view(X: Matrix) -> Matrix:
            return sp.hstack([X, sp.csr_array(scale * main(X))], format="csr")

        found = method(fit, view(source), y, view(target))
        return Adapted(found.source, found.target, found.model, view)

    return over_both


def adversarial(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:  # noqa: ARG001 - a network of its own
    """DANN over whatever vectors it is given."""
    x = np.concatenate([source, target]).astype(np.float32)
    x /= x.std()
    labels = np.concatenate([y, np.full(len(target), -1)])
    domain = np.repeat(["source", "target"], [len(source), len(target)])
    network = Backbone(epochs=10).fit(x, labels, classes=2)
    weights = dann(network, x, labels, domain, epochs=10)["target"]
    scale = float(np.concatenate([source, target]).std())
    answer = lambda X: _softmax(network.logits(np.asarray(X / scale, dtype=np.float32), weights))  # noqa: E731
    return Adapted(source, target, answer)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


CANDIDATES: dict[str, Method] = {
    "none": METHODS["none"],
    "CORAL": reduced(by_coral),
    "self-training": by_self_training,
    "self-training, classes as found": METHODS["self_training_free"],
    "self-training, with singular vectors": beside(by_self_training),
    "self-training, then the target alone": partial(by_self_training, finish=0.9),
    "with singular vectors, then the target alone": beside(partial(by_self_training, finish=0.9)),
}
OTHERS: dict[str, Method] = {
    "none, singular vectors": reduced(METHODS["none"]),
    "DANN": reduced(adversarial),
    "optimal transport": reduced(by_transport),
}


def pair(folder: Path, source: str, target: str, others: dict[str, Method]) -> dict[str, float]:
    """Accuracy of every row for one pair."""
    (x, y), (z, _), (asked, truth) = (read(folder, f"{name}") for name in _files(source, target))
    idf = TfidfTransformer(sublinear_tf=False)
    x, z, asked = (sp.csr_array((np.log1p(v.data), v.indices, v.indptr), shape=v.shape) for v in (x, z, asked))
    idf.fit(sp.vstack([x, z]))
    x, z, asked = (sp.csr_array(idf.transform(v)) for v in (x, z, asked))
    fit = partial(logistic, classes=2, strength=best_strength(x, y, classes=2, strengths=STRENGTHS))
    found = {}
    for name, method in (CANDIDATES | others).items():
        right = method(fit, x, y, z).answer(asked).argmax(axis=1) == truth
        found[name] = 100 * float(right.mean())
    seen = trials(fit, x, y, z, CANDIDATES)
    for criterion in CHOSEN_BY:
        found[f"chosen by {criterion}"] = found[choose(seen, SELECTORS.load(criterion)).name]
    found["chosen with target labels (a bound)"] = max(found[name] for name in CANDIDATES)
    return found


def _files(source: str, target: str) -> tuple[str, str, str]:
    return f"{source}_train", f"{target}_train", f"{target}_test"


def available() -> dict[str, Method]:
    """Methods beside the candidates, without those whose package is not installed."""
    found = dict(OTHERS)
    try:
        by_transport(partial(logistic, classes=2), np.eye(2), np.arange(2), np.eye(2))
    except MissingExtraError as error:
        sys.stderr.write(f"{error}\n")
        del found["optimal transport"]
    return found


def main() -> None:
    """All pairs, and a table of means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--json", type=Path, help="file for every pair's numbers")
    chosen = parser.parse_args()
    rows: dict[str, dict[str, float]] = {}
    others = available()
    for source, target in permutations(CATEGORIES, 2):
        start = time.process_time()
        with threads(1):
            rows[f"{source[0]}→{target[0]}".upper()] = pair(chosen.data_dir, source, target, others)
        sys.stderr.write(f"{source} to {target}: {time.process_time() - start:.0f} s of processor time\n")
        if chosen.json:
            chosen.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write("\n".join(table(rows)) + "\n")


def table(rows: dict[str, dict[str, float]]) -> list[str]:
    """Lines in Markdown, pairs in columns."""
    lines = ["| accuracy, % | " + " | ".join(rows) + " | mean |", "|---" * (len(rows) + 2) + "|"]
    for name in next(iter(rows.values())):
        numbers = [row[name] for row in rows.values()]
        lines.append(f"| {name} | " + " | ".join(f"{x:.1f}" for x in (*numbers, np.mean(numbers))) + " |")
    return lines


if __name__ == "__main__":
    main()
