"""Backbones and experts that `fusions.py` compares merges on: vectors of texts, a network on them, one a domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from amazon_pairs import CATEGORIES
from amazon_pairs import read as amazon_counts
from fdu_mtl import data_of
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from polyculture import load_dataset
from polyculture.adapt import fine_tune
from polyculture.features.backbone import Backbone
from polyculture.fuse.score import score

Weights = dict[str, np.ndarray]
COMPONENTS = 100


@dataclass(frozen=True)
class Items:
    """Vectors, classes, domains, and the part that each item is in: train, held or test."""

    x: np.ndarray
    y: np.ndarray
    domain: np.ndarray
    part: np.ndarray

    def rows(self, part: str, name: str | None = None) -> np.ndarray:
        """Places of a part's items, of one domain or of all."""
        own = True if name is None else self.domain == name
        return np.flatnonzero((self.part == part) & own)

    def take(self, kept: np.ndarray) -> Items:
        """Some of the items."""
        return Items(self.x[kept], self.y[kept], self.domain[kept], self.part[kept])

    @property
    def domains(self) -> list[str]:
        """Names, sorted."""
        return sorted(set(self.domain.tolist()))


def held_out(domain: np.ndarray, part: np.ndarray, seed: int) -> np.ndarray:
    """A quarter of the items of each domain that are not for the test are held out."""
    rng, found = np.random.default_rng(seed), part.copy()
    for name in sorted(set(domain.tolist())):
        rows = rng.permutation(np.flatnonzero((part == "train") & (domain == name)))
        found[rows[: len(rows) // 4]] = "held"
    return found


def vader(_: Path, each: int, seed: int) -> Items:
    """Four domains of short texts that come with the package; another test for each seed."""
    data, rng = load_dataset("vader-domains"), np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(np.flatnonzero(data.domain == d))[:each] for d in data.domains])
    places = np.concatenate([np.arange((data.domain[rows] == name).sum()) for name in data.domains])
    part = np.where(places % 5 == 4, "test", "train").astype(object)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=3)
    encoder = make_pipeline(make_union(words, letters), TruncatedSVD(COMPONENTS, n_iter=3, random_state=seed))
    x = _scaled(encoder.fit(data.texts[rows[part == "train"]]).transform(data.texts[rows]), part)
    domain = data.domain[rows]
    return Items(x, (data.label[rows] == "positive").astype(int), domain, held_out(domain, part, seed))


def _words(text: str) -> list[str]:
    """Words and pairs of words of a text with spaces between them."""
    found = text.lower().split()
    return [*found, *(f"{one} {two}" for one, two in pairwise(found))]


@cache
def _fdu(folder: Path, each: int) -> Items:
    (learnt, test), clean = data_of(folder)
    rng = np.random.default_rng(0)
    some = np.concatenate([rng.permutation(np.flatnonzero(learnt.domain == d))[:each] for d in learnt.domains])
    learnt, test = learnt.take(some), test.take(clean)
    words = TfidfVectorizer(analyzer=_words, sublinear_tf=True, min_df=3)
    encoder = make_pipeline(words, TruncatedSVD(COMPONENTS, n_iter=3, random_state=0)).fit(learnt.texts)
    part = np.array(["train"] * len(learnt) + ["test"] * len(test), dtype=object)
    x = np.vstack([encoder.transform(learnt.texts), encoder.transform(test.texts)])
    y = np.concatenate([learnt.label, test.label]).astype(int)
    return Items(_scaled(x, part), y, np.concatenate([learnt.domain, test.domain]), part)


def fdu(folder: Path, each: int, seed: int) -> Items:
    """Sixteen domains of reviews; test items that stand in train are left out."""
    found = _fdu(folder, each)
    return replace(found, part=held_out(found.domain, found.part, seed))


@cache
def _amazon(folder: Path, each: int) -> Items:
    read = {(name, part): amazon_counts(folder, f"{name}_{part}") for name in CATEGORIES for part in ("train", "test")}
    counts, domain, part, y = [], [], [], []
    for (name, half), (found, labels) in read.items():
        rows = np.random.default_rng(0).permutation(len(labels))[:each]
        counts.append(found[rows])
        y.append(labels[rows])
        domain += [name] * len(rows)
        part += [half] * len(rows)
    stacked, halves = sp.vstack(counts).tocsr(), np.array(part, dtype=object)
    encoder = make_pipeline(
        TfidfTransformer(sublinear_tf=True), TruncatedSVD(COMPONENTS, n_iter=3, random_state=0)
    ).fit(stacked[np.flatnonzero(halves == "train")])
    return Items(_scaled(encoder.transform(stacked), halves), np.concatenate(y), np.array(domain, dtype=object), halves)


def amazon(folder: Path, each: int, seed: int) -> Items:
    """Four categories of reviews, as counts of 5,000 words and pairs of words."""
    found = _amazon(folder, each)
    return replace(found, part=held_out(found.domain, found.part, seed))


def _scaled(x: np.ndarray, part: np.ndarray) -> np.ndarray:
    return StandardScaler().fit(x[part == "train"]).transform(x).astype(np.float32)


READERS: dict[str, Callable[[Path, int, int], Items]] = {"vader-domains": vader, "FDU-MTL": fdu, "Amazon": amazon}


@dataclass(frozen=True)
class Trial:
    """A backbone, its experts, and the items that they were trained on and are judged by."""

    backbone: Backbone
    experts: dict[str, Weights]
    items: Items

    def loss(self, weights: Weights) -> float:
        """On held-out items."""
        held = self.items.rows("held")
        found = self.backbone.logits(self.items.x[held], weights)
        return score(found, self.items.y[held], self.items.domain[held])

    def own(self, name: str) -> np.ndarray:
        """What an expert was trained on."""
        return self.items.x[self.items.rows("train", name)]


def trial(items: Items, share: float, seed: int) -> Trial:
    """A backbone of a share of the items of all domains, and an expert of all items of each domain."""
    seen = items.take(items.part != "test")
    some = np.random.default_rng(seed).random(len(seen.y)) < share
    backbone = network(seen.take(some), seed)
    held = seen.part == "held"
    experts: Any = fine_tune(backbone, seen.x, seen.y, seen.domain, validation=held, learning_rate=1e-3)
    return Trial(backbone, experts, items)


def network(items: Items, seed: int) -> Backbone:
    """A network of one hidden layer from random weights; held-out items decide when to stop."""
    seen = items.take(items.part != "test")
    made = Backbone(hidden=(64,), random_state=seed)
    return made.fit(seen.x, seen.y, validation=seen.part == "held", classes=2)
