"""Zeros around images, as the frameworks of two base models put them."""

from __future__ import annotations

from torch import Tensor, nn


def padded(x: Tensor, side: int, stride: int) -> Tensor:
    """Zeros around, so that a convolution gives as many places as the stride goes into the input, rounded up.

    An odd row or column of zeros lies at the end.

    Parameters
    ----------
    x : tensor of shape (n, channels, height, width)
    side, stride : int
        Of the convolution.

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.encoders.images.padding import padded
    >>> padded(torch.zeros(1, 1, 4, 5), 3, 2).shape
    torch.Size([1, 1, 5, 7])
    """
    short = [max((-(-size // stride) - 1) * stride + side - size, 0) for size in (x.shape[3], x.shape[2])]
    edges = [part for missing in short for part in (missing // 2, missing - missing // 2)]
    return nn.functional.pad(x, edges) if any(edges) else x
