"""What the encoders of series share: their length, and one scale for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from polyculture.arrays import Array, Ints
from polyculture.errors import ParameterError
from polyculture.features.encoders.series.items import as_series, brought
from polyculture.features.encoders.series.network import SeriesNetwork
from polyculture.features.encoders.trained import TrainedEncoder
from polyculture.training import Objective, classification


class NeuralSeriesEncoder(TrainedEncoder):
    """A classifier of series trained from scratch; its body takes ``(n, channels, steps)``."""

    reads: ClassVar[str] = "series"
    what: ClassVar[str] = "series"
    sizes: ClassVar[tuple[str, ...]] = ("steps",)
    kept: ClassVar[tuple[str, ...]] = ("channels_",)

    channels_: int
    network_: SeriesNetwork

    def __init__(self, *, steps: int, smoothing: float, **training: Any) -> None:
        super().__init__(**training)
        self.steps = steps
        self.smoothing = smoothing

    def _check(self) -> None:
        super()._check()
        if not 0 <= self.smoothing < 1:
            raise ParameterError(f"smoothing is {self.smoothing}, expected a share in [0, 1)")

    def _network(self) -> SeriesNetwork:
        return SeriesNetwork(
            self._body(),
            channels=self.channels_,
            hidden=self.hidden,
            classes=len(self.classes_),
            dropout=self.dropout,
        )

    def _read(self, X: Sequence[Any] | Array, *, reset: bool) -> Array:
        series = as_series(X, channels=None if reset else self.channels_)
        if reset:
            self.channels_ = int(series.shape[2])
        return series

    def _objective(self, items: Array, target: Tensor, rows: Ints) -> Objective:
        self.network_.see(items[rows])
        batch = self._batch(items)
        return classification(lambda part: (batch[part],), target, smoothing=self.smoothing)

    def _batch(self, items: Array) -> Tensor:
        return brought(items, self.steps)
