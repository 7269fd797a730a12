"""Matrices of numbers in MATLAB files of versions 5 to 7.

Read here, for a damaged file ends the whole process in scipy's compiled reader.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array
from polyculture.data.graphs import files
from polyculture.errors import DataError

_HEADER, _MATRIX, _COMPRESSED, _COMPLEX = 128, 14, 15, 0x800
_ORDERS = {b"IM": "<", b"MI": ">"}
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_KINDS = {1: "cell", 2: "struct", 3: "object", 4: "char", 16: "function", 17: "opaque"}
_SPARSE, _NUMBERS = 5, range(5, 16)

MOST_ROWS = 2**26
"""Rows of a sparse matrix."""

Element = tuple[int, memoryview]
"""Type and content of a part of a file."""


def matrices(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Those of the named matrices that the file has, dense or sparse.

    Raises
    ------
    DataError
        If the file is damaged, unpacks to too much, or a name is not of numbers in rows and columns.
    """
    data = files.bounded(path)
    order = _ORDERS.get(data[_HEADER - 2 : _HEADER])
    if order is None:
        raise DataError(f"{path}: is no whole MATLAB file of version 5 to 7.3; write it again with save -v7")
    try:
        found = {}
        for body in _variables(path, memoryview(data)[_HEADER:], order):
            parts = list(_elements(body, order))
            name = bytes(parts[2][1]).decode("latin1")
            if name in names:
                found[name] = _matrix(parts, order, f"{path}: {name!r}")
    except (struct.error, zlib.error, ValueError, IndexError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise DataError(f"{path}: is no whole MATLAB file ({reason}); write it again with save -v7") from error
    return found


def _variables(path: Path, data: memoryview, order: str) -> Iterator[memoryview]:
    """The matrices of a file, unpacked, as long as all of them together are no more than its size allows."""
    limit = left = min(files.BYTES, max(files.ALWAYS, files.RATIO * len(data)))
    for kind, body in _elements(data, order):
        inside: Iterator[Element] = iter([(kind, body)])
        if kind == _COMPRESSED:
            engine = zlib.decompressobj()
            unpacked = engine.decompress(body, left + 1)
            left -= len(unpacked)
            if left < 0:
                raise DataError(f"{path}: unpacks to more than {limit:,} bytes, which no network does; save it sparse")
            if not engine.eof:
                raise ValueError("a matrix is cut")
            inside = _elements(memoryview(unpacked), order)
        yield from (each for found, each in inside if found == _MATRIX)


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Types and contents, each after a tag of eight bytes, or of four for up to four bytes of content."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        if kind >> 16:
            kind, size, start, step = kind & 0xFFFF, kind >> 16, at + 4, 8
        else:
            # what is packed is not filled up to eight bytes
            start, step = at + 8, 8 + size + (0 if kind == _COMPRESSED else -size % 8)
        if start + size > min(len(data), at + max(step, 8)):
            raise ValueError("a part is cut")
        yield kind, data[start : start + size]
        at += step


def _matrix(parts: Sequence[Element], order: str, called: str) -> Any:
    """A matrix of its flags, its shape, its name and its numbers."""
    flags = int(_values(parts[0], order)[0])
    kind, shape = flags & 0xFF, tuple(int(side) for side in _values(parts[1], order))
    if kind not in _NUMBERS:
        raise DataError(f"{called} is a {_KINDS.get(kind, 'thing')}, which is not read; save it as a matrix of numbers")
    if flags & _COMPLEX:
        raise DataError(f"{called} is not of real numbers; save it as a matrix of real numbers")
    if len(shape) != 2:
        raise DataError(f"{called} has {len(shape)} axes; save it as a matrix")
    if kind == _SPARSE:
        return _sparse(shape, *(_values(part, order) for part in parts[3:6]))
    values = _values(parts[3], order)
    if min(shape) < 0 or math.prod(shape) != len(values):
        raise ValueError(f"a matrix of shape {shape} has {len(values)} numbers")
    return values.reshape(shape, order="F")


def _sparse(shape: tuple[int, ...], rows: Array, starts: Array, values: Array) -> sp.csr_array:
    """A sparse matrix stored by columns; there may be room for more entries than it has."""
    if min(shape) < 0 or len(starts) != shape[1] + 1:
        raise ValueError(f"a sparse matrix of shape {shape} has {len(starts)} pointers")
    count = int(starts[-1])
    if not 0 <= count <= min(len(rows), len(values)):
        raise ValueError(f"a sparse matrix has {len(values)} entries, {count} are told")
    inside, steps = rows[:count].astype(np.int64), np.diff(starts.astype(np.int64)).astype(np.int64)
    # compiled code trusts them, and a matrix takes memory for each row
    if starts[0] != 0 or (steps < 0).any() or ((inside < 0) | (inside >= shape[0])).any() or shape[0] > MOST_ROWS:
        raise ValueError(f"a sparse matrix of shape {shape} has entries outside it")
    columns = np.repeat(np.arange(shape[1]), steps)
    return sp.coo_array((np.array(values[:count]), (inside, columns)), shape=shape).tocsr()


def _values(part: Element, order: str) -> Array:
    kind, body = part
    if kind not in _TYPES:
        raise ValueError(f"numbers are of type {kind}")
    found = np.frombuffer(body, dtype=order + _TYPES[kind])
    return found.astype(found.dtype.newbyteorder("="), copy=False)
