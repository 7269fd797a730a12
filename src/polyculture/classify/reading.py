"""What users give to a cross-domain model, checked before any work is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import validate_data

from polyculture.arrays import Array, Matrix
from polyculture.classify.parts import Parts
from polyculture.data import DomainData
from polyculture.errors import DataError, KindError, ParameterError, PolycultureError, ShapeError
from polyculture.features.encoders.items import read_texts
from polyculture.features.items import PLURAL, Items, bare_kind
from polyculture.preprocess import split
from polyculture.targets import Classes, Labels, Target, Values, read_labels


class UnfittedError(PolycultureError, NotFittedError):  # type: ignore[misc]
    """A model is asked for answers before it was fitted."""


class Reading(Parts):
    """Items, labels and domains in; checked arrays out."""

    def _check_fitted(self, attribute: str = "routed_") -> None:
        if not hasattr(self, attribute):
            raise UnfittedError(f"this {type(self).__name__} instance is not fitted yet; call fit first")

    def _read_items(self, X: Any, *, reset: bool) -> Items:
        """What the encoders are fed: texts, numbers, images or series, or several of these."""
        fitted = None if reset else self.features_.modalities_
        if isinstance(X, Items):
            read = self._read_items(X.values, reset=reset)
            return replace(read, present={**read.present, **X.present})
        # one form of sparse matrix is a mapping too
        if isinstance(X, Mapping) and not sp.issparse(X):
            return self._several(X, fitted)
        if fitted is not None and len(fitted) > 1:
            raise DataError(f"the model was fitted on {', '.join(fitted)}; give a mapping of these to their items")
        if (kind := bare_kind(X)) is not None:
            return self._named(X, kind, fitted)
        texts = read_texts(X)
        if texts is not None:
            return self._named(X, "text", fitted)
        if fitted is not None and not hasattr(self, "n_features_in_"):
            return self._named(X, "vector", fitted)
        self._check_kind("vector", fitted)
        return Items({"vector": self._read_numbers(X, reset=reset)}, {"vector": "vector"}, {})

    def _named(self, X: Any, kind: str, fitted: Mapping[str, tuple[str, tuple[int, ...]]] | None) -> Items:
        """Items without a name, under that of their kind or of the one modality that was fitted."""
        if fitted is None:
            return self._several({kind: X}, None)
        # of nothing but None it cannot be told what it would have been
        if not len(X) or any(value is not None for value in X):
            self._check_kind(kind, fitted)
        return self._several({next(iter(fitted)): X}, fitted)

    def _check_kind(self, kind: str, fitted: Mapping[str, tuple[str, tuple[int, ...]]] | None) -> None:
        if fitted is None:
            return
        before, shape = next(iter(fitted.values()))
        if kind == before:
            return
        said = f"{shape[0]} numbers an item" if before == "vector" else PLURAL[before]
        raise DataError(f"the model was fitted on {said}; {PLURAL[kind]} were given")

    def _several(self, X: Mapping[str, Any], fitted: Mapping[str, tuple[str, tuple[int, ...]]] | None) -> Items:
        if fitted is not None:
            return Items.of(self.features_.used(X), like=fitted)
        self._forget_columns()
        return Items.of(X)

    def _forget_columns(self) -> None:
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)

    def _read_numbers(self, X: Any, *, reset: bool) -> Matrix:
        try:
            found = validate_data(
                self,
                X,
                accept_sparse="csr",
                dtype=(np.float64, np.float32),
                reset=reset,
                ensure_min_samples=2 if reset else 1,
            )
        except TypeError as error:
            raise KindError(str(error)) from error
        except ValueError as error:
            raise DataError(_said(str(error))) from error
        return sp.csr_array(found) if sp.issparse(found) else found

    def _read(
        self,
        X: Any,
        y: Any,
        *,
        domain: Sequence[str] | Array | None,
        graph: sp.sparray | None,
        split: Sequence[str] | Array | None,
        source: str,
        reset: bool,
    ) -> DomainData:
        items = self._read_items(X, reset=reset)
        count = len(items)
        if not count:
            raise DataError("there are no items to learn from; give at least one of each of two classes")
        asker = f"this {type(self).__name__} estimator"
        labels, target = read_labels(y, values=reset and self._learns_values, asker=asker)
        if reset:
            self._label_names = target.names if isinstance(target, Labels) else None
        if len(labels) != count:
            raise ShapeError(f"there are {count} items and {len(labels)} labels; give one label for each item")
        where = None if domain is None else column(domain, count, "domain")
        if graph is not None and (not hasattr(graph, "shape") or graph.shape != (count, count)):
            raise ShapeError(
                f"the graph is {getattr(graph, 'shape', type(graph).__name__)}, expected one row and one column for "
                f"each of {count} items"
            )
        data = DomainData.of(items.values, domain=where, graph=graph, present=items.present, source=source)
        data = replace(data, label=labels)
        return data if split is None else _to_learn_from(data.with_split(column(split, count, "split")))

    def _target_of(self, labels: Array) -> Target:
        """The target that labels which were read already are of."""
        if self._learns_values:
            return Values.of(labels)
        if any(isinstance(value, tuple) for value in labels.tolist()):
            names = getattr(self, "_label_names", None)
            return Labels.of(labels) if names is None else Labels(names)
        return Classes.of(labels)

    def _hold_out(self, data: DomainData, target: Target) -> DomainData:
        """The data with a validation part, of the same share of every domain and class."""
        if isinstance(target, Classes):
            return self._shared_out(data, data.label)
        codes = target.encode(data.label)
        if not target.varies(codes):
            found = "are no labels" if not target.labelled(codes).any() else "is only one"
            raise DataError(f"{data.source}: there {found}; learning needs {target.needs}")
        strata = target.strata(codes)
        classes = np.array([None if s < 0 else int(s) for s in strata], dtype=object)
        if len(np.unique(strata[strata >= 0])) < 2:
            raise DataError(f"{data.source}: every item has the same; learning needs {target.needs}")
        return self._shared_out(data, classes)

    def _shared_out(self, data: DomainData, classes: Array) -> DomainData:
        """Held-out items by these classes; the one labelled item of a domain is learnt from."""
        known = np.array([value is not None for value in classes.tolist()], dtype=bool)
        counts = Counter(data.domain[known].tolist())
        alone = known & np.array([counts[name] == 1 for name in data.domain.tolist()], dtype=bool)
        by_class = replace(data, label=classes)
        settings: dict[str, Any] = {"test": 0.0, "validation": self.validation, "seed": self.random_state}
        if data.split is not None or not alone.any():
            return replace(data, split=split(by_class, **settings).split)
        parts = np.where(known, "train", "unlabelled").astype(object)
        if len(set(classes[known & ~alone].tolist())) > 1:
            parts[~alone] = split(by_class.take(~alone), **settings).split
        return replace(data, split=parts)

    def _read_domains(self, domain: Sequence[str] | Array | None, count: int) -> Array | None:
        return None if domain is None else column(domain, count, "domain")

    def _truth(self, y: Any, count: int) -> Array:
        """Labels to judge by, in the model's own terms."""
        labels, target = read_labels(y, values=self._learns_values, asker="score")
        if len(labels) != count:
            raise ShapeError(f"there are {count} items and {len(labels)} labels; give one label for each item")
        if not isinstance(target, self._kind):
            raise DataError(f"y holds {target.name}, and the model was fitted on {self._kind.name}; give the latter")
        if isinstance(target, Labels) and target.names.tolist() != self.target_.names.tolist():
            return _in_order(labels, target.names.tolist(), self.target_.names.tolist())
        return labels


def _to_learn_from(data: DomainData) -> DomainData:
    if data.within("test").any():
        row = int(np.argmax(data.within("test"))) + 1
        raise DataError(f"{data.source}: row {row} is a test item; fit on training and validation items alone")
    return data


def _said(sentence: str) -> str:
    """What scikit-learn says of numbers that are none, without its advice on other estimators."""
    first = sentence.partition("\n")[0]
    missing = "contains NaN" in first or "infinity" in first
    return f"{first.rstrip('.')}; fill it in, or leave out the row or the column" if missing else sentence


def _in_order(labels: Array, given: list[Any], wanted: list[Any]) -> Array:
    if strange := [name for name in given if name not in wanted]:
        raise DataError(f"y has the label {strange[0]!r}, which the model does not know; it knows {wanted}")
    place = {name: j for j, name in enumerate(given)}
    out = np.empty(len(labels), dtype=object)
    for i, row in enumerate(labels.tolist()):
        out[i] = None if row is None else tuple(row[place[name]] if name in place else 0 for name in wanted)
    return out


def column(values: Any, count: int, name: str) -> Array:
    """One string for each of `count` items.

    Raises
    ------
    ParameterError
        If it is one string, or has more than one axis.
    DataError
        If one is missing.
    ShapeError
        If there are more or fewer.

    Examples
    --------
    >>> from polyculture.classify.reading import column
    >>> column([1, 2], 2, "domain").tolist()
    ['1', '2']
    """
    if isinstance(values, str) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) != 1:
        raise ParameterError(f"{name} is a {type(values).__name__}; give a list with one {name} for each item")
    if len(values) != count:
        raise ShapeError(f"there are {count} items but {len(values)} {name}s; give one {name} for each item")
    out = np.empty(count, dtype=object)
    for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        if value is None or value != value:  # noqa: PLR0124 - NaN
            raise DataError(f"row {row + 1} has no {name}; give one to every item, or give none at all")
        out[row] = str(value)
    return out
