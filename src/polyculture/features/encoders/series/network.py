"""Series to vectors to logits: what the networks of the trained encoders of series share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from polyculture.arrays import Floats
from polyculture.features.encoders.trained import VectorNetwork


class SeriesNetwork(VectorNetwork):
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
        super().__init__(body, hidden=hidden, classes=classes, dropout=dropout)
        self.register_buffer("mean", torch.zeros(channels, 1))
        self.register_buffer("scale", torch.ones(channels, 1))

    def see(self, series: Floats) -> None:
        """Take mean and scale of each channel from training series of shape (n, steps, channels)."""
        flat = series.reshape(-1, series.shape[2]).astype("float64")
        spread = flat.std(axis=0)
        self.mean.copy_(torch.from_numpy(flat.mean(axis=0))[:, None])
        # a channel that never changes stays as it is
        self.scale.copy_(torch.from_numpy(spread + (spread == 0))[:, None])

    def scaled(self, items: Tensor) -> Tensor:
        """Each channel with mean 0 and standard deviation 1 over the training series."""
        return (items - self.mean) / self.scale
