"""Images to vectors to logits: what the networks of all trained encoders of images share."""

from __future__ import annotations

from torch import Tensor, nn

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


class ImageNetwork(nn.Module):
    """Images, each on its own scale → body → vector → linear head.

    Parameters
    ----------
    body : torch.nn.Module
        ``(n, 3, size, size) -> (n, hidden)``.
    hidden, classes : int
        Sizes of the vector and of the output.
    dropout : float in [0, 1)
        Before the head.
    """

    def __init__(self, body: nn.Module, *, hidden: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, classes)

    def vectors(self, images: Tensor) -> Tensor:
        """Penultimate vectors, shape (n, hidden)."""
        return self.body(even(images))  # type: ignore[no-any-return]

    def forward(self, images: Tensor) -> Tensor:
        """Logits, shape (n, classes)."""
        return self.head(self.dropout(self.vectors(images)))  # type: ignore[no-any-return]
