"""Pictures in a tree of folders whose names say domain and class."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from polyculture.arrays import Mask
from polyculture.data.dataset import DomainData
from polyculture.data.frames import SPLIT_NAMES
from polyculture.data.images.decoding import ENDINGS, Look
from polyculture.data.images.files import left_out, read_all
from polyculture.errors import DataError, ParameterError
from polyculture.progress import LOG

LEVELS = ("domain", "class", "split")
_FILES = 2_000_000


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
    look, root, levels = Look(size, aspect, background), Path(path), tuple(levels)
    if not levels or len(set(levels)) < len(levels) or not set(levels) <= set(LEVELS):
        raise ParameterError(f"levels is {levels}; give each of {', '.join(LEVELS)} at most once")
    if not root.is_dir():
        raise DataError(f"{root}: is no folder; name one that holds {'/'.join(levels)}/file")
    files = list(_files(root, levels))
    names = [file.relative_to(root).parts for file in files]
    column = {level: [parts[depth] for parts in names] for depth, level in enumerate(levels)}
    splits = [SPLIT_NAMES.get(name.lower(), name.lower()) for name in column.get("split", [])]
    images, kept = read_all(files, look, unreadable, str(root), root)
    lost = left_out(kept)
    return DomainData.of(
        {"image": images},
        label=_rows(column.get("class"), kept),
        domain=_rows(column.get("domain"), kept),
        split=_rows(splits or None, kept),
        ids=_rows(["/".join(parts) for parts in names], kept),
        source=f"{root} ({lost})" if lost else str(root),
    )


def _rows(values: Sequence[str] | None, kept: Mask) -> list[str] | None:
    return None if values is None else [value for value, keep in zip(values, kept, strict=True) if keep]


def _files(root: Path, levels: tuple[str, ...]) -> Iterator[Path]:
    """Files of pictures as many folders deep as there are levels, in order."""
    passed, found = 0, 0
    for path in _walked(root, len(levels)):
        if path.suffix.lower() not in ENDINGS:
            passed += 1
            continue
        depth = len(path.relative_to(root).parts) - 1
        if depth != len(levels):
            raise DataError(
                f"{path}: lies in {depth} folders of {root}, expected {len(levels)} ({'/'.join(levels)}); "
                "move it, or say with levels what the folders are"
            )
        found += 1
        if found > _FILES:
            raise DataError(f"{root}: holds more than {_FILES:,} pictures; split it")
        yield path
    if not found:
        raise DataError(f"{root}: holds no pictures; expected {'/'.join(levels)}/file, ending in {', '.join(ENDINGS)}")
    if passed:
        LOG.info("%s: %d other files are passed over", root, passed)


def _walked(folder: Path, below: int) -> Iterator[Path]:
    """Files that are not hidden, links among them, in the order of their names; one folder deeper than is asked for."""
    try:
        entries = sorted(
            (entry for entry in os.scandir(folder) if not entry.name.startswith(".")), key=lambda e: e.name
        )
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    for entry in entries:
        # asked of a path, and not of the entry, a link that leads in a circle is no folder and no error
        path = Path(entry.path)
        if not path.is_dir():
            yield path
        elif below >= 0:
            yield from _walked(path, below - 1)
        else:
            raise DataError(f"{path}: lies deeper than levels say; move it, or say with levels what the folders are")
