"""Single files that are either whole or absent, and the folder that may be thrown away."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import platformdirs

from polyculture.errors import StoreError

if TYPE_CHECKING:
    import polars as pl

TEMPORARY = re.compile(r"\.[^/]+\.[a-z0-9_]+\.tmp")
# A temporary file this old belongs to a process that was killed: nothing is written for an hour.
STRAY_SECONDS = 3600.0


def cache_folder(folder: str | Path | None = None) -> Path | None:
    """Where things that can be had again are kept, or None if nothing is to be kept.

    Parameters
    ----------
    folder : path or None
        Taken as it is when given; else the environment variable ``POLYCULTURE_CACHE``, else the user's cache folder.
        The values ``""`` and ``"off"`` keep nothing.

    Examples
    --------
    >>> from polyculture.store import cache_folder
    >>> cache_folder("kept").name
    'kept'
    >>> cache_folder("off") is None
    True
    """
    chosen = os.environ.get("POLYCULTURE_CACHE") if folder is None else str(folder)
    if chosen is None:
        return Path(platformdirs.user_cache_dir("polyculture", appauthor=False))
    return None if chosen.strip().lower() in ("", "off") else Path(chosen).expanduser()


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write a file so that a reader sees the old bytes or the new ones, whatever happens in between.

    Parameters
    ----------
    path : path
        Its folder is made when there is none.
    data : bytes

    Raises
    ------
    StoreError
        If it cannot be written: no room, no permission, or the path is a folder.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bytes(f"{folder}/a.bin", b"abc")
    ...     pathlib.Path(folder, "a.bin").read_bytes()
    b'abc'
    """
    # where a link leads, so that the link stays one
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be written ({reason}); free some room or choose another place") from error


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
    sync_folder(path.parent)


def _mode() -> int:
    """The permissions that `open` would have given: a temporary file is private, the artefact need not be."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, *, older_than: float = STRAY_SECONDS) -> None:
    """Remove the temporary files that killed processes left in a folder."""
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if TEMPORARY.fullmatch(path.name) and older(path, older_than):
                path.unlink()


def older(path: Path, seconds: float) -> bool:
    """Whether nobody wrote to a file or in a folder for so long; what is gone is not."""
    try:
        return seconds <= 0 or time.time() - path.stat().st_mtime >= seconds
    except OSError:
        return False


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all; see `write_bytes`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(f"{folder}/a.txt", "naïve")
    ...     pathlib.Path(folder, "a.txt").read_text(encoding="utf-8")
    'naïve'
    """
    # Half of a surrogate pair has no UTF-8; written as \udXXX it stays readable, and valid inside JSON.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_frame(path: str | Path, frame: pl.DataFrame) -> None:
    """Write a polars frame as Parquet, whole or not at all; see `write_bytes`.

    Examples
    --------
    >>> import tempfile, polars as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_frame(f"{folder}/a.parquet", pl.DataFrame({"a": [1, 2]}))
    ...     pl.read_parquet(f"{folder}/a.parquet").shape
    (2, 1)
    """
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=1)
    write_bytes(path, buffer.getvalue())


def write_json(path: str | Path, obj: Any) -> None:
    """Write JSON that any reader accepts, whole or not at all; see `write_bytes`.

    NaN and infinities become null, numpy scalars and arrays become numbers and lists, tuples become lists, keys become
    strings; the order of keys is kept.

    Raises
    ------
    StoreError
        If a value has no form in JSON, or the file cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_json(f"{folder}/a.json", {"mean": np.float32(0.5), "spread": float("nan")})
    ...     print(pathlib.Path(folder, "a.json").read_text())
    {
      "mean": 0.5,
      "spread": null
    }
    """
    write_text(path, json.dumps(plain(obj), ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def plain(obj: Any) -> Any:
    """The same value in the types that JSON knows."""
    if isinstance(obj, np.generic | np.ndarray):
        return plain(obj.tolist())
    if isinstance(obj, Mapping):
        return {str(key): plain(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [plain(value) for value in obj]
    if isinstance(obj, float):
        return float(obj) if np.isfinite(obj) else None
    if obj is None or isinstance(obj, str | int):
        return obj
    if isinstance(obj, os.PathLike):
        return os.fspath(obj)
    raise StoreError(f"a value of type {type(obj).__name__} has no form in JSON; turn it into text or numbers first")
