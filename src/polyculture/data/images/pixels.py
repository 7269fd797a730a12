"""One picture of any kind to red, green and blue of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError, MissingExtraError, ParameterError

if TYPE_CHECKING:
    from PIL import Image

ASPECTS = ("pad", "stretch")
SIDES = (4, 1024)
"""Sizes that a picture may be brought to."""
_SIXTEEN_BITS = 65535


def need_pillow(what: str, extra: str = "image") -> None:
    """Say which extra brings the library that reads pictures, before anything else is done.

    Raises
    ------
    MissingExtraError
    """
    try:
        import PIL.Image  # noqa: F401 - asked whether it is there
    except ImportError as error:
        raise MissingExtraError(what, extra) from error


def check_size(size: int, aspect: str = "pad", background: int = 255) -> None:
    """Refuse a size, an aspect or a background out of range.

    Raises
    ------
    ParameterError
    """
    if not SIDES[0] <= size <= SIDES[1]:
        raise ParameterError(f"size is {size}; give {SIDES[0]} to {SIDES[1]} pixels")
    if aspect not in ASPECTS:
        raise ParameterError(f"aspect is {aspect!r}; give {' or '.join(ASPECTS)}")
    if not 0 <= background <= 255:
        raise ParameterError(f"background is {background}; give 0 (black) to 255 (white)")


def rgb(image: Image.Image, background: int = 255) -> Image.Image:
    """Upright, in red, green and blue of 8 bits, what shines through on a ground of grey.

    16 bits of grey are divided by 257, so that 65535 becomes 255; floating point in [0, 1] is multiplied by 255. CMYK,
    YCbCr and LAB go the way of Pillow, without colour profiles. Of several frames the first counts.

    Raises
    ------
    DataError
        If it has 32 bits of grey outside 0 to 65535, or floating point outside [0, 1].
    """
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, (background, background, background, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    from PIL import Image

    values = np.asarray(image, dtype=np.float64)
    top, kind = (1.0, "floating point") if image.mode == "F" else (_SIXTEEN_BITS, "whole numbers")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0.0 and high <= top):
        raise DataError(f"it holds {kind} from {low:g} to {high:g}, expected 0 to {top:g}; scale it")
    return Image.fromarray(np.rint(values * (255.0 / top)).astype(np.uint8))


def fitted(image: Image.Image, size: int, aspect: str = "pad", background: int = 255) -> Array:
    """A picture in red, green and blue as uint8 of shape (size, size, 3).

    Resampled with Pillow's bilinear filter, which averages over all pixels that fall into one when it makes smaller.
    ``"pad"`` keeps the ratio of the sides and fills the rest, half on each side, with grey; ``"stretch"`` does not.
    """
    from PIL import Image

    width, height = image.size
    scale = size / max(width, height)
    wanted = (max(1, round(width * scale)), max(1, round(height * scale))) if aspect == "pad" else (size, size)
    if wanted != image.size:
        image = image.resize(wanted, Image.Resampling.BILINEAR)
    canvas = np.full((size, size, 3), background, dtype=np.uint8)
    left, top = (size - wanted[0]) // 2, (size - wanted[1]) // 2
    canvas[top : top + wanted[1], left : left + wanted[0]] = np.asarray(image)
    return canvas
