"""Images whose classes are known to come from a small spot that was planted in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ParameterError, ShapeError
from polyculture.explain.planted import auroc


@dataclass(frozen=True, eq=False)
class Lesions:
    """Smooth random images, half of them with a bright spot, and where it is.

    Parameters
    ----------
    images : uint8 array of shape (n, size, size, 3)
    label : array of int, shape (n,)
        1 where there is a spot.
    where : array of bool, shape (n, size, size)
        The pixels of the spot.
    """

    images: Array
    label: Ints
    where: Mask


def planted_lesions(
    count: int = 200, *, size: int = 32, patch: int = 8, strength: float = 0.6, seed: int = 0
) -> Lesions:
    """Smooth random images, every other one with a bright spot inside one patch that is drawn at random.

    Nothing but the spot tells the class, so that whoever is right must have looked there.

    Parameters
    ----------
    count : int >= 2
    size, patch : int
        Sides of an image and of a patch, which divides it; the spot fills three quarters of a patch's side.
    strength : float in (0, 1]
        How much brighter the spot is, of the distance from black to white.
    seed : int

    Raises
    ------
    ParameterError
        If a number is out of its range.

    Examples
    --------
    >>> from polyculture.explain import planted_lesions
    >>> planted = planted_lesions(4)
    >>> planted.label.tolist(), planted.where.sum(axis=(1, 2)).tolist()
    ([0, 1, 0, 1], [0, 36, 0, 36])
    """
    if count < 2 or patch < 2 or size < patch or size % patch or not 0 < strength <= 1:
        raise ParameterError(
            f"count, size, patch and strength are {count}, {size}, {patch} and {strength}; use at least 2 images, a "
            "patch that divides the size, and a strength above 0 and at most 1"
        )
    rng = np.random.default_rng(seed)
    ground = gaussian_filter(rng.normal(size=(count, size, size)), (0, size / 8, size / 8))
    ground = 0.3 + 0.1 * ground / ground.std(axis=(1, 2), keepdims=True)
    where, label = np.zeros((count, size, size), dtype=bool), np.arange(count) % 2
    side, room = 3 * patch // 4, patch // 8
    for i in np.flatnonzero(label):
        top, left = rng.integers(size // patch, size=2) * patch + room
        where[i, top : top + side, left : left + side] = True
    grey = np.clip(ground + strength * where + rng.normal(scale=0.02, size=ground.shape), 0, 1)
    return Lesions(np.repeat(np.rint(255 * grey).astype(np.uint8)[..., None], 3, axis=3), label, where)


def localisation(maps: Floats, where: Mask) -> Floats:
    """How well weights of pixels find a spot: for each image, the AUROC of its weights against where it is.

    Parameters
    ----------
    maps : array of float, shape (n, height, width)
    where : array of bool, of the same shape

    Returns
    -------
    array of float in [0, 1], shape (n,); 0.5 is chance, NaN where there is no spot

    Raises
    ------
    ShapeError
        If the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import localisation
    >>> localisation(np.array([[[0.9, 0.1]], [[0.1, 0.9]]]), np.array([[[True, False]]] * 2)).tolist()
    [1.0, 0.0]
    """
    if maps.shape != where.shape:
        raise ShapeError(f"weights are {maps.shape} and spots {where.shape}; give one weight for each pixel")
    return np.array([auroc(m.ravel(), w.ravel()) for m, w in zip(maps, where, strict=True)])
