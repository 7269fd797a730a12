"""Which edges and items made the answer, where layers over the graph are learnt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints, Mask
from polyculture.errors import MissingExtraError, ParameterError
from polyculture.explain.asked import Asked
from polyculture.explain.served import by_network, check_served
from polyculture.features.spread import LEARNT

METHODS = ("auto", "gnn_explainer", "integrated_gradients")
ITSELF = -1
"""Stands for the item that is asked about, which is none of the fitted ones."""


@dataclass(frozen=True, eq=False)
class Around:
    """The fitted items that reach an item within its layers, and the edges between them; the item comes last.

    Parameters
    ----------
    items : array of int, shape (m,)
        Positions among the fitted items; -1 for the item itself.
    vectors : array of shape (m, d)
        What layers receive, blocks side by side.
    edges : CSR array of shape (m, m)
        Row i holds the edges over which item i receives.
    """

    items: Ints
    vectors: Floats
    edges: sp.csr_array

    def listed(self) -> Ints:
        """From where to where each edge carries messages, shape (edges, 2), as positions among the fitted items."""
        found = self.edges.tocoo()
        return np.stack([self.items[found.col], self.items[found.row]], axis=1)


@dataclass(frozen=True, eq=False)
class GraphReasons:
    """Edges and items around one item, and their weights.

    Parameters
    ----------
    around : Around
    edges : array of shape (edges,)
        Weight of each edge of ``around.listed()``.
    items : array of shape (m,)
        Weight of each of ``around.items``.
    """

    around: Around
    edges: Floats
    items: Floats


def learnt(asked: Asked) -> bool:
    """Whether messages are passed over one graph by layers that were learnt."""
    spread = asked.model.features_.spread_
    views = {layer.view for layer in spread.layers_.values()}
    return spread.propagation_ in LEARNT and len(views) == 1


def graph_reasons(asked: Asked, *, method: str = "auto", epochs: int = 200, seed: int = 0) -> list[GraphReasons]:
    """Weights of the edges and items that an answer came from, where layers over the graph are learnt.

    They speak of the network: layers over the graph and the head of the item's domain, for the class that the fused
    model predicts. Base models do not see the graph.

    Parameters
    ----------
    asked : Asked
    method : {"auto", "gnn_explainer", "integrated_gradients"}
        A mask over edges and items that keeps the answer and is as small as can be, learnt by gradient descent for each
        item; or the integral of the gradient of the log-odds between no messages and all of them (needs captum).
        ``"auto"`` is the latter where captum is installed: on planted graphs it finds the edges that decided more
        surely, and has others to say of a model that is mixed up, as the mask has not.
    epochs : int >= 1
        Steps in which a mask is learnt.
    seed : int

    Returns
    -------
    list of n GraphReasons

    Raises
    ------
    ParameterError
        If there is no such method, no layers were learnt, blocks have different graphs, or the network does not answer
        for an item's domain, which was adapted over a graph or has arrived.
    MissingExtraError
        If torch-geometric or captum is not installed.

    References
    ----------
    Ying et al. 2019, GNNExplainer, arXiv:1903.03894; Sundararajan et al. 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, graph_reasons
    >>> y, x = np.arange(40) % 2, np.random.RandomState(0).normal(size=(40, 3))
    >>> friends = sp.csr_array(y[:, None] == y).astype(float)
    >>> model = CrossDomainClassifier(graph="given", propagation="gcn", hops=(1,)).fit(x, y, graph=friends)
    >>> found = graph_reasons(Asked.of(model, x[:1], edges=friends[[0]]), epochs=2)[0]
    >>> int(found.around.items[-1]), len(found.edges) == found.around.edges.nnz
    (-1, True)
    """
    if method not in METHODS:
        raise ParameterError(f"there is no method named {method!r}; use one of {', '.join(METHODS)}")
    if method == "auto":
        method = "integrated_gradients" if find_spec("captum") else "gnn_explainer"
    if not learnt(asked):
        raise ParameterError("the model learnt no layers over one graph of all its vectors; ask for neighbours")
    check_served(by_network(asked.model, asked.domain), asked.domain)
    return [_explained(asked, around(asked, i), i, method, epochs, seed) for i in range(len(asked))]


def around(asked: Asked, i: int) -> Around:
    """What reaches an item; one step further than its layers, as normalising counts the neighbours of neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked
    >>> from polyculture.explain.graph import around
    >>> y, x = np.arange(40) % 2, np.random.RandomState(0).normal(size=(40, 3))
    >>> friends = sp.csr_array(y[:, None] == y).astype(float)
    >>> model = CrossDomainClassifier(graph="given", propagation="gcn", hops=(1,)).fit(x, y, graph=friends)
    >>> near = around(Asked.of(model, x[:1], edges=friends[[0]]), 0)
    >>> near.items[-3:].tolist(), near.edges.shape
    ([36, 38, -1], (21, 21))
    """
    spread = asked.model.features_.spread_
    layers = list(spread.layers_.values())
    gnn = layers[0].propagation
    one = asked.encoded.take(np.array([i]))
    given = sp.csr_array((1, gnn.edges_.shape[0]), dtype=np.float32) if asked.edges is None else asked.edges[[i]]
    view = layers[0].view
    own: Any = layers[0].graph.attach(asked.model.features_.search_views(one)[view] if view else given)
    reached = np.unique(own.indices)
    for _ in range(gnn.layers):
        reached = np.union1d(reached, gnn.edges_[reached].indices)
    inner = gnn.edges_[reached][:, reached]
    blocks = asked.model.features_.dense(one)
    fitted = np.hstack([layer.propagation.vectors_[reached] for layer in layers])
    vectors = np.vstack([fitted, np.hstack([blocks[name] for name in spread.layers_])]).astype(np.float32)
    last = sp.csr_array((1, 1), dtype=np.float32)
    edges = sp.block_array([[inner, None], [own[:, reached], last]], format="csr")
    return Around(np.append(reached, ITSELF), vectors, sp.csr_array(edges, dtype=np.float32))


def kept_edges(asked: Asked, reasons: Sequence[GraphReasons]) -> Callable[[Ints, Sequence[Mask]], Floats]:
    """How the fused model answers when some edges are kept; see :func:`polyculture.explain.faithful`.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from polyculture import CrossDomainClassifier
    >>> from polyculture.explain import Asked, graph_reasons
    >>> from polyculture.explain.graph import kept_edges
    >>> y, x = np.arange(40) % 2, np.random.RandomState(0).normal(size=(40, 3))
    >>> friends = sp.csr_array(y[:, None] == y).astype(float)
    >>> model = CrossDomainClassifier(graph="given", propagation="gcn", hops=(1,)).fit(x, y, graph=friends)
    >>> asked = Asked.of(model, x[:1], edges=friends[[0]])
    >>> found = graph_reasons(asked, epochs=2)
    >>> kept_edges(asked, found)(np.array([0]), [found[0].edges > 0]).shape
    (1,)
    """
    from polyculture.explain.message_passing import hidden

    def keep(rows: Ints, kept: Sequence[Mask]) -> Floats:
        vectors = [
            hidden(asked.model, reasons[i].around.vectors, _without(reasons[i].around.edges, mask))[-1]
            for i, mask in zip(rows.tolist(), kept, strict=True)
        ]
        return asked.probability(replace(asked.encoded.take(rows), vectors=np.stack(vectors)), rows)

    return keep


def _without(edges: sp.csr_array, kept: Mask) -> sp.csr_array:
    listed = edges.tocoo()
    return sp.csr_array((listed.data[kept], (listed.row[kept], listed.col[kept])), shape=edges.shape)


def _explained(asked: Asked, near: Around, i: int, method: str, epochs: int, seed: int) -> GraphReasons:
    try:
        from polyculture.explain import message_passing
    except ImportError as error:
        raise MissingExtraError("the reasons of learnt layers", "train") from error
    found: dict[str, Any] = message_passing.masks(
        asked.model,
        near.vectors,
        near.edges,
        domain=asked.domain[i],
        predicted=int(asked.predicted[i]),
        method=method,
        epochs=epochs,
        seed=seed,
    )
    return GraphReasons(near, found["edges"], found["items"])
