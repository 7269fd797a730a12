"""Handwritten digits as seven scanners would give them: one of the packaged datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

from polyculture.arrays import Array, Floats
from polyculture.data.dataset import DomainData
from polyculture.data.parts import parts_of, places
from polyculture.errors import ParameterError

SIDE = 32
"""Pixels of a side when nothing is said."""

_CELLS, _FULL = 8, 16.0
# a cell of room on each side, so that turning cuts nothing off
_WIDE = _CELLS + 2
_SIDES = (8, 512)
_SEED = 1998
_ANGLES = (15.0, 45.0)
_BLUR, _DISC, _NOISE, _CONTRAST, _GROUND = 0.9, 0.7, 0.3, 0.25, 0.4


def load(*, size: int = SIDE, once: bool = False, cache: str | Path | None = None) -> DomainData:  # noqa: ARG001 - nothing is fetched
    r"""1,797 handwritten digits under seven ways of taking a picture, each way a domain.

    Digits are those of `sklearn.datasets.load_digits` (8 by 8 cells of ink from 0 to 16), drawn larger with cubic
    splines, with a cell of room on each side: a cell is size / 10 pixels wide. With ink :math:`x` in [0, 1]:

    ======== ====================================================================================
    domain   picture
    ======== ====================================================================================
    plain    :math:`x`, bright on dark
    rotated  turned by 15° to 45° to one side or the other
    inverted :math:`1 - x`
    blurred  Gaussian blur, standard deviation 0.9 cells
    noisy    :math:`x + ε`, :math:`ε \sim N(0, 0.3²)` for each pixel, clipped
    thick    grey dilation by a disc of radius 0.7 cells
    faint    :math:`0.4 + 0.25 x`
    ======== ====================================================================================

    A quarter of the digits of each class is for testing and 15 % for validation. **The split is by digit**: all seven
    pictures of a digit are in the same part, so no digit that is tested was trained on in another domain. The usual
    protocol leaves one domain out: train on the training digits of the six others, choose on their validation digits,
    test on the test digits of the one left out. The data do not name writers, so a writer may be in all parts.

    Parameters
    ----------
    size : int, 8 to 512
        Height and width of a picture in pixels.
    once : bool
        Whether each digit is in one domain alone (about 257 a domain) and not in all seven (12,579 pictures).
    cache : path or None
        Nothing is fetched, so nothing is kept.

    Returns
    -------
    DomainData
        ``items["image"]`` uint8 of shape (n, size, size, 3), grey repeated; labels 0 to 9; ids ``"plain/17"``. The same
        at each call.

    Raises
    ------
    ParameterError
        If `size` is out of its range.

    References
    ----------
    .. [1] Alpaydin & Kaynak 1998, Cascading classifiers, Kybernetika 34(4). The digits; CC BY 4.0.
    .. [2] Hendrycks & Dietterich 2019, Benchmarking neural network robustness to common corruptions, ICLR.
    .. [3] Gulrajani & Lopez-Paz 2021, In search of lost domain generalization, ICLR. The protocol.

    Examples
    --------
    >>> from polyculture.data import load_dataset
    >>> data = load_dataset("digits-domains", size=16, once=True)
    >>> data.items["image"].shape, data.domains[:3], data.classes[-1]
    ((1797, 16, 16, 3), ['blurred', 'faint', 'inverted'], 9)
    """
    from sklearn.datasets import load_digits

    if not _SIDES[0] <= size <= _SIDES[1]:
        raise ParameterError(f"size is {size}; give {_SIDES[0]} to {_SIDES[1]} pixels")
    cells, label = load_digits(return_X_y=True)
    ink = drawn(cells.reshape(-1, _CELLS, _CELLS) / _FULL, size)
    split, number = parts_of(label, _SEED), np.arange(len(label))
    # the digits of a class are dealt out in turn, so each domain has the same share of each class
    dealt = places(label, _SEED + 1) % len(PICTURES)
    rows = [number[dealt == i] if once else number for i in range(len(PICTURES))]
    images = [take(ink, np.random.default_rng(_SEED + 2 + i)) for i, take in enumerate(PICTURES.values())]
    chosen = np.concatenate(rows)
    return DomainData.of(
        {"image": grey_images(np.concatenate([image[row] for image, row in zip(images, rows, strict=True)]))},
        label=label[chosen],
        domain=[name for name, row in zip(PICTURES, rows, strict=True) for _ in row],
        split=split[chosen],
        ids=[f"{name}/{i}" for name, row in zip(PICTURES, rows, strict=True) for i in row],
        source="digits-domains",
    )


def drawn(cells: Floats, size: int) -> Floats:
    """Cells of ink of shape (n, 8, 8) drawn on canvases of `size` by `size` pixels with cubic splines."""
    room = np.pad(cells, ((0, 0), (1, 1), (1, 1)))
    large: Floats = ndimage.zoom(room, (1, size / _WIDE, size / _WIDE), order=3, mode="grid-constant", grid_mode=True)
    return np.clip(large, 0.0, 1.0)


def grey_images(grey: Floats) -> Array:
    """Brightness in [0, 1] of shape (n, h, w) as uint8 of shape (n, h, w, 3)."""
    levels = np.rint(np.clip(grey, 0.0, 1.0) * 255.0).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)


def _rotated(ink: Floats, rng: np.random.Generator) -> Floats:
    angles = rng.uniform(*_ANGLES, len(ink)) * rng.choice([-1.0, 1.0], len(ink))
    turned = [ndimage.rotate(each, angle, reshape=False, order=1) for each, angle in zip(ink, angles, strict=True)]
    return np.stack(turned)


def _blurred(ink: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - all pictures are called alike
    sigma = _BLUR * ink.shape[1] / _WIDE
    blurred: Floats = ndimage.gaussian_filter(ink, (0, sigma, sigma), mode="constant")
    return blurred


def _noisy(ink: Floats, rng: np.random.Generator) -> Floats:
    return ink + rng.normal(0.0, _NOISE, ink.shape)


def _thick(ink: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001
    radius = max(1.0, _DISC * ink.shape[1] / _WIDE)
    reach = np.arange(-int(radius), int(radius) + 1)
    disc = reach[:, None] ** 2 + reach**2 <= radius**2
    thick: Floats = ndimage.grey_dilation(ink, footprint=disc[None], mode="constant")
    return thick


PICTURES: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "plain": lambda ink, _: ink,
    "rotated": _rotated,
    "inverted": lambda ink, _: 1.0 - ink,
    "blurred": _blurred,
    "noisy": _noisy,
    "thick": _thick,
    "faint": lambda ink, _: _GROUND + _CONTRAST * ink,
}
"""What makes the pictures of each domain from ink in [0, 1] of shape (n, h, w)."""
