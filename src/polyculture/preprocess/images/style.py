"""Changes of how things are drawn: what stays is their shape."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from polyculture.preprocess.images.light import brightness


def grey(images: Tensor, generator: Generator) -> Tensor:  # noqa: ARG001 (all changes are called alike)
    """Brightness alone, in all three channels.

    Parameters
    ----------
    images : tensor of shape (n, 3, height, width), between 0 and 1
    generator : torch.Generator
    """
    return brightness(images).expand_as(images)


def invert(images: Tensor, generator: Generator) -> Tensor:  # noqa: ARG001
    """Light and dark exchanged.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1
    generator : torch.Generator

    Examples
    --------
    >>> import torch
    >>> from polyculture.preprocess.images.style import invert
    >>> invert(torch.tensor([[[[0.25]]]]), torch.Generator()).item()
    0.75
    """
    return 1 - images


def contrast(images: Tensor, generator: Generator) -> Tensor:
    r"""Light bent by a power of its own for each image, :math:`x^\gamma` with :math:`\gamma` from 1/3 to 3.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1
    generator : torch.Generator
    """
    power = 3 ** (2 * torch.rand(len(images), 1, 1, 1, generator=generator) - 1)
    return images.clamp(1e-4, 1) ** power


def edges(images: Tensor, generator: Generator) -> Tensor:  # noqa: ARG001
    """Dark lines on white where brightness or colour changes (Sobel's filter), as a pen would draw it.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1
    generator : torch.Generator
    """
    across = images.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 4
    kernels = torch.stack([across, across.T])[:, None]
    n, channels, height, width = images.shape
    padded = nn.functional.pad(images.reshape(n * channels, 1, height, width), (1, 1, 1, 1), mode="replicate")
    steep = nn.functional.conv2d(padded, kernels).square().sum(1).sqrt().reshape(images.shape).amax(1, keepdim=True)
    steepest = steep.amax((2, 3), keepdim=True).clamp_min(1e-6)
    return (1 - (2 * steep / steepest).clamp(0, 1)).expand_as(images)


def channels(images: Tensor, generator: Generator) -> Tensor:
    """Red, green and blue in an order that each image draws for itself.

    Parameters
    ----------
    images : tensor of shape (n, 3, height, width)
    generator : torch.Generator
    """
    order = torch.rand(len(images), images.shape[1], generator=generator).argsort(1)
    return images.gather(1, order[:, :, None, None].expand_as(images))


def texture(images: Tensor, generator: Generator) -> Tensor:
    """Each image under a random 3×3 filter of its own, which changes colours and textures and keeps shapes.

    The result is brought back to the mean and the standard deviation that the image had.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1
    generator : torch.Generator

    References
    ----------
    Xu et al. 2021, Robust and generalizable visual representation learning via random convolutions, arXiv:2007.13003.
    """
    n, deep, height, width = images.shape
    kernels = torch.randn(n * deep, deep, 3, 3, generator=generator) / (9 * deep) ** 0.5
    padded = nn.functional.pad(images, (1, 1, 1, 1), mode="replicate").reshape(1, n * deep, height + 2, width + 2)
    found = nn.functional.conv2d(padded, kernels, groups=n).reshape(images.shape)
    middle, spread = found.mean((1, 2, 3), keepdim=True), found.std((1, 2, 3), keepdim=True).clamp_min(1e-6)
    own, wide = images.mean((1, 2, 3), keepdim=True), images.std((1, 2, 3), keepdim=True)
    return ((found - middle) / spread * wide + own).clamp(0, 1)
