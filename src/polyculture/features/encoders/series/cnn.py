"""A small residual network over series."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from polyculture.errors import ParameterError
from polyculture.features.encoders.series.neural import NeuralSeriesEncoder


class Residual(nn.Module):
    """Two convolutions over time whose result is added to what came in.

    Parameters
    ----------
    before, after : int
        Channels in and out.
    kernel, stride : int
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv1d(before, after, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm1d(after),
            nn.ReLU(inplace=True),
            nn.Conv1d(after, after, kernel, 1, kernel // 2, bias=False),
            nn.BatchNorm1d(after),
        )
        self.keep: nn.Module = nn.Identity()
        if stride > 1 or before != after:
            self.keep = nn.Sequential(nn.Conv1d(before, after, 1, stride, bias=False), nn.BatchNorm1d(after))

    def forward(self, series: Tensor) -> Tensor:
        """(n, before, steps) to (n, after, steps / stride)."""
        return (self.change(series) + self.keep(series)).relu()  # type: ignore[no-any-return]


class SeriesConvolutions(nn.Module):
    """Residual blocks that halve the steps, mean and maximum over time, and a dense layer.

    Parameters
    ----------
    channels, width : int
        Of a series, and of the first block; each further block has twice as many.
    stages, kernel, hidden : int
    """

    def __init__(self, channels: int, width: int, stages: int, kernel: int, hidden: int) -> None:
        super().__init__()
        wide = [width * 2**stage for stage in range(stages)]
        self.blocks = nn.Sequential(
            *(
                Residual(before, after, kernel, 1 if after == width else 2)
                for before, after in pairwise([channels, *wide])
            )
        )
        self.dense = nn.Linear(2 * wide[-1], hidden)

    def forward(self, series: Tensor) -> Tensor:
        """(n, channels, steps) to (n, hidden)."""
        found = self.blocks(series)
        return self.dense(torch.cat([found.mean(2), found.amax(2)], dim=1)).relu()  # type: ignore[no-any-return]


class SeriesCNNEncoder(NeuralSeriesEncoder):
    r"""Residual network over series (Wang et al. 2017, arXiv:1611.06455), small enough for one processor.

    .. math:: h_{l+1} = \mathrm{ReLU}(F_l(h_l) + P_l h_l), \quad
        v = \mathrm{ReLU}(D [\mathrm{mean}_t h_L, \max_t h_L])

    Each channel is brought to mean 0 and standard deviation 1 over the training series; series of more than `steps`
    steps are averaged down to as many.

    Parameters
    ----------
    width : int
        Channels of the first block; each further one has twice as many.
    stages : int, 1 to 4
        Residual blocks, each with half the steps of the one before.
    kernel : int, odd
        Steps that a convolution sees at once.
    steps, hidden : int
        Steps that the network sees at most, and size of a vector.
    epochs : int
        Passes at most.
    patience : int or None
        Passes without a better validation loss before it stops; None runs all, and the learning rate falls to nothing.
    learning_rate : float > 0
    optimizer : str
        Any of ``torch.optim`` by name.
    batch_size : int
    dropout, smoothing : float in [0, 1)
        Before the head; of the labels.
    random_state : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.series.cnn import SeriesCNNEncoder
    >>> y, time = np.array([0, 1] * 20), np.arange(32)
    >>> series = np.sin(time * np.where(y, 0.9, 0.4)[:, None])[:, :, None]
    >>> encoder = SeriesCNNEncoder(width=4, hidden=8, batch_size=8).fit(series, y)
    >>> encoder.transform(series).shape, encoder.predict(series[:2]).tolist()
    ((40, 8), [0, 1])
    """

    family = "series-cnn"

    def __init__(
        self,
        *,
        width: int = 16,
        stages: int = 3,
        kernel: int = 7,
        steps: int = 256,
        hidden: int = 128,
        epochs: int = 20,
        patience: int | None = None,
        learning_rate: float = 5e-3,
        optimizer: str = "adamw",
        batch_size: int = 64,
        dropout: float = 0.1,
        smoothing: float = 0.0,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            steps=steps,
            hidden=hidden,
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            optimizer=optimizer,
            batch_size=batch_size,
            dropout=dropout,
            smoothing=smoothing,
            random_state=random_state,
        )
        self.width = width
        self.stages = stages
        self.kernel = kernel

    def _check(self) -> None:
        super()._check()
        if self.width < 1 or not 1 <= self.stages <= 4:
            raise ParameterError(f"width is {self.width} and stages {self.stages}; use at least 1, and 1 to 4")
        if self.kernel < 1 or self.kernel % 2 == 0:
            raise ParameterError(f"kernel is {self.kernel}; use an odd number")

    def _body(self) -> nn.Module:
        return SeriesConvolutions(self.channels_, self.width, self.stages, self.kernel, self.hidden)
