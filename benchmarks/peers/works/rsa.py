"""Correlations of dissimilarities (RSA) of all pairs of representations, beside rsatoolbox."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from work import Work

MODELS, ITEMS, WIDTH = 6, 500, 128


def prepare(path: Path) -> None:
    """Representations that share a little."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(ITEMS, WIDTH))
    np.savez(path, models=common + 2 * rng.normal(size=(MODELS, ITEMS, WIDTH)))


def read(path: Path) -> np.ndarray:
    """All representations."""
    with np.load(path) as kept:
        return kept["models"]


def ours(path: Path, metric: str, compare: str) -> Callable[[], np.ndarray]:
    """All pairs at once."""
    from polyculture.measure import rsa_matrix

    models = read(path)
    return lambda: rsa_matrix(list(models), metric=metric, compare=compare)


def theirs(path: Path, metric: str, compare: str) -> Callable[[], np.ndarray]:
    """Dissimilarities of all, then all pairs at once."""
    from rsatoolbox.data import Dataset
    from rsatoolbox.rdm import calc_rdm
    from rsatoolbox.rdm import compare as compare_rdms

    sets = [Dataset(model) for model in read(path)]

    def ask() -> np.ndarray:
        found = calc_rdm(sets, method=metric)
        return np.asarray(compare_rdms(found, found, method=compare))

    return ask


def work(name: str, metric: str, compare: str, theirs_name: str) -> Work:
    """The same for either correlation."""
    return Work(
        name=name,
        peer="rsatoolbox",
        quantity="mean over pairs",
        kind="same",
        prepare=prepare,
        ours=partial(ours, metric=metric, compare=compare),
        theirs=partial(theirs, metric=metric, compare=theirs_name),
        protocol=f"All pairs of {MODELS} made representations of {ITEMS} items in {WIDTH} dimensions; one thread.",
        limits="Values alone; neither noise ceilings nor bootstraps are timed.",
        better=(
            "It knows many more dissimilarities (crossnobis, Mahalanobis, Poisson) and comparisons, and infers over "
            "subjects and stimuli with noise ceilings: for brain data it is the tool."
        ),
    )


WORKS = [
    work("RSA, rank correlation of Euclidean distances", "euclidean", "spearman", "spearman"),
    work("RSA, correlation of correlation distances", "correlation", "pearson", "corr"),
]
