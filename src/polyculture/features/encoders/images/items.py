"""What an encoder of images is given, checked before any work is done, and brought to the size that it works on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polyculture.arrays import Array
from polyculture.errors import DataError


def as_images(X: Sequence[Any] | Array) -> Array:
    """Items as one array of images, uint8 of shape (n, height, width, 3).

    Raises
    ------
    DataError
        If they are anything else.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.items import as_images
    >>> as_images([np.zeros((2, 2, 3), np.uint8)]).shape
    (1, 2, 2, 3)
    """
    if not len(X):
        return np.zeros((0, 1, 1, 3), dtype=np.uint8)
    try:
        images = np.asarray(X)
    except ValueError as error:
        raise DataError("images differ in size; bring them to one size, for example with read_images") from error
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8 or 0 in images.shape:
        raise DataError(
            f"expected images, uint8 of shape (n, height, width, 3), got {images.dtype} of shape {images.shape}; "
            "read them with polyculture.data.images"
        )
    return images


def as_batch(images: Array, size: int) -> Tensor:
    """Images as float32 of shape (n, 3, size, size) between 0 and 1; resized bilinearly, smoothed where they shrink.

    Parameters
    ----------
    images : uint8 array of shape (n, height, width, 3)
    size : int >= 1

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.items import as_batch
    >>> as_batch(np.full((1, 2, 4, 3), 255, np.uint8), 3).mean().item()
    1.0
    """
    batch = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    if batch.shape[2:] == (size, size) or not len(batch):
        return batch
    return nn.functional.interpolate(batch, (size, size), mode="bilinear", antialias=True, align_corners=False)


def resized(images: Array, size: int, *, step: int = 512) -> Array:
    """The same as bytes: uint8 of shape (n, size, size, 3), some at a time.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.encoders.images.items import resized
    >>> resized(np.full((1, 2, 4, 3), 7, np.uint8), 3).shape
    (1, 3, 3, 3)
    """
    if images.shape[1:3] == (size, size):
        return images
    out = np.empty((len(images), size, size, 3), dtype=np.uint8)
    for start in range(0, len(images), step):
        batch = as_batch(images[start : start + step], size).mul(255).round().to(torch.uint8)
        out[start : start + step] = batch.permute(0, 2, 3, 1).numpy()
    return out
