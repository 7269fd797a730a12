"""Layers of message passing; nothing but `gnn` imports this file, or torch."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

with warnings.catch_warnings():
    # torch-geometric scripts some of its classes when it is imported, which torch deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    from torch_geometric.nn import GATConv, GCNConv, SAGEConv

LAYERS = ("gcn", "sage", "gat")


class Network(nn.Module):
    """Layers of message passing, each followed by a ReLU, and a linear head.

    Parameters
    ----------
    layer : {"gcn", "sage", "gat"}
    sizes : (int, int, int)
        Lengths of an item's vectors before, between and after: inputs, hidden, classes.
    layers : int >= 1
    dropout : float in [0, 1)
        Share of the inputs of every layer that is left out while it trains.
    heads : int >= 1
        Of attention; divides `hidden`.
    """

    def __init__(
        self, layer: str, sizes: tuple[int, int, int], *, layers: int = 2, dropout: float = 0.5, heads: int = 4
    ) -> None:
        super().__init__()
        inputs, hidden, classes = sizes
        lengths = [inputs] + [hidden] * (layers - 1)
        self.convolutions = nn.ModuleList(_convolution(layer, size, hidden, heads) for size in lengths)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)
        self.weighted = layer == "gcn"

    def hidden(self, x: Tensor, sources: Tensor, weights: Tensor) -> Tensor:
        """Vectors after the last layer of message passing, shape (n, hidden)."""
        for convolution in self.convolutions:
            received = (sources, weights) if self.weighted else (sources,)
            x = torch.relu(convolution(self.dropout(x), *received))
        return x

    def forward(self, x: Tensor, sources: Tensor, weights: Tensor, rows: Tensor) -> Tensor:
        """Logits of some rows, shape (rows, classes); messages pass between all."""
        logits: Tensor = self.head(self.dropout(self.hidden(x, sources, weights)[rows]))
        return logits


def _convolution(layer: str, inputs: int, outputs: int, heads: int) -> Any:
    if layer == "gcn":
        return GCNConv(inputs, outputs)
    return SAGEConv(inputs, outputs) if layer == "sage" else GATConv(inputs, outputs // heads, heads=heads)
