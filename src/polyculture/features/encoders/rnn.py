"""Recurrence over tokens."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from polyculture.errors import ParameterError
from polyculture.features.encoders.network import pooled
from polyculture.features.encoders.neural import NeuralTextEncoder

CELLS = ("gru", "lstm", "relu", "tanh")
POOLS = ("max", "mean", "last")


class Recurrence(nn.Module):
    """A recurrent network over tokens, in one direction or both, and its states pooled.

    Parameters
    ----------
    dim, hidden : int
        Sizes of a token's vector and of the result; each of two directions has half of it.
    cell : str
        ``"gru"``, ``"lstm"``, ``"relu"`` or ``"tanh"``.
    bidirectional : bool
        Whether to read from the end as well.
    layers : int
        Networks one above the other.
    pool : str
        ``"max"``, ``"mean"``, or ``"last"``: where each direction ends.
    dropout : float
        Between layers.
    """

    def __init__(
        self, dim: int, hidden: int, cell: str, *, bidirectional: bool, layers: int, pool: str, dropout: float
    ) -> None:
        super().__init__()
        self.pool = pool
        self.directions = 2 if bidirectional else 1
        # Dropout lies between layers; torch warns where there is nothing in between.
        settings = {"batch_first": True, "bidirectional": bidirectional, "dropout": dropout if layers > 1 else 0.0}
        units = hidden // self.directions
        if cell in ("gru", "lstm"):
            kind = nn.GRU if cell == "gru" else nn.LSTM
            self.cells: nn.Module = kind(dim, units, layers, **settings)
        else:
            self.cells = nn.RNN(dim, units, layers, nonlinearity=cell, **settings)

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """(n, width, dim) to (n, hidden)."""
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        states, last = self.cells(packed)
        if self.pool != "last":
            return pooled(pad_packed_sequence(states, batch_first=True)[0], lengths, self.pool)
        end = last[0] if isinstance(last, tuple) else last
        return torch.cat(list(end[-self.directions :]), dim=1)


class RNNEncoder(NeuralTextEncoder):
    r"""Recurrent network over tokens (GRU: Cho et al. 2014, arXiv:1406.1078; LSTM: Hochreiter & Schmidhuber 1997).

    .. math:: h_t = \mathrm{cell}(e_t, h_{t-1}), \quad v = \mathrm{pool}_t [ \overrightarrow{h}_t, \overleftarrow{h}_t ]

    Gradients are clipped to norm 1.

    Parameters
    ----------
    cell : {"gru", "lstm", "relu", "tanh"}
        The last two are plain recurrent networks.
    bidirectional : bool
        Whether to read from the end as well.
    layers : int
        Networks one above the other.
    pool : {"max", "mean", "last"}
        What is kept of the states.
    dim, hidden : int
        Sizes of a token's vector and of a text's; `hidden` is even where it is read in both directions.
    epochs, patience : int
        Passes at most, and passes without a better validation loss before it stops.
    learning_rate : float > 0
    optimizer : str
        Any of ``torch.optim`` by name.
    batch_size : int
    max_tokens : int
        Tokens that are read of each text.
    vocabulary : int, at least 10
        Word pieces at most.
    dropout : float in [0, 1)
    vectors : {"wordllama", None}
        Static vectors to start the embedding from; None for random ones.
    random_state : int

    Examples
    --------
    >>> from polyculture.features.encoders.rnn import RNNEncoder
    >>> texts, y = ["a good day", "a bad day"] * 20, [1, 0] * 20
    >>> encoder = RNNEncoder(dim=16, hidden=16, batch_size=8, learning_rate=0.01).fit(texts, y)
    >>> encoder.transform(texts).shape
    (40, 16)
    >>> encoder.predict(["good good", "bad bad"]).tolist()
    [1, 0]
    """

    family = "rnn"
    first: ClassVar[str] = "cell"
    clip: ClassVar[float] = 1.0

    def __init__(
        self,
        cell: str = "gru",
        *,
        bidirectional: bool = True,
        layers: int = 1,
        pool: str = "max",
        dim: int = 64,
        hidden: int = 64,
        epochs: int = 8,
        patience: int = 2,
        learning_rate: float = 3e-3,
        optimizer: str = "adamw",
        batch_size: int = 128,
        max_tokens: int = 64,
        vocabulary: int = 8000,
        dropout: float = 0.3,
        vectors: str | None = None,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            dim=dim,
            hidden=hidden,
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            optimizer=optimizer,
            batch_size=batch_size,
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            dropout=dropout,
            vectors=vectors,
            random_state=random_state,
        )
        self.cell = cell
        self.bidirectional = bidirectional
        self.layers = layers
        self.pool = pool

    def _check(self) -> None:
        super()._check()
        if self.cell not in CELLS:
            raise ParameterError(f"there is no cell named {self.cell!r}; use one of {', '.join(CELLS)}")
        if self.pool not in POOLS:
            raise ParameterError(f"there is no pooling named {self.pool!r}; use one of {', '.join(POOLS)}")
        if self.layers < 1:
            raise ParameterError(f"layers is {self.layers}, expected at least 1")
        if self.bidirectional and self.hidden % 2:
            raise ParameterError(f"hidden is {self.hidden}, expected an even number: each direction has half of it")

    def _body(self) -> nn.Module:
        return Recurrence(
            self.dim,
            self.hidden,
            self.cell,
            bidirectional=self.bidirectional,
            layers=self.layers,
            pool=self.pool,
            dropout=self.dropout,
        )
