"""Pictures of medical devices, in DICOM."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, MissingExtraError

_PREAMBLE, _MARK = 128, b"DICM"


def is_dicom(data: bytes) -> bool:
    """Whether the bytes have the mark of a DICOM file, whatever the file is called."""
    return data[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK


def dicom(data: bytes, check: Callable[[int, int], None]) -> Array:
    r"""A picture in DICOM as uint8 of shape (h, w, 3).

    Stored values :math:`s` become :math:`v = a s + b` by the rescale slope and intercept, and grey by the first window
    (centre c, width w) of the file, :math:`255\,(v - c + w/2)/w` clipped; without a window, lowest to highest value of
    the picture become 0 to 255. MONOCHROME1 is inverted. Of several frames the first counts. Colour goes to red, green
    and blue.

    Parameters
    ----------
    data : bytes
    check : callable
        Told width and height before anything is decoded; raises if they are too large.

    Raises
    ------
    MissingExtraError
        If pydicom is not installed.
    DataError
        If there is no picture, or its kind is not known.
    """
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("reading DICOM", "dicom") from error
    from pydicom.pixels.processing import convert_color_space
    from pydicom.pixels.utils import pixel_array

    file = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in file:
        raise DataError("is DICOM without a picture; take it away")
    check(int(file.Columns), int(file.Rows))
    kind = str(file.PhotometricInterpretation)
    values = np.asarray(pixel_array(file, index=0, raw=True))
    if int(file.SamplesPerPixel) == 3:
        return np.asarray(convert_color_space(values, kind, "RGB") if kind != "RGB" else values, dtype=np.uint8)
    if kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise DataError(f"is DICOM of the kind {kind}, which is not read; save it in grey or in colour")
    grey = _grey(values.astype(np.float64), file)
    return np.repeat((255 - grey if kind == "MONOCHROME1" else grey)[..., None], 3, axis=-1)


def _grey(stored: Floats, file: object) -> Array:
    values = stored * float(getattr(file, "RescaleSlope", 1.0)) + float(getattr(file, "RescaleIntercept", 0.0))
    low, width = float(values.min()), float(np.ptp(values))
    if (centre := _first(getattr(file, "WindowCenter", None))) is not None:
        width = _first(getattr(file, "WindowWidth", None)) or 0.0
        low = centre - width / 2
    if not width > 0.0:
        return np.zeros(values.shape, dtype=np.uint8)
    levels: Array = np.rint(np.clip((values - low) / width, 0.0, 1.0) * 255.0).astype(np.uint8)
    return levels


def _first(value: object) -> float | None:
    """The number of an element, or the first of several."""
    several = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return None if several[0] is None else float(several[0])  # type: ignore[index]
