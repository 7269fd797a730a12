"""A small residual network over images."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from polyculture.errors import ParameterError
from polyculture.features.encoders.images.neural import NeuralImageEncoder
from polyculture.preprocess.images import KEEPING


class Residual(nn.Module):
    """Two 3×3 convolutions whose result is added to what came in.

    Parameters
    ----------
    before, after : int
        Channels in and out.
    stride : int
    """

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.keep: nn.Module = nn.Identity()
        if stride > 1 or before != after:
            self.keep = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, images: Tensor) -> Tensor:
        """(n, before, h, w) to (n, after, h / stride, w / stride)."""
        return (self.change(images) + self.keep(images)).relu()  # type: ignore[no-any-return]


class ResidualNetwork(nn.Module):
    """A first convolution, stages of residual blocks that halve the sides, the mean over places, and a dense layer.

    Parameters
    ----------
    width : int
        Channels of the first stage; each further one has twice as many.
    stages, hidden : int
    stride : int
        Of the first convolution.
    """

    def __init__(self, width: int, stages: int, hidden: int, stride: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        )
        wide = [width * 2**stage for stage in range(stages)]
        self.blocks = nn.Sequential(
            *(Residual(before, after, 1 if after == width else 2) for before, after in pairwise([width, *wide]))
        )
        self.dense = nn.Linear(wide[-1], hidden)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, size, size) to (n, hidden)."""
        return self.dense(self.blocks(self.stem(images)).mean((2, 3))).relu()  # type: ignore[no-any-return]


class ImageCNNEncoder(NeuralImageEncoder):
    r"""Residual network over images (He et al. 2016, arXiv:1512.03385), small enough for one processor.

    .. math:: h_{l+1} = \mathrm{ReLU}(F_l(h_l) + P_l h_l), \quad v = \mathrm{ReLU}(D \, \mathrm{mean}_{place}\, h_L)

    Images are resized to `size`, and each is brought to mean 0 and standard deviation 1.

    Parameters
    ----------
    width : int
        Channels of the first stage; each further one has twice as many.
    stages : int
        Residual blocks, each with half the places of the one before.
    stride : int
        Of the first convolution: 2 sees a quarter of the places and takes about a quarter of the time.
    size, hidden : int
        Sides of the images that the network sees, and size of a vector.
    epochs : int
        Passes at most.
    patience : int or None
        Passes without a better validation loss before it stops; None runs all, and the learning rate falls to nothing.
    learning_rate : float > 0
    optimizer : str
        Any of ``torch.optim`` by name.
    batch_size : int
    dropout : float in [0, 1)
    augment : sequence of str
        Changes of training images; see :data:`polyculture.preprocess.images.CHANGES`.
    share : float in (0, 1]
        Probability that each of them changes an image.
    mixup : float >= 0
        Alpha of mixtures of two images, which also mixes labels; 0 for none.
    random_state : int

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.cnn import ImageCNNEncoder
    >>> y = np.array([0, 1] * 20)
    >>> images = np.zeros((40, 8, 8, 3), np.uint8)
    >>> images[y == 1, 2:6] = 200
    >>> encoder = ImageCNNEncoder(width=4, stages=2, size=8, hidden=8, batch_size=8, epochs=20).fit(images, y)
    >>> encoder.transform(images).shape, encoder.predict(images[:2]).tolist()
    ((40, 8), [0, 1])
    """

    family = "image-cnn"

    def __init__(
        self,
        *,
        width: int = 16,
        stages: int = 3,
        stride: int = 1,
        size: int = 32,
        hidden: int = 128,
        epochs: int = 20,
        patience: int | None = None,
        learning_rate: float = 5e-3,
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
        self.width = width
        self.stages = stages
        self.stride = stride

    def _check(self) -> None:
        super()._check()
        for name in ("width", "stages", "stride"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} is {getattr(self, name)}, expected at least 1")

    def _body(self) -> nn.Module:
        return ResidualNetwork(self.width, self.stages, self.hidden, self.stride)
