"""Every merge of weights on real experts, and what it costs on files.

    OMP_NUM_THREADS=1 python benchmarks/fusions.py

*Experts*: a network of one hidden layer on 100 singular vectors of word 1-2-grams and characters 2-4-grams of
`vader-domains`, trained on all four domains, then fine-tuned on each. Of each domain a fifth is held out to choose a
setting and a fifth to judge on; singular vectors are found without the labels, on the training texts alone. Settings
are chosen by the loss on held-out items. *Files*: made models of matrices, merged from disk to disk.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from polyculture import load_dataset
from polyculture.adapt import fine_tune
from polyculture.features.backbone import Backbone
from polyculture.fuse.entry import fuse
from polyculture.fuse.files import fuse_files
from polyculture.fuse.fisher import linear_fisher
from polyculture.fuse.score import score

Weights = dict[str, np.ndarray]
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


@dataclass(frozen=True)
class Trial:
    """A backbone, its experts, and items with the part that each is in."""

    backbone: Backbone
    experts: dict[str, Weights]
    x: np.ndarray
    y: np.ndarray
    domain: np.ndarray
    part: np.ndarray

    def loss(self, weights: Weights) -> float:
        """On held-out items."""
        held = self.part == "held"
        return score(self.backbone.logits(self.x[held], weights), self.y[held], self.domain[held])

    def accuracies(self, weights: Callable[[str], Weights]) -> list[float]:
        """In per cent, of each domain's test items with the weights that it is given."""
        found = []
        for name in self.experts:
            rows = (self.part == "test") & (self.domain == name)
            answers = self.backbone.logits(self.x[rows], weights(name)).argmax(axis=1)
            found.append(100 * float((answers == self.y[rows]).mean()))
        return found

    def rows(self, name: str) -> np.ndarray:
        """What an expert was trained on."""
        return self.x[(self.part == "train") & (self.domain == name)]


def trial(seed: int, each: int) -> Trial:
    """Vectors, a backbone and an expert a domain."""
    data, rng = load_dataset("vader-domains"), np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(np.flatnonzero(data.domain == d))[:each] for d in data.domains])
    part = np.empty(len(rows), dtype=object)
    for name in data.domains:
        places = np.flatnonzero(data.domain[rows] == name)
        part[places] = np.array(["train"] * 3 + ["held", "test"])[np.arange(len(places)) % 5]
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3)
    vectors = TruncatedSVD(100, n_iter=3, random_state=seed)
    encoder = make_pipeline(make_union(words, letters), vectors, StandardScaler())
    x = encoder.fit(data.texts[rows[part == "train"]]).transform(data.texts[rows]).astype(np.float32)
    y, domain = (data.label[rows] == "positive").astype(int), data.domain[rows]
    seen = part != "test"
    held = part[seen] == "held"
    backbone = Backbone(hidden=(64,), random_state=seed).fit(x[seen], y[seen], validation=held)
    experts = fine_tune(backbone, x[seen], y[seen], domain[seen], validation=held, learning_rate=1e-3)
    return Trial(backbone, experts, x, y, domain, part)


def sums(method: str, made: Trial) -> dict[str, Any]:
    """What a method needs besides weights."""
    backbone, names = made.backbone, list(made.experts)
    layers = [name for name in backbone.layer_inputs(made.x[:1]) if name != "logits"]
    if method == "regmean":
        return {"grams": [backbone.gram_sums(made.rows(name), made.experts[name]) for name in names]}
    if method == "regmean_plus_plus":
        return {"layers": layers, "gather": lambda i, weights: backbone.gram_sums(made.rows(names[i]), weights)}
    if method == "greedy_soup":
        return {"score": lambda weights: -made.loss(weights)}
    if method == "fisher":
        return {"fishers": [_head_fisher(made, name, layers[-1]) for name in names]}
    return {}


def _head_fisher(made: Trial, name: str, layer: str) -> Weights:
    received = made.backbone.layer_inputs(made.rows(name), made.experts[name])
    raised = np.exp(received["logits"] - received["logits"].max(axis=1, keepdims=True))
    return linear_fisher(received[layer], raised / raised.sum(axis=1, keepdims=True), layer)


def table(made: Trial) -> Iterator[tuple[str, str, list[float]]]:
    """Name, setting and accuracies of everything that is compared."""
    base = made.backbone.weights_
    yield "backbone, not fine-tuned", "", made.accuracies(lambda _: base)
    yield "each expert on its own domain", "", made.accuracies(lambda name: made.experts[name])
    for method, grid in GRIDS.items():
        given = sums(method, made)
        found = [(fuse(made.experts, base, method, **setting, **given), setting) for setting in grid]
        weights, setting = min(found, key=lambda each: made.loss(each[0]))
        chosen = ", ".join(f"{name} {value}" for name, value in setting.items())
        yield method, chosen, made.accuracies(lambda _, weights=weights: weights)


def over_seeds(seeds: list[int], each: int) -> Iterator[str]:
    """Lines of the first table."""
    rows: dict[str, list[list[float]]] = {}
    settings: dict[str, list[str]] = {}
    domains: list[str] = []
    for seed in seeds:
        made = trial(seed, each)
        domains = list(made.experts)
        for name, setting, accuracies in table(made):
            rows.setdefault(name, []).append(accuracies)
            settings.setdefault(name, []).append(setting)
    yield f"| accuracy, % | {' | '.join(domains)} | mean | worst | settings, seed by seed |"
    yield "|---" * (len(domains) + 4) + "|"
    for name, runs in rows.items():
        mean = np.mean(runs, axis=0)
        numbers = [*mean, mean.mean(), mean.min()]
        said = "; ".join(setting for setting in settings[name] if setting)
        yield f"| {name} | " + " | ".join(f"{number:.1f}" for number in numbers) + f" | {said} |"


def costs(side: int, matrices: int, counts: list[int]) -> Iterator[str]:
    """Lines of the second table: processor time, and the most memory that was held at once."""
    rng, tensor = np.random.default_rng(0), side * side * 4
    yield f"| {matrices} matrices of {side} × {side} | " + " | ".join(f"{k} experts" for k in counts) + " |"
    yield "|---" * (len(counts) + 1) + "|"
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{i}.safetensors") for i in range(max(counts) + 1)]
        for path in paths:
            save_file({f"{i}.weight": rng.normal(size=(side, side)).astype("f4") for i in range(matrices)}, path)
        grams = Path(folder, "grams.safetensors")
        save_file({f"{i}": np.eye(side + 1, dtype="f4") for i in range(matrices)}, grams)
        fishers = Path(folder, "fishers.safetensors")
        save_file({f"{i}.weight": np.ones((side, side), dtype="f4") for i in range(matrices)}, fishers)
        _cost(paths[1:2], paths[0], "average", tensor, {})  # what is imported stays
        for method in [name for name in GRIDS if name not in ("greedy_soup", "regmean_plus_plus")]:
            given = {"regmean": ("grams", grams), "fisher": ("fishers", fishers)}.get(method)
            cells = []
            for count in counts:
                extra = {given[0]: [given[1]] * count} if given else {}
                cells.append(_cost(paths[1 : count + 1], paths[0], method, tensor, extra))
            yield f"| {method} | " + " | ".join(cells) + " |"


def _cost(experts: list[Path], base: Path, method: str, tensor: int, extra: dict[str, Any]) -> str:
    tracemalloc.start()
    start = time.process_time()
    fuse_files(experts, base.with_name("out.safetensors"), base=base, method=method, **extra)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return f"{seconds:.1f} s, {peak / tensor:.0f} tensors"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--each", type=int, default=1500, help="items of a domain at most")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--matrices", type=int, default=8)
    chosen = parser.parse_args()
    for lines in (over_seeds(chosen.seeds, chosen.each), costs(chosen.side, chosen.matrices, [2, 8])):
        for line in lines:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
