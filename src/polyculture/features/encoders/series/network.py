"""Series to vectors to logits: what the networks of the trained encoders of series share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyculture.arrays import Floats


class SeriesNetwork(nn.Module):
    """Series, each channel on one scale → body → vector → linear head.

    Parameters
    ----------
    body : torch.nn.Module
        ``(n, channels, steps) -> (n, hidden)``.
    channels, hidden, classes : int
        Sizes of the input, of the vector and of the output.
    dropout : float in [0, 1)
        Before the head.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, body: nn.Module, *, channels: int, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)
        self.register_buffer("mean", torch.zeros(channels, 1))
        self.register_buffer("scale", torch.ones(channels, 1))

    def see(self, series: Floats) -> None:
        """Take mean and scale of each channel from training series of shape (n, steps, channels)."""
        flat = series.reshape(-1, series.shape[2]).astype("float64")
        spread = flat.std(axis=0)
        self.mean.copy_(torch.from_numpy(flat.mean(axis=0))[:, None])
        # a channel that never changes stays as it is
        self.scale.copy_(torch.from_numpy(spread + (spread == 0))[:, None])

    def vectors(self, series: Tensor) -> Tensor:
        """Penultimate vectors, shape (n, hidden)."""
        return self.body((series - self.mean) / self.scale)  # type: ignore[no-any-return]

    def forward(self, series: Tensor) -> Tensor:
        """Logits, shape (n, classes)."""
        return self.head(self.dropout(self.vectors(series)))  # type: ignore[no-any-return]
