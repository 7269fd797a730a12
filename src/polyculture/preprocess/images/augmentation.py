"""Changes of images by name, each for a share of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from polyculture.arrays import Array
from polyculture.errors import DataError, ParameterError
from polyculture.preprocess.images.geometry import crop, flip, rotate
from polyculture.preprocess.images.light import colour, noise
from polyculture.preprocess.images.style import channels, contrast, edges, grey, invert, texture

Change = Callable[[Tensor, Generator], Tensor]

CHANGES: Mapping[str, Change] = {
    "flip": flip,
    "crop": crop,
    "rotate": rotate,
    "colour": colour,
    "noise": noise,
    "grey": grey,
    "invert": invert,
    "contrast": contrast,
    "channels": channels,
    "edges": edges,
    "texture": texture,
}
"""The ways to change an image, by name, in the order in which they are done."""

KEEPING = ("crop", "rotate", "colour", "noise")
"""Those that keep the label of nearly every task."""
STYLES = ("grey", "invert", "contrast", "channels", "edges", "texture")
"""Those that take the style away; they keep labels that depend on shapes and not on colours."""


class Augmentation:
    """Named changes, each done to a share of the images of a batch that is drawn anew each time.

    Parameters
    ----------
    methods : sequence of str
        Names of `CHANGES`; done in the order of `CHANGES`.
    share : float in (0, 1]
        Probability that a method changes an image.
    seed : int

    Raises
    ------
    ParameterError
        If a method is unknown, or the share outside its range.

    Examples
    --------
    >>> import torch
    >>> from polyculture.preprocess.images import Augmentation
    >>> Augmentation(["invert"], share=1.0)(torch.zeros(1, 3, 1, 1)).flatten().tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(self, methods: Sequence[str] = KEEPING, *, share: float = 0.5, seed: int = 0) -> None:
        if unknown := [name for name in methods if name not in CHANGES]:
            raise ParameterError(f"there is no change of images named {unknown[0]!r}; use some of {', '.join(CHANGES)}")
        if not 0 < share <= 1:
            raise ParameterError(f"share is {share}; use a number above 0 and at most 1")
        self.methods = tuple(name for name in CHANGES if name in methods)
        self.share = share
        self.generator = Generator().manual_seed(seed)

    def __call__(self, images: Tensor) -> Tensor:
        """Changed copies of images, float of shape (n, 3, height, width) between 0 and 1."""
        for name in self.methods:
            drawn = torch.rand(len(images), generator=self.generator) < self.share
            if drawn.any():
                images = images.clone()
                images[drawn] = CHANGES[name](images[drawn], self.generator)
        return images


def augment_images(
    images: Array, methods: Sequence[str] = KEEPING, *, share: float = 0.5, batch: int = 512, seed: int = 0
) -> Array:
    """Changed copies of images, a batch at a time.

    Parameters
    ----------
    images : uint8 array of shape (n, height, width, 3)
    methods, share, seed
        As in :class:`Augmentation`.
    batch : int >= 1
        Images in work at once: memory beside the result.

    Returns
    -------
    uint8 array of the same shape

    Raises
    ------
    DataError
        If the images are of another type or shape.
    ParameterError
        As :class:`Augmentation`; or if `batch` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.preprocess.images import augment_images
    >>> augment_images(np.zeros((1, 1, 1, 3), np.uint8), ["invert"], share=1.0).ravel().tolist()
    [255, 255, 255]
    """
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise DataError(f"images are {images.dtype} of shape {images.shape}, expected uint8 of (n, height, width, 3)")
    if batch < 1:
        raise ParameterError(f"batch is {batch}; use at least 1")
    change, out = Augmentation(methods, share=share, seed=seed), np.empty_like(images)
    for start in range(0, len(images), batch):
        part = torch.from_numpy(np.ascontiguousarray(images[start : start + batch])).permute(0, 3, 1, 2)
        done = change(part.float() / 255).mul(255).round().to(torch.uint8)
        out[start : start + batch] = done.permute(0, 2, 3, 1).numpy()
    return out
