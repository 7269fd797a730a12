"""Many files to one array, with one rule about those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Mask
from polyculture.errors import DataError, ParameterError
from polyculture.progress import LOG

MEMORY = 2**33
"""All files together take no more bytes than this (8 GiB)."""
UNREADABLE = ("raise", "skip")
_NAMED = 5


def each_file(
    paths: Sequence[Path],
    read: Callable[[Path], Array],
    shape: tuple[int, ...],
    *,
    unreadable: str = "raise",
    source: str = "the files",
    root: Path | None = None,
) -> tuple[Array, Mask]:
    """What is read from those files that can be, and which of the paths they are.

    Parameters
    ----------
    paths : sequence of n paths
    read : callable
        A path to a uint8 array of the shape; raises DataError if it cannot be read.
    shape : tuple of int
    unreadable : {"raise", "skip"}
        What is done about a file that cannot be read: an error, or a warning on the log with how many there are.
    source : str
        What to call all of them in messages.
    root : path or None
        The folder that none of them may lead out of.

    Returns
    -------
    uint8 array of shape (m, *shape), and a mask of shape (n,)

    Raises
    ------
    DataError
        If one cannot be read (``"raise"``) or none can (``"skip"``), or they take too much memory together.
    ParameterError
        If `unreadable` is something else.
    """
    if unreadable not in UNREADABLE:
        raise ParameterError(f"unreadable is {unreadable!r}; give {' or '.join(UNREADABLE)}")
    if len(paths) * float(np.prod(shape)) > MEMORY:
        raise DataError(f"{source}: {len(paths):,} of shape {shape} take more than {MEMORY:,} bytes; make them smaller")
    values = np.empty((len(paths), *shape), dtype=np.uint8)
    kept = np.ones(len(paths), dtype=bool)
    reasons: list[str] = []
    for row, path in enumerate(paths):
        try:
            values[row] = read(_inside(path, root))
        except DataError as error:
            if unreadable == "raise":
                raise
            kept[row] = False
            reasons.append(str(error))
    if reasons and not kept.any():
        raise DataError(f"{source}: holds nothing that can be read; the first: {reasons[0]}")
    if reasons:
        LOG.warning("%s: %s; the first: %s", source, left_out(kept), "; ".join(reasons[:_NAMED]))
    return (values if kept.all() else values[kept]), kept


def left_out(kept: Mask) -> str:
    """How many files were left out, in words; empty if none was.

    Examples
    --------
    >>> import numpy as np
    >>> left_out(np.array([True, False, True]))
    '1 of 3 files cannot be read and are left out'
    """
    lost = int((~kept).sum())
    return f"{lost} of {len(kept)} files cannot be read and are left out" if lost else ""


def _inside(path: Path, root: Path | None) -> Path:
    """The path, which does not lead out of a folder by a link."""
    if root is None:
        return path
    try:
        outside = not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError) as error:
        raise DataError(f"{path}: is a link that leads nowhere ({error}); take it away") from error
    if outside:
        raise DataError(f"{path}: is a link that leads out of {root}; copy the file into it")
    return path
