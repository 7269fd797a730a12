"""Mixtures of two images: they belong to both classes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Generator, Tensor

from polyculture.errors import ParameterError


def mixup(images: Tensor, generator: Generator, *, alpha: float = 0.2) -> tuple[Tensor, Tensor, Tensor]:
    r"""Each image mixed with another one of its batch.

    .. math:: \tilde x_i = \lambda x_i + (1 - \lambda) x_{\pi(i)}, \qquad \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    It changes labels: the loss is to be mixed as the images are, with `share` for the own label and the rest for that
    of `partner`.

    Parameters
    ----------
    images : tensor of n images
    generator : torch.Generator
    alpha : float > 0
        Small: mostly one of the two.

    Returns
    -------
    mixed, partner, share : the mixtures, whom each was mixed with (n,), and λ (n,), between 0.5 and 1

    Raises
    ------
    ParameterError
        If `alpha` is not above 0.

    References
    ----------
    Zhang et al. 2018, arXiv:1710.09412.

    Examples
    --------
    >>> import torch
    >>> from polyculture.preprocess.images import mixup
    >>> mixed, partner, share = mixup(torch.ones(4, 3, 2, 2), torch.Generator().manual_seed(0))
    >>> bool(torch.allclose(mixed, torch.ones(4, 3, 2, 2))), partner.shape, bool((share >= 0.5).all())
    (True, torch.Size([4]), True)
    """
    if not alpha > 0:
        raise ParameterError(f"alpha is {alpha}; use a number above 0")
    n = len(images)
    partner = torch.randperm(n, generator=generator)
    # torch draws from a beta distribution by its global random numbers alone
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    drawn = torch.from_numpy(rng.beta(alpha, alpha, n).astype(np.float32))
    share = torch.maximum(drawn, 1 - drawn)
    along = share.reshape(-1, *[1] * (images.ndim - 1))
    return along * images + (1 - along) * images[partner], partner, share
