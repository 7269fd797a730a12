"""Which places of an image made the answer, by the gradients of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import MissingExtraError, ParameterError
from polyculture.explain.patches import PatchReasons
from polyculture.features.encoders.images.items import as_batch, resized
from polyculture.features.encoders.images.neural import NeuralImageEncoder


def gradient_patch_reasons(
    encoder: NeuralImageEncoder, images: Array, *, size: int = 8, steps: int = 16, predicted: Ints | None = None
) -> list[PatchReasons]:
    r"""What each patch did by integrated gradients, from an image of its mean colour to the image itself.

    .. math:: w_j = \sum_{p \in j} (x_p - \bar x) \int_0^1 \partial_p f_{\hat y}(\bar x + t (x - \bar x)) \, dt

    where f is the log-odds of the predicted class. The weights of an image sum up to how much its log-odds exceed those
    of its mean colour. Some sixteen passes an image, where covering patches takes one for each patch.

    Parameters
    ----------
    encoder : NeuralImageEncoder
        Fitted.
    images : uint8 array of shape (n, height, width, 3)
    size : int >= 1
        Side of a patch, in pixels of the size that the network sees.
    steps : int >= 1
        Points of the integral.
    predicted : array of int, shape (n,), or None
        Positions of the classes to speak of; None for those with the highest probability.

    Raises
    ------
    MissingExtraError
        If captum is not installed.
    ParameterError
        If `size` or `steps` is below 1, or the patches do not fill the image.

    References
    ----------
    Sundararajan et al. 2017, arXiv:1703.01365.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import gradient_patch_reasons
    >>> from polyculture.features.encoders.images.rnn import ImageRNNEncoder
    >>> images, y = np.random.RandomState(0).randint(0, 255, (8, 8, 8, 3)).astype(np.uint8), np.arange(8) % 2
    >>> encoder = ImageRNNEncoder(size=8, units=4, hidden=4, epochs=1).fit(images, y)
    >>> gradient_patch_reasons(encoder, images[:1], size=4)[0].weights.shape
    (2, 2)
    """
    if size < 1 or steps < 1 or encoder.size % size:
        raise ParameterError(f"size and steps are {size} and {steps}; use a divisor of {encoder.size}, and at least 1")
    try:
        from captum.attr import IntegratedGradients
    except ModuleNotFoundError as error:
        raise MissingExtraError("integrated gradients", "explain") from error
    network: Any = encoder.network_.eval()

    def odds(batch: Tensor, chosen: Tensor) -> Tensor:
        scores = network(batch)
        own = scores.gather(1, chosen[:, None])[:, 0]
        others = scores.scatter(1, chosen[:, None], -torch.inf)
        return own - others.logsumexp(1)  # type: ignore[no-any-return]

    batch = as_batch(resized(images, encoder.size), encoder.size)
    chosen = np.asarray(encoder.predict_proba(images).argmax(1) if predicted is None else predicted, dtype=np.int64)
    found = [
        IntegratedGradients(odds).attribute(
            one[None],
            one.mean((1, 2), keepdim=True).expand_as(one)[None],
            additional_forward_args=(torch.tensor([c]),),
            n_steps=steps,
        )
        for one, c in zip(batch, chosen.tolist(), strict=True)
    ]
    return [
        PatchReasons(_summed(one.detach().numpy()[0], size), size, int(c)) for one, c in zip(found, chosen, strict=True)
    ]


def _summed(weights: Floats, size: int) -> Floats:
    """Weights of pixels, shape (channels, h, w), summed within patches."""
    _, height, width = weights.shape
    blocks = weights.sum(axis=0).reshape(height // size, size, width // size, size)
    return np.asarray(blocks.sum(axis=(1, 3)), dtype=np.float64)
