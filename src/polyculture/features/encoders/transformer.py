"""Self-attention over tokens."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from polyculture.errors import ParameterError
from polyculture.features.encoders.denoise import Denoiser, Reader, pretrain
from polyculture.features.encoders.network import pooled, present
from polyculture.features.encoders.neural import NeuralTextEncoder

DROPOUT = 0.1
"""Inside the layers, which bear less of it than embedding and head do."""


class Attention(Reader):
    """Layers of multi-head self-attention (normalised first, learned positions), their mean, and a dense layer.

    Parameters
    ----------
    dim, hidden : int
        Sizes of a token's vector and of the result.
    heads, layers, max_tokens : int
        Heads among which a token's vector is divided, layers, and positions.
    dropout : float in [0, 1)
        Inside the layers.
    """

    def __init__(self, dim: int, hidden: int, *, heads: int, layers: int, max_tokens: int, dropout: float) -> None:
        super().__init__()
        self.positions = nn.Parameter(0.02 * torch.randn(max_tokens, dim))
        layer = nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout, batch_first=True, norm_first=True)
        # Attention without dropout has a kernel that takes half the time.
        layer.self_attn.dropout = 0.0
        # Nested tensors are not used with normalisation first, and torch warns if they are not declined.
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.dense = nn.Linear(dim, hidden)

    def states(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """Every token's state, shape (n, width, dim)."""
        width = embedded.shape[1]
        hidden: Tensor = self.layers(embedded + self.positions[:width], src_key_padding_mask=~present(lengths, width))
        return hidden

    def forward(self, embedded: Tensor, lengths: Tensor) -> Tensor:
        """(n, width, dim) to (n, hidden)."""
        return self.dense(pooled(self.states(embedded, lengths), lengths, "mean")).relu()  # type: ignore[no-any-return]


class TransformerEncoder(NeuralTextEncoder):
    r"""Self-attention over tokens (Vaswani et al. 2017, arXiv:1706.03762), pre-trained by denoising if asked for.

    .. math:: \mathrm{attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d}}\right) V

    Parameters
    ----------
    heads : int
        Heads of attention; divides `dim`.
    layers : int
        Layers of attention.
    pretrain_epochs : int
        Passes of denoising over all texts that are not held out, labelled or not, before it learns the labels;
        see :mod:`polyculture.features.encoders.denoise`.
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
    >>> from polyculture.features.encoders.transformer import TransformerEncoder
    >>> texts, y = ["a good day", "a bad day"] * 20, [1, 0] * 20
    >>> encoder = TransformerEncoder(dim=16, hidden=16, batch_size=8, learning_rate=0.01).fit(texts, y)
    >>> encoder.transform(texts).shape
    (40, 16)
    >>> encoder.predict(["good good", "bad bad"]).tolist()
    [1, 0]
    """

    family = "transformer"
    first: ClassVar[str] = ""
    clip: ClassVar[float] = 1.0

    def __init__(
        self,
        *,
        heads: int = 4,
        layers: int = 1,
        pretrain_epochs: int = 0,
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
        self.heads = heads
        self.layers = layers
        self.pretrain_epochs = pretrain_epochs

    def _check(self) -> None:
        super()._check()
        if self.heads < 1 or self.dim % self.heads:
            raise ParameterError(f"heads is {self.heads}, expected a divisor of dim, which is {self.dim}")
        if self.layers < 1:
            raise ParameterError(f"layers is {self.layers}, expected at least 1")
        if self.pretrain_epochs < 0:
            raise ParameterError(f"pretrain_epochs is {self.pretrain_epochs}, expected at least 0")

    def _body(self) -> Attention:
        return Attention(
            self.dim,
            self.hidden,
            heads=self.heads,
            layers=self.layers,
            max_tokens=self.max_tokens,
            dropout=DROPOUT,
        )

    def _warm_up(self, ids: Tensor, lengths: Tensor) -> None:
        body = self.network_.body
        if not self.pretrain_epochs or not isinstance(body, Attention):
            return
        pretrain(
            Denoiser(self.network_.embedding, body, heads=self.heads),
            ids,
            lengths,
            epochs=self.pretrain_epochs,
            optimizer=self.optimizer,
            batch_size=self.batch_size,
            seed=self.random_state,
        )
