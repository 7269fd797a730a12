"""Networks that read items in order and tell the next one: each place knows what stands before it, and nothing else."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 2


class Reader(nn.Module):
    """Vectors of items, of which one more stands for the beginning; the next item is told by the same vectors.

    Parameters
    ----------
    items, dimensions : int
    dropout : float in [0, 1)
    """

    def __init__(self, items: int, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.vectors = nn.Embedding(items + 1, dimensions)
        nn.init.normal_(self.vectors.weight, std=dimensions**-0.5)
        self.bias = nn.Parameter(torch.zeros(items))
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        """States after each place, (n, length, dimensions), of the items at (n, length)."""
        raise NotImplementedError

    def logits(self, states: Tensor, items: Tensor | None = None) -> Tensor:
        """Of some items as the next one, or of all: (n, len(items)) for states (n, dimensions)."""
        if items is None:
            return torch.addmm(self.bias, states, self.vectors.weight[:-1].T)
        return torch.addmm(self.bias[items], states, self.vectors.weight[items].T)


class RecurrentReader(Reader):
    """A layer of gated recurrent units.

    Examples
    --------
    >>> import torch
    >>> from polyculture.recommend.sequence_networks import RecurrentReader
    >>> RecurrentReader(5, 4, 0.0)(torch.tensor([[5, 0, 3]])).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, items: int, dimensions: int, dropout: float) -> None:
        super().__init__(items, dimensions, dropout)
        self.cells = nn.GRU(dimensions, dimensions, batch_first=True)

    def forward(self, inputs: Tensor) -> Tensor:
        """States after each place."""
        states: Tensor = self.cells(self.dropout(self.vectors(inputs)))[0]
        found: Tensor = self.dropout(states)
        return found


class CausalReader(Reader):
    """Transformer layers in which each place attends to itself and to those before it.

    Examples
    --------
    >>> import torch
    >>> from polyculture.recommend.sequence_networks import CausalReader
    >>> CausalReader(5, 4, 0.0, length=3, layers=1)(torch.tensor([[5, 0, 3]])).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, items: int, dimensions: int, dropout: float, *, length: int, layers: int) -> None:
        super().__init__(items, dimensions, dropout)
        self.places = nn.Parameter(torch.randn(length, dimensions) * dimensions**-0.5)
        self.layers = nn.ModuleList(_Layer(dimensions, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dimensions)

    def forward(self, inputs: Tensor) -> Tensor:
        """States after each place."""
        states = self.dropout(self.vectors(inputs) + self.places[: inputs.shape[1]])
        for layer in self.layers:
            states = layer(states)
        found: Tensor = self.norm(states)
        return found


class _Layer(nn.Module):
    """Attention to what stands before, and a small network at each place; the norm comes first in both."""

    def __init__(self, dimensions: int, dropout: float) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(dimensions), nn.LayerNorm(dimensions)
        self.asked = nn.Linear(dimensions, 3 * dimensions)
        self.found = nn.Linear(dimensions, dimensions)
        self.wide = nn.Linear(dimensions, 2 * dimensions)
        self.back = nn.Linear(2 * dimensions, dimensions)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        attended: Tensor = states + self.dropout(self.found(self._attended(self.first(states))))
        hidden = self.dropout(functional.gelu(self.wide(self.second(attended))))
        found: Tensor = attended + self.dropout(self.back(hidden))
        return found

    def _attended(self, states: Tensor) -> Tensor:
        n, length, dimensions = states.shape
        query, key, value = (
            part.view(n, length, HEADS, -1).transpose(1, 2) for part in self.asked(states).chunk(3, dim=-1)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return mixed.transpose(1, 2).reshape(n, length, dimensions)
