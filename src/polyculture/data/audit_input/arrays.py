"""Arrays of numpy's files, checked against the size of the file before anything is read."""

from __future__ import annotations

import ast
import lzma
import math
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError

_RATIO, _ALWAYS = 100, 2**26
"""An archive may unpack to a hundred times its size, or to 64 MiB; compressed numbers are far from that."""

_MAGIC = b"\x93NUMPY"
_LENGTHS = {b"\x01\x00": 2, b"\x02\x00": 4}
"""Bytes that the length of the header takes, by version; the third is for names of fields, which numbers lack."""
_LONGEST_HEADER = 10_000
_LONGEST_REASON = 200
_TYPE = re.compile(r"[<>=|]?[a-zA-Z?]\d{0,6}")


def open_npy(path: Path) -> Array:
    """The array of a file ``.npy``, left on the disk until it is used.

    Raises
    ------
    DataError
        If the file is damaged, or holds Python objects.
    """
    with path.open("rb") as stream:
        shape, fortran, dtype = _header(stream, str(path), path.stat().st_size)
        offset = stream.tell()
    if not math.prod(shape):
        return np.empty(shape, dtype)
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if fortran else "C")


def open_npz(path: Path) -> dict[str, Array]:
    """The arrays of a file ``.npz`` by name.

    Raises
    ------
    DataError
        If the file is damaged, unpacks to far more than its size, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            _check_members(path, members)
            return {member.filename.removesuffix(".npy"): _member(path, archive, member) for member in members}
    except (
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError,
        ValueError, KeyError, IndexError, OverflowError,
    ) as error:  # fmt: skip
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: is no whole file of numpy arrays ({_first_line(error)}); write it again") from error


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise DataError(f"{path}: holds no arrays; write it with numpy.savez")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise DataError(f"{path}: holds an array twice; write it again")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_ALWAYS, _RATIO * path.stat().st_size):
        raise DataError(f"{path}: unpacks to {unpacked} bytes, which no numbers do; write it again")


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    source = f"{path}: {member.filename.removesuffix('.npy')!r}"
    with archive.open(member) as stream:
        shape, fortran, dtype = _header(stream, source, member.file_size)
        raw = stream.read()
    values = np.frombuffer(raw, dtype=dtype) if raw else np.empty(0, dtype)
    return values.reshape(shape[::-1]).T if fortran else values.reshape(shape)


def _header(stream: IO[bytes], source: str, size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type that a header tells, if the bytes for them are there."""
    try:
        with warnings.catch_warnings():  # of Python and numpy about what is in the header
            warnings.simplefilter("ignore")
            shape, fortran, dtype = _told(stream, size)
    except (ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError) as error:
        raise DataError(f"{source} is no whole numpy array ({_first_line(error)}); write it again") from error
    if dtype.hasobject:
        raise DataError(f"{source} holds Python objects, which are not read; write numbers")
    if math.prod(shape) * dtype.itemsize != size - stream.tell():
        raise DataError(f"{source} does not have the bytes that its shape {shape} needs; write it again")
    return shape, fortran, dtype


def _told(stream: IO[bytes], size: int) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """What a header says: a dictionary in Python's notation after a magic word, a version and its length.

    Stricter than numpy, which may come upon any error while it repairs a header that Python 2 wrote.
    """
    start = stream.read(8)
    if start[:6] != _MAGIC or start[6:] not in _LENGTHS:
        raise ValueError("it does not begin as one")
    length = int.from_bytes(stream.read(_LENGTHS[start[6:]]), "little")
    if not 0 < length <= min(size, _LONGEST_HEADER):
        raise ValueError("its header is too long")
    told = ast.literal_eval(stream.read(length).decode("latin1").strip())
    shape, fortran, descr = told["shape"], told["fortran_order"], told["descr"]
    if not isinstance(shape, tuple) or not all(type(side) is int and 0 <= side < 2**63 for side in shape):
        raise ValueError(f"its shape is {shape}")
    if not isinstance(fortran, bool) or not isinstance(descr, str) or not _TYPE.fullmatch(descr):
        raise ValueError("its type is not one of numbers or words")
    return shape, fortran, np.dtype(descr)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:_LONGEST_REASON] or type(error).__name__
