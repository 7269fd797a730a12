"""Arrays in files ``.npy``, read and written some rows at a time.

What is read is copied into memory that the reader owns, and is not mapped: pages of mapped files count as a process's
memory, and reading them in random order is slow.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np

from polyculture.arrays import Array
from polyculture.data.audit_input.arrays import open_npy
from polyculture.errors import DataError, StoreError
from polyculture.store.files import sync_folder

HEADER = 128
"""Bytes before the numbers: enough for any shape, and what `numpy.save` takes."""


@dataclass(frozen=True)
class Stored:
    """An array on the disk; its header was checked against the size of its file."""

    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int = HEADER

    @classmethod
    def of(cls, path: str | Path) -> Self:
        """What a file holds.

        Raises
        ------
        DataError
            If it cannot be read, is no array of numbers, or has its columns one after the other.
        """
        path = Path(path)
        try:
            found = open_npy(path)
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from error
        if found.dtype.kind not in "iuf" or not found.flags.c_contiguous:
            raise DataError(f"{path}: is no array of numbers, row by row; write it with numpy.save")
        return cls(path, found.dtype, found.shape, getattr(found, "offset", HEADER))

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    def part(self, start: int, stop: int) -> Array:
        """Some rows, as an array of their own."""
        each = self.row // self.dtype.itemsize
        found = np.fromfile(self.path, self.dtype, (stop - start) * each, offset=self.offset + start * self.row)
        if len(found) != (stop - start) * each:
            raise StoreError(f"{self.path} is shorter than it was; make it anew or restore a copy")
        return found.reshape(stop - start, *self.shape[1:])

    def put(self, start: int, rows: Array) -> None:
        """Write rows in their place, and wait until the disk has them."""
        try:
            with self.path.open("r+b") as file:
                file.seek(self.offset + start * self.row)
                file.write(np.ascontiguousarray(rows, self.dtype).data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _no_room(self.path, error) from error

    def mapped(self) -> Array:
        """The array, left on the disk until it is used."""
        return open_npy(self.path)


def reserve(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Stored:
    """A file for an array of this shape; one that is there already keeps its numbers."""
    found = Stored(path, dtype, shape)
    size = HEADER + shape[0] * found.row
    try:
        with path.open("ab") as file:
            if file.tell() != size:
                file.truncate(0)
                file.write(_header(dtype, shape))
                file.truncate(size)
                os.fsync(file.fileno())
    except OSError as error:
        raise _no_room(path, error) from error
    return found


def source(vectors: Any) -> Stored | Array:
    """Vectors as they are read in parts: a path, a mapped file as its file, any other array as it is."""
    if isinstance(vectors, str | os.PathLike):
        return Stored.of(Path(vectors))
    # a part of a mapped file does not say where in the file it begins
    whole = isinstance(getattr(vectors, "base", None), mmap.mmap)
    if isinstance(vectors, np.memmap) and whole and vectors.flags.c_contiguous:
        return Stored(Path(str(vectors.filename)), vectors.dtype, vectors.shape, vectors.offset)
    return np.asarray(vectors)


def part_of(vectors: Stored | Array, start: int, stop: int, dtype: np.dtype[Any]) -> Array:
    """Some rows as an array of their own, of this type."""
    if isinstance(vectors, Stored):
        return vectors.part(start, stop).astype(dtype, copy=False)
    return np.array(vectors[start:stop], dtype=dtype)


class Growing:
    """An array of one axis that is written a part at a time, under another name until it is whole."""

    def __init__(self, path: Path, dtype: Any) -> None:
        self.path, self.dtype, self.length = path, np.dtype(dtype), 0
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        self.temporary = Path(name)
        self.file: IO[bytes] = os.fdopen(handle, "wb")
        self.file.write(b"\0" * HEADER)

    def append(self, values: Array) -> None:
        """More of it."""
        self.file.write(np.ascontiguousarray(values, self.dtype).data)
        self.length += len(values)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give it its name, or leave nothing."""
        try:
            if kind is None:
                self.file.seek(0)
                self.file.write(_header(self.dtype, (self.length,)))
                self.file.flush()
                os.fsync(self.file.fileno())
        finally:
            self.file.close()
            if kind is not None:
                self.temporary.unlink(missing_ok=True)
        if kind is None:
            self.temporary.chmod(0o644)
            self.temporary.replace(self.path)
            sync_folder(self.path.parent)


@contextmanager
def room(folder: Path) -> Iterator[None]:
    """Say which folder has no room, or may not be written to."""
    try:
        yield
    except OSError as error:
        raise _no_room(folder, error) from error


def _no_room(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be written ({error.strerror}); free some room or choose another place")


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    said = f"{{'descr': {np.lib.format.dtype_to_descr(dtype)!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    return b"\x93NUMPY\x01\x00" + (HEADER - 10).to_bytes(2, "little") + said.ljust(HEADER - 11).encode() + b"\n"
