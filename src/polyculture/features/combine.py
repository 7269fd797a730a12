"""Step 2 as one estimator: encoders, their vectors side by side, and one graph that spreads them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture import pieces, store
from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.errors import DataError, ParameterError
from polyculture.features.blocks import Block
from polyculture.features.encoded import Encoded
from polyculture.features.encoders import ENCODERS, Encoder, make_encoder
from polyculture.features.encoders.base import State
from polyculture.features.encoders.choice import Chosen, as_read, encoders_of_modalities
from polyculture.features.encoders.items import read_texts
from polyculture.features.items import KINDS, Items, bare_kind, scattered
from polyculture.features.reading import as_classes
from polyculture.features.spread import Spread
from polyculture.progress import LOG

__all__ = ["Encoded", "Features"]


def _fitted(encoder: Encoder, items: Array, y: Ints, held: Mask) -> tuple[Encoder, Matrix]:
    encoder.fit(items, y, validation=held if held.any() else None)
    return encoder, encoder.transform(items)


def _taken(values: Any, rows: Mask) -> Any:
    """These rows; not copied where they are all."""
    return values if rows.all() else values[np.flatnonzero(rows)]


class Features(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Items to vectors by several encoders, joined by one graph over the items of all domains.

    Items of several modalities are a mapping of modality to values; see :class:`polyculture.features.items.Items`. Each
    encoder reads one of them, learns from the items that have it, and gives the others zeros.

    Parameters
    ----------
    encoders : sequence of str or Encoder, "auto", or mapping of modality to one of these
        Names (``"lexical"``, ``"pretrained:wordllama"``, ``"rnn:lstm"``, ...) or encoders. ``"auto"`` takes what suits
        each modality and is installed; see :func:`polyculture.features.encoders.choice.chosen_encoders`. Of several
        modalities, a name is for those it can read.
    network_encoders : sequence of str or None
        Those whose vectors the backbone is fed. None: all that do not learn from labels, as vectors that do know the
        training labels mislead a network trained on the same items; if all do, all.
    graph : str
        ``"none"``, ``"given"``, ``"words"``, ``"other"``, ``"same"`` or ``"auto"``; see :class:`Spread`.
    propagation : str
        How vectors are spread.
    hops : tuple of int
        Depths to choose from on held-out items; 0 leaves the graph out.
    neighbours : int
        Of each item, in a graph of nearest neighbours.
    components : int
        Singular directions that a sparse view is reduced to.
    random_state : int
    n_jobs : int
        Encoders that are trained at once, each in a process of its own.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.combine import Features
    >>> texts = ["good day", "bad day", "good film", "bad film"] * 5
    >>> encoded = Features(("lexical",), graph="none", components=3).fit_transform(texts, np.array([1, 0] * 10))
    >>> encoded.vectors.shape
    (20, 3)
    """

    def __init__(
        self,
        encoders: Chosen = "auto",
        network_encoders: Sequence[str] | None = None,
        graph: str = "auto",
        propagation: str = "appnp",
        hops: tuple[int, ...] = (0, 2),
        neighbours: int = 15,
        components: int = 200,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.encoders = encoders
        self.network_encoders = network_encoders
        self.graph = graph
        self.propagation = propagation
        self.hops = hops
        self.neighbours = neighbours
        self.components = components
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit_transform(
        self,
        X: Any,
        y: Ints | None = None,
        *,
        domain: Array | None = None,
        validation: Mask | None = None,
        copies: Mask | None = None,
        graph: sp.sparray | None = None,
    ) -> Encoded:
        """Learn from items and encode them.

        Parameters
        ----------
        X : sequence of n texts, array, sparse array or table of shape (n, d), images, series, or mapping of these
            As :meth:`polyculture.features.items.Items.of` reads a mapping. A modality that no item to learn from has,
            or that only those of one class have, is left out; ``left_out_`` says so.
        y : array of int, shape (n,), or None
            -1 where there is no label; such items take part in vocabulary and graph. Without any label there is nothing
            to choose a graph by, and none is used.
        domain : array of str, shape (n,), or None
            For the choice of hops: every domain has the same say.
        validation : array of bool, shape (n,), or None
            Held-out items: they stop training and choose the hops, and no encoder learns from them.
        copies : array of bool, shape (n,), or None
            Augmented copies of other items: encoders that learn labels see them, vocabularies and the graph do not.
        graph : sparse array, shape (n, n), or None
            Given edges.

        Raises
        ------
        DataError
            If items cannot be read, or no modality is left.
        """
        items = self._items(X, reset=True)
        count = len(items)
        y = np.full(count, -1) if y is None else as_classes(y, count)
        held = np.zeros(count, dtype=bool) if validation is None else validation
        extra = np.zeros(count, dtype=bool) if copies is None else copies
        items = self._left(items, y, ~held & ~extra)
        self.modalities_ = items.shapes
        self.encoders_, self.reads_ = self._fresh(items)
        views = self._fit_encoders(items, y, held, extra)
        there = self._there(items)
        own = ~held & ~extra
        self.blocks_ = {
            name: store.step(f"block {name}", partial(self._block, views[name], own & there.get(name, True)), (Block,))
            for name in self._fed()
        }
        dense = self._dense(views, there)
        kind = self.graph
        if kind != "none" and not (y >= 0).any():
            LOG.warning("graph: none, as no item has a label to choose one by")
            kind = "none"

        def spread() -> tuple[Spread, Floats]:
            over = Spread(kind, self.propagation, self.hops, self.neighbours, random_state=self.random_state)
            known: dict[str, Any] = {"domain": domain, "validation": held, "copies": extra, "given": graph}
            return over, over.fit_transform(dense, self._search(views), y, **known)

        self.spread_, vectors = store.step("graph", spread, (Spread,))
        return Encoded(views, vectors, present=there)

    def _block(self, view: Matrix, rows: Mask) -> Block:
        return Block(self.components, self.random_state).fit(view, rows=rows)

    def fit(self, X: Any, y: Ints | None = None, **settings: Any) -> Self:
        """Learn from items; see :meth:`fit_transform`."""
        self.fit_transform(X, y, **settings)
        return self

    def _items(self, X: Any, *, reset: bool) -> Items:
        """Items of one modality or several; of one, as a text, an image, a series or a checked matrix."""
        if isinstance(X, Items) and (list(X.kinds) != ["vector"] or X.present):
            return X
        X = X.values["vector"] if isinstance(X, Items) else X
        if isinstance(X, Mapping) and not sp.issparse(X):
            return Items.of(X) if reset else Items.of(self.used(X), like=self.modalities_)
        if not reset and len(self.modalities_) == 1 and not self.modalities_.keys() <= set(KINDS):
            return Items.of({next(iter(self.modalities_)): X}, like=self.modalities_)
        if (kind := bare_kind(X)) is not None:
            return Items.of({kind: X}, like=None if reset else self.modalities_)
        texts = read_texts(X)
        if texts is not None:
            return Items.of_texts(texts)
        checked = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=reset)
        return Items({"vector": sp.csr_array(checked) if sp.issparse(checked) else checked}, {"vector": "vector"}, {})

    def _left(self, items: Items, y: Ints, own: Mask) -> Items:
        """Items without the modalities that nobody has, or that those who have them cannot teach by."""
        told = len(np.unique(y[own & (y >= 0)])) > 1
        self.left_out_: dict[str, str] = {}
        for name, there in items.present.items():
            rows = there & own
            if not rows.any():
                reason = "no item to learn from has it"
            elif told and len(np.unique(y[rows & (y >= 0)])) < 2:
                reason = "the items to learn from that have it are of fewer than two classes"
            else:
                continue
            self.left_out_[name] = f"the modality {name!r} is left out: {reason}"
        if len(self.left_out_) == len(items.kinds):
            raise DataError(f"there is nothing to learn from: {'; '.join(self.left_out_.values())}")
        return items.without(self.left_out_)

    def used(self, X: Mapping[str, Any]) -> dict[str, Any]:
        """Items by modality, without those modalities that were left out when it was fitted.

        Raises
        ------
        DataError
            If nothing else is given.
        """
        kept = {str(name): values for name, values in X.items() if str(name) not in self.left_out_}
        if X and not kept:
            given, known = ", ".join(map(str, X)), ", ".join(self.modalities_)
            raise DataError(f"{given} was left out when the model was fitted; give {known}")
        return kept

    def _fresh(self, items: Items) -> tuple[dict[str, Encoder], dict[str, str]]:
        """Encoders by the name of their view, and the modality that each reads."""
        found: dict[str, Encoder] = {}
        reads: dict[str, str] = {}
        several = len(items.kinds) + len(self.left_out_) > 1
        named = self.encoders
        if isinstance(named, Mapping):
            named = {modality: given for modality, given in named.items() if modality not in self.left_out_}
        for modality, given in encoders_of_modalities(named, items.kinds):
            encoder = make_encoder(given) if isinstance(given, str) else clone(given)
            own = {"random_state": self.random_state, "n_jobs": self.n_jobs}
            encoder.set_params(**{key: value for key, value in own.items() if key in encoder.get_params()})
            name = given if isinstance(given, str) else encoder.family
            name = f"{modality}/{name}" if several else name
            while name in found:
                name += "'"
            found[name], reads[name] = encoder, modality
        if not found:
            raise ParameterError(f"no encoder is named; use one or more of {', '.join(ENCODERS)}")
        return found, reads

    def _there(self, items: Items) -> dict[str, Mask]:
        """Which items each view knows something of; views that know all of them are not named."""
        return {name: items.present[at] for name, at in self.reads_.items() if at in items.present}

    def _dense(self, views: Mapping[str, Matrix], there: Mapping[str, Mask]) -> dict[str, Floats]:
        """The blocks; an item that lacks a modality is at the mean of those that have it."""
        dense = {name: block.transform(views[name]) for name, block in self.blocks_.items()}
        for name in dense.keys() & there.keys():
            dense[name][~there[name]] = 0
        return dense

    def _fit_encoders(self, items: Items, y: Ints, held: Mask, extra: Mask) -> dict[str, Matrix]:
        """Fit and encode; those that are trained here at once, as many as there are jobs."""
        views: dict[str, Matrix] = {}
        for name in self.quiet_:
            LOG.info("encoder %s", name)
            values, there = items.values[self.reads_[name]], items.there(self.reads_[name])
            found = partial(self._read, self.encoders_[name], values, there, y, held, extra)
            self.encoders_[name], view = store.step(f"encoder {name}", found, (type(self.encoders_[name]),))
            views[name] = scattered(view, there)
        trained = [name for name in self.encoders_ if name not in views]
        # the slowest first, so that no process waits for it at the end
        trained.sort(key=lambda name: "transformer" not in name)
        present = [items.there(self.reads_[name]) for name in trained]
        given = (
            (self.encoders_[name], _taken(items.values[self.reads_[name]], there), y[there], held[there])
            for name, there in zip(trained, present, strict=True)
        )
        kinds = {type(self.encoders_[name]) for name in trained}
        done = pieces.steps(_fitted, [f"encoder {n}" for n in trained], given, kinds=kinds, jobs=self.n_jobs)
        for name, there, (encoder, view) in zip(trained, present, done, strict=True):
            self.encoders_[name], views[name] = encoder, scattered(view, there)
        return {name: views[name] for name in self.encoders_}

    @staticmethod
    def _read(encoder: Encoder, values: Any, there: Mask, y: Ints, held: Mask, extra: Mask) -> tuple[Encoder, Matrix]:
        """An encoder that learnt from what items there are, copies left out, and its vectors of all of them."""
        own = there & ~extra
        encoder.fit(values[np.flatnonzero(own)], y[own], validation=held[own])
        return encoder, encoder.transform(_taken(values, there))

    def _search(self, views: Mapping[str, Matrix]) -> dict[str, Matrix]:
        return {name: self.encoders_[name].search_view(view) for name, view in views.items()}

    def _fed(self) -> list[str]:
        if self.network_encoders is not None:
            fed = [n for n in self.network_encoders if n.partition("/")[0] not in self.left_out_]
            if unknown := [n for n in fed if n not in self.encoders_]:
                raise ParameterError(
                    f"network_encoders names {unknown[0]!r}, which is not among the encoders "
                    f"({', '.join(self.encoders_)})"
                )
            if fed:
                return fed
        return self.quiet_ or list(self.encoders_)

    def transform(self, X: Any, *, edges: sp.sparray | None = None, graph: sp.sparray | None = None) -> Encoded:
        """Encode items that arrive later.

        Parameters
        ----------
        X : sequence of m texts, array, sparse array or table of shape (m, d), images, series, or mapping of these
            A modality that is not in the mapping is lacking in all items.
        edges : sparse array of shape (m, n), or None
            Ties them to the fitted items, where edges are given.
        graph : sparse array of shape (m, m), or None
            Ties them to each other, where edges are given.
        """
        check_is_fitted(self, "encoders_")
        items = self._items(X, reset=False)
        if set(items.kinds) != set(self.modalities_):
            raise DataError(
                f"the model was fitted on {', '.join(self.modalities_)}; {', '.join(items.kinds)} was given"
            )
        views, there = self._views(items), self._there(items)
        dense = self._dense(views, there)
        vectors = self.spread_.transform(dense, self._search(views), edges=edges, graph=graph)
        return Encoded(views, vectors, present=there)

    def _views(self, items: Items) -> dict[str, Matrix]:
        """Each encoder's vectors; zeros for items that lack what it reads."""
        views = {}
        for name, encoder in self.encoders_.items():
            values, there = items.values[self.reads_[name]], items.there(self.reads_[name])
            views[name] = scattered(encoder.transform(_taken(values, there)), there)
        return views

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse, tags.transformer_tags.preserves_dtype = True, []
        return as_read(tags, self.encoders)

    @property
    def quiet_(self) -> list[str]:
        """Names of the encoders that do not learn from labels."""
        return [name for name, encoder in self.encoders_.items() if not encoder.learns_labels]

    @property
    def columns_(self) -> dict[str, list[list[int]]]:
        """Where the vectors of each modality lie: the first column, and the one after the last, of each block."""
        widths = self.spread_.widths({name: len(block.scale_) for name, block in self.blocks_.items()})
        found: dict[str, list[list[int]]] = {}
        start = 0
        for name, width in widths.items():
            found.setdefault(self.reads_[name], []).append([start, start + width])
            start += width
        return found

    def without(self, encoded: Encoded, modalities: Collection[str]) -> Encoded:
        """Encoded items as if they lacked these modalities; what neighbours in a graph know of them is gone too."""
        vectors = encoded.vectors.copy()
        for name in self.columns_.keys() & set(modalities):
            for start, end in self.columns_[name]:
                vectors[:, start:end] = 0
        none = np.zeros(len(encoded), dtype=bool)
        gone = {view: none for view, at in self.reads_.items() if at in modalities}
        return replace(encoded, vectors=vectors, present={**encoded.present, **gone})

    def dense(self, encoded: Encoded) -> dict[str, Floats]:
        """The blocks of encoded items, before they are spread."""
        return self._dense(encoded.views, encoded.present)

    def search_views(self, encoded: Encoded) -> dict[str, Matrix]:
        """The views that nearest neighbours are found in."""
        return self._search(encoded.views)

    def neighbour_shares(self, encoded: Encoded) -> list[tuple[slice, Ints, Floats]]:
        """What fitted items add to the vector of one encoded item; see :meth:`Spread.shares`."""
        return self.spread_.shares(self._search(encoded.views))

    def state(self) -> State:
        """All that is needed to build it again."""
        return {
            "encoders": [{"name": n, "family": e.family, "state": e.state()} for n, e in self.encoders_.items()],
            "blocks": {name: block.state() for name, block in self.blocks_.items()},
            "spread": self.spread_.state(),
            "reads": self.reads_,
            "modalities": self.state_of_modalities(),
            "left_out": self.left_out_,
        }

    def state_of_modalities(self) -> State:
        """Kind, and shape of one item, of each modality."""
        return {name: {"kind": kind, "shape": list(shape)} for name, (kind, shape) in self.modalities_.items()}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        features = cls()
        features.encoders_ = {e["name"]: ENCODERS.load(e["family"]).from_state(e["state"]) for e in state["encoders"]}
        features.blocks_ = {name: Block.from_state(block) for name, block in state["blocks"].items()}
        features.spread_ = Spread.from_state(state["spread"])
        features.reads_, features.left_out_ = dict(state["reads"]), dict(state["left_out"])
        features.modalities_ = {name: (m["kind"], tuple(m["shape"])) for name, m in state["modalities"].items()}
        return features
