"""Items and their graph as PyTorch Geometric has them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array
from polyculture.data.dataset import DomainData
from polyculture.data.graphs.labels import in_order
from polyculture.errors import DataError, MissingExtraError


def to_pyg(data: DomainData) -> Any:
    """A ``Data`` with ``x``, ``edge_index``, ``y``, ``domain`` and, where there is a split, masks.

    `from_pyg` gives the same items back. ``y`` holds positions in ``label_names``, or rows of 0 and 1 with a column for
    each of them; -1 where there is no label. ``edge_weight`` is there if a weight is not 1.

    Parameters
    ----------
    data : DomainData
        With a modality ``"vector"``, which becomes a dense tensor.

    Returns
    -------
    torch_geometric.data.Data

    Raises
    ------
    DataError
        If there are no vectors.
    MissingExtraError
        If torch or torch-geometric is not installed.

    Examples
    --------
    >>> import networkx as nx
    >>> from polyculture.data.graphs import from_networkx, to_pyg
    >>> to_pyg(from_networkx(nx.path_graph(3))).edge_index.tolist()
    [[1, 0, 2, 1], [0, 1, 1, 2]]
    """
    torch, kinds = _libraries()
    found = kinds.Data(**_tensors(torch, data), **_edges(torch, _graph(data)))
    found.domain = torch.from_numpy(np.searchsorted(data.domains, data.domain.astype(str)))
    found.domain_names = data.domains
    return found


def to_hetero(data: DomainData) -> Any:
    """A ``HeteroData`` with a node type for each domain, and edges ``(domain, "to", domain)``.

    Parameters
    ----------
    data : DomainData
        With a modality ``"vector"``.

    Returns
    -------
    torch_geometric.data.HeteroData
        Of a domain without labels, ``y`` is -1 throughout.

    Raises
    ------
    DataError
        If there are no vectors.
    MissingExtraError
        If torch or torch-geometric is not installed.

    Examples
    --------
    >>> import networkx as nx
    >>> from polyculture.data.graphs import from_graphs, from_networkx, to_hetero
    >>> paths = [from_networkx(nx.path_graph(3), domain=name) for name in "ab"]
    >>> to_hetero(from_graphs(paths)).edge_types
    [('a', 'to', 'a'), ('b', 'to', 'b')]
    """
    torch, kinds = _libraries()
    found = kinds.HeteroData()
    graph, names = _graph(data), _label_names(data)
    rows = {domain: np.flatnonzero(data.domain == domain) for domain in data.domains}
    for domain, inside in rows.items():
        for name, value in _tensors(torch, data.take(inside), names).items():
            found[domain][name] = value
    for to, receiving in rows.items():
        for domain, giving in rows.items():
            block = graph[receiving][:, giving]
            if block.nnz:
                for name, value in _edges(torch, block).items():
                    found[domain, "to", to][name] = value
    return found


def _libraries() -> tuple[Any, Any]:
    try:
        import torch

        with warnings.catch_warnings():
            # torch-geometric scripts some of its classes when it is imported, which torch deprecates
            warnings.simplefilter("ignore", DeprecationWarning)
            import torch_geometric.data as kinds
    except ModuleNotFoundError as error:
        raise MissingExtraError("a graph of PyTorch Geometric", "train") from error
    return torch, kinds


def _graph(data: DomainData) -> sp.csr_array:
    return sp.csr_array((len(data), len(data)), dtype=np.float32) if data.graph is None else data.graph


def _edges(torch: Any, graph: sp.csr_array) -> dict[str, Any]:
    """Entry (i, j) as a message from j to i."""
    listed = graph.tocoo()
    row, column = listed.coords
    found = {"edge_index": torch.from_numpy(np.stack([column, row]).astype(np.int64))}
    if (listed.data != 1).any():
        found["edge_weight"] = torch.from_numpy(listed.data.astype(np.float32))
    return found


def _label_names(data: DomainData) -> list[Any]:
    names = getattr(data, "label_names", None)
    return in_order(set(data.label[data.labelled].tolist())) if names is None else list(names)


def _tensors(torch: Any, data: DomainData, names: list[Any] | None = None) -> dict[str, Any]:
    if "vector" not in data.items:
        raise DataError(f"{data.source}: has no vectors, only {', '.join(data.items)}; encode the items first")
    vectors = data.items["vector"]
    dense = vectors.toarray() if sp.issparse(vectors) else np.ascontiguousarray(vectors)
    names = _label_names(data) if names is None else names
    found = {"x": torch.from_numpy(dense.astype(np.float32)), "ids": data.ids.tolist(), "label_names": names}
    found["y"] = torch.from_numpy(_codes(data, names))
    if getattr(data, "feature_names", None) is not None:
        found["feature_names"] = list(data.feature_names)  # type: ignore[attr-defined]
    if data.split is not None:
        for name, key in (("train", "train_mask"), ("validation", "val_mask"), ("test", "test_mask")):
            found[key] = torch.from_numpy(data.split == name)
    return found


def _codes(data: DomainData, names: list[Any]) -> Array:
    """Labels as positions of their names, or as rows of 0 and 1."""
    if getattr(data, "label_names", None) is not None:
        none = (-1,) * len(names)
        return np.array([none if row is None else row for row in data.label.tolist()], dtype=np.int64)
    place = {name: position for position, name in enumerate(names)}
    return np.array([-1 if value is None else place[value] for value in data.label.tolist()], dtype=np.int64)
