"""Graphs as they are released: readers of the common formats, one type, and several graphs as one."""

from __future__ import annotations

from polyculture.data.graphs.acdne import read_acdne
from polyculture.data.graphs.edge_blocks import edge_blocks
from polyculture.data.graphs.edge_list import read_edge_list
from polyculture.data.graphs.graph_data import GraphData
from polyculture.data.graphs.joining import from_graphs
from polyculture.data.graphs.musae import read_musae
from polyculture.data.graphs.networkx import from_networkx, to_networkx
from polyculture.data.graphs.pyg import from_pyg
from polyculture.data.graphs.pyg_out import to_hetero, to_pyg
from polyculture.data.graphs.svmlight import read_svmlight

__all__ = [
    "GraphData",
    "edge_blocks",
    "from_graphs",
    "from_networkx",
    "from_pyg",
    "read_acdne",
    "read_edge_list",
    "read_musae",
    "read_svmlight",
    "to_hetero",
    "to_networkx",
    "to_pyg",
]
