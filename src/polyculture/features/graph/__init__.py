"""One graph over the items of all domains, and ways to spread vectors over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyculture.features.encoders.base import State
from polyculture.features.graph.build import KINDS, Edges, Graph, build_graph, given
from polyculture.features.graph.disk import GraphOnDisk, open_graph, spread_on_disk, write_graph
from polyculture.features.graph.neighbours import neighbours
from polyculture.features.graph.propagate import Parts, Propagation
from polyculture.features.graph.words import Bipartite, words_and_items
from polyculture.registry import Part, Registry

if TYPE_CHECKING:
    from polyculture.features.graph.gnn import GNN

__all__ = [
    "KINDS",
    "PROPAGATIONS",
    "Bipartite",
    "Edges",
    "Graph",
    "GraphOnDisk",
    "Parts",
    "Propagation",
    "build_graph",
    "given",
    "neighbours",
    "open_graph",
    "propagation",
    "restore",
    "spread_on_disk",
    "words_and_items",
    "write_graph",
]

_DECOUPLED = "polyculture.features.graph.propagate:Propagation"
_LEARNT = "polyculture.features.graph.gnn:GNN"

PROPAGATIONS = Registry(
    "propagation",
    {
        "sgc": Part(_DECOUPLED, "the last of several means over neighbours", "Wu et al. 2019, arXiv:1902.07153"),
        "sign": Part(_DECOUPLED, "own vector and every hop, side by side", "Frasca et al. 2020, arXiv:2004.11198"),
        "appnp": Part(
            _DECOUPLED,
            "personalised PageRank: far, but never away from the own vector",
            "Gasteiger et al. 2019, arXiv:1810.05997",
        ),
        "gcn": Part(_LEARNT, "learnt layers over weighted edges", "Kipf & Welling 2017, arXiv:1609.02907", "train"),
        "sage": Part(
            _LEARNT,
            "learnt layers, own vector beside the neighbours' mean",
            "Hamilton et al. 2017, arXiv:1706.02216",
            "train",
        ),
        "gat": Part(
            _LEARNT,
            "learnt layers that weigh neighbours by attention",
            "Veličković et al. 2018, arXiv:1710.10903",
            "train",
        ),
    },
)


def propagation(name: str, **params: Any) -> Propagation | GNN:
    """A way to spread vectors, by name.

    Parameters
    ----------
    name : {"sgc", "sign", "appnp", "gcn", "sage", "gat"}
    **params
        Of :class:`Propagation`, or of :class:`polyculture.features.graph.gnn.GNN` for the last three.

    Raises
    ------
    ParameterError
        If there is no such name.
    MissingExtraError
        If torch or torch-geometric is not installed, and the name needs it.

    Examples
    --------
    >>> from polyculture.features.graph import propagation
    >>> propagation("sgc", hops=3)
    Propagation(hops=3, method='sgc')
    """
    made: Propagation | GNN = PROPAGATIONS.load(name)(name, **params)
    return made


def restore(state: State) -> Propagation | GNN:
    """The fitted propagation that a state was taken from.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.graph import given, propagation, restore
    >>> fitted = propagation("sgc").fit(np.ones((2, 1)), given(np.ones((2, 2))))
    >>> restore(fitted.state()).hops
    2
    """
    made: Propagation | GNN = PROPAGATIONS.load(state["name"]).from_state(state)
    return made
