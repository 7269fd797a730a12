"""What a fitted model answers for items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.classify.lacking import Joined, by_pattern, having
from polyculture.classify.learnt import among, prints
from polyculture.classify.notes import unseen
from polyculture.classify.parts import unknown
from polyculture.classify.reading import Reading
from polyculture.classify.unlabelled_graph import OwnOverGraph
from polyculture.errors import DataError, ShapeError
from polyculture.features.combine import Encoded
from polyculture.fuse.combine import Combination
from polyculture.optimise import sharpen
from polyculture.preprocess import clean_text
from polyculture.progress import LOG


class Answering(Reading):
    """Items in; answers of every part, and of their fusion, out."""

    learnt_: Array | None
    fitted_: Array | None
    order_: Ints | None = None
    """Where each fitted item stood in what was given; None where items stayed in their order."""

    def encode(self, X: Any, *, edges: sp.sparray | None = None, graph: sp.sparray | None = None) -> Encoded:
        """Steps 1 and 2 for items that arrive later; `edges` and `graph` as in :meth:`predict`."""
        self._check_fitted("features_")
        items = self._read_items(X, reset=False)
        if self.clean:
            items = items.mapped(clean_text, kind="text")
        encoded = self.features_.transform(items, edges=edges, graph=graph)
        if edges is not None and edges.shape[0] != len(encoded):
            raise ShapeError(
                f"there are {len(encoded)} items and {edges.shape[0]} rows of edges; give one for each item"
            )
        given, to_fitted = (None if each is None else sp.csr_array(each) for each in (graph, edges))
        return replace(encoded, texts=items.texts, graph=given, edges=to_fitted)

    def prints(self, X: Any) -> Array:
        """A hash of what each item is, shape (n,); see :func:`polyculture.classify.learnt.prints`."""
        items = self._read_items(X, reset=False)
        return prints(items.mapped(clean_text, kind="text") if self.clean else items)

    def learnt_from(self, X: Any) -> Mask | None:
        """Whether each item was among the labelled ones that the model learnt from, by what it is.

        Parameters
        ----------
        X : sequence of n texts, array, images, series, or mapping
            As in :meth:`predict`.

        Returns
        -------
        bool array of shape (n,), or None if the model was saved by a version that did not remember them
        """
        self._check_fitted()
        return None if self.learnt_ is None else among(self.prints(X), self.learnt_)

    def as_given(self, positions: Ints) -> Ints:
        """Where fitted items stood in what was given to :meth:`fit`; -1, and copies that were made, stay."""
        if self.order_ is None:
            return positions
        own = (positions >= 0) & (positions < len(self.order_))
        return np.where(own, self.order_[np.where(own, positions, 0)], positions)

    def places_among_fitted(self, X: Any) -> dict[int, int]:
        """Place of each item in what was fitted, by its position there; those that were not fitted are left out.

        It is empty for a model without a graph that was saved, which does not keep them in their order.
        """
        known = {int(one): place for place, one in enumerate(self.prints(X)) if one}
        fitted = [] if self.fitted_ is None else self.fitted_.tolist()
        positions = self.as_given(np.arange(len(fitted))).tolist()
        return {position: known[one] for position, one in zip(positions, fitted, strict=True) if one in known}

    def _members(self, encoded: Encoded, domain: Array) -> dict[str, Array]:
        """Answers of each part before fusion; an unknown domain gets the merged model for an expert."""
        fed = self.fed(encoded)
        merged = self.backbone_.answers(fed, self.merged_)
        found = {
            "backbone": self.backbone_.answers(fed),
            "merged": merged,
            "experts": merged.copy(),
        }
        for name, weights in self.experts_.items():
            rows = np.flatnonzero(domain == name)
            if len(rows):
                found["experts"][rows] = self.backbone_.answers(fed[rows], weights)
        for name, model in self.families_.items():
            found[f"encoder:{name}"] = model.answers(encoded.views[name], encoded.present.get(name))
        return found

    def _fused(self, encoded: Encoded, members: Mapping[str, Array], domain: Array) -> Array:
        families = {name: members[f"encoder:{name}"] for name in self.families_}
        known = np.isin(domain, list(self.domains_))
        found = Joined(self.routed_, self.static_).answers(members, families, domain, known)
        for has, rows in by_pattern(having(encoded, self.features_.reads_)) if self.lacking_ else ():
            if has in self.lacking_:
                said, base = ({name: each[rows] for name, each in part.items()} for part in (members, families))
                found[rows] = self.lacking_[has].answers(said, base, domain[rows], known[rows])
        for name, own in self.own_.items():
            rows = np.flatnonzero(domain == name)
            if not len(rows):
                continue
            if isinstance(own, OwnOverGraph):
                found[rows] = own.answers(encoded.take(rows))
                continue
            network = self.backbone_.answers(self.fed(encoded)[rows], own.weights)
            found[rows] = self._joined(network, {family: said[rows] for family, said in families.items()})
        return found

    def _joined(self, network: Array, families: Mapping[str, Array]) -> Array:
        """One network's answers and the base models', as where no domain is known."""
        nowhere = np.array([""] * len(network), dtype=object)
        return self.static_.predict_proba({"merged": network, "backbone": network}, families, nowhere)

    def answers(self, encoded: Encoded, domain: Array | None = None) -> dict[str, Array]:
        """Answers of every part and of their fusion for encoded items.

        Parameters
        ----------
        encoded : Encoded
            Of :meth:`encode`.
        domain : array of str, shape (n,), or None

        Returns
        -------
        dict of str to array of shape (n, outputs)
            ``backbone``, ``merged``, ``experts``, ``ensemble``, ``fused`` and ``encoder:<name>`` for each base model:
            probabilities, or standardised values.
        """
        where = unknown(len(encoded)) if domain is None else np.asarray(domain, dtype=object)
        members = self._members(encoded, where)
        families = [members[f"encoder:{name}"] for name in self.families_]
        fused = self._sharpened(self._fused(encoded, members, where), where)
        if families and (nothing := self._lacking_all(encoded)).any():
            # each base model says what it knows of nobody: how often each answer is right
            fused[nothing] = np.mean(families, axis=0)[nothing]
        ensemble = Combination.ensemble(np.stack([members["experts"], *families]), self._kind)
        return members | {"ensemble": ensemble, "fused": fused}

    def _lacking_all(self, encoded: Encoded) -> Mask:
        """Items that lack every modality, and are told nothing by neighbours in a graph either."""
        if not encoded.present:
            return np.zeros(len(encoded), dtype=bool)
        there = np.any(list(having(encoded, self.features_.reads_).values()), axis=0)
        told = np.asarray(encoded.vectors).any(axis=1)
        return np.asarray(~there & ~told)

    def _sharpened(self, fused: Array, domain: Array) -> Array:
        """After the temperature, which was chosen for fused answers: those over a domain's own graph stay."""
        found = sharpen(fused, self.temperature_, self._kind)
        own = np.isin(domain, [name for name, each in self.own_.items() if isinstance(each, OwnOverGraph)])
        return np.where(own[:, None], fused, found) if own.any() else found

    def _found(
        self,
        X: Any,
        domain: Sequence[str] | Array | None,
        edges: sp.sparray | None,
        graph: sp.sparray | None,
    ) -> tuple[Encoded, Array]:
        """Items after step 2, and the domain of each."""
        self._check_fitted()
        encoded = self.encode(X, edges=edges, graph=graph)
        where = self._read_domains(domain, len(encoded))
        if where is None:
            return encoded, unknown(len(encoded))
        if sentence := unseen(where, self.known_domains):
            LOG.warning(sentence)
        return encoded, where

    def measures(
        self,
        X: Any,
        y: Any,
        sample_weight: Sequence[float] | Array | None = None,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
    ) -> dict[str, float]:
        """What can be said of the predictions for these items: accuracy and F1, or R² and the mean absolute error.

        Items without a label are left out.

        Parameters
        ----------
        X, domain, edges, graph
            As in :meth:`predict`.
        y : sequence of n labels
        sample_weight : sequence of n float, or None
            How much each item counts.

        Raises
        ------
        DataError
            If no item has a label, or labels are of another kind than those that were learnt.
        """
        found = self.predict(X, domain=domain, edges=edges, graph=graph)
        labels = self._truth(y, len(found))
        rows = np.flatnonzero([value is not None for value in labels.tolist()])
        if not len(rows):
            raise DataError("no item has a label; give at least one to judge by")
        weights = None if sample_weight is None else np.asarray(sample_weight)[rows]
        return self._kind.judge(np.array(labels[rows].tolist()), found[rows], weights)

    def score(
        self,
        X: Any,
        y: Any,
        sample_weight: Sequence[float] | Array | None = None,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
    ) -> float:
        """Share of items that are predicted right (all of their labels); R² for values."""
        return next(iter(self.measures(X, y, sample_weight, domain=domain, edges=edges, graph=graph).values()))

    def predict(
        self,
        X: Any,
        *,
        domain: Sequence[str] | Array | None = None,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
    ) -> Array:
        """What is predicted for each item.

        Parameters
        ----------
        X : sequence of n texts, array, sparse array or table of numbers of shape (n, d), images, series, or mapping
            As in :meth:`fit`. A modality that is not in the mapping is lacking in all items; of an item that lacks
            everything the answer is how often each class occurs.
        domain : sequence of n str, or None
            Items of a domain that was fitted may be routed to its expert; all others, and all when None, are served by
            the static fused model.
        edges : sparse array of shape (n, fitted items), or None
            Edges to the fitted items, where the model was fitted with a given graph.
        graph : sparse array of shape (n, n), or None
            Edges among these items, such as a graph that was not there when the model was fitted.
        """
        encoded, where = self._found(X, domain, edges, graph)
        return self.target_.decode(self.answers(encoded, where)["fused"])

    def knowledge(self, encoded: Encoded, domain: Array) -> Floats:
        """What the fitted model knows of items, shape (n, d): vectors, last hidden layer, all members' log-odds."""
        members = [self._kind.evidence(answers) for answers in self._members(encoded, domain).values()]
        hidden = self.backbone_.last_hidden(self.fed(encoded), self.merged_)
        return np.hstack([encoded.vectors, hidden, *members]).astype(np.float32)
