"""Changes of how light falls: colour and noise."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

JITTER = 0.4
"""Largest relative change of brightness, contrast and saturation."""
NOISE = 0.1
"""Largest standard deviation of noise, on a scale from black 0 to white 1."""
WEIGHTS = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601)."""


def brightness(images: Tensor) -> Tensor:
    """How bright each place looks, shape (n, 1, height, width).

    Examples
    --------
    >>> import torch
    >>> from polyculture.preprocess.images.light import brightness
    >>> round(float(brightness(torch.ones(1, 3, 1, 1))), 3)
    1.0
    """
    weights = images.new_tensor(WEIGHTS)[:, None, None]
    return (images * weights).sum(1, keepdim=True)


def colour(images: Tensor, generator: Generator) -> Tensor:
    """Brightness, contrast and saturation, each times 0.6 to 1.4.

    Parameters
    ----------
    images : tensor of shape (n, 3, height, width), between 0 and 1
    generator : torch.Generator
    """
    factors = 1 + JITTER * (2 * torch.rand(3, len(images), 1, 1, 1, generator=generator) - 1)
    images = images * factors[0]
    middle = brightness(images).mean((2, 3), keepdim=True)
    images = middle + (images - middle) * factors[1]
    grey = brightness(images)
    return (grey + (images - grey) * factors[2]).clamp(0, 1)


def noise(images: Tensor, generator: Generator) -> Tensor:
    """Normal noise on every channel, of a standard deviation up to 0.1 that each image draws for itself.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1
    generator : torch.Generator
    """
    size = NOISE * torch.rand(len(images), 1, 1, 1, generator=generator)
    return (images + size * torch.randn(images.shape, generator=generator)).clamp(0, 1)
