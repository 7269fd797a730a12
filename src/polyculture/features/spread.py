"""Which graph spreads the vectors, and how far: chosen on held-out items, no graph among the choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from polyculture.arrays import Array, Floats, Ints, Mask, Matrix
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.closed_form import held_out_hits
from polyculture.features.encoders.base import State
from polyculture.features.graph import PROPAGATIONS, Graph, build_graph, propagation, restore
from polyculture.features.graph import given as given_edges
from polyculture.features.spread_inputs import Inputs, Layer, beside, gain_of, joined, source_of, within_graph
from polyculture.progress import LOG

KINDS = ("none", "given", "words", "other", "same", "auto")
LEARNT = ("gcn", "sage", "gat")
SEARCHED = 50_000
"""Among more items ``"auto"`` looks for no neighbours: comparing all pairs costs time with their square."""
MARGIN = 2.0
"""Standard errors by which a graph must beat no graph: it is the best of several, and costs time ever after."""


class Spread(BaseEstimator):  # type: ignore[misc]
    """Spread the blocks over a graph where that helps, leave them alone where it does not.

    Every graph and depth is judged by a linear model in closed form on held-out items. A graph must beat no graph by
    more than two standard errors of the difference.

    Parameters
    ----------
    graph : str
        ``"none"``; ``"given"`` edges; ``"words"`` (words and items in one graph); ``"other"`` (nearest neighbours in
        another view than the one that is spread: lexical neighbours for semantic vectors and the reverse); ``"same"``
        (in the same view); ``"auto"`` tries given edges where there are any, else the last two, and these up to 50,000
        items alone (or where `hops` have no 0): ask for neighbours by name among more.
    propagation : str
        ``"sgc"``, ``"sign"``, ``"appnp"``, ``"gcn"``, ``"sage"`` or ``"gat"``.
    hops : tuple of int >= 0
        Depths to choose from; without a 0 some depth is taken even if it does not help.
    neighbours : int >= 1
    alpha : float in (0, 1]
        Share of its own vector that an item keeps at each hop of ``"appnp"``.
    random_state : int

    Attributes
    ----------
    kind_, hops_, propagation_ : str, int, str
        What was chosen.
    scores_ : dict of str to float
        Share of held-out items that the linear model got right, mean over domains, by ``"<kind> <hops>"``.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture.features.spread import Spread
    >>> rng, y = np.random.RandomState(0), np.arange(60) % 2
    >>> noisy = (y[:, None] + rng.randn(60, 2)).astype("float32")
    >>> friends = sp.csr_array((y[:, None] == y).astype(float))
    >>> spread = Spread()
    >>> spread.fit_transform({"view": noisy}, {"view": noisy}, y, given=friends).shape
    (60, 2)
    >>> spread.kind_
    'given'
    """

    def __init__(
        self,
        graph: str = "auto",
        propagation: str = "appnp",
        hops: tuple[int, ...] = (0, 2),
        neighbours: int = 15,
        alpha: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.graph = graph
        self.propagation = propagation
        self.hops = hops
        self.neighbours = neighbours
        self.alpha = alpha
        self.random_state = random_state

    def fit_transform(
        self,
        blocks: Mapping[str, Floats],
        views: Mapping[str, Matrix],
        y: Ints,
        *,
        domain: Array | None = None,
        validation: Mask | None = None,
        copies: Mask | None = None,
        given: sp.sparray | None = None,
    ) -> Floats:
        """Choose, and give the spread vectors side by side, shape (n, d).

        Parameters
        ----------
        blocks : mapping of name to array of shape (n, d)
            What is spread.
        views : mapping of name to matrix of n rows
            What neighbours are found in, by the blocks' names.
        y : array of int, shape (n,)
            -1 where there is no label.
        domain : array of str, shape (n,), or None
        validation, copies : array of bool, shape (n,), or None
            Held-out items; augmented copies, which are attached to the graph but not part of it.
        given : sparse array, shape (n, n), or None
        """
        self._check(given, len(y))
        plain = beside(blocks)
        self.kind_, self.hops_ = "none", 0
        self.layers_: dict[str, Layer] = {}
        self.scores_: dict[str, float] = {}
        self.propagation_ = self.propagation
        depths = sorted(set(self.hops) - {0})
        if self.graph == "none" or not depths:
            return plain
        inside = np.ones(len(y), dtype=bool) if copies is None else ~copies
        held = np.zeros(len(y), dtype=bool) if validation is None else validation
        data = within_graph(Inputs(blocks, views, y, held, None if given is None else sp.csr_array(given)), inside)
        where = np.zeros(inside.sum(), dtype=int) if domain is None else domain[inside]
        best = self._choose(plain if inside.all() else plain[inside], data, where, depths)
        return self._with_copies(best, blocks, views, inside, given)

    def _check(self, given: sp.sparray | None, count: int) -> None:
        if self.graph not in KINDS:
            raise ParameterError(f"there is no graph named {self.graph!r}; use one of {', '.join(KINDS)}")
        if self.propagation not in PROPAGATIONS:
            raise ParameterError(
                f"there is no propagation named {self.propagation!r}; use one of {', '.join(PROPAGATIONS)}"
            )
        if self.graph == "given" and given is None:
            raise DataError("the graph is to be given, but no edges were; pass graph=, or choose another kind")
        if given is not None and given.shape != (count, count):
            raise ShapeError(f"the graph is {given.shape}, expected one row and one column for each of {count} items")
        if any(h < 0 for h in self.hops):
            raise ParameterError(f"hops are {self.hops}; none may be negative")

    def _choose(self, plain: Floats, data: Inputs, where: Array, depths: list[int]) -> Floats:
        hits, judges, top = self._judged("none 0", plain, data, where), where[self._asked(data)], -np.inf
        best: tuple[dict[str, Layer], Floats] = {}, plain
        for kind, hops in self._choices(data, depths):
            spread = self._spread(kind, hops, data)
            if spread is None:
                continue
            gain, error = gain_of(self._judged(f"{kind} {hops}", spread[1], data, where), hits, judges)
            # without a 0 among the depths some graph is taken, even one that does not help
            if gain > top and (0 not in self.hops or gain > MARGIN * error):
                # the best so far alone is kept: all of them together would fill the memory
                top, self.kind_, self.hops_, best = gain, kind, hops, spread
            del spread
        LOG.info(
            "graph: %s, %d hops (%s)",
            self.kind_,
            self.hops_,
            ", ".join(f"{k} {v:.3f}" for k, v in self.scores_.items()),
        )
        self.layers_, vectors = best
        return vectors

    def _asked(self, data: Inputs) -> Array:
        """Items that judge: the held-out ones, or all labelled ones where too few are held out."""
        held = np.flatnonzero(data.validation & (data.y >= 0))
        return held if len(held) >= 100 else np.flatnonzero(data.y >= 0)

    def _judged(self, name: str, vectors: Floats, data: Inputs, where: Array) -> Array:
        asked = self._asked(data)
        hits = held_out_hits(vectors, data.y, asked, seed=self.random_state)
        domains = where[asked]
        self.scores_[name] = float(np.mean([hits[domains == d].mean() for d in np.unique(domains)]))
        return hits

    def _choices(self, data: Inputs, depths: list[int]) -> list[tuple[str, int]]:
        automatic = ["given"] if data.given is not None else ["other", "same"]
        if self.graph == "auto" and data.given is None and len(data.y) > SEARCHED and 0 in self.hops:
            LOG.info(
                "graph: no neighbours are looked for among %d items; name a kind of graph if they should", len(data.y)
            )
            automatic = []
        return [(kind, hops) for kind in (automatic if self.graph == "auto" else [self.graph]) for hops in depths]

    def _spread(self, kind: str, hops: int, data: Inputs) -> tuple[dict[str, Layer], Floats] | None:
        """Every block over its graph; None where this kind cannot be built from these views."""
        layers, spread = {}, []
        for name, (view, graph) in self._graphs(kind, data).items():
            fitted = self._propagation(hops)
            spread.append(fitted.fit_transform(data.blocks[name], graph.edges, data.y, validation=data.validation))
            layers[name] = Layer(view, graph, fitted)
        return (layers, joined(spread)) if spread else None

    def _propagation(self, hops: int) -> Any:
        if self.propagation in LEARNT:
            return propagation(self.propagation, layers=hops, random_state=self.random_state)
        return propagation(self.propagation, hops=hops, alpha=self.alpha)

    def _graphs(self, kind: str, data: Inputs) -> dict[str, tuple[str, Graph]]:
        """Each block's graph; empty where this kind cannot be built from these views."""
        sources = {name: source_of(kind, name, data.views) for name in data.blocks}
        if kind == "given" and data.given is not None:
            key = ("given", "")
            if key not in data.built:
                data.built[key] = build_graph("given", data.given, symmetric=True)
            return dict.fromkeys(data.blocks, ("", data.built[key]))
        if not all(sources.values()) or (kind == "words" and self.propagation in LEARNT):
            return {}
        return {name: (view, self._built(kind, view, data)) for name, view in sources.items()}

    @staticmethod
    def _key(kind: str, view: str) -> tuple[str, str]:
        # neighbours in a view are the same graph whether it spreads that view or another
        return "words" if kind == "words" else "neighbours", view

    def _built(self, kind: str, view: str, data: Inputs) -> Graph:
        key = self._key(kind, view)
        if key not in data.built:
            data.built[key] = build_graph(kind, data.views[view], k=self.neighbours)
        return data.built[key]

    def _with_copies(
        self,
        best: Floats,
        blocks: Mapping[str, Floats],
        views: Mapping[str, Matrix],
        inside: Mask,
        given: sp.sparray | None,
    ) -> Floats:
        if inside.all():
            return best
        # a copy receives over the edges of its item
        edges = None
        if self.kind_ == "given" and given is not None:
            edges = sp.csr_array(given).maximum(sp.csr_array(given).T)[~inside][:, inside]
        out = np.empty((len(inside), best.shape[1]), dtype=best.dtype)
        rows = np.flatnonzero(~inside)
        out[inside] = best
        out[rows] = self.transform(
            {n: b[rows] for n, b in blocks.items()}, {n: v[rows] for n, v in views.items()}, edges=edges
        )
        return out

    def transform(
        self,
        blocks: Mapping[str, Floats],
        views: Mapping[str, Matrix],
        *,
        edges: sp.sparray | None = None,
        graph: sp.sparray | None = None,
    ) -> Floats:
        """Spread vectors of items that arrive later, shape (m, d).

        Parameters
        ----------
        blocks, views
            As in :meth:`fit_transform`, of the later items.
        edges : sparse array of shape (m, n), or None
            Edges over which they receive from the fitted items, where edges are given.
        graph : sparse array of shape (m, m), or None
            Edges among themselves, where edges are given.
        """
        if self.kind_ != "given" and (edges is not None or graph is not None):
            LOG.warning("the model spreads vectors over no given edges (graph: %s): these are not used", self.kind_)
        if self.kind_ == "none":
            return beside(blocks)
        count = len(next(iter(blocks.values())))
        among = None
        if self.kind_ == "given":
            edges = self._no_edges(count) if edges is None else edges
            among = None if graph is None else given_edges(_of(graph, count), symmetric=True)
        attached: dict[str, Any] = {}
        spread = []
        for name, layer in self.layers_.items():
            if layer.view not in attached:
                attached[layer.view] = layer.graph.attach(views[layer.view] if layer.view else edges)
            spread.append(layer.propagation.transform(blocks[name], attached[layer.view], among=among))
        return joined(spread)

    def widths(self, blocks: Mapping[str, int]) -> dict[str, int]:
        """Columns of each block once it is spread, from those that it had."""
        if self.propagation_ in LEARNT:
            learnt = {name: layer.propagation.hidden for name, layer in self.layers_.items()}
            return {name: learnt.get(name, width) for name, width in blocks.items()}
        copies = self.hops_ + 1 if self.propagation_ == "sign" else 1
        return {name: width * copies for name, width in blocks.items()}

    def _no_edges(self, count: int) -> sp.csr_array:
        """From so many later items to the fitted ones."""
        return sp.csr_array((count, next(iter(self.layers_.values())).graph.edges.shape[1]), dtype=np.float32)

    def shares(self, views: Mapping[str, Matrix], *, most: int = 50) -> list[tuple[slice, Ints, Floats]]:
        """What fitted items add to one later item's vector: columns, items, and parts of shape (items, columns).

        Only decoupled propagation is linear, so that parts add up to the vector; empty for a learnt one and without a
        graph. The `most` items with the largest weights in each block.
        """
        found: list[tuple[slice, Ints, Floats]] = []
        start = 0
        for layer in self.layers_.values():
            if self.propagation_ in LEARNT or not layer.view:
                return []
            edges = layer.graph.attach(views[layer.view])
            fitted = layer.propagation.hops_[0]
            for hop in range(self.hops_ + 1) if self.propagation_ == "sign" else [None]:
                parts = layer.propagation.neighbour_parts(edges, hop)
                top = np.argsort(-parts.weights, kind="stable")[:most]
                items = parts.indices[top]
                found.append((slice(start, start + fitted.shape[1]), items, parts.weights[top, None] * fitted[items]))
                start += fitted.shape[1]
        return found

    def state(self) -> State:
        """The choice, and the fitted items' graph and vectors where a graph was chosen."""
        graphs = {layer.view: layer.graph.state() for layer in self.layers_.values()}
        layers = {
            n: {"view": layer.view, "propagation": layer.propagation.state()} for n, layer in self.layers_.items()
        }
        return {
            "kind": self.kind_,
            "hops": self.hops_,
            "propagation": self.propagation_,
            "scores": self.scores_,
            "graphs": graphs,
            "layers": layers,
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        spread = cls()
        spread.kind_, spread.hops_, spread.scores_ = state["kind"], state["hops"], state["scores"]
        spread.propagation_ = state["propagation"]
        graphs = {view: Graph.from_state(graph) for view, graph in state["graphs"].items()}
        spread.layers_ = {
            name: Layer(layer["view"], graphs[layer["view"]], restore(layer["propagation"]))
            for name, layer in state["layers"].items()
        }
        return spread


def _of(graph: sp.sparray, count: int) -> sp.sparray:
    """A graph among later items, of their number."""
    if getattr(graph, "shape", None) != (count, count):
        shape = getattr(graph, "shape", type(graph).__name__)
        raise ShapeError(f"the graph is {shape}, expected one row and one column for each of {count} items")
    return graph
