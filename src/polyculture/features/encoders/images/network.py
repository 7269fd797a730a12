"""Images to vectors to logits: what the networks of all trained encoders of images share."""

from __future__ import annotations

from torch import Tensor

from polyculture.features.encoders.trained import VectorNetwork

FAINT = 0.05
"""Added to a standard deviation: an image without contrast stays one."""


def even(images: Tensor) -> Tensor:
    r"""Each image with mean 0 and standard deviation about 1 over all of its pixels: light and exposure are gone.

    .. math:: z = (x - \bar x) / (s_x + 0.05)

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width), between 0 and 1

    Examples
    --------
    >>> import torch
    >>> from polyculture.features.encoders.images.network import even
    >>> even(torch.full((1, 3, 2, 2), 0.7)).abs().max().item() < 1e-5
    True
    """
    flat = images.flatten(1)
    middle, spread = flat.mean(1), flat.std(1)
    return (images - middle[:, None, None, None]) / (spread[:, None, None, None] + FAINT)


class ImageNetwork(VectorNetwork):
    """Images, each on its own scale → body, ``(n, 3, size, size) -> (n, hidden)`` → vector → linear head."""

    def scaled(self, items: Tensor) -> Tensor:
        """Each image with mean 0 and standard deviation about 1."""
        return even(items)
