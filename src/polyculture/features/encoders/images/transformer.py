"""Self-attention over patches of images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from polyculture.errors import ParameterError
from polyculture.features.encoders.images.neural import NeuralImageEncoder
from polyculture.preprocess.images import KEEPING

DROPOUT = 0.1
"""Inside the layers of attention."""


class PatchAttention(nn.Module):
    """Square patches as tokens, learnt positions, layers of self-attention, the mean over patches, a dense layer.

    Parameters
    ----------
    size, patch : int
        Sides of an image and of a patch; the latter divides the former.
    dim, hidden, heads, layers : int
    """

    def __init__(self, size: int, patch: int, dim: int, hidden: int, *, heads: int, layers: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, dim, patch, patch)
        self.positions = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2, dim))
        layer = nn.TransformerEncoderLayer(
            dim, heads, 2 * dim, DROPOUT, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.dense = nn.Linear(dim, hidden)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, size, size) to (n, hidden)."""
        tokens = self.patches(images).flatten(2).transpose(1, 2) + self.positions
        return self.dense(self.layers(tokens).mean(1)).relu()  # type: ignore[no-any-return]


class ImageTransformerEncoder(NeuralImageEncoder):
    r"""Vision Transformer (Dosovitskiy et al. 2021, arXiv:2010.11929), small enough for one processor.

    .. math:: t_j = E x_j + p_j, \quad v = \mathrm{ReLU}(D \, \mathrm{mean}_j\, \mathrm{Attention}(t)_j)

    with patches :math:`x_j` and learnt positions :math:`p_j`. Images are resized to `size`, and each is brought to mean
    0 and standard deviation 1.

    Parameters
    ----------
    patch : int
        Side of a patch; divides `size`.
    dim : int
        Size of a patch's vector.
    heads : int
        Heads of attention; divides `dim`.
    layers : int
    size, hidden : int
        Sides of the images that the network sees, and size of a vector.
    epochs, patience, learning_rate, optimizer, batch_size, dropout, augment, share, mixup, random_state
        As in :class:`polyculture.features.encoders.images.cnn.ImageCNNEncoder`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.transformer import ImageTransformerEncoder
    >>> y = np.array([0, 1] * 20)
    >>> images = np.zeros((40, 8, 8, 3), np.uint8)
    >>> images[y == 1, 2:6] = 200
    >>> encoder = ImageTransformerEncoder(dim=8, heads=2, layers=1, size=8, hidden=8, batch_size=8).fit(images, y)
    >>> encoder.transform(images).shape, encoder.predict(images[:2]).tolist()
    ((40, 8), [0, 1])
    """

    family = "image-transformer"

    def __init__(
        self,
        *,
        patch: int = 4,
        dim: int = 64,
        heads: int = 4,
        layers: int = 3,
        size: int = 32,
        hidden: int = 128,
        epochs: int = 20,
        patience: int | None = None,
        learning_rate: float = 2e-3,
        optimizer: str = "adamw",
        batch_size: int = 64,
        dropout: float = 0.1,
        augment: Sequence[str] = KEEPING,
        share: float = 0.5,
        mixup: float = 0.0,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            size=size,
            hidden=hidden,
            epochs=epochs,
            patience=patience,
            learning_rate=learning_rate,
            optimizer=optimizer,
            batch_size=batch_size,
            dropout=dropout,
            augment=augment,
            share=share,
            mixup=mixup,
            random_state=random_state,
        )
        self.patch = patch
        self.dim = dim
        self.heads = heads
        self.layers = layers

    def _check(self) -> None:
        super()._check()
        if self.patch < 1 or self.size % self.patch:
            raise ParameterError(f"patch is {self.patch}, expected a divisor of size, which is {self.size}")
        if self.heads < 1 or self.dim < 1 or self.dim % self.heads:
            raise ParameterError(f"heads is {self.heads}, expected a divisor of dim, which is {self.dim}")
        if self.layers < 1:
            raise ParameterError(f"layers is {self.layers}, expected at least 1")

    def _body(self) -> nn.Module:
        return PatchAttention(self.size, self.patch, self.dim, self.hidden, heads=self.heads, layers=self.layers)
