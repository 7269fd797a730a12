"""Recurrence over series, read both ways."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from polyculture.features.encoders.cells import both_ways, check_cells
from polyculture.features.encoders.series.neural import NeuralSeriesEncoder


class SeriesRecurrence(nn.Module):
    """From the first step and from the last; mean and maximum of the states, and a dense layer.

    Parameters
    ----------
    channels, hidden : int
        Of a series, and of the result.
    cell : {"gru", "lstm"}
    layers, units : int
        Networks one above the other, and units of each in one direction.
    """

    def __init__(self, channels: int, hidden: int, cell: str, *, layers: int, units: int) -> None:
        super().__init__()
        self.cells = both_ways(cell, channels, units, layers)
        self.dense = nn.Linear(4 * units, hidden)

    def forward(self, series: Tensor) -> Tensor:
        """(n, channels, steps) to (n, hidden)."""
        states = self.cells(series.transpose(1, 2))[0]
        return self.dense(torch.cat([states.mean(1), states.amax(1)], dim=1)).relu()  # type: ignore[no-any-return]


class SeriesRNNEncoder(NeuralSeriesEncoder):
    r"""Recurrent network over series (GRU: Cho et al. 2014, arXiv:1406.1078; LSTM: Hochreiter & Schmidhuber 1997).

    .. math:: h_t = \mathrm{cell}(x_t, h_{t-1}), \quad
        v = \mathrm{ReLU}(D [\mathrm{mean}_t, \max_t] [\overrightarrow{h}_t, \overleftarrow{h}_t])

    Each channel is brought to mean 0 and standard deviation 1 over the training series; series of more than `steps`
    steps are averaged down to as many. Gradients are clipped to norm 1.

    Parameters
    ----------
    cell : {"gru", "lstm"}
    layers : int
        Networks one above the other.
    units : int
        Units of each in one direction.
    steps, hidden : int
        Steps that the network sees at most, and size of a vector.
    epochs, patience, learning_rate, optimizer, batch_size, dropout, smoothing, random_state
        As in :class:`polyculture.features.encoders.series.cnn.SeriesCNNEncoder`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.series.rnn import SeriesRNNEncoder
    >>> y, time = np.array([0, 1] * 20), np.arange(32)
    >>> series = np.sin(time * np.where(y, 0.9, 0.4)[:, None])[:, :, None]
    >>> encoder = SeriesRNNEncoder(units=8, hidden=8, batch_size=8, learning_rate=0.01).fit(series, y)
    >>> encoder.transform(series).shape, encoder.predict(series[:2]).tolist()
    ((40, 8), [0, 1])
    """

    family = "series-rnn"
    first: ClassVar[str] = "cell"

    def __init__(
        self,
        cell: str = "gru",
        *,
        layers: int = 1,
        units: int = 48,
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
        self.cell = cell
        self.layers = layers
        self.units = units

    def _check(self) -> None:
        super()._check()
        check_cells(self.cell, self.layers, self.units)

    def _body(self) -> nn.Module:
        return SeriesRecurrence(self.channels_, self.hidden, self.cell, layers=self.layers, units=self.units)
