"""Adapting from one domain to another without its labels, beside skada."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from work import Work

ITEMS, WIDTH = 2_000, 200


def prepare(path: Path) -> None:
    """Vectors of two domains with unlike covariances."""
    rng = np.random.default_rng(0)
    mixed = [rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH) for _ in range(2)]
    source, target = (rng.normal(size=(ITEMS, WIDTH)) @ mix + place for place, mix in enumerate(mixed))
    np.savez(path, source=source, target=target)


def our_coral(path: Path) -> Callable[[], np.ndarray]:
    """Next to no ridge."""
    from polyculture.adapt.coral import coral

    with np.load(path) as kept:
        source, target = kept["source"], kept["target"]
    return lambda: coral(source, target, ridge=1e-12)


def their_coral(path: Path) -> Callable[[], np.ndarray]:
    """Without shrinkage."""
    from skada import CORALAdapter

    with np.load(path) as kept:
        both = np.concatenate([kept["source"], kept["target"]])
    sides = np.repeat([1, -2], ITEMS)

    def ask() -> np.ndarray:
        adapter = CORALAdapter(reg=None)
        found = adapter.fit_transform(both, sample_domain=sides)
        # it takes its mean off the target; ours gives it to the source
        return np.asarray(found)[:ITEMS] + adapter.mean_target_

    return ask


def prepare_reviews(path: Path) -> None:
    """Counts of words in reviews of books with labels, and of kitchen goods without; and those that are asked for."""
    from sklearn.datasets import load_svmlight_file

    folder = Path(os.environ["POLYCULTURE_DATA"]) / "amazon_svmlight"
    kept: dict[str, Any] = {}
    for part in ("books_train", "kitchen_train", "kitchen_test"):
        with gzip.open(folder / f"{part}.svmlight.gz") as file:
            counts, labels = load_svmlight_file(file, n_features=5000, zero_based=True)
        kept |= {f"{part}_y": (labels > 0).astype(int), f"{part}_data": counts.data}
        kept |= {f"{part}_columns": counts.indices, f"{part}_rows": counts.indptr}
    np.savez(path, **kept)


def reviews(path: Path) -> tuple[list[sp.csr_matrix], np.ndarray, np.ndarray]:
    """TF-IDF of source, target and what is asked for, fitted on the first two; labels of the first and the last."""
    from sklearn.feature_extraction.text import TfidfTransformer

    with np.load(path) as kept:
        parts = [
            sp.csr_matrix((np.log1p(kept[f"{part}_data"]), kept[f"{part}_columns"], kept[f"{part}_rows"]))
            for part in ("books_train", "kitchen_train", "kitchen_test")
        ]
        labels = kept["books_train_y"], kept["kitchen_test_y"]
    for part in parts:
        part.resize(part.shape[0], 5000)
    rarity = TfidfTransformer().fit(sp.vstack(parts[:2]))
    return [rarity.transform(part) for part in parts], *labels


def our_reviews(path: Path) -> Callable[[], float]:
    """The committee of words and of words by their ratio, taught by its surest answers."""
    from polyculture.adapt.linear import logistic
    from polyculture.adapt.term_committee import by_term_committee

    parts, y, truth = reviews(path)
    x, z, asked = (sp.csr_array(part) for part in parts)
    fit = partial(logistic, classes=2, strength=3.0)
    return lambda: float((by_term_committee(fit, x, y, z).answer(asked).argmax(axis=1) == truth).mean())


def their_reviews(path: Path, adapter: str) -> Callable[[], float]:
    """300 singular vectors, as it takes no sparse matrix, its adapter, and logistic regression."""
    import skada
    from sklearn.decomposition import TruncatedSVD
    from sklearn.linear_model import LogisticRegression

    parts, y, truth = reviews(path)

    def ask() -> float:
        main = TruncatedSVD(300, random_state=0).fit(sp.vstack(parts[:2]))
        source, target, asked = (main.transform(part) for part in parts)
        pipeline = skada.make_da_pipeline(getattr(skada, adapter)(), LogisticRegression(C=10, max_iter=1000))
        sides = np.repeat([1, -2], [len(source), len(target)])
        # its mark of a label that is not known
        labels = np.concatenate([y, np.full(len(target), -1)])
        pipeline.fit(np.concatenate([source, target]), labels, sample_domain=sides)
        return float((pipeline.predict(asked, sample_domain=np.full(len(asked), -2)) == truth).mean())

    return ask


WORKS = [
    Work(
        name="CORAL",
        peer="skada",
        quantity="mean of moved vectors",
        kind="same",
        prepare=prepare,
        ours=our_coral,
        theirs=their_coral,
        needs=("skada",),
        close=1e-6,
        protocol=f"{ITEMS:,} made vectors a side in {WIDTH} dimensions, no regularisation; one thread.",
        below="The products and eigenvectors are the same; ours checks that all values are finite.",
        limits="With regularisation the two differ: ours adds a ridge, the peer shrinks towards the mean variance.",
        better="Some thirty adapters behind one interface of scikit-learn, with pipelines, scorers and deep variants.",
    ),
    *(
        Work(
            name=f"Sentiment of kitchen goods from books, {adapter}",
            peer="skada",
            quantity="accuracy",
            kind="more",
            prepare=prepare_reviews,
            ours=our_reviews,
            theirs=partial(their_reviews, adapter=adapter),
            needs=("skada",),
            data="amazon_svmlight",
            protocol=(
                "Amazon reviews in counts of 5,000 words and pairs: 2,000 of books with labels, 2,000 of kitchen goods "
                "without, judged on 5,945 others; TF-IDF of the first two for both sides. Ours: the committee of "
                "words; "
                f"the peer: 300 singular vectors, {adapter} with its defaults and logistic regression. One thread."
            ),
            limits=(
                "One pair of twelve, one that no setting of ours was settled on; results of others are in adaptation."
            ),
            below="Ours trains some thirty models over five rounds of self-training, the peer one.",
            better="As above.",
        )
        for adapter in ("CORALAdapter", "OTMappingAdapter")
    ),
]
