"""Graphs of PyTorch Geometric in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.graph_data import GraphData
from polyculture.data.graphs.joining import from_graphs
from polyculture.data.graphs.stores import Store, columns_of, ends_of, labels_of_store, nodes_of, split_of
from polyculture.errors import DataError, KindError


def from_pyg(
    data: Any,
    *,
    domain: str = "graph",
    columns: int | None = None,
    apart: bool = False,
    directed: bool = False,
    self_loops: str = "drop",
) -> GraphData:
    """A ``Data`` or ``HeteroData`` of PyTorch Geometric, or a mapping of domain to ``Data``.

    Of a ``Data``, ``x``, ``edge_index``, ``edge_weight``, ``y`` and the masks are read; of a ``HeteroData``, node types
    are domains, and edges of all types are joined. A message goes from the first row of ``edge_index`` to the second,
    so that an edge from j to i stands in entry (i, j).

    In ``y``, -1 (a row of -1, NaN) is a node without a label; a matrix of 0 and 1 holds several labels at once. Without
    ``x``, the features are the degrees, a column a degree.

    Parameters
    ----------
    data : Data, HeteroData, or mapping of str to Data
    domain : str
        What the domain of a single ``Data`` is called, unless `to_pyg` wrote its domains.
    columns : int >= 1, or None
        Length of all vectors, where there are several domains of different lengths.
    apart : bool
        Whether each node type has columns of its own.
    directed : bool
        Whether an edge counts in one direction alone.
    self_loops : {"drop", "keep"}

    Raises
    ------
    KindError
        If it is none of these.
    DataError
        If tensors do not fit together, or an edge leads to a node that does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> graph = {"x": np.eye(3), "edge_index": np.array([[0, 1], [1, 2]]), "y": np.array([0, 1, -1])}
    >>> data = from_pyg(SimpleNamespace(**graph))
    >>> data.label.tolist(), data.graph.nnz
    ([0, 1, None], 4)
    """
    if hasattr(data, "node_types") and hasattr(data, "edge_types"):
        return _hetero(data, columns, apart=apart, directed=directed, self_loops=self_loops)
    if isinstance(data, Mapping):
        parts = [
            _homogeneous(Store(part, f"the graph {name!r}"), str(name), directed=directed, self_loops=self_loops)
            for name, part in data.items()
        ]
        return from_graphs(parts, columns=columns)
    return _homogeneous(Store(data, "the graph"), domain, directed=directed, self_loops=self_loops)


def _homogeneous(store: Store, domain: str, *, directed: bool, self_loops: str) -> GraphData:
    if store.get("edge_index") is None:
        raise KindError(f"{store.source}: has no edge_index; give a Data of PyTorch Geometric, and edges in that form")
    head, tail = ends_of(store)
    nodes = nodes_of(store)
    label, label_names, policies = labels_of_store(store, nodes)
    split, unused = split_of(store, nodes)
    return GraphData.made(
        columns_of(store),
        Edges(nodes, tail, head, store.numbers("edge_weight"), self_loops=self_loops, source=store.source),
        domain=_domains(store, domain, nodes),
        label=label,
        split=split,
        ids=store.get("ids"),
        directed=directed,
        feature_names=_names(store.get("feature_names")),
        label_names=label_names,
        policies=policies + unused,
        source=store.source,
    )


def _names(names: Any) -> tuple[str, ...] | None:
    return None if names is None else tuple(map(str, names))


def _domains(store: Store, domain: str, nodes: int) -> Any:
    """The domain of all nodes, or of each where :func:`to_pyg` wrote them."""
    names, codes = store.get("domain_names"), store.numbers("domain")
    if names is None or codes is None:
        return domain
    if codes.shape != (nodes,) or not np.isin(codes, np.arange(len(names))).all():
        raise DataError(f"{store.source}: domain does not hold the position of a name for each node; mend it")
    return [str(names[code]) for code in codes.astype(int)]


def _hetero(data: Any, columns: int | None, *, apart: bool, directed: bool, self_loops: str) -> GraphData:
    stores = {name: Store(data[name], f"the nodes {name!r}") for name in data.node_types}
    if not stores:
        raise DataError("the graph has no nodes; give at least one type of them")
    bare = all(store.get("x") is None for store in stores.values())
    parts = [_nodes(name, store, apart=apart and not bare, bare=bare) for name, store in stores.items()]
    joined = from_graphs(parts, columns=columns)
    starts = dict(zip(stores, np.cumsum([0, *map(len, parts)]).tolist(), strict=False))
    edges = _all_edges(data, starts, {name: len(part) for name, part in zip(stores, parts, strict=True)}, self_loops)
    return GraphData.made(
        None if bare else joined.vectors,
        edges,
        domain=joined.domain,
        label=joined.label,
        split=joined.split,
        ids=joined.ids,
        directed=directed,
        feature_names=None if bare else joined.feature_names,
        label_names=joined.label_names,
        policies=joined.policies,
    )


def _nodes(name: str, store: Store, *, apart: bool, bare: bool) -> GraphData:
    """The nodes of one type, without their edges."""
    nodes = nodes_of(store)
    vectors = columns_of(store)
    if vectors is None:
        if not (bare or apart):
            raise DataError(f"{store.source}: have no x and others have; give them some, or set apart=True")
        vectors = sp.csr_array((nodes, 1 if bare else 0), dtype=np.float32)
    names = _names(store.get("feature_names"))
    if apart:
        names = tuple(f"{name}/{column}" for column in names or range(vectors.shape[1]))
    label, label_names, policies = labels_of_store(store, nodes)
    split, unused = split_of(store, nodes)
    none = np.zeros(0, dtype=np.int64)
    return GraphData.made(
        vectors,
        Edges(nodes, none, none),
        domain=name,
        label=label,
        split=split,
        ids=store.get("ids"),
        feature_names=names,
        label_names=label_names,
        policies=policies + unused,
        source=store.source,
    )


def _all_edges(data: Any, starts: Mapping[str, int], counts: Mapping[str, int], self_loops: str) -> Edges:
    """Edges of all types among the nodes of all types, one after the other."""
    tails: list[Ints] = [np.zeros(0, np.int64)]
    heads: list[Ints] = [np.zeros(0, np.int64)]
    weights: list[Floats] = [np.zeros(0)]
    for kind in data.edge_types:
        store = Store(data[kind], f"the edges {kind}")
        if store.get("edge_index") is None or kind[0] not in starts or kind[2] not in starts:
            raise DataError(f"{store.source}: have no edge_index, or nodes that do not exist; mend them")
        head, tail = ends_of(store)
        for side, name in ((head, kind[0]), (tail, kind[2])):
            if len(side) and not 0 <= side.min() <= side.max() < counts[name]:
                wrong = side[(side < 0) | (side >= counts[name])][0]
                raise DataError(
                    f"{store.source}: lead to node {wrong} of {name!r}, which has {counts[name]} nodes; mend it"
                )
        found = store.numbers("edge_weight")
        tails.append(tail + starts[kind[2]])
        heads.append(head + starts[kind[0]])
        weights.append(np.ones(len(head)) if found is None else found)
    return Edges(
        sum(counts.values()),
        np.concatenate(tails),
        np.concatenate(heads),
        np.concatenate(weights),
        self_loops=self_loops,
    )
