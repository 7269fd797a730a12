"""Graphs and vectors larger than memory: kept as plain files, walked in blocks."""

from __future__ import annotations

from polyculture.features.graph.disk.graph import GraphOnDisk, open_graph
from polyculture.features.graph.disk.spread import spread_on_disk
from polyculture.features.graph.disk.write import write_graph

__all__ = ["GraphOnDisk", "open_graph", "spread_on_disk", "write_graph"]
