"""What the encoders of images and of series share: a network trained from scratch, its penultimate vectors out."""

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
from polyculture.device import back, lent, moved
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State, held_out
from polyculture.features.encoders.items import as_labels, as_mask
from polyculture.features.encoders.kept import (
    given_params,
    history_of,
    kept_history,
    kept_params,
    kept_weights,
    put_weights,
)
from polyculture.training import Epoch, Objective, threads, train

HELD_OUT = 0.1
"""Share of the labelled items that decide when to stop where no validation part is given."""
WARM_UP = 0.15
"""Share of the steps over which the learning rate rises; it then falls to nothing."""
APPLIED = 256
"""Items that a fitted network sees at once."""


class VectorNetwork(nn.Module):
    """Items on one scale → body → vector → linear head.

    Parameters
    ----------
    body : torch.nn.Module
        Scaled items to ``(n, hidden)``.
    hidden, classes : int
        Sizes of the vector and of the output.
    dropout : float in [0, 1)
        Before the head.
    """

    def __init__(self, body: nn.Module, *, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)

    def scaled(self, items: Tensor) -> Tensor:
        """Items on the scale that the body sees."""
        raise NotImplementedError

    def vectors(self, items: Tensor) -> Tensor:
        """Penultimate vectors, shape (n, hidden)."""
        return self.body(self.scaled(items))  # type: ignore[no-any-return]

    def forward(self, items: Tensor) -> Tensor:
        """Logits, shape (n, classes)."""
        return self.head(self.dropout(self.vectors(items)))  # type: ignore[no-any-return]


class TrainedEncoder(Encoder):
    """A classifier of items of one shape, trained from scratch; its penultimate vectors are the encoding.

    Attributes
    ----------
    what : str
        What one item is called in messages.
    sizes : tuple of str
        Parameters that are at least 1.
    kept : tuple of str
        Attributes that a fitted encoder keeps besides its classes, weights and history.
    """

    learns_labels = True
    first: ClassVar[str] = ""
    what: ClassVar[str]
    sizes: ClassVar[tuple[str, ...]]
    kept: ClassVar[tuple[str, ...]] = ()

    classes_: Array
    network_: VectorNetwork
    history_: list[Epoch]

    def __init__(
        self,
        *,
        hidden: int,
        epochs: int,
        patience: int | None,
        learning_rate: float,
        optimizer: str,
        batch_size: int,
        dropout: float,
        random_state: int,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.dropout = dropout
        self.random_state = random_state

    @abstractmethod
    def _body(self) -> nn.Module:
        """The part below the head."""

    @abstractmethod
    def _network(self) -> VectorNetwork:
        """The body under its head, with random weights."""

    @abstractmethod
    def _read(self, X: Sequence[Any] | Array, *, reset: bool) -> Array:
        """Checked items as one array."""

    @abstractmethod
    def _objective(self, items: Array, target: Tensor, rows: Ints) -> Objective:
        """What is lost on some of the items; the network has been made already."""

    @abstractmethod
    def _batch(self, items: Array) -> Tensor:
        """Items as the network takes them."""

    def _check(self) -> None:
        for name in (*self.sizes, "hidden", "epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.patience is not None and self.patience < 1:
            raise ParameterError(f"patience is {self.patience}, expected at least 1, or None for all epochs")
        if not 0 <= self.dropout < 1:
            raise ParameterError(f"dropout is {self.dropout}, expected a share in [0, 1)")

    def fit(self, X: Sequence[Any] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:
        """Learn a classifier from the labelled items.

        Parameters
        ----------
        X : uint8 array of shape (n, height, width, 3), or array of numbers of shape (n, steps, channels)
            Images or series, as :attr:`reads` says.
        y : array of int, shape (n,)
            Class of each item; -1 where it has none. At least two classes.
        validation : array of bool, shape (n,), or None
            Items that are judged after each pass, decide when to stop where `patience` is given, and do nothing else.
            Without it a tenth of each class does where `patience` is given, and all items teach where it is not.

        Raises
        ------
        DataError, ShapeError, ParameterError
            If X holds other items, fewer than two classes are left to train on, or a parameter is out of its range.
        """
        self._check()
        items = self._read(X, reset=True)
        labels, mask = as_labels(y, len(items), self.what), as_mask(validation, len(items))
        rows, stop = held_out(labels, mask, share=0.0 if self.patience is None else HELD_OUT, seed=self.random_state)
        self.classes_ = np.unique(labels[labels >= 0])
        if len(np.unique(labels[rows])) < 2:
            raise DataError(f"{type(self).__name__} needs at least two classes to train on; see y and validation")
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]), threads(1):
            torch.manual_seed(self.random_state)
            self.network_ = self._network()
            objective = self._objective(items, torch.from_numpy(np.searchsorted(self.classes_, labels)), rows)
            self.history_ = self._trained(objective, rows, stop)
        return self

    def _trained(self, objective: Objective, rows: Ints, stop: Ints) -> list[Epoch]:
        return train(
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

    def predict_proba(self, X: Sequence[Any] | Array) -> Floats:
        """Class probabilities of its own head, float64 of shape (n, classes), columns as in ``classes_``."""
        check_is_fitted(self, "network_")
        return self._apply(lambda batch: self.network_(batch).double().softmax(1), X, len(self.classes_), np.float64)

    def predict(self, X: Sequence[Any] | Array) -> Array:
        """Most probable class of each item."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(1)])

    def transform(self, X: Sequence[Any] | Array) -> Floats:
        """Penultimate vectors, float32 of shape (n, hidden)."""
        check_is_fitted(self, "network_")
        return self._apply(self.network_.vectors, X, self.hidden, np.float32)

    @torch.no_grad()
    def _apply(
        self, function: Callable[[Tensor], Tensor], X: Sequence[Any] | Array, width: int, kind: type[np.floating]
    ) -> Floats:
        items = self._read(X, reset=False)
        self.network_.eval()
        result = np.empty((len(items), width), dtype=kind)
        with threads(1), lent(self.network_):
            for start in range(0, len(items), APPLIED):
                (batch,) = moved(self._batch(items[start : start + APPLIED]))
                result[start : start + APPLIED] = back(function(batch)).numpy()
        return result

    def state(self) -> State:
        """Parameters, classes, weights and history."""
        check_is_fitted(self, "network_")
        return {
            "params": kept_params(self.get_params()),
            "classes": self.classes_,
            "weights": kept_weights(self.network_),
            "history": kept_history(self.history_),
            **{name.rstrip("_"): getattr(self, name) for name in self.kept},
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted encoder that `state` was taken from; its vectors are the same bit for bit."""
        encoder = cls(**given_params(state["params"]))
        encoder.classes_ = np.asarray(state["classes"])
        encoder.history_ = history_of(state["history"])
        for name in cls.kept:
            setattr(encoder, name, state[name.rstrip("_")])
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
    >>> from polyculture.features.encoders.trained import pace
    >>> [round(pace(step, 20), 2) for step in (0, 2, 10, 19)]
    [0.33, 1.0, 0.55, 0.0]
    """
    warm = WARM_UP * steps
    if step + 1 <= warm:
        return (step + 1) / warm
    return float(0.5 * (1 + np.cos(np.pi * min(1.0, (step + 1 - warm) / (steps - warm)))))
