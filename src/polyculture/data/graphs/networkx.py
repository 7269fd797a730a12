"""Graphs of networkx in and out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array
from polyculture.data.answers import Policy
from polyculture.data.dataset import DomainData
from polyculture.data.graphs import labels as labels_of
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.graph_data import GraphData
from polyculture.errors import DataError, KindError, MissingExtraError

SETS = (set, frozenset, list, tuple)

Attributes = Mapping[str, Any]


def from_networkx(
    graph: Any,
    *,
    domain: str = "graph",
    domain_key: str = "domain",
    label: str = "label",
    vector: str | Sequence[str] = "vector",
    weight: str = "weight",
    directed: bool = False,
    self_loops: str = "drop",
) -> GraphData:
    """A graph of networkx, whose nodes may have a label, a domain and numbers as attributes.

    Parameters
    ----------
    graph : networkx Graph, DiGraph, MultiGraph or MultiDiGraph
    domain : str
        The domain of all nodes, where they have no `domain_key`.
    domain_key, label : str
        Attributes of nodes. A label is a class, or a set of labels; -1 or None is none.
    vector : str or sequence of str
        One attribute with a list of numbers, or several that hold a number each, which name the columns. A node without
        has zeros; where no node has any, the features are the degrees, a column a degree.
    weight : str
        Attribute of edges; 1 where there is none.
    directed : bool
        Whether an edge counts in one direction alone.
    self_loops : {"drop", "keep"}

    Raises
    ------
    KindError
        If it is no graph of networkx.
    DataError
        If it has no nodes, or attributes are not as above; the sentence names the node.

    Examples
    --------
    >>> import networkx as nx
    >>> graph = nx.Graph([("ada", "bob"), ("bob", "cem")])
    >>> graph.add_node("ada", label="x", vector=[1, 2])
    >>> data = from_networkx(graph)
    >>> data.ids.tolist(), data.label.tolist(), data.vectors.tolist()
    (['ada', 'bob', 'cem'], ['x', None, None], [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
    """
    if not all(hasattr(graph, name) for name in ("nodes", "edges", "is_multigraph")):
        raise KindError(f"a {type(graph).__name__} was given; give a graph of networkx")
    nodes = dict(graph.nodes(data=True))
    if not nodes:
        raise DataError("the graph has no nodes; give at least one")
    names = list(map(str, nodes))
    attributes = list(nodes.values())
    vectors, policies = _vectors(names, attributes, vector)
    found, label_names = _labels(names, attributes, label)
    return GraphData.made(
        vectors,
        _edges(graph, {node: row for row, node in enumerate(nodes)}, weight, self_loops),
        domain=_domains(names, attributes, domain_key, domain),
        label=found,
        ids=names,
        directed=directed,
        feature_names=None if isinstance(vector, str) or vectors is None else tuple(vector),
        label_names=label_names,
        policies=policies,
    )


def _edges(graph: Any, place: Mapping[Any, int], weight: str, self_loops: str) -> Edges:
    ends = [(place[u], place[v]) for u, v in graph.edges()]
    given = [value for _, _, value in graph.edges(data=weight)]
    try:
        weights = np.array([1.0 if value is None else float(value) for value in given])
    except (TypeError, ValueError):
        raise DataError(f"an edge has a {weight!r} that is no number; give numbers") from None
    tail, head = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return Edges(len(place), tail, head, weights, self_loops=self_loops)


def _domains(names: Sequence[str], attributes: Sequence[Attributes], key: str, domain: str) -> list[str]:
    having = [key in each for each in attributes]
    if not any(having):
        return [domain] * len(names)
    if not all(having):
        raise DataError(f"node {names[having.index(False)]!r} has no {key!r} and others have; give one to all or none")
    return [str(each[key]) for each in attributes]


def _vectors(
    names: Sequence[str], attributes: Sequence[Attributes], vector: str | Sequence[str]
) -> tuple[Array | None, tuple[Policy, ...]]:
    one = isinstance(vector, str)
    keys = [vector] if isinstance(vector, str) else list(vector)
    having = [all(key in each for key in keys) for each in attributes]
    if not any(having):
        return None, ()
    rows: dict[int, Array] = {}
    for row in np.flatnonzero(having).tolist():
        value = attributes[row][keys[0]] if one else [attributes[row][key] for key in keys]
        try:
            rows[row] = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"node {names[row]!r} has other things than numbers in {vector!r}; give numbers") from None
        width = next(iter(rows.values())).shape
        if rows[row].shape != width or rows[row].ndim != 1:
            raise DataError(
                f"node {names[row]!r} has numbers of shape {rows[row].shape} in {vector!r}, another has {width}; give "
                "lists of one length"
            )
    out = np.zeros((len(names), *width))
    out[having] = list(rows.values())
    lacking = len(names) - sum(having)
    return out, (Policy("nodes without features", lacking, "given zeros"),) if lacking else ()


def _labels(names: Sequence[str], attributes: Sequence[Attributes], label: str) -> tuple[Array, tuple[Any, ...] | None]:
    values = [each.get(label) for each in attributes]
    known = [(name, isinstance(value, SETS)) for name, value in zip(names, values, strict=True) if value is not None]
    if not any(several for _, several in known):
        out = np.empty(len(values), dtype=object)
        out[:] = values
        return out, None
    if one := next((name for name, several in known if not several), None):
        raise DataError(f"node {one!r} has one {label!r} and others have sets of them; give all nodes of one kind")
    return labels_of.of_sets(values)


def to_networkx(data: DomainData, *, directed: bool = False) -> Any:
    """A graph of networkx with the nodes' domain, label and vector, and the edges' weight.

    Parameters
    ----------
    data : DomainData
    directed : bool
        Whether it is a DiGraph.

    Returns
    -------
    networkx Graph or DiGraph
        Nodes are called as the items' ids. A label is absent where there is none, and a set of names where there may be
        several.

    Raises
    ------
    MissingExtraError
        If networkx is not installed.

    Examples
    --------
    >>> import networkx as nx
    >>> from polyculture.data.graphs import from_networkx, to_networkx
    >>> to_networkx(from_networkx(nx.path_graph(2))).edges(data=True)
    EdgeDataView([('0', '1', {'weight': 1.0})])
    """
    try:
        import networkx as nx  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise MissingExtraError("a graph of networkx", "train") from error
    graph = nx.DiGraph() if directed else nx.Graph()
    vectors = data.items.get("vector")
    label_names = getattr(data, "label_names", None)
    for row, name in enumerate(data.ids.tolist()):
        graph.add_node(name, domain=data.domain[row])
        if vectors is not None:
            values = vectors[[row]].toarray()[0] if sp.issparse(vectors) else vectors[row]
            graph.nodes[name]["vector"] = values.tolist()
        if data.label[row] is not None:
            graph.nodes[name]["label"] = _named(data.label[row], label_names)
    edges = sp.coo_array((len(data), len(data))) if data.graph is None else data.graph.tocoo()
    ends = (data.ids[side].tolist() for side in edges.coords)
    graph.add_weighted_edges_from(zip(*ends, edges.data.tolist(), strict=True))
    return graph


def _named(label: Any, names: Sequence[Any] | None) -> Any:
    if names is None:
        return label
    return {name for name, value in zip(names, label, strict=True) if value}
