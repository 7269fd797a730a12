"""Changes of where things stand: flips, crops, rotations."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn

SMALLEST = 0.7
"""Side of the smallest crop, as a share of the image's."""
DEGREES = 15.0
"""Largest rotation, to either side."""


def flip(images: Tensor, generator: Generator) -> Tensor:  # noqa: ARG001 (all changes are called alike)
    """Left and right exchanged; it may change the label of letters, digits and scans of the body.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    generator : torch.Generator

    Examples
    --------
    >>> import torch
    >>> from polyculture.preprocess.images.geometry import flip
    >>> flip(torch.tensor([[[[1.0, 2.0]]]]), torch.Generator()).tolist()
    [[[[2.0, 1.0]]]]
    """
    return images.flip(3)


def crop(images: Tensor, generator: Generator) -> Tensor:
    """A square window of 0.7 to 1 of each side, somewhere inside, stretched to the full size.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    generator : torch.Generator

    References
    ----------
    Szegedy et al. 2015, arXiv:1409.4842.
    """
    n = len(images)
    side = SMALLEST + (1 - SMALLEST) * torch.rand(n, generator=generator)
    middle = (2 * torch.rand(n, 2, generator=generator) - 1) * (1 - side)[:, None]
    zero = torch.zeros(n)
    return _moved(images, [[side, zero, middle[:, 0]], [zero, side, middle[:, 1]]])


def rotate(images: Tensor, generator: Generator) -> Tensor:
    """Turned around the middle by up to 15 degrees; what comes in from outside repeats the border.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    generator : torch.Generator
    """
    angle = math.radians(DEGREES) * (2 * torch.rand(len(images), generator=generator) - 1)
    zero, stretch = torch.zeros(len(images)), images.shape[2] / images.shape[3]
    return _moved(images, [[angle.cos(), -angle.sin() * stretch, zero], [angle.sin() / stretch, angle.cos(), zero]])


def _moved(images: Tensor, rows: list[list[Tensor]]) -> Tensor:
    """Images seen through an affine map of their places, each its own."""
    maps = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    grid = nn.functional.affine_grid(maps, list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
