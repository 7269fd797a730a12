"""Pictures in a tree of folders whose names say domain and class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from polyculture.data.dataset import DomainData
from polyculture.data.file_tree import file_tree
from polyculture.data.images.decoding import ENDINGS, Look
from polyculture.data.images.files import read_all


def read_image_folder(
    path: str | Path,
    size: int = 64,
    *,
    levels: Sequence[str] = ("domain", "class"),
    aspect: str = "pad",
    background: int = 255,
    unreadable: str = "raise",
) -> DomainData:
    """Pictures of a tree ``domain/class/file``.

    Files are those that end in .png, .jpg, .jpeg, .webp, .gif, .bmp, .tif, .tiff or .dcm, in the order of their paths;
    others, and what begins with a dot, are passed over, and how many is said on the log. See `read_images` for how each
    is read.

    Parameters
    ----------
    path : path
        The folder.
    size, aspect, background
        See `read_images`.
    levels : sequence of {"domain", "class", "split"}
        What the names of folders say, from the outside in: ``("split", "domain", "class")`` for
        ``train/hospital-a/ill/1.png``, ``("class",)`` for one domain. A split may be called train, val, dev or test.
    unreadable : {"raise", "skip"}
        Whether a file that cannot be read, or a link that leads out of the folder, is an error that names it, or is
        left out and counted in a warning on the log and in the data's ``source``.

    Returns
    -------
    DomainData
        ``items["image"]`` uint8 of shape (n, size, size, 3); ids are the paths in the folder, with ``/``.

    Raises
    ------
    DataError
        If the folder has another form or no pictures, or a file cannot be read.
    ParameterError
        If a parameter is out of its range.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("day/car/1.png", "day/tram/1.png", "night/car/1.png"):
    ...         pathlib.Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
    ...         Image.new("RGB", (8, 8)).save(pathlib.Path(folder, name))
    ...     data = read_image_folder(folder, size=8)
    >>> data.items["image"].shape, data.domains, data.classes, data.ids[0]
    ((3, 8, 8, 3), ['day', 'night'], ['car', 'tram'], 'day/car/1.png')
    """
    look, tree = Look(size, aspect, background), file_tree(path, levels, ENDINGS)
    images, kept = read_all(tree.files, look, unreadable, str(tree.root), tree.root)
    return tree.data({"image": images}, kept)
