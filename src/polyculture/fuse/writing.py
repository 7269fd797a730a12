"""A file of safetensors written tensor by tensor: whole, or not at all."""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError, StoreError
from polyculture.fuse.stored import FLOATS, WHOLE
from polyculture.store.files import sync_folder

Layout = Mapping[str, tuple[str, tuple[int, ...]]]
Write = Callable[[str, Array, int], None]
"""Writes numbers of a tensor, from a place in it on."""


@contextmanager
def writing(path: Path, layout: Layout, metadata: Mapping[str, str]) -> Iterator[Write]:
    """Write the tensors of a layout in any order and in pieces; the file is there when all is done.

    Parameters
    ----------
    path : Path
    layout : mapping of name to (type, shape)
        Types as files of safetensors call them.
    metadata : mapping of str to str

    Raises
    ------
    DataError
        If numbers outgrow the type that they are to have.
    StoreError
        If it cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np, safetensors.numpy
    >>> from polyculture.fuse.writing import writing
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "a.safetensors")
    ...     with writing(path, {"w": ("F16", (2,))}, {}) as write:
    ...         write("w", np.array([1.0, 2.0]), 0)
    ...     safetensors.numpy.load_file(path)
    {'w': array([1., 2.], dtype=float16)}
    """
    # where a link leads, so that the link stays one
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield _writer(path, file, layout, metadata)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} cannot be written ({reason}); free some room or choose another place") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _writer(path: Path, file: BinaryIO, layout: Layout, metadata: Mapping[str, str]) -> Write:
    offsets, start = _begin(file, layout, metadata)

    def write(name: str, values: Array, place: int) -> None:
        kind = layout[name][0]
        file.seek(start + offsets[name] + place * _width(kind))
        file.write(packed(values, kind, f"{path}: {name!r}").data)

    return write


def _begin(file: BinaryIO, layout: Layout, metadata: Mapping[str, str]) -> tuple[dict[str, int], int]:
    """Write the header; offsets of the tensors, and where they begin."""
    # wide numbers first keeps each at a multiple of its own width, as readers in place need
    ordered = sorted(layout, key=lambda name: (-_width(layout[name][0]), name))
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offsets, last = {}, 0
    for name in ordered:
        kind, shape = layout[name]
        offsets[name], last = last, last + _width(kind) * math.prod(shape)
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [offsets[name], last]}
    data = json.dumps(header).encode()
    data += b" " * (-len(data) % 8)
    file.write(len(data).to_bytes(8, "little") + data)
    file.truncate(8 + len(data) + last)
    return offsets, 8 + len(data)


def _width(kind: str) -> int:
    return (FLOATS | WHOLE)[kind].itemsize


def packed(values: Array, kind: str, what: str = "the result") -> Array:
    """Numbers in a type, as bytes in a row.

    Raises
    ------
    DataError
        If some outgrow the type; the sentence begins with `what`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.writing import packed
    >>> packed(np.array([1.0]), "BF16").tolist()
    [128, 63]
    """
    values = np.ascontiguousarray(values).reshape(-1)
    if kind in WHOLE:
        return values.astype(WHOLE[kind], copy=False).view(np.uint8)
    if kind == "BF16":
        found, sound = _bfloat16(values)
    else:
        with np.errstate(over="ignore"):
            found = values.astype(FLOATS[kind], copy=False)
        sound = bool(np.isfinite(found).all())
    if not sound:
        raise DataError(f"{what} outgrows the type {kind}; merge models of a wider type, or with a smaller scale")
    return found.view(np.uint8)


def _bfloat16(values: Array) -> tuple[Array, bool]:
    """The upper half of four bytes, rounded to the nearest and in the middle to the even one."""
    with np.errstate(over="ignore"):
        bits = values.astype("<f4").view("<u4")
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    return rounded.astype("<u2"), bool(((rounded & 0x7F80) != 0x7F80).all())
