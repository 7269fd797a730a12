"""Weights that come as pickles of NumPy arrays or as files of torch: arrays by name, and no code run."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError
from polyculture.features.encoders.images.inert import Call, read_inert

MAGIC = 0x1950A86A20F9469CFC6C
"""The number that files of torch began with before they were archives."""
STORAGES = {"torch FloatStorage": "<f4", "torch LongStorage": "<i8"}


def verified(data: bytes, sha256: str, source: str) -> bytes:
    """The same bytes, if they are the ones that are known.

    Raises
    ------
    DataError
        If they have another SHA-256.

    Examples
    --------
    >>> from polyculture.features.encoders.images.weights import verified
    >>> verified(b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "nothing")
    b''
    """
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DataError(f"{source}: has another SHA-256 than the release that is known, so it is not read")
    return data


def numpy_arrays(data: bytes, source: str) -> dict[str, list[Array]]:
    """A pickled mapping of names to lists of float arrays.

    Raises
    ------
    DataError
        If the bytes say anything else.
    """
    found = read_inert(io.BytesIO(data), source)
    try:
        return {str(name): [_numpy_array(one) for one in arrays] for name, arrays in found.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"{source}: does not hold lists of arrays by name ({error})") from error


def _numpy_array(call: Call) -> Array:
    """The array of a record: version, shape, type, whether its columns come first, and bytes."""
    if call.name not in ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"):
        raise ValueError(f"{call.name} is no array")
    _, shape, kind, by_columns, raw = call.state
    if kind.name != "numpy dtype" or kind.arguments[0] != "f4" or kind.state[1] != "<":
        raise ValueError(f"an array of {kind.arguments[0]!r} is not of little-endian float32")
    return np.frombuffer(raw, dtype="<f4").reshape(shape, order="F" if by_columns else "C")


def torch_tensors(data: bytes, source: str) -> dict[str, Array]:
    """The tensors by name of a file that torch wrote before version 1.6.

    Raises
    ------
    DataError
        If the bytes say anything else.

    References
    ----------
    ``torch/serialization.py``: five pickles (a magic number, the protocol, the system, the objects, the keys of their
    storages), then of each storage its length in eight bytes and its numbers.
    """
    file = io.BytesIO(data)
    magic, _, system, objects, keys = (read_inert(file, source) for _ in range(5))
    if magic != MAGIC or not isinstance(system, dict) or not system.get("little_endian"):
        raise DataError(f"{source}: is no file of torch in its older form, little-endian")
    try:
        named: dict[str, Call] = objects if isinstance(objects, dict) else objects.state
        kinds = {t.arguments[0].arguments[2]: STORAGES[t.arguments[0].arguments[1]] for t in named.values()}
        storages = {key: _storage(file, kinds[key]) for key in keys}
        return {name: _tensor(call, storages) for name, call in named.items()}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{source}: does not hold tensors by name ({error})") from error


def _storage(file: io.BytesIO, kind: str) -> Array:
    count = int.from_bytes(file.read(8), "little")
    size = count * np.dtype(kind).itemsize
    raw = file.read(size)
    if len(raw) < size:
        raise ValueError("it ends too early")
    return np.frombuffer(raw, dtype=kind)


def _tensor(call: Call, storages: dict[Any, Array]) -> Array:
    if call.name != "torch._utils _rebuild_tensor_v2":
        raise ValueError(f"{call.name} is no tensor")
    storage, start, shape, strides = call.arguments[:4]
    flat = storages[storage.arguments[2]]
    if min((start, *shape, *strides), default=0) < 0:
        raise ValueError("a tensor lies outside of its storage")
    last = start + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    if last >= len(flat):
        raise ValueError("a tensor lies outside of its storage")
    steps = [step * flat.itemsize for step in strides]
    return np.lib.stride_tricks.as_strided(flat[start:], shape, steps, writeable=False)
