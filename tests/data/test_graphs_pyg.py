"""Graphs of PyTorch Geometric, in and out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.data.graphs import GraphData, from_graphs, from_pyg, to_hetero, to_pyg
from polyculture.data.graphs.edges import Edges
from polyculture.errors import DataError, PolycultureError

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    Data = pytest.importorskip("torch_geometric.data").Data
    from torch_geometric.data import HeteroData

EDGES = torch.tensor([[0, 1], [1, 2]])


def made(several: bool) -> GraphData:
    """Two domains, the second without labels, with weights, a split and named features."""
    parts = []
    for name, labels in (("a", [(1, 0), (1, 1), None] if several else ["x", "y", None]), ("b", None)):
        edges = Edges(3, np.array([0, 1]), np.array([1, 2]), np.array([2.0, 1.0]))
        parts.append(
            GraphData.made(
                sp.csr_array(np.arange(6).reshape(3, 2)),
                edges,
                domain=name,
                label=labels,
                split=["train", "validation", "unlabelled"] if labels else ["unlabelled"] * 3,
                feature_names=("f", "g"),
                label_names=("u", "v") if several and labels else None,
            )
        )
    return from_graphs(parts)


def told(data: GraphData) -> dict[str, object]:
    vectors = data.vectors
    return {
        "vectors": np.asarray(vectors.toarray() if sp.issparse(vectors) else vectors).tolist(),
        "graph": data.graph.toarray().tolist(),
        "labels": (data.label.tolist(), data.label_names),
        "rest": (data.domain.tolist(), data.split.tolist(), data.ids.tolist(), data.feature_names),
    }


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("out", [to_pyg, to_hetero])
def test_what_goes_out_comes_back(several, out):
    data = made(several)
    there = out(data)
    there.validate()
    assert told(from_pyg(there)) == told(data)


def test_an_edge_carries_messages_from_the_first_row_to_the_second():
    data = from_pyg(Data(x=torch.eye(3), edge_index=EDGES), directed=True)
    assert data.graph.toarray().tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert to_pyg(data).edge_index.tolist() == EDGES.tolist()


def test_labels_of_data_may_be_missing_one_or_several():
    def label(y):
        return from_pyg(Data(x=torch.eye(3), edge_index=EDGES, y=y)).label.tolist()

    assert label(None) == [None] * 3
    assert label(torch.tensor([2, -1, 0])) == [2, None, 0]
    assert label(torch.tensor([[1.0], [float("nan")], [0.0]])) == [1, None, 0]
    assert label(torch.tensor([[1, 1], [-1, -1], [0, 0]])) == [(1, 1), None, (0, 0)]


def test_sparse_vectors_stay_sparse_and_none_are_degrees():
    data = from_pyg(Data(x=torch.eye(3).to_sparse(), edge_index=EDGES))
    assert sp.issparse(data.vectors)
    assert data.vectors.toarray().tolist() == np.eye(3).tolist()
    assert from_pyg(Data(edge_index=EDGES, num_nodes=4)).feature_names == ("degree 0", "degree 1", "degree 2")


def test_several_data_are_domains():
    parts = {name: Data(x=torch.ones(3, wide), edge_index=EDGES) for name, wide in (("de", 1), ("fr", 2))}
    data = from_pyg(parts, columns=2)
    assert data.domains == ["de", "fr"]
    assert data.vectors.tolist() == [[1, 0]] * 3 + [[1, 1]] * 3


def test_node_types_are_domains_with_edges_between_them():
    hetero = HeteroData()
    hetero["paper"].x = torch.ones(2, 1)
    hetero["paper"].y = torch.tensor([0, 1])
    hetero["author"].x = 2 * torch.ones(3, 2)
    hetero["author", "writes", "paper"].edge_index = torch.tensor([[2, 0], [0, 1]])
    data = from_pyg(hetero, apart=True)
    assert data.domain.tolist() == ["paper"] * 2 + ["author"] * 3
    assert (
        data.vectors.toarray().tolist()
        if sp.issparse(data.vectors)
        else data.vectors.tolist()
        == [
            *[[1, 0, 0]] * 2,
            *[[0, 2, 2]] * 3,
        ]
    )
    wanted = np.zeros((5, 5))
    wanted[[0, 4, 1, 2], [4, 0, 2, 1]] = 1
    assert data.graph.toarray().tolist() == wanted.tolist()
    assert data.label.tolist() == [0, 1, None, None, None]


def hetero(**edge) -> HeteroData:
    graph = HeteroData()
    graph["a"].x = torch.ones(2, 1)
    graph["b"].x = torch.ones(2, 2)
    if edge:
        graph["b"].x = torch.ones(2, 1)
        graph["a", "to", "b"].edge_index = torch.tensor(edge["index"])
    return graph


BAD = {
    "a node that does not exist": (lambda: Data(x=torch.eye(2), edge_index=EDGES), "edge 2 leads to node 2, which"),
    "a negative node": (lambda: Data(x=torch.eye(2), edge_index=torch.tensor([[0], [-1]])), "node -1, which does not"),
    "edges of one row": (lambda: Data(x=torch.eye(2), edge_index=torch.tensor([[0]])), r"has the shape \(1, 1\)"),
    "edges of fractions": (lambda: Data(x=torch.eye(2), edge_index=torch.rand(2, 3)), "rows of whole numbers"),
    "no edges": (lambda: Data(x=torch.eye(2)), "has no edge_index"),
    "no count of nodes": (lambda: Data(edge_index=EDGES), "neither x, y nor num_nodes"),
    "labels of another length": (
        lambda: Data(x=torch.eye(3), edge_index=EDGES, y=torch.tensor([0])),
        r"y has the shape \(1,\)",
    ),
    "labels of fractions": (lambda: Data(x=torch.eye(3), edge_index=EDGES, y=torch.rand(3)), "which is no class"),
    "vectors of another length": (
        lambda: Data(x=torch.eye(3)[0], edge_index=EDGES, y=torch.arange(3)),
        r"x has the shape \(3,\)",
    ),
    "numbers that are not finite": (
        lambda: Data(x=torch.full((3, 1), float("inf")), edge_index=EDGES),
        "node 1 .* that is not finite",
    ),
    "weights of another length": (
        lambda: Data(x=torch.eye(3), edge_index=EDGES, edge_weight=torch.ones(3)),
        "a number for each of 2 edges",
    ),
    "a negative weight": (
        lambda: Data(x=torch.eye(3), edge_index=EDGES, edge_weight=-torch.ones(2)),
        "edge 1 has the weight -1",
    ),
    "masks that overlap": (
        lambda: Data(
            x=torch.eye(3),
            edge_index=EDGES,
            train_mask=torch.tensor([True, True, False]),
            test_mask=torch.tensor([False, True, True]),
        ),
        "node 1 is in two masks",
    ),
    "types of different length": (hetero, "name the features, or give the number"),
    "an edge between types to no node": (lambda: hetero(index=[[0], [2]]), "node 2 of 'b', which has 2 nodes"),
    "something else": (lambda: [1, 2], "has no edge_index"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_graphs_are_one_sentence(kind):
    build, sentence = BAD[kind]
    with pytest.raises(PolycultureError, match=sentence) as error:
        from_pyg(build())
    assert "\n" not in str(error.value)


def test_items_without_vectors_cannot_go_out():
    from polyculture.data import DomainData

    with pytest.raises(DataError, match="has no vectors, only text"):
        to_pyg(DomainData.of(["a"]))
