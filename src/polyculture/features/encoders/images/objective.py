"""Cross-entropy of images that are changed anew at each step."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from polyculture.arrays import Array
from polyculture.device import moved
from polyculture.features.encoders.images.items import as_batch
from polyculture.preprocess.images import Augmentation, mixup
from polyculture.targets import Classes
from polyculture.training import Objective


def augmented_classification(images: Array, target: Tensor, change: Augmentation, *, mixture: float = 0.0) -> Objective:
    """Cross-entropy; while the network trains, of changed images, and of their mixtures where asked for.

    Parameters
    ----------
    images : uint8 array of shape (n, size, size, 3)
    target : tensor of int64, shape (n,)
    change : Augmentation
    mixture : float >= 0
        Alpha of :func:`polyculture.preprocess.images.mixup`; 0 for none.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from polyculture.features.encoders.images.objective import augmented_classification
    >>> from polyculture.preprocess.images import Augmentation
    >>> images, target = np.zeros((2, 1, 1, 3), np.uint8), torch.tensor([0, 0])
    >>> objective = augmented_classification(images, target, Augmentation(["invert"], share=1.0))
    >>> network = torch.nn.Flatten()
    >>> [round(float(objective(n, torch.arange(2))[0]), 3) for n in (network.train(), network.eval())]
    [1.099, 1.099]
    """
    size, generator = images.shape[1], Generator().manual_seed(change.generator.initial_seed() + 1)

    def objective(network: nn.Module, rows: Tensor) -> tuple[Tensor, int, int]:
        batch, truth = as_batch(images[rows.numpy()], size), target[rows]
        # images are changed in memory, with random numbers of their own
        batch = change(batch) if network.training else batch
        if not (network.training and mixture):
            batch, truth = moved(batch, truth)
            scores = network(batch)
            return Classes.loss(scores, truth, 0.0), Classes.hits(scores, truth), len(rows)
        mixed, partner, share = mixup(batch, generator, alpha=mixture)
        mixed, truth, other, share = moved(mixed, truth, truth[partner], share)
        scores = network(mixed)
        each = share * _losses(scores, truth) + (1 - share) * _losses(scores, other)
        return each.mean(), Classes.hits(scores, truth), len(rows)

    return objective


def _losses(scores: Tensor, truth: Tensor) -> Tensor:
    return torch.nn.functional.cross_entropy(scores, truth, reduction="none")
