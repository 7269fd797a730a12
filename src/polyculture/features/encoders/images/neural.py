"""What the encoders of images that are trained from scratch share: a network, its penultimate vectors out."""

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
from polyculture.features.encoders.images.items import as_batch, as_images, resized
from polyculture.features.encoders.images.network import ImageNetwork
from polyculture.features.encoders.images.objective import augmented_classification
from polyculture.features.encoders.items import as_labels, as_mask
from polyculture.features.encoders.kept import (
    given_params,
    history_of,
    kept_history,
    kept_params,
    kept_weights,
    put_weights,
)
from polyculture.preprocess.images import Augmentation
from polyculture.training import Epoch, threads, train

HELD_OUT = 0.1
"""Share of the labelled items that decide when to stop where no validation part is given."""
WARM_UP = 0.15
"""Share of the steps over which the learning rate rises; it then falls to nothing."""
APPLIED = 256
"""Images that a fitted network sees at once."""


class NeuralImageEncoder(Encoder):
    """An image classifier trained from scratch; its penultimate vectors are the encoding."""

    learns_labels = True
    reads: ClassVar[str] = "image"
    first: ClassVar[str] = ""

    classes_: Array
    network_: ImageNetwork
    history_: list[Epoch]

    def __init__(
        self,
        *,
        size: int,
        hidden: int,
        epochs: int,
        patience: int | None,
        learning_rate: float,
        optimizer: str,
        batch_size: int,
        dropout: float,
        augment: Sequence[str],
        share: float,
        mixup: float,
        random_state: int,
    ) -> None:
        self.size = size
        self.hidden = hidden
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.dropout = dropout
        self.augment = augment
        self.share = share
        self.mixup = mixup
        self.random_state = random_state

    @abstractmethod
    def _body(self) -> nn.Module:
        """The part below the head: ``(n, 3, size, size) -> (n, hidden)``."""

    def _check(self) -> None:
        for name in ("size", "hidden", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.patience is not None and self.patience < 1:
            raise ParameterError(f"patience is {self.patience}, expected at least 1, or None for all epochs")
        if not 0 <= self.dropout < 1:
            raise ParameterError(f"dropout is {self.dropout}, expected a share in [0, 1)")
        if self.mixup < 0:
            raise ParameterError(f"mixup is {self.mixup}, expected 0 for none, or more")
        Augmentation(self.augment, share=self.share)

    def fit(self, X: Sequence[Any] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:
        """Learn a classifier from the labelled images.

        Parameters
        ----------
        X : uint8 array of shape (n, height, width, 3)
        y : array of int, shape (n,)
            Class of each image; -1 where it has none. At least two classes.
        validation : array of bool, shape (n,), or None
            Images that are judged after each pass, decide when to stop where `patience` is given, and do nothing else.
            Without it a tenth of each class does where `patience` is given, and all images teach where it is not.

        Raises
        ------
        DataError, ShapeError, ParameterError
            If X holds no images, fewer than two classes are left to train on, or a parameter is out of its range.
        """
        self._check()
        images = as_images(X)
        labels, mask = as_labels(y, len(images), "image"), as_mask(validation, len(images))
        share = 0.0 if self.patience is None else HELD_OUT
        rows, stop = held_out(labels, mask, share=share, seed=self.random_state)
        self.classes_ = np.unique(labels[labels >= 0])
        if len(np.unique(labels[rows])) < 2:
            raise DataError(f"{type(self).__name__} needs at least two classes to train on; see y and validation")
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]), threads(1):
            self._train(resized(images, self.size), np.searchsorted(self.classes_, labels), rows, stop)
        return self

    def _train(self, images: Array, target: Array, rows: Array, stop: Array) -> None:
        torch.manual_seed(self.random_state)
        self.network_ = self._network()
        change = Augmentation(self.augment, share=self.share, seed=self.random_state)
        objective = augmented_classification(images, torch.from_numpy(target), change, mixture=self.mixup)
        self.history_ = train(
            self.network_,
            objective,
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

    def _network(self) -> ImageNetwork:
        return ImageNetwork(self._body(), hidden=self.hidden, classes=len(self.classes_), dropout=self.dropout)

    def predict_proba(self, X: Sequence[Any] | Array) -> Floats:
        """Class probabilities of its own head, float64 of shape (n, classes), columns as in ``classes_``."""
        check_is_fitted(self, "network_")
        return self._apply(lambda batch: self.network_(batch).double().softmax(1), X, len(self.classes_), np.float64)

    def predict(self, X: Sequence[Any] | Array) -> Array:
        """Most probable class of each image."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(1)])

    def transform(self, X: Sequence[Any] | Array) -> Floats:
        """Penultimate vectors, float32 of shape (n, hidden)."""
        check_is_fitted(self, "network_")
        return self._apply(self.network_.vectors, X, self.hidden, np.float32)

    @torch.no_grad()
    def _apply(
        self, function: Callable[[Tensor], Tensor], X: Sequence[Any] | Array, width: int, kind: type[np.floating]
    ) -> Floats:
        images = as_images(X)
        self.network_.eval()
        result = np.empty((len(images), width), dtype=kind)
        for start in range(0, len(images), APPLIED):
            part = resized(images[start : start + APPLIED], self.size)
            result[start : start + APPLIED] = function(as_batch(part, self.size)).numpy()
        return result

    def state(self) -> State:
        """Parameters, classes, weights and history."""
        check_is_fitted(self, "network_")
        return {
            "params": kept_params(self.get_params()),
            "classes": self.classes_,
            "weights": kept_weights(self.network_),
            "history": kept_history(self.history_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted encoder that `state` was taken from; its vectors are the same bit for bit."""
        encoder = cls(**given_params(state["params"]))
        encoder.classes_ = np.asarray(state["classes"])
        encoder.history_ = history_of(state["history"])
        with torch.random.fork_rng(devices=[]):
            encoder.network_ = encoder._network()
        put_weights(encoder.network_, state["weights"])
        return encoder

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.string, tags.input_tags.three_d_array = False, False, True
        return tags


def pace(step: int, steps: int) -> float:
    r"""Share of the learning rate at a step: up over the first 15 % of all steps, then down a half cosine to nothing.

    Examples
    --------
    >>> from polyculture.features.encoders.images.neural import pace
    >>> [round(pace(step, 20), 2) for step in (0, 2, 10, 19)]
    [0.33, 1.0, 0.55, 0.0]
    """
    warm = WARM_UP * steps
    if step + 1 <= warm:
        return (step + 1) / warm
    return float(0.5 * (1 + np.cos(np.pi * min(1.0, (step + 1 - warm) / (steps - warm)))))
