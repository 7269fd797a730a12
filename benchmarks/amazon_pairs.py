"""Sentiment of Amazon reviews from one category of products to another, without labels of the other: 12 pairs.

Run ``POLYCULTURE_DATA=FOLDER python benchmarks/amazon_pairs.py``; ``--others`` adds CORAL, DANN, optimal transport and
singular vectors. Protocol: 2,000 labelled reviews of the source, 2,000 reviews of the target without labels, accuracy
on the target's test file, whose reviews adapt nothing (but in the row marked transductive). Nothing is chosen with
target labels, with one exception that is stated: the penalty and the committee were settled on two pairs, books to dvd
and dvd to electronics, and the mean of the other ten stands in a column of its own. Nothing is drawn at random but the
parts of the source that are held out to choose by, and the blocks of denoising: seed 0.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_svmlight_file
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer

from polyculture.adapt.automatic import METHODS, Adapted, Method, by_coral, by_self_training, by_transport, trials
from polyculture.adapt.committee import committee
from polyculture.adapt.dann import dann
from polyculture.adapt.inputs import stacked
from polyculture.adapt.linear import Fit, best_strength, logistic
from polyculture.adapt.ratio_weighted import ratio_weighted
from polyculture.adapt.selection import SELECTORS, choose
from polyculture.adapt.term_committee import by_term_committee
from polyculture.arrays import Ints, Matrix
from polyculture.errors import MissingExtraError
from polyculture.features.backbone import Backbone
from polyculture.training import threads

CATEGORIES = ("books", "dvd", "electronics", "kitchen")
SETTLED_ON = ("B→D", "D→E")
STRENGTH, STRENGTHS = 3.0, (0.3, 1.0, 3.0, 10.0)
CHOSEN_BY = ("circular", "snd", "mutual_information", "source_risk")
PAIRS = ("B→D", "B→E", "B→K", "D→B", "D→E", "D→K", "E→B", "E→D", "E→K", "K→B", "K→D", "K→E")
PUBLISHED = {
    "DANN, same files": (78.4, 73.3, 77.9, 72.3, 75.4, 78.3, 71.3, 73.8, 85.4, 70.9, 74.0, 84.3),
    "DANN + mSDA, 30,000 features": (82.9, 80.4, 84.3, 82.5, 80.9, 84.9, 77.4, 78.1, 88.1, 71.8, 78.9, 85.6),
    "WDGRL, chosen with target labels": (83.1, 83.3, 85.5, 80.7, 83.6, 86.2, 77.2, 78.3, 88.2, 77.2, 79.9, 86.3),
}
SOURCE_OF_PUBLISHED = "Published rows: pmc.ncbi.nlm.nih.gov/articles/PMC8323662, table 4; not run here."

Part = tuple[sp.csr_array, Ints]
Rows = dict[str, dict[str, float]]


def read(folder: Path, name: str) -> Part:
    """Counts of 5,000 words and pairs of words, and whether the review is positive."""
    with gzip.open(folder / "amazon_svmlight" / f"{name}.svmlight.gz") as file:
        counts, labels = load_svmlight_file(file, n_features=5000, zero_based=True)
    return sp.csr_array(counts, dtype=np.float64), (labels > 0).astype(int)


def weighted(source: sp.csr_array, target: sp.csr_array, asked: sp.csr_array) -> list[sp.csr_array]:
    """Log counts times rarity in the items of source and target that adapt, rows of length 1."""
    logs = [sp.csr_array((np.log1p(v.data), v.indices, v.indptr), shape=v.shape) for v in (source, target, asked)]
    idf = TfidfTransformer(sublinear_tf=False).fit(sp.vstack(logs[:2]))
    return [sp.csr_array(idf.transform(v)) for v in logs]


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


def both(fit: Fit) -> Fit:
    """Words, and words by ratio: the committee without adaptation."""
    return committee([fit, ratio_weighted(fit)])


def by_ratios(fit: Fit, source: Matrix, y: Ints, target: Matrix) -> Adapted:
    """Self-training of the second member alone."""
    return by_self_training(ratio_weighted(fit), source, y, target)


CANDIDATES: dict[str, Method] = {
    "source only": METHODS["none"],
    "self-training of words": by_self_training,
    "self-training of words by ratio": by_ratios,
    "self-training of the committee": by_term_committee,
}
TRIED: dict[str, Method] = {
    "source only, committee": lambda fit, source, y, target: METHODS["none"](both(fit), source, y, target),
    "source only, committee with denoising": partial(by_term_committee, denoised=True, rounds=0),
    "self-training of the committee with denoising": partial(by_term_committee, denoised=True),
    "self-training of the committee, classes as found": partial(by_term_committee, as_in_source=False),
}
OTHERS: dict[str, Method] = {
    "source only, singular vectors": reduced(METHODS["none"]),
    "CORAL": reduced(by_coral),
    "DANN, run here": reduced(adversarial),
    "optimal transport": reduced(by_transport),
}


def fit_with(strength: float) -> Fit:
    """Logistic regression with this penalty."""
    return partial(logistic, classes=2, strength=strength)


def pair(source: Part, target: Part, asked: Part, others: Mapping[str, Method]) -> Iterator[tuple[str, float, float]]:
    """Each row, its accuracy for one pair in per cent, and its seconds of processor time."""
    (counts, y), (unlabelled, labels), (later, truth) = source, target, asked
    x, z, a = weighted(counts, unlabelled, later)
    ways = CANDIDATES | TRIED | others
    rows: dict[str, Callable[[], np.ndarray]] = {
        name: (lambda method=method: method(fit_with(STRENGTH), x, y, z).answer(a)) for name, method in ways.items()
    }
    for strength in STRENGTHS:
        name = f"self-training of the committee, strength {strength:g}"
        rows[name] = lambda strength=strength: by_term_committee(fit_with(strength), x, y, z).answer(a)
    rows["self-training of the committee, strength chosen on the source"] = lambda: by_term_committee(
        fit_with(best_strength(x, y, classes=2, strengths=STRENGTHS)), x, y, z
    ).answer(a)
    rows["transductive: test reviews are the unlabelled ones"] = lambda: transductive(counts, y, later)
    rows["trained on the target's 2,000 labels, words (a bound)"] = lambda: fit_with(STRENGTH)(z, labels)(a)
    rows["trained on the target's 2,000 labels, committee (a bound)"] = lambda: both(fit_with(STRENGTH))(z, labels)(a)
    found = {}
    for name, answer in rows.items():
        start = time.process_time()
        found[name] = 100 * float((answer().argmax(axis=1) == truth).mean())
        yield name, found[name], time.process_time() - start
    start = time.process_time()
    seen = trials(fit_with(STRENGTH), x, y, z, CANDIDATES)
    spent = time.process_time() - start
    for criterion in CHOSEN_BY:
        start = time.process_time()
        name = choose(seen, SELECTORS.load(criterion)).name
        yield f"chosen of the first four by {criterion}", found[name], spent + time.process_time() - start
    yield "chosen of the first four with target labels (a bound)", max(found[name] for name in CANDIDATES), 0.0


def transductive(counts: sp.csr_array, y: Ints, asked: sp.csr_array) -> np.ndarray:
    """The committee where the reviews that are asked for are those that it adapts to."""
    x, z, a = weighted(counts, asked, asked)
    return by_term_committee(fit_with(STRENGTH), x, y, z).answer(a)


def available() -> dict[str, Method]:
    """Further methods, without those whose package is not installed."""
    found = dict(OTHERS)
    try:
        by_transport(fit_with(1.0), np.eye(2), np.arange(2), np.eye(2))
    except MissingExtraError as error:
        sys.stderr.write(f"{error}\n")
        del found["optimal transport"]
    return found


def main() -> None:
    """All pairs, and a table of means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("POLYCULTURE_DATA"))
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--others", action="store_true", help="CORAL, DANN, transport and singular vectors too")
    parser.add_argument("--json", type=Path, help="file for every pair's numbers")
    chosen = parser.parse_args()
    parts = {f"{c}_{p}": read(chosen.data_dir, f"{c}_{p}") for c in CATEGORIES for p in ("train", "test")}
    others, begun, rows, seconds = available() if chosen.others else {}, time.process_time(), {}, {}
    for source, target in permutations(CATEGORIES, 2):
        name = f"{source[0]}→{target[0]}".upper()
        if name not in chosen.pairs:
            continue
        given = (parts[part] for part in (f"{source}_train", f"{target}_train", f"{target}_test"))
        with threads(1):
            found = list(pair(*given, others))
        rows[name] = {row: accuracy for row, accuracy, _ in found}
        seconds[name] = {row: spent for row, _, spent in found}
        sys.stderr.write(f"{name}: {sum(seconds[name].values()):.0f} s of processor time\n")
        if chosen.json:
            numbers = {"accuracy": rows, "seconds": seconds}
            chosen.json.write_text(json.dumps(numbers, indent=1, ensure_ascii=False), encoding="utf-8")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write("\n".join(table(rows, seconds)) + f"\n\n{SOURCE_OF_PUBLISHED}\n")
    sys.stdout.write(f"{time.process_time() - begun:.0f} s of processor time, at most {memory:.2f} GiB.\n")


def table(rows: Rows, seconds: Rows) -> Iterator[str]:
    """Lines in Markdown, pairs in columns; seconds are of processor time, the mean of a pair."""
    pairs = list(rows)
    yield "| accuracy, % | " + " | ".join(pairs) + " | mean | without the pairs settled on | seconds a pair |"
    yield "|---" * (len(pairs) + 4) + "|"
    for name in next(iter(rows.values())):
        spent = float(np.mean([row[name] for row in seconds.values()]))
        yield line(name, {pair: row[name] for pair, row in rows.items()}, f"{spent:.1f}")
    for name, numbers in PUBLISHED.items():
        yield line(f"published: {name}", {p: x for p, x in zip(PAIRS, numbers, strict=True) if p in pairs}, "")


def line(name: str, numbers: Mapping[str, float], spent: str) -> str:
    """One row: each pair, the mean of all, and the mean of the pairs on which nothing was settled."""
    others = [x for pair, x in numbers.items() if pair not in SETTLED_ON]
    cells = [f"{x:.1f}" for x in numbers.values()]
    means = [f"{np.mean(list(numbers.values())):.2f}", f"{np.mean(others):.2f}" if others else ""]
    return f"| {name} | " + " | ".join([*cells, *means, spent]) + " |"


if __name__ == "__main__":
    main()
