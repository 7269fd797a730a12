"""Many pictures to one array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polyculture.arrays import Array, Mask
from polyculture.data.each_file import each_file
from polyculture.data.images.decoding import Look, decoded
from polyculture.data.images.pixels import need_pillow
from polyculture.errors import DataError


def read_images(paths: Sequence[str | Path], size: int = 64, *, aspect: str = "pad", background: int = 255) -> Array:
    """Pictures of files, brought to one size.

    PNG, JPEG, WebP, GIF, BMP and TIFF, told by what is in a file and not by its ending, and DICOM where pydicom is
    installed. Turned as their EXIF says. Palettes, CMYK and grey go to red, green and blue; 16 bits of grey are divided
    by 257; what is transparent shows the background. Of several frames or pages the first counts. Files of more than
    256 MiB, and pictures of more than 67 million pixels, are refused; a long one, such as 20,000 by 20, is made smaller
    as all others are.

    Parameters
    ----------
    paths : sequence of n paths
    size : int, 4 to 1024
        Height and width that all are brought to, with Pillow's bilinear filter (which averages over what falls into a
        pixel).
    aspect : {"pad", "stretch"}
        Whether the ratio of the sides is kept, the rest filled with the background half on each side, or not.
    background : int, 0 to 255
        Grey behind what is transparent and beside what is padded; 255 is white.

    Returns
    -------
    uint8 array of shape (n, size, size, 3)

    Raises
    ------
    DataError
        If a file cannot be read; the sentence names it.
    ParameterError
        If `size`, `aspect` or `background` is out of its range.
    MissingExtraError
        If Pillow is not installed, or pydicom for DICOM.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (20, 10), 0).save(f"{folder}/a.png")
    ...     images = read_images([f"{folder}/a.png"], size=4)
    >>> images[0, :, :, 0].tolist()
    [[255, 255, 255, 255], [0, 0, 0, 0], [0, 0, 0, 0], [255, 255, 255, 255]]
    """
    if isinstance(paths, str | Path):
        raise DataError(f"{paths}: a single path was given; give a list of paths, even of one")
    return read_all([Path(path) for path in paths], Look(size, aspect, background), "raise", "the pictures")[0]


def read_all(
    paths: Sequence[Path], look: Look, unreadable: str, source: str, root: Path | None = None
) -> tuple[Array, Mask]:
    """Pictures that can be read, and which of the paths they are; see `polyculture.data.each_file.each_file`."""
    need_pillow("reading images")
    shape = (look.size, look.size, 3)
    return each_file(paths, lambda path: decoded(path, look), shape, unreadable=unreadable, source=source, root=root)
