"""Texts of several domains, one of them never trained on, and the two halves that models may be taught by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from polyculture import load_dataset
from polyculture.arrays import Array, Ints
from polyculture.data import DomainData, from_frame
from polyculture.errors import DataError
from polyculture.preprocess import Preprocessor

UNSEEN = {
    "vader-domains": ("editorials", "products", "tweets"),
    "fdu_mtl": ("books", "kitchen_housewares", "MR"),
}
"""Domain that is left out of the training, by split."""

MOST_WORDS = 100
"""Words that are kept of a text, for models and for reasons alike."""

FAR = 2000
"""Items of the unseen domain at most."""


@dataclass(frozen=True)
class Material:
    """What models learn from and are judged on.

    Parameters
    ----------
    halves : mapping of str to (texts, labels)
        Disjoint parts of the training texts.
    likeness, costs : DomainData
        Two halves of the test items of the domains that are trained on: likeness is measured on the one, what it goes
        with on the other, so that no item enters both.
    unseen : DomainData
        Items of the domain that no model is taught.
    labels : list
        The classes, in the order of their codes.
    """

    halves: dict[str, tuple[list[str], Ints]]
    likeness: DomainData
    costs: DomainData
    unseen: DomainData
    labels: list[str]

    @property
    def texts(self) -> list[str]:
        """All texts that are trained on."""
        return [text for texts, _ in self.halves.values() for text in texts]

    def codes(self, items: DomainData) -> Ints:
        """Class of each item."""
        return np.searchsorted(self.labels, items.label.astype(str))


def load(name: str, *, sample: int | None, seed: int) -> tuple[DomainData, str]:
    """Cleaned, deduplicated and split items of a dataset, and the domain to leave out.

    Parameters
    ----------
    name : {"vader-domains", "fdu_mtl"}
    sample : int or None
        Items of each domain at most.
    seed : int
        Of the sample and of the split.
    """
    data = load_dataset("vader-domains") if name == "vader-domains" else fdu_mtl()
    data = data if sample is None else _sampled(data, sample, seed)
    data = DomainData.of(
        [" ".join(str(text).split()[:MOST_WORDS]) for text in data.texts],
        label=data.label,
        domain=data.domain,
        ids=data.ids,
        source=data.source,
    )
    return Preprocessor(random_state=seed).fit_transform(data), UNSEEN[name][seed % len(UNSEEN[name])]


def fdu_mtl() -> DomainData:
    """Labelled items of FDU-MTL; its own split, of which the test stands partly in train, is not used.

    Raises
    ------
    DataError
        If the variable POLYCULTURE_DATA names no folder that holds it.
    """
    file = Path(os.environ.get("POLYCULTURE_DATA", "")) / "fdu_mtl" / "fdu_mtl.parquet"
    if not file.is_file():
        raise DataError(f"{file} is no file; set POLYCULTURE_DATA to the folder that holds fdu_mtl/fdu_mtl.parquet")
    frame = pl.read_parquet(file).filter(pl.col("split") != "unlabelled").drop("split")
    return from_frame(frame.with_columns(pl.col("label").cast(pl.String)), text="text", label="label", domain="domain")


def _sampled(data: DomainData, each: int, seed: int) -> DomainData:
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(data.domain == domain))[:each] for domain in data.domains]
    return data.take(np.sort(np.concatenate(rows)))


def material(data: DomainData, unseen: str, *, seed: int, halves: Sequence[str]) -> Material:
    """Deal the items out.

    Parameters
    ----------
    data : DomainData
        With a split.
    unseen : str
        Domain to leave out.
    seed : int
        Of the halves.
    halves : sequence of str
        Their names.
    """
    rng, known = np.random.default_rng(seed), data.domain != unseen
    labels = sorted({str(label) for label in data.label})
    taught = data.take(np.flatnonzero(known & data.within("train", "validation")))
    codes = np.searchsorted(labels, taught.label.astype(str))
    tested = data.take(np.flatnonzero(known & data.within("test")))
    far = rng.permutation(np.flatnonzero(~known))[:FAR]
    return Material(
        halves={
            name: (taught.texts[rows].tolist(), codes[rows])
            for name, rows in zip(halves, _dealt(taught, len(halves), rng), strict=True)
        },
        likeness=tested.take((parts := _dealt(tested, 2, rng))[0]),
        costs=tested.take(parts[1]),
        unseen=data.take(np.sort(far)),
        labels=labels,
    )


def _dealt(data: DomainData, parts: int, rng: np.random.Generator) -> list[Array]:
    """Rows of equal parts, each with the same mix of domains and classes."""
    strata = np.array([f"{domain}|{label}" for domain, label in zip(data.domain, data.label, strict=True)])
    order = rng.permutation(len(data))
    order = order[np.argsort(strata[order], kind="stable")]
    return [np.sort(order[part::parts]) for part in range(parts)]
