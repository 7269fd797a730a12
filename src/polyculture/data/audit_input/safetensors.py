"""Files of safetensors: what is in them, and the bytes of each array, without reading the rest.

The format is a length, a header of JSON and bytes. It is read here because a header that lies is to be refused in a
sentence, and because the package cannot give numpy an array of bfloat16.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError

_LENGTH = 8
_LONGEST_HEADER = 100 * 2**20
_BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip
_NUMPY = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "BF16": "<u2"}


@dataclass(frozen=True)
class Tensor:
    """An array in a file: its type as the file calls it, its shape, and from which byte of the file to which."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Safetensors:
    """A file whose header is in order.

    Parameters
    ----------
    path : Path
    tensors : mapping of str to Tensor
    metadata : mapping of str to str
    """

    path: Path
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]

    def bytes_of(self, name: str) -> Array:
        """The bytes of an array, as they lie in the file."""
        tensor = self.tensors[name]
        if tensor.start == tensor.stop:
            return np.empty(0, dtype=np.uint8)
        return np.memmap(self.path, dtype=np.uint8, mode="r", offset=tensor.start, shape=(tensor.stop - tensor.start,))

    def floats(self, name: str) -> Floats:
        """An array of numbers; those of two bytes come in four.

        Raises
        ------
        DataError
            If it does not hold floating-point numbers of two, four or eight bytes.
        """
        tensor = self.tensors[name]
        if tensor.dtype not in _NUMPY:
            raise DataError(f"{self.path}: {name!r} is of type {tensor.dtype}; give F16, BF16, F32 or F64")
        values = self.bytes_of(name).view(_NUMPY[tensor.dtype]).reshape(tensor.shape)
        if tensor.dtype == "BF16":  # the upper half of four bytes
            return (values.astype(np.uint32) << 16).view(np.float32)
        return values.astype(np.float32) if tensor.dtype == "F16" else values


def open_safetensors(path: Path) -> Safetensors:
    """What the header of a file says, if it can be true.

    Raises
    ------
    DataError
        If the file is no whole file of safetensors.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH), "little")
        if size < _LENGTH + 2 or not 2 <= length <= min(size - _LENGTH, _LONGEST_HEADER):
            raise _broken(path, "its header is longer than the file")
        raw = stream.read(length)
    try:
        header = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header is no JSON") from error
    if not isinstance(header, dict):
        raise _broken(path, "its header is no object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _broken(path, "its metadata are no words")
    tensors = {name: _tensor(path, name, entry, _LENGTH + length, size) for name, entry in header.items()}
    _check_cover(path, tensors, _LENGTH + length, size)
    return Safetensors(path, tensors, metadata)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _tensor(path: Path, name: str, entry: Any, start: int, size: int) -> Tensor:
    """What the header says of an array, if its bytes are there and as many as its shape needs."""
    try:
        dtype, shape, (first, last) = entry["dtype"], entry["shape"], entry["data_offsets"]
        sides = [*shape, first, last]
    except (TypeError, KeyError, ValueError) as error:
        raise _broken(path, f"{name!r} lacks its type, shape or place") from error
    if not all(isinstance(side, int) and not isinstance(side, bool) and 0 <= side < 2**63 for side in sides):
        raise _broken(path, f"{name!r} has a shape or place that is no whole number")
    if not isinstance(dtype, str) or dtype not in _BYTES:
        raise _broken(path, f"{name!r} is of the unknown type {dtype!r}")
    if math.prod(shape) * _BYTES[dtype] != last - first or start + last > size:
        raise _broken(path, f"{name!r} does not have the bytes that its shape {shape} needs")
    return Tensor(dtype, tuple(shape), start + first, start + last)


def _check_cover(path: Path, tensors: Mapping[str, Tensor], start: int, size: int) -> None:
    """Arrays lie one after the other from the header to the end, as the format asks: none hides in another."""
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.stop)):
        if tensor.start != start:
            raise _broken(path, "its arrays overlap, or leave gaps")
        start = tensor.stop
    if start != size:
        raise _broken(path, f"it has {size - start} bytes too many")


def _broken(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: is no whole file of safetensors ({reason}); write it again")
