"""What the encoders that are trained from scratch share: tokens in, a network, its penultimate vectors out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.device import back, lent, moved
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders.base import Encoder, State, held_out
from polyculture.features.encoders.items import as_labels, as_mask, as_texts
from polyculture.features.encoders.kept import (
    given_params,
    history_of,
    kept_history,
    kept_params,
    kept_weights,
    put_weights,
)
from polyculture.features.encoders.network import Network, cut
from polyculture.features.encoders.tokens import Tokens, static_vectors
from polyculture.training import Epoch, classification, threads, train

HELD_OUT = 0.1
"""Share of the labelled items that decide when to stop where no validation part is given."""

APPLIED = 256
"""Texts that a fitted network sees at once."""


class NeuralTextEncoder(Encoder):
    """A text classifier trained from scratch; its penultimate vectors are the encoding.

    Attributes
    ----------
    first, clip : str, float
        Parameter that the text after a colon sets, as in ``"rnn:lstm"``; largest norm of gradients. Empty, 0 for none.
    """

    learns_labels = True
    first: ClassVar[str] = ""
    clip: ClassVar[float] = 0.0

    classes_: Array
    tokens_: Tokens
    network_: Network
    history_: list[Epoch]

    def __init__(
        self,
        *,
        dim: int,
        hidden: int,
        epochs: int,
        patience: int,
        learning_rate: float,
        optimizer: str,
        batch_size: int,
        max_tokens: int,
        vocabulary: int,
        dropout: float,
        vectors: str | None,
        random_state: int,
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.max_tokens = max_tokens
        self.vocabulary = vocabulary
        self.dropout = dropout
        self.vectors = vectors
        self.random_state = random_state

    @abstractmethod
    def _body(self) -> nn.Module:
        """The part between embedding and head: ``(embedded, lengths) -> (n, hidden)``."""

    def _check(self) -> None:
        for name in ("dim", "hidden", "epochs", "patience", "batch_size", "max_tokens"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected at least 1")
        if not 0 <= self.dropout < 1:
            raise ParameterError(f"dropout is {self.dropout}, expected a share in [0, 1)")

    def _warm_up(self, ids: Tensor, lengths: Tensor) -> None:
        """Whatever the network learns from texts before it sees labels."""

    def fit(self, X: Sequence[str] | Array, y: Ints | None = None, *, validation: Mask | None = None) -> Self:
        """Learn a vocabulary from all items that are not held out, and a classifier from the labelled ones.

        Parameters
        ----------
        X : sequence of n texts
        y : array of int, shape (n,)
            Class of each text; -1 where it has none. At least two classes.
        validation : array of bool, shape (n,), or None
            Texts that decide when to stop and nothing else; without it a tenth of each class does.

        Raises
        ------
        DataError, ShapeError, ParameterError
            If an item is no text, fewer than two classes are left to train on, or a parameter is out of its range.
        """
        self._check()
        texts = as_texts(X)
        labels, mask = as_labels(y, len(texts)), as_mask(validation, len(texts))
        rows, stop = held_out(labels, mask, share=HELD_OUT, seed=self.random_state)
        self.classes_ = np.unique(labels[labels >= 0])
        if len(np.unique(labels[rows])) < 2:
            raise DataError(f"{type(self).__name__} needs at least two classes to train on; see y and validation")
        own = [text for row, text in enumerate(texts) if mask is None or not mask[row]]
        self.tokens_ = Tokens.train(own, self.vocabulary)
        # The caller's random numbers stay as they were.
        with torch.random.fork_rng(devices=[]), threads(1):
            self._train(texts, np.searchsorted(self.classes_, labels), rows, stop)
        return self

    def _train(self, texts: list[str], target: Array, rows: Array, stop: Array) -> None:
        torch.manual_seed(self.random_state)
        self.network_ = self._network()
        if self.vectors is not None:
            start = static_vectors(self.tokens_.pieces, self.dim, self.vectors)
            self.network_.embedding.weight.data.copy_(torch.from_numpy(start))
        ids, lengths = (torch.from_numpy(part) for part in self.tokens_.encode(texts, self.max_tokens))
        learnt = np.setdiff1d(np.arange(len(texts)), stop)
        self._warm_up(ids[learnt], lengths[learnt])
        objective = classification(lambda at: cut(ids[at], lengths[at]), torch.from_numpy(target))
        self.history_ = train(
            self.network_,
            objective,
            rows,
            stop[np.argsort(lengths.numpy()[stop], kind="stable")] if len(stop) else None,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            epochs=self.epochs,
            patience=self.patience,
            lengths=lengths.numpy(),
            clip=self.clip,
            seed=self.random_state,
            name=self.family,
        )

    def _network(self) -> Network:
        return Network(
            self._body(),
            pieces=len(self.tokens_),
            dim=self.dim,
            hidden=self.hidden,
            classes=len(self.classes_),
            dropout=self.dropout,
        )

    def predict_proba(self, X: Sequence[str] | Array) -> Floats:
        """Class probabilities of its own head, float64 of shape (n, classes), columns as in ``classes_``."""
        check_is_fitted(self, "network_")
        return self._apply(
            lambda ids, lengths: self.network_(ids, lengths).double().softmax(1), X, len(self.classes_), np.float64
        )

    def predict(self, X: Sequence[str] | Array) -> Array:
        """Most probable class of each text."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(1)])

    def transform(self, X: Sequence[str] | Array) -> Floats:
        """Penultimate vectors, float32 of shape (n, hidden), in the order of the texts."""
        check_is_fitted(self, "network_")
        return self._apply(self.network_.vectors, X, self.hidden, np.float32)

    @torch.no_grad()
    def _apply(
        self,
        function: Callable[[Tensor, Tensor], Tensor],
        X: Sequence[str] | Array,
        width: int,
        kind: type[np.floating],
    ) -> Floats:
        ids, lengths = self.tokens_.encode(as_texts(X), self.max_tokens)
        self.network_.eval()
        result = np.empty((len(ids), width), dtype=kind)
        # Texts of like length share a batch, which keeps padding short.
        order = np.argsort(lengths, kind="stable")
        with lent(self.network_):
            for at in np.split(order, range(APPLIED, len(order), APPLIED)) if len(order) else []:
                batch = moved(*cut(torch.from_numpy(ids[at]), torch.from_numpy(lengths[at])))
                result[at] = back(function(*batch)).numpy()
        return result

    def state(self) -> State:
        """Parameters, classes, vocabulary, weights and history."""
        check_is_fitted(self, "network_")
        return {
            "params": kept_params(self.get_params()),
            "classes": self.classes_,
            "tokens": self.tokens_.to_str(),
            "weights": kept_weights(self.network_),
            "history": kept_history(self.history_),
        }

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The fitted encoder that `state` was taken from; its vectors are the same bit for bit."""
        encoder = cls(**given_params(state["params"]))
        encoder.classes_ = np.asarray(state["classes"])
        encoder.tokens_ = Tokens.from_str(state["tokens"])
        encoder.history_ = history_of(state["history"])
        with torch.random.fork_rng(devices=[]):
            encoder.network_ = encoder._network()
        put_weights(encoder.network_, state["weights"])
        return encoder
