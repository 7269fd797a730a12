"""What the encoders of images that are trained from scratch share: sizes, and changes of the training images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from polyculture.arrays import Array, Ints
from polyculture.errors import ParameterError
from polyculture.features.encoders.images.items import as_batch, as_images, resized
from polyculture.features.encoders.images.network import ImageNetwork
from polyculture.features.encoders.images.objective import augmented_classification
from polyculture.features.encoders.trained import TrainedEncoder
from polyculture.preprocess.images import Augmentation
from polyculture.training import Objective


class NeuralImageEncoder(TrainedEncoder):
    """An image classifier trained from scratch; its body takes ``(n, 3, size, size)``."""

    reads: ClassVar[str] = "image"
    what: ClassVar[str] = "image"
    sizes: ClassVar[tuple[str, ...]] = ("size",)

    def __init__(self, *, size: int, augment: Sequence[str], share: float, mixup: float, **training: Any) -> None:
        super().__init__(**training)
        self.size = size
        self.augment = augment
        self.share = share
        self.mixup = mixup

    def _check(self) -> None:
        super()._check()
        if self.mixup < 0:
            raise ParameterError(f"mixup is {self.mixup}, expected 0 for none, or more")
        Augmentation(self.augment, share=self.share)

    def _network(self) -> ImageNetwork:
        return ImageNetwork(self._body(), hidden=self.hidden, classes=len(self.classes_), dropout=self.dropout)

    def _read(self, X: Sequence[Any] | Array, *, reset: bool) -> Array:  # noqa: ARG002 - images of any size are brought to one
        return as_images(X)

    def _objective(self, items: Array, target: Tensor, rows: Ints) -> Objective:  # noqa: ARG002 - each image has a scale of its own
        change = Augmentation(self.augment, share=self.share, seed=self.random_state)
        return augmented_classification(resized(items, self.size), target, change, mixture=self.mixup)

    def _batch(self, items: Array) -> Tensor:
        return as_batch(resized(items, self.size), self.size)
