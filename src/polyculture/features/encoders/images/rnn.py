"""Recurrence over the rows of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from polyculture.features.encoders.cells import both_ways, check_cells
from polyculture.features.encoders.images.neural import NeuralImageEncoder
from polyculture.preprocess.images import KEEPING


class RowRecurrence(nn.Module):
    """Rows from the top and from the bottom, columns from the left and from the right; the mean state of each.

    Parameters
    ----------
    size, hidden : int
        Side of an image and size of the result.
    cell : str
        ``"gru"`` or ``"lstm"``.
    layers, units : int
        Networks one above the other, and units of each in one direction.
    """

    def __init__(self, size: int, hidden: int, cell: str, *, layers: int, units: int) -> None:
        super().__init__()
        self.across = both_ways(cell, 3 * size, units, layers)
        self.down = both_ways(cell, 3 * size, units, layers)
        self.dense = nn.Linear(4 * units, hidden)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, size, size) to (n, hidden)."""
        rows, columns = images.transpose(1, 2).flatten(2), images.permute(0, 3, 1, 2).flatten(2)
        states = torch.cat([self.across(rows)[0].mean(1), self.down(columns)[0].mean(1)], dim=1)
        return self.dense(states).relu()  # type: ignore[no-any-return]


class ImageRNNEncoder(NeuralImageEncoder):
    r"""Recurrent networks over the rows and the columns of an image, each read both ways.

    .. math:: h_r = \mathrm{cell}(x_{r\cdot}, h_{r-1}), \quad v = \mathrm{ReLU}(D [\overline{h}_{rows},
              \overline{h}_{columns}])

    Images are resized to `size`, and each is brought to mean 0 and standard deviation 1.

    Parameters
    ----------
    cell : {"gru", "lstm"}
    layers : int
        Networks one above the other.
    units : int
        Units of each in one direction.
    size, hidden : int
        Sides of the images that the network sees, and size of a vector.
    epochs, patience, learning_rate, optimizer, batch_size, dropout, augment, share, mixup, random_state
        As in :class:`polyculture.features.encoders.images.cnn.ImageCNNEncoder`.

    References
    ----------
    Cho et al. 2014, arXiv:1406.1078 (GRU); Visin et al. 2015, arXiv:1505.00393 (ReNet).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.rnn import ImageRNNEncoder
    >>> y = np.array([0, 1] * 20)
    >>> images = np.zeros((40, 8, 8, 3), np.uint8)
    >>> images[y == 1, 2:6] = 200
    >>> encoder = ImageRNNEncoder(units=8, size=8, hidden=8, batch_size=8).fit(images, y)
    >>> encoder.transform(images).shape, encoder.predict(images[:2]).tolist()
    ((40, 8), [0, 1])
    """

    family = "image-rnn"
    first: ClassVar[str] = "cell"

    def __init__(
        self,
        cell: str = "gru",
        *,
        layers: int = 1,
        units: int = 64,
        size: int = 32,
        hidden: int = 128,
        epochs: int = 20,
        patience: int | None = None,
        learning_rate: float = 3e-3,
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
        self.cell = cell
        self.layers = layers
        self.units = units

    def _check(self) -> None:
        super()._check()
        check_cells(self.cell, self.layers, self.units)

    def _body(self) -> nn.Module:
        return RowRecurrence(self.size, self.hidden, self.cell, layers=self.layers, units=self.units)
