"""Many pictures to one array."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.data.images.decoding import Look, decoded
from polyculture.data.images.pixels import need_pillow
from polyculture.errors import DataError, ParameterError
from polyculture.progress import LOG

MEMORY = 2**33
"""All pictures together take no more bytes than this (8 GiB)."""
UNREADABLE = ("raise", "skip")
_NAMED = 5


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
    return read_all([Path(path) for path in paths], Look(size, aspect, background))[0]


def read_all(
    paths: Sequence[Path], look: Look, unreadable: str = "raise", source: str = "the pictures", root: Path | None = None
) -> tuple[Array, Mask]:
    """Pictures that can be read, and which of the paths they are, shape (n,).

    Parameters
    ----------
    paths : sequence of n paths
    look : Look
    unreadable : {"raise", "skip"}
        What is done about a file that cannot be read: an error, or a warning on the log with how many there are.
    source : str
        What to call all of them in messages.
    root : path or None
        The folder that none of them may lead out of.

    Raises
    ------
    DataError
        If one cannot be read (``"raise"``) or none can (``"skip"``), or they take too much memory together.
    """
    if unreadable not in UNREADABLE:
        raise ParameterError(f"unreadable is {unreadable!r}; give {' or '.join(UNREADABLE)}")
    need_pillow("reading images")
    images = _room(len(paths), look, source)
    kept = np.ones(len(paths), dtype=bool)
    reasons: list[str] = []
    for row, path in enumerate(paths):
        try:
            images[row] = decoded(_inside(path, root), look)
        except DataError as error:
            if unreadable == "raise":
                raise
            kept[row] = False
            reasons.append(str(error))
    if not kept.any():
        raise DataError(f"{source}: has no picture that can be read; the first: {reasons[0] if reasons else 'none'}")
    if reasons:
        LOG.warning("%s: %s; the first: %s", source, left_out(kept), "; ".join(reasons[:_NAMED]))
    return (images if kept.all() else images[kept]), kept


def left_out(kept: Mask) -> str:
    """How many pictures were left out, in words; empty if none was."""
    lost = int((~kept).sum())
    return f"{lost} of {len(kept)} pictures cannot be read and are left out" if lost else ""


def _room(n: int, look: Look, source: str) -> Array:
    shape = (n, look.size, look.size, 3)
    if np.prod(shape, dtype=np.float64) > MEMORY:
        raise DataError(f"{source}: {n:,} pictures of {look.size} pixels take more than {MEMORY:,} bytes; lower size")
    return np.empty(shape, dtype=np.uint8)


def _inside(path: Path, root: Path | None) -> Path:
    """The path, which does not lead out of a folder by a link."""
    if root is None:
        return path
    try:
        outside = not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise DataError(f"{path}: is a link that leads nowhere ({error}); take it away") from error
    if outside:
        raise DataError(f"{path}: is a link that leads out of {root}; copy the picture into it")
    return path
