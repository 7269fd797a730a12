"""The bytes of one picture to an array, or one sentence that says why not."""

from __future__ import annotations

import io
import stat
import warnings
from dataclasses import dataclass
from pathlib import Path

from polyculture.arrays import Array
from polyculture.data.images.dicom import dicom, is_dicom
from polyculture.data.images.pixels import check_size, fitted, rgb
from polyculture.errors import DataError, MissingExtraError

PIXELS = 2**26
"""A picture of more pixels (67 million: 8192 by 8192) is refused, from what its header says, before it is decoded."""
BYTES = 2**28
"""A file of more bytes (256 MiB) is refused."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".dcm")
"""What files of pictures are called; what is in them is told by their first bytes."""


@dataclass(frozen=True)
class Look:
    """What every picture is brought to: pixels of a side, what is done about its ratio, and the grey behind it.

    Raises
    ------
    ParameterError
        If one is out of its range.
    """

    size: int = 64
    aspect: str = "pad"
    background: int = 255

    def __post_init__(self) -> None:
        check_size(self.size, self.aspect, self.background)


def decoded(path: Path, look: Look) -> Array:
    """A file as uint8 of shape (size, size, 3).

    Raises
    ------
    DataError
        If it is missing, empty, too large, damaged or no picture; the sentence begins with the path.
    MissingExtraError
        If it is DICOM and pydicom is not installed.
    """
    data = _bytes(path)
    try:
        # what a damaged file makes a library warn of is no news to who reads it: it is read, or it is an error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _dicom(data, look) if is_dicom(data) else _picture(data, look)
    except MissingExtraError:
        raise
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    # decoders raise almost anything at damaged bytes
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{path}: is no whole picture ({reason}); write it again or take it away") from error


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{path}: is no file; name a picture")
        if status.st_size > BYTES:
            raise DataError(f"{path}: has {status.st_size:,} bytes, more than {BYTES:,}; make it smaller")
        data = path.read_bytes()
    except FileNotFoundError as error:
        broken = path.is_symlink()
        raise DataError(
            f"{path}: {'is a link that leads nowhere' if broken else 'does not exist'}; check the path"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path}: cannot be read ({reason}); check its name and permissions") from error
    if not data:
        raise DataError(f"{path}: is empty; write it again or take it away")
    return data


def _picture(data: bytes, look: Look) -> Array:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_pixels(*image.size)
            image.load()
            return fitted(rgb(image, look.background), look.size, look.aspect, look.background)
    except Image.DecompressionBombError as error:
        raise DataError(_too_many("far")) from error
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise DataError(f"is no whole picture of a kind that is read ({known}, DICOM); save it as one") from error


def _dicom(data: bytes, look: Look) -> Array:
    from PIL import Image

    return fitted(Image.fromarray(dicom(data, check_pixels)), look.size, look.aspect, look.background)


def check_pixels(width: int, height: int) -> None:
    """Refuse a picture of more than `PIXELS` pixels.

    Raises
    ------
    DataError
    """
    if width * height > PIXELS:
        raise DataError(_too_many(f"{width:,} by {height:,},"))


def _too_many(what: str) -> str:
    return f"has {what} more than {PIXELS:,} pixels; make it smaller"
