"""Arrays that hold pictures in one of the usual forms, to the form that is used here."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array
from polyculture.data.images.pixels import check_size, fitted, need_pillow
from polyculture.errors import DataError

_CHANNELS = (1, 3, 4)


def as_images(values: Array, size: int | None = None, *, aspect: str = "pad", source: str = "the images") -> Array:
    """Pictures of an array as uint8 of shape (n, h, w, 3).

    Parameters
    ----------
    values : array
        Of shape (n, h, w), (n, h, w, c) or (n, c, h, w) with c = 1 (grey), 3 or 4 (the fourth, opacity, over white);
        where both could be meant, channels are last. uint8 is taken as it is, uint16 divided by 257, bool and floating
        point in [0, 1] multiplied by 255.
    size : int or None
        Height and width that all are brought to, as `read_images` does; None leaves them.
    aspect : {"pad", "stretch"}
    source : str
        What to call them in messages.

    Raises
    ------
    DataError
        If the array has another shape, another type, or floating point outside [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> as_images(np.array([[[0.0, 0.5], [1.0, 0.2]]]))[0, :, :, 0].tolist()
    [[0, 128], [255, 51]]
    """
    values = _channels_last(np.asarray(values), source)
    levels = _eight_bits(values, source)
    if levels.shape[3] == 4:
        opacity = levels[..., 3:].astype(np.float64) / 255.0
        levels = np.rint(levels[..., :3] * opacity + 255.0 * (1.0 - opacity)).astype(np.uint8)
    images = np.repeat(levels, 3, axis=3) if levels.shape[3] == 1 else levels
    if size is None or images.shape[1:3] == (size, size):
        return np.ascontiguousarray(images)
    return _resized(images, size, aspect)


def _resized(images: Array, size: int, aspect: str) -> Array:
    check_size(size, aspect)
    need_pillow("changing the size of images")
    from PIL import Image

    room = np.empty((len(images), size, size, 3), dtype=np.uint8)
    for row, image in enumerate(images):
        room[row] = fitted(Image.fromarray(image), size, aspect)
    return room


def _channels_last(values: Array, source: str) -> Array:
    if values.ndim == 3:
        values = values[..., None]
    elif values.ndim == 4 and values.shape[3] not in _CHANNELS and values.shape[1] in _CHANNELS:
        values = np.moveaxis(values, 1, 3)
    if values.ndim != 4 or values.shape[3] not in _CHANNELS or 0 in values.shape[1:]:
        raise DataError(
            f"{source}: an array of shape {values.shape} holds no images; give (n, height, width), "
            "(n, height, width, 1, 3 or 4) or (n, 1, 3 or 4, height, width)"
        )
    return values


def _eight_bits(values: Array, source: str) -> Array:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return np.rint(values / 257.0).astype(np.uint8)
    if values.dtype.kind not in "bf":
        raise DataError(f"{source}: are of type {values.dtype}; give uint8, uint16, bool or floating point in [0, 1]")
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (low >= 0.0 and high <= 1.0):
        raise DataError(f"{source}: reach from {low:g} to {high:g}; scale floating point to [0, 1], or give uint8")
    return np.rint(values.astype(np.float64) * 255.0).astype(np.uint8)
