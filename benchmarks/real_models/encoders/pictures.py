"""Pictures to arrays, and a network's maps to vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image


def pixels(pictures: Sequence[Image.Image], side: int) -> np.ndarray:
    """RGB values between 0 and 255, shape (n, side, side, 3), float32."""
    resized = [picture.resize((side, side), Image.Resampling.BICUBIC) for picture in pictures]
    return np.stack([np.asarray(picture, dtype=np.float32) for picture in resized])


def channels_first(values: np.ndarray) -> torch.Tensor:
    """Shape (n, side, side, 3) to (n, 3, side, side)."""
    return torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2)))


def map_means(
    pictures: Sequence[Image.Image],
    maps: Callable[[Sequence[Image.Image]], Sequence[torch.Tensor]],
    *,
    batch_size: int = 32,
) -> list[np.ndarray]:
    """Mean over places of each layer's maps of shape (batch, d, height, width), shape (n, d) each."""
    batches = [[layer.mean((2, 3)) for layer in maps(batch)] for batch in _batches(pictures, batch_size)]
    return [torch.cat(layer).numpy() for layer in zip(*batches, strict=True)]


def _batches(pictures: Sequence[Image.Image], size: int) -> Iterator[Sequence[Image.Image]]:
    for start in range(0, len(pictures), size):
        yield pictures[start : start + size]
