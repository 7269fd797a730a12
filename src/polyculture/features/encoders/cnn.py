"""Convolutions over tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from polyculture.errors import ParameterError
from polyculture.features.encoders.network import pooled
from polyculture.features.encoders.neural import NeuralTextEncoder

POOLS = ("mean", "max")


class Convolutions(nn.Module):
    """Convolutions of several widths side by side, ReLU, pooling over the text, and a dense layer.

    Parameters
    ----------
    dim, filters, hidden : int
        Sizes of a token's vector, of each convolution's output, and of the result.
    widths : sequence of int
        Tokens that each convolution sees at once.
    pool : str
        ``"max"`` or ``"mean"``.
    """

    def __init__(self, dim: int, filters: int, widths: Sequence[int], pool: str, hidden: int) -> None:
        super().__init__()
        self.pool = pool
        self.widths = tuple(widths)
        self.convolutions = nn.ModuleList(nn.Conv1d(dim, filters, width) for width in self.widths)
        self.dense = nn.Linear(filters * len(self.widths), hidden)

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """(n, width, dim) to (n, hidden)."""
        across, found = embedded.transpose(1, 2), []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            # Zeros around the text: every token is the middle of one window, and a text may be shorter than the window.
            padded = nn.functional.pad(across, ((width - 1) // 2, width // 2))
            found.append(pooled(convolution(padded).relu().transpose(1, 2), lengths, self.pool))
        return self.dense(torch.cat(found, dim=1)).relu()  # type: ignore[no-any-return]


class CNNEncoder(NeuralTextEncoder):
    r"""Convolutional network over tokens (Kim 2014, arXiv:1408.5882).

    .. math:: v = \mathrm{ReLU}(D [ \mathrm{pool}_i\, \mathrm{ReLU}(W_k\, e_{i:i+k} + b_k) ]_{k \in widths})

    Parameters
    ----------
    pool : {"mean", "max"}
        What is kept of a convolution over a text: "max" finds a phrase once, "mean" weighs how often it stands there.
    widths : sequence of int, each at least 1
        Tokens that each convolution sees at once.
    filters : int
        Outputs of each convolution.
    dim, hidden : int
        Sizes of a token's vector and of a text's.
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
    >>> from polyculture.features.encoders.cnn import CNNEncoder
    >>> texts, y = ["a good day", "a bad day"] * 20, [1, 0] * 20
    >>> encoder = CNNEncoder(dim=16, hidden=16, batch_size=8, learning_rate=0.01).fit(texts, y)
    >>> encoder.transform(texts).shape
    (40, 16)
    >>> encoder.predict(["good good", "bad bad"]).tolist()
    [1, 0]
    """

    family = "cnn"
    first: ClassVar[str] = "pool"

    def __init__(
        self,
        pool: str = "mean",
        *,
        widths: Sequence[int] = (1, 2, 3),
        filters: int = 64,
        dim: int = 64,
        hidden: int = 128,
        epochs: int = 8,
        patience: int = 2,
        learning_rate: float = 2e-3,
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
        self.pool = pool
        self.widths = widths
        self.filters = filters

    def _check(self) -> None:
        super()._check()
        if self.pool not in POOLS:
            raise ParameterError(f"there is no pooling named {self.pool!r}; use one of {', '.join(POOLS)}")
        if not len(self.widths) or min(self.widths) < 1:
            raise ParameterError(f"widths is {self.widths!r}, expected at least one width, each at least 1")
        if self.filters < 1:
            raise ParameterError(f"filters is {self.filters}, expected at least 1")

    def _body(self) -> nn.Module:
        return Convolutions(self.dim, self.filters, self.widths, self.pool, self.hidden)
