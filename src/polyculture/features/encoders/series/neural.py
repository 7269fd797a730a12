"""What the encoders of series share: a network trained from scratch, its penultimate vectors out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State, held_out
from polyculture.features.encoders.images.neural import HELD_OUT, pace
from polyculture.features.encoders.items import as_labels, as_mask
from polyculture.features.encoders.kept import (
    given_params,
    history_of,
    kept_history,
    kept_params,
    kept_weights,
    put_weights,
)
from polyculture.features.encoders.series.items import as_series, brought
from polyculture.features.encoders.series.network import SeriesNetwork
from polyculture.training import Epoch, classification, threads, train

APPLIED = 256
"""Series that a fitted network sees at once."""


class NeuralSeriesEncoder(Encoder):
    """A classifier of series trained from scratch; its penultimate vectors are the encoding."""

    learns_labels = True
    reads: ClassVar[str] = "series"
    first: ClassVar[str] = ""

    classes_: Array
    channels_: int
    network_: SeriesNetwork
    history_: list[Epoch]

    def __init__(
        self,
        *,
        steps: int,
        hidden: int,
        epochs: int,
        patience: int | None,
        learning_rate: float,
        optimizer: str,
        batch_size: int,
        dropout: float,
        smoothing: float,
        random_state: int,
    ) -> None:
        self.steps = steps
        self.hidden = hidden
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.dropout = dropout
        self.smoothing = smoothing
        self.random_state = random_state

    @abstractmethod
    def _body(self) -> nn.Module:
        """The part below the head: ``(n, channels, steps) -> (n, hidden)``."""

    def _check(self) -> None:
        for name in ("steps", "hidden", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.patience is not None and self.patience < 1:
            raise ParameterError(f"patience is {self.patience}, expected at least 1, or None for all epochs")
        for name in ("dropout", "smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected a share in [0, 1)")

    def fit(self, X: Sequence[Any] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:
        """Learn a classifier from the labelled series.

        Parameters
        ----------
        X : array of numbers of shape (n, steps, channels)
        y : array of int, shape (n,)
            Class of each series; -1 where it has none. At least two classes.
        validation : array of bool, shape (n,), or None
            Series that are judged after each pass, decide when to stop where `patience` is given, and do nothing else.
            Without it a tenth of each class does where `patience` is given, and all teach where it is not.

        Raises
        ------
        DataError, ShapeError, ParameterError
            If X holds no series, fewer than two classes are left to train on, or a parameter is out of its range.
        """
        self._check()
        series = as_series(X)
        labels, mask = as_labels(y, len(series), "series"), as_mask(validation, len(series))
        rows, stop = held_out(labels, mask, share=0.0 if self.patience is None else HELD_OUT, seed=self.random_state)
        self.classes_, self.channels_ = np.unique(labels[labels >= 0]), series.shape[2]
        if len(np.unique(labels[rows])) < 2:
            raise DataError(f"{type(self).__name__} needs at least two classes to train on; see y and validation")
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]), threads(1):
            self._train(series, np.searchsorted(self.classes_, labels), rows, stop)
        return self

    def _train(self, series: Floats, target: Array, rows: Array, stop: Array) -> None:
        torch.manual_seed(self.random_state)
        self.network_ = self._network()
        self.network_.see(series[rows])
        batch = brought(series, self.steps)
        self.history_ = train(
            self.network_,
            classification(lambda part: (batch[part],), torch.from_numpy(target), smoothing=self.smoothing),
            rows,
            stop if len(stop) else None,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            patience=self.patience,
            clip=1.0,
            schedule=pace,
            seed=self.random_state,
            name=self.family,
        )

    def _network(self) -> SeriesNetwork:
        return SeriesNetwork(
            self._body(),
            channels=self.channels_,
            hidden=self.hidden,
            classes=len(self.classes_),
            dropout=self.dropout,
        )

    def predict_proba(self, X: Sequence[Any] | Array) -> Floats:
        """Class probabilities of its own head, float64 of shape (n, classes), columns as in ``classes_``."""
        check_is_fitted(self, "network_")
        return self._apply(lambda batch: self.network_(batch).double().softmax(1), X, len(self.classes_), np.float64)

    def predict(self, X: Sequence[Any] | Array) -> Array:
        """Most probable class of each series."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(1)])

    def transform(self, X: Sequence[Any] | Array) -> Floats:
        """Penultimate vectors, float32 of shape (n, hidden)."""
        check_is_fitted(self, "network_")
        return self._apply(self.network_.vectors, X, self.hidden, np.float32)

    @torch.no_grad()
    def _apply(
        self, function: Callable[[Tensor], Tensor], X: Sequence[Any] | Array, width: int, kind: type[np.floating]
    ) -> Floats:
        series = as_series(X, channels=self.channels_)
        self.network_.eval()
        result = np.empty((len(series), width), dtype=kind)
        with threads(1):
            for start in range(0, len(series), APPLIED):
                part = brought(series[start : start + APPLIED], self.steps)
                result[start : start + APPLIED] = function(part).numpy()
        return result

    def state(self) -> State:
        """Parameters, classes, weights and history."""
        check_is_fitted(self, "network_")
        return {
            "params": kept_params(self.get_params()),
            "classes": self.classes_,
            "channels": self.channels_,
            "weights": kept_weights(self.network_),
            "history": kept_history(self.history_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted encoder that `state` was taken from; its vectors are the same bit for bit."""
        encoder = cls(**given_params(state["params"]))
        encoder.classes_, encoder.channels_ = np.asarray(state["classes"]), state["channels"]
        encoder.history_ = history_of(state["history"])
        with torch.random.fork_rng(devices=[]):
            encoder.network_ = encoder._network()
        put_weights(encoder.network_, state["weights"])
        return encoder

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.string, tags.input_tags.three_d_array = False, False, True
        return tags
