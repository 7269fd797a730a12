"""Items that are to be explained, and what the model answered for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Matrix
from polyculture.classify import CrossDomainClassifier
from polyculture.classify.reading import column
from polyculture.errors import ParameterError, ShapeError
from polyculture.explain.odds import margins, of_class
from polyculture.explain.served import networks_of
from polyculture.features.combine import Encoded
from polyculture.features.encoders.items import read_texts
from polyculture.features.items import Items, read_pictures
from polyculture.features.network import Weights
from polyculture.targets import Classes, Values

AT_ONCE = 4096
"""Changed items that are encoded together: a long text has as many as it has words."""


@dataclass(frozen=True)
class Asked:
    """Items, and the model's own answer for each: what every kind of reason begins with.

    Parameters
    ----------
    model : CrossDomainClassifier
        Fitted on classes or labels.
    items : array of n str, or array or CSR array of shape (n, d), or Items where there are several modalities
    domain : array of n str or None
    edges : CSR array of shape (n, fitted items), or None
    encoded : Encoded
    probabilities : array of shape (n, classes)
        Of the fused model, calibrated.
    predicted : array of int, shape (n,)
        Position of the predicted class; of labels, the most probable one.
    """

    model: CrossDomainClassifier
    items: Any
    domain: Array
    edges: sp.csr_array | None
    encoded: Encoded
    probabilities: Floats
    predicted: Ints

    @classmethod
    def of(
        cls,
        model: CrossDomainClassifier,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
    ) -> Self:
        """Ask the model.

        Parameters
        ----------
        model, X, domain, edges
            As in :meth:`CrossDomainClassifier.predict`.

        Raises
        ------
        ParameterError
            If the model learnt values, or there are no items.
        ShapeError
            If there is not one domain, or not one row of edges, for each item.
        """
        if isinstance(getattr(model, "target_", None), Values):
            raise ParameterError("the model learnt values, and reasons are for classes; explain a classifier")
        encoded = model.encode(X, edges=edges)
        count = len(encoded)
        if not count:
            raise ParameterError("there are no items to explain; give at least one")
        if edges is not None and edges.shape[0] != count:
            raise ShapeError(f"there are {count} items and {edges.shape[0]} rows of edges; give one for each item")
        where = np.array([None] * count, dtype=object) if domain is None else column(domain, count, "domain")
        probabilities = model.answers(encoded, where)["fused"]
        single = isinstance(model.target_, Classes)
        predicted = model.decide(probabilities) if single else probabilities.argmax(axis=1)
        given = None if edges is None else sp.csr_array(edges)
        items = _modalities(model, X) if len(model.features_.modalities_) > 1 else _plain(model, X)
        return cls(model, items, where, given, encoded, probabilities, np.asarray(predicted, dtype=int))

    def __len__(self) -> int:
        return len(self.encoded)

    @property
    def several(self) -> bool:
        """Whether the items have several modalities."""
        return isinstance(self.items, Items)

    @property
    def texts(self) -> bool:
        """Whether the items are texts."""
        return isinstance(self.items, np.ndarray) and self.items.dtype == object

    @property
    def images(self) -> bool:
        """Whether the items are images."""
        return isinstance(self.items, np.ndarray) and self.items.ndim == 4 and self.items.dtype == np.uint8

    @property
    def uncalibrated(self) -> CrossDomainClassifier:
        """The model before its temperature, which changes no order: one near 0 would make every answer certain."""
        plain = copy(self.model)
        plain.temperature_ = 1.0
        return plain

    def encode(self, items: Any, rows: Ints) -> Encoded:
        """Changed items after step 2; each keeps the edges of the item that it was made from."""
        edges = None if self.edges is None else self.edges[rows]
        if self.texts:
            return self.model.encode(list(items), edges=edges)
        return self._encoded_by(self.model, items, edges)

    def predict(self, items: Any, rows: Ints) -> Floats:
        """Uncalibrated probabilities for changed items, shape (m, classes); `rows` says what each was made of."""
        rows = np.asarray(rows, dtype=int)
        found = [
            self.uncalibrated.answers(self.encode(items[part], rows[part]), self.domain[rows[part]])["fused"]
            for part in (slice(start, start + AT_ONCE) for start in range(0, len(rows), AT_ONCE))
        ]
        return np.concatenate(found)

    def probability(self, encoded: Encoded, rows: Ints) -> Floats:
        """Uncalibrated probability of what was predicted for `rows`, from encoded items, shape (m,)."""
        return of_class(self.uncalibrated.answers(encoded, self.domain[rows])["fused"], self.predicted[rows])

    def network_odds(self, fed: Any, rows: Ints, weights: Weights | None = None) -> Floats:
        """Log-odds of what was predicted for `rows`, by the network alone, shape (m,).

        Parameters
        ----------
        fed : array of shape (m, d), or array of m texts
            What the network is fed; see :meth:`CrossDomainClassifier.fed`.
        rows : array of int, shape (m,)
        weights : mapping of name to array, or None
            None for those of the item's domain: its expert's, its own without labels, or the merged ones.
        """
        model, exclusive = self.model, isinstance(self.model.target_, Classes)
        if weights is not None:
            return margins(model.backbone_.logits(fed, weights), self.predicted[rows], exclusive=exclusive)
        out, networks = np.empty(len(rows)), networks_of(model)
        served = np.array([d if d in networks else "" for d in self.domain[rows].tolist()], dtype=object)
        for name in sorted(set(served.tolist())):
            own = np.flatnonzero(served == name)
            out[own] = self.network_odds(fed[own], rows[own], networks.get(name, model.merged_))
        return out

    def take(self, rows: Ints) -> Asked:
        """The items at these positions, as if these alone were asked about."""
        return replace(
            self,
            items=_rows(self.items, rows),
            domain=self.domain[rows],
            edges=None if self.edges is None else self.edges[rows],
            encoded=self.encoded.take(rows),
            probabilities=self.probabilities[rows],
            predicted=self.predicted[rows],
        )

    def with_model(self, model: CrossDomainClassifier) -> Asked:
        """The same items and the same classes, asked of another model."""
        items = list(self.items) if self.texts else self.items
        plain = self.texts or self.several
        encoded = model.encode(items, edges=self.edges) if plain else self._encoded_by(model, items, self.edges)
        return replace(self, model=model, encoded=encoded, probabilities=model.answers(encoded, self.domain)["fused"])

    @staticmethod
    def _encoded_by(model: CrossDomainClassifier, items: Matrix, edges: sp.csr_array | None) -> Encoded:
        # arrays carry no names of columns: the features know them without
        return replace(model.features_.transform(items, edges=edges), edges=edges)


def _rows(items: Any, rows: Ints) -> Any:
    if not isinstance(items, Items):
        return items[rows]
    values, present = ({name: each[rows] for name, each in part.items()} for part in (items.values, items.present))
    return replace(items, values=values, present=present)


def _modalities(model: CrossDomainClassifier, X: Any) -> Items:
    return X if isinstance(X, Items) else Items.of(model.features_.used(X), like=model.features_.modalities_)


def _plain(model: CrossDomainClassifier, X: Any) -> Matrix:
    """Texts as an array of objects, images as bytes, numbers as a matrix without names."""
    if isinstance(X, Items):
        X = X.values
    # one form of sparse matrix is a mapping too
    if isinstance(X, Mapping) and not sp.issparse(X):
        X = next(iter(model.features_.used(X).values()))
    texts = read_texts(X)
    if texts is not None:
        return texts
    if sp.issparse(X):
        return sp.csr_array(X)
    if np.ndim(X) > 2 and (pictures := read_pictures(X)) is not None:
        return pictures[1]
    return np.asarray(X, dtype=np.float64)
