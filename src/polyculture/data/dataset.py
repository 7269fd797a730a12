"""The one type that data has on its way through the five steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Mask
from polyculture.errors import DataError

SPLITS = ("train", "validation", "test", "unlabelled")


@dataclass(frozen=True, eq=False)
class DomainData:
    """Items of one or several modalities, each with a domain, and maybe a label, a split and a graph.

    Parameters
    ----------
    items : mapping of str to array
        Modality to n values: ``"text"`` an object array of strings, ``"vector"`` an (n, d) array or sparse matrix,
        ``"image"`` a uint8 array of shape (n, height, width, 3), ``"series"`` an (n, steps, channels) array.
    domain : array of str, shape (n,)
        Where each item comes from.
    label : array, shape (n,)
        Class of each item; ``None`` where it has none.
    split : array of str, shape (n,), or None
        ``"train"``, ``"validation"``, ``"test"`` or ``"unlabelled"``; None before a split was made.
    ids : array of str, shape (n,)
        A name for each item, unique.
    graph : sparse array, shape (n, n), or None
        Adjacency between the items.
    source : str
        Where the data came from, for messages.
    present : mapping of str to array of bool, shape (n,)
        Which items have a modality, for those that some items lack; what these hold there is empty or zeros.

    Raises
    ------
    DataError
        If lengths differ, ids repeat, a split has an unknown name or the graph has another shape.

    Examples
    --------
    >>> from polyculture.data import DomainData
    >>> data = DomainData.of(["good", "bad", "fine"], label=["+", "-", None], domain=["a", "a", "b"])
    >>> len(data), data.domains, data.labelled.tolist()
    (3, ['a', 'b'], [True, True, False])
    >>> data.take([2]).texts.tolist()
    ['fine']
    """

    items: Mapping[str, Any]
    domain: Array
    label: Array
    split: Array | None
    ids: Array
    graph: sp.csr_array | None = None
    source: str = field(default="the data")
    present: Mapping[str, Mask] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.items:
            raise DataError(f"{self.source}: no modality given; name at least one, for example text")
        lengths = {name: values.shape[0] for name, values in self.items.items()}
        lengths |= {f"presence of {name}": len(there) for name, there in self.present.items()}
        lengths |= {"domain": len(self.domain), "label": len(self.label), "ids": len(self.ids)}
        if self.split is not None:
            lengths["split"] = len(self.split)
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.source}: columns differ in length: {lengths}; each needs one value an item")
        self._check_ids()
        self._check_split()
        if self.graph is not None and self.graph.shape != (len(self), len(self)):
            raise DataError(f"{self.source}: the graph is {self.graph.shape}, expected {(len(self), len(self))}")

    def _check_ids(self) -> None:
        names, first, count = np.unique(self.ids, return_index=True, return_counts=True)
        if len(names) < len(self.ids):
            twice = int(first[np.argmax(count > 1)])
            raise DataError(
                f"{self.source}: the id {self.ids[twice]!r} stands in more than one row (first in row {twice + 1}); "
                "ids must be unique, or leave the id column out"
            )

    def _check_split(self) -> None:
        if self.split is None:
            return
        unknown = ~np.isin(self.split, SPLITS)
        if unknown.any():
            row = int(np.argmax(unknown))
            raise DataError(
                f"{self.source}: row {row + 1} has the split {self.split[row]!r}; use one of {', '.join(SPLITS)}"
            )

    @classmethod
    def of(
        cls,
        items: Mapping[str, Any] | Sequence[str] | Array | sp.sparray,
        *,
        label: Sequence[Any] | Array | None = None,
        domain: Sequence[Any] | Array | None = None,
        split: Sequence[str] | Array | None = None,
        ids: Sequence[Any] | Array | None = None,
        graph: sp.sparray | None = None,
        present: Mapping[str, Mask] | None = None,
        source: str = "the data",
    ) -> DomainData:
        """Build from lists and arrays; a bare list of strings is the modality ``text``, a bare matrix ``vector``."""
        values = {name: _column(column) for name, column in _modalities(items).items()}
        if not values:
            raise DataError(f"{source}: no modality given; name at least one, for example text")
        n = next(iter(values.values())).shape[0]
        return cls(
            items=values,
            domain=np.array(["all"] * n if domain is None else _domains(domain, source), dtype=object),
            label=_labels([None] * n if label is None else label),
            split=None if split is None else np.array([str(s) for s in split], dtype=object),
            ids=np.array([str(i) for i in (range(n) if ids is None else ids)], dtype=object),
            graph=None if graph is None else sp.csr_array(graph),
            source=source,
            present=dict(present or {}),
        )

    def __len__(self) -> int:
        return len(self.domain)

    @property
    def domains(self) -> list[str]:
        """Names of the domains, sorted."""
        return sorted(set(self.domain.tolist()))

    @property
    def labelled(self) -> Mask:
        """Which items have a label, shape (n,)."""
        return np.array([value is not None for value in self.label], dtype=bool)

    @property
    def classes(self) -> list[Any]:
        """The labels that occur, sorted."""
        found = {value for value in self.label.tolist() if value is not None}
        try:
            return sorted(found)
        except TypeError:
            kinds = sorted({type(value).__name__ for value in found})
            raise DataError(
                f"{self.source}: labels are of mixed type ({', '.join(kinds)}); make them all words or all numbers"
            ) from None

    @property
    def texts(self) -> Array:
        """The modality ``text``, shape (n,)."""
        if "text" not in self.items:
            raise DataError(f"{self.source}: has no text, only {', '.join(self.items)}")
        return np.asarray(self.items["text"], dtype=object)

    def within(self, *splits: str) -> Mask:
        """Which items are in one of these splits, shape (n,); none before a split was made."""
        if self.split is None:
            return np.zeros(len(self), dtype=bool)
        return np.isin(self.split, splits)

    def rows(self, split: str) -> Array:
        """Positions of the items of a split, in order."""
        return np.flatnonzero(self.split == split) if self.split is not None else np.arange(0)

    def take(self, rows: Sequence[int] | Array) -> DomainData:
        """The items at these positions (or under this mask), with the edges among them."""
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)
        return replace(
            self,
            items={name: values[rows] for name, values in self.items.items()},
            domain=self.domain[rows],
            label=self.label[rows],
            split=None if self.split is None else self.split[rows],
            ids=self.ids[rows],
            graph=None if self.graph is None else self.graph[rows][:, rows],
            present={name: there[rows] for name, there in self.present.items()},
        )

    def with_split(self, split: Sequence[str] | Array) -> DomainData:
        """The same items under another split."""
        return replace(self, split=np.array([str(s) for s in split], dtype=object))


def _modalities(items: Any) -> Mapping[str, Any]:
    if isinstance(items, Mapping) and not sp.issparse(items):
        return items
    if isinstance(items, str):
        raise DataError("a single text was given; give a list of texts, even of one")
    if sp.issparse(items) or (isinstance(items, np.ndarray) and items.ndim > 1):
        return {"vector": items}
    return {"text": items}


def _column(values: Any) -> Any:
    if sp.issparse(values):
        return sp.csr_array(values)
    if isinstance(values, np.ndarray) and values.ndim > 1:
        return values
    return np.array(["" if _missing(v) else str(v) for v in values], dtype=object)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _domains(values: Sequence[Any] | Array, source: str) -> list[str]:
    for row, value in enumerate(values, start=1):
        if _missing(value):
            raise DataError(f"{source}: row {row} has no domain; give one to every item, or give none at all")
    return [str(value) for value in values]


def _labels(values: Sequence[Any] | Array) -> Array:
    """An object array with None where there is no label: None, NaN, an empty string or -1."""
    column = np.empty(len(values), dtype=object)
    # one by one: rows of labels of equal length would be taken for a matrix
    for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        column[row] = _label(value)
    return column


def _label(value: Any) -> Any:
    if _missing(value):
        return None
    if isinstance(value, str):
        return value.strip() or None
    return None if value == -1 else value
