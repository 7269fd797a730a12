"""Step 2 as one estimator: encoders, their vectors side by side, and one graph that spreads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from polyculture import engine
from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.errors import ParameterError
from polyculture.features.blocks import Block
from polyculture.features.encoded import Encoded
from polyculture.features.encoders import ENCODERS, Encoder, make_encoder
from polyculture.features.encoders.base import State
from polyculture.features.encoders.choice import as_read, chosen_encoders
from polyculture.features.encoders.items import read_texts
from polyculture.features.reading import as_classes
from polyculture.features.spread import Spread
from polyculture.progress import LOG

__all__ = ["Encoded", "Features"]


def _fitted(encoder: Encoder, items: Array, y: Ints, held: Mask) -> tuple[Encoder, Matrix]:
    encoder.fit(items, y, validation=held if held.any() else None)
    return encoder, encoder.transform(items)


class Features(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Items to vectors by several encoders, joined by one graph over the items of all domains.

    Parameters
    ----------
    encoders : sequence of str or Encoder, or "auto"
        Names (``"lexical"``, ``"pretrained:wordllama"``, ``"rnn:lstm"``, ...) or encoders. ``"auto"`` takes
        ``"vectors"`` for numbers, and for texts ``"lexical:words"``,
        ``"lexical:characters"``, ``"pretrained"`` and ``"pretrained:wordllama"``, of
        these what is installed.
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
        encoders: str | Encoder | Sequence[str | Encoder] = "auto",
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
        X : sequence of n texts, or array, sparse array or table of shape (n, d)
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
        """
        items = self._items(X, reset=True)
        count = items.shape[0]
        y = np.full(count, -1) if y is None else as_classes(y, count)
        held = np.zeros(count, dtype=bool) if validation is None else validation
        extra = np.zeros(count, dtype=bool) if copies is None else copies
        self.encoders_ = self._fresh(numbers=items.ndim > 1)
        views = self._fit_encoders(items, y, held, extra)
        self.blocks_ = {
            name: Block(self.components, self.random_state).fit(views[name], rows=~held & ~extra)
            for name in self._fed()
        }
        dense = {name: block.transform(views[name]) for name, block in self.blocks_.items()}
        kind = self.graph
        if kind != "none" and not (y >= 0).any():
            LOG.warning("graph: none, as no item has a label to choose one by")
            kind = "none"
        self.spread_ = Spread(kind, self.propagation, self.hops, self.neighbours, random_state=self.random_state)
        vectors = self.spread_.fit_transform(
            dense, self._search(views), y, domain=domain, validation=held, copies=extra, given=graph
        )
        return Encoded(views, vectors)

    def fit(self, X: Any, y: Ints | None = None, **settings: Any) -> Self:
        """Learn from items; see :meth:`fit_transform`."""
        self.fit_transform(X, y, **settings)
        return self

    def _items(self, X: Any, *, reset: bool) -> Any:
        """Texts as an array of shape (n,), numbers as a checked matrix."""
        texts = read_texts(X)
        if texts is not None:
            return texts
        checked = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=reset)
        return sp.csr_array(checked) if sp.issparse(checked) else checked

    def _fresh(self, *, numbers: bool) -> dict[str, Encoder]:
        found: dict[str, Encoder] = {}
        for given in chosen_encoders(self.encoders, numbers=numbers):
            encoder = make_encoder(given) if isinstance(given, str) else clone(given)
            own = {"random_state": self.random_state, "n_jobs": self.n_jobs}
            encoder.set_params(**{key: value for key, value in own.items() if key in encoder.get_params()})
            name = given if isinstance(given, str) else encoder.family
            while name in found:
                name += "'"
            found[name] = encoder
        if not found:
            raise ParameterError(f"no encoder is named; use one or more of {', '.join(ENCODERS)}")
        return found

    def _fit_encoders(self, items: Array, y: Ints, held: Mask, extra: Mask) -> dict[str, Matrix]:
        """Fit and encode; those that are trained here at once, as many as there are jobs."""
        views: dict[str, Matrix] = {}
        for name in self.quiet_:
            LOG.info("encoder %s", name)
            self.encoders_[name].fit(items[np.flatnonzero(~extra)], y[~extra], validation=held[~extra])
            views[name] = self.encoders_[name].transform(items)
        trained = [name for name in self.encoders_ if name not in views]
        # the slowest first, so that no process waits for it at the end
        trained.sort(key=lambda name: name != "transformer")
        pieces = ((self.encoders_[name], items, y, held) for name in trained)
        for name, (encoder, view) in zip(trained, engine.run(_fitted, pieces, jobs=self.n_jobs), strict=True):
            self.encoders_[name], views[name] = encoder, view
        return {name: views[name] for name in self.encoders_}

    def _search(self, views: Mapping[str, Matrix]) -> dict[str, Matrix]:
        return {name: self.encoders_[name].search_view(view) for name, view in views.items()}

    def _fed(self) -> list[str]:
        if self.network_encoders is not None:
            if unknown := [n for n in self.network_encoders if n not in self.encoders_]:
                raise ParameterError(
                    f"network_encoders names {unknown[0]!r}, which is not among the encoders "
                    f"({', '.join(self.encoders_)})"
                )
            return list(self.network_encoders)
        return self.quiet_ or list(self.encoders_)

    def transform(self, X: Any, *, edges: sp.sparray | None = None, graph: sp.sparray | None = None) -> Encoded:
        """Encode items that arrive later.

        Parameters
        ----------
        X : sequence of m texts, or array, sparse array or table of shape (m, d)
        edges : sparse array of shape (m, n), or None
            Ties them to the fitted items, where edges are given.
        graph : sparse array of shape (m, m), or None
            Ties them to each other, where edges are given.
        """
        check_is_fitted(self, "encoders_")
        items = self._items(X, reset=False)
        views = {name: encoder.transform(items) for name, encoder in self.encoders_.items()}
        dense = {name: block.transform(views[name]) for name, block in self.blocks_.items()}
        return Encoded(views, self.spread_.transform(dense, self._search(views), edges=edges, graph=graph))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse, tags.transformer_tags.preserves_dtype = True, []
        return as_read(tags, self.encoders)

    @property
    def quiet_(self) -> list[str]:
        """Names of the encoders that do not learn from labels."""
        return [name for name, encoder in self.encoders_.items() if not encoder.learns_labels]

    def dense(self, encoded: Encoded) -> dict[str, Floats]:
        """The blocks of encoded items, before they are spread."""
        return {name: block.transform(encoded.views[name]) for name, block in self.blocks_.items()}

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
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        features = cls()
        features.encoders_ = {e["name"]: ENCODERS.load(e["family"]).from_state(e["state"]) for e in state["encoders"]}
        features.blocks_ = {name: Block.from_state(block) for name, block in state["blocks"].items()}
        features.spread_ = Spread.from_state(state["spread"])
        return features
