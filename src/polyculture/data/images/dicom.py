"""Pictures of medical devices, in DICOM."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, MissingExtraError

_PREAMBLE, _MARK = 128, b"DICM"
_DEFLATED = re.compile(rb"\x02\x00\x10\x00.{4}\s*1\.2\.840\.10008\.1\.2\.1\.99(?![0-9.])", re.DOTALL)
"""The element that says that all others are compressed: pydicom inflates them whatever they grow to."""


def is_dicom(data: bytes) -> bool:
    """Whether the bytes have the mark of a DICOM file, whatever the file is called."""
    return data[_PREAMBLE : _PREAMBLE + len(_MARK)] == _MARK


def dicom(data: bytes, check: Callable[[int, int], None]) -> Array:
    r"""A picture in DICOM as uint8 of shape (h, w, 3).

    Stored values :math:`s` become :math:`v = a s + b` by the rescale slope and intercept, and grey by the first window
    (centre c, width w) of the file, :math:`255\,(v - c + w/2)/w` clipped; without a window, lowest to highest value of
    the picture become 0 to 255. MONOCHROME1 is inverted. Of several frames the first counts. Colour goes to red, green
    and blue, 16 bits of it divided by 257.

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
        If there is no picture, its kind is not known, or the file is deflated as a whole.
    """
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtraError("reading DICOM", "dicom") from error
    from pydicom.pixels.utils import pixel_array

    if _DEFLATED.search(data):
        raise DataError("is deflated DICOM, which is not read as it may grow to any size; save it in another syntax")
    file = pydicom.dcmread(io.BytesIO(data))
    if "PixelData" not in file:
        raise DataError("is DICOM without a picture; take it away")
    check(int(file.Columns), int(file.Rows))
    kind = str(file.PhotometricInterpretation)
    values = np.asarray(pixel_array(file, index=0))
    if values.ndim == 3:
        return _colour(values)
    if kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise DataError(f"is DICOM of the kind {kind}, which is not read; save it in grey or in colour")
    grey = _grey(values.astype(np.float64), file)
    return np.repeat((255 - grey if kind == "MONOCHROME1" else grey)[..., None], 3, axis=-1)


def _colour(values: Array) -> Array:
    if values.dtype not in (np.uint8, np.uint16):
        raise DataError(f"is DICOM in colour of type {values.dtype}, which is not read; save it with 8 bits")
    return values if values.dtype == np.uint8 else np.rint(values / 257.0).astype(np.uint8)


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
