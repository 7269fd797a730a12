"""Files of ONNX: operators and parameters of the graph. The package is an extra, and loaded when it is needed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.data.answers import ModelFile
from polyculture.errors import DataError, MissingExtraError


def read_onnx(path: Path, name: str, digest: Callable[[Any], str]) -> ModelFile:
    """Parameters and operators of a model; `digest` makes the hash of its bytes.

    Raises
    ------
    DataError
        If the file is damaged, or its weights lie in another file that is not there.
    MissingExtraError
        If the package is not installed.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError as error:
        raise MissingExtraError("reading ONNX files", "onnx") from error
    try:
        graph = onnx.load(path, load_external_data=False).graph
    except (DecodeError, ValueError, OSError) as error:
        raise _broken(path, str(error)) from error
    if not graph.node:
        raise _broken(path, "it has no graph")
    weights = {tensor.name: tensor for part in _graphs(graph) for tensor in part.initializer}
    return ModelFile(
        name,
        {key: (tuple(tensor.dims), _type(path, tensor)) for key, tensor in weights.items()},
        dict(Counter(node.op_type for part in _graphs(graph) for node in part.node)),
        {key: digest(_bytes(path, tensor)) for key, tensor in weights.items()},
    )


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and those inside its nodes: branches and loops."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for part in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else ())):
                yield from _graphs(part)


def _type(path: Path, tensor: Any) -> str:
    from onnx.helper import tensor_dtype_to_np_dtype

    try:
        return str(tensor_dtype_to_np_dtype(tensor.data_type).name)
    except (KeyError, ValueError, TypeError) as error:
        raise _broken(path, f"{tensor.name!r} is of the unknown type {tensor.data_type}") from error


def _bytes(path: Path, tensor: Any) -> Any:
    """A parameter's bytes, as its type has them in memory."""
    from onnx import TensorProto
    from onnx.numpy_helper import to_array

    if tensor.data_location == TensorProto.EXTERNAL:
        return _elsewhere(path, tensor)
    if tensor.HasField("raw_data"):
        _check_length(path, tensor, len(tensor.raw_data))
        return tensor.raw_data
    try:
        return np.ascontiguousarray(to_array(tensor)).tobytes()
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise _broken(path, f"{tensor.name!r} does not fit its shape") from error


def _elsewhere(path: Path, tensor: Any) -> Any:
    """Bytes in a file next to the model's; no other folder is looked into."""
    place = {entry.key: entry.value for entry in tensor.external_data}
    file = path.parent / place.get("location", "")
    if file.resolve().parent != path.resolve().parent or not file.is_file():
        raise DataError(f"{path}: {tensor.name!r} lies in {file.name!r}, which is not next to it; put it there")
    try:
        start = int(place.get("offset", 0))
        length = int(place.get("length", file.stat().st_size - start))
    except ValueError as error:
        raise _broken(path, f"{tensor.name!r} has a place that is no number") from error
    if start < 0 or length < 0 or start + length > file.stat().st_size:
        raise _broken(path, f"{tensor.name!r} lies beyond the end of {file.name!r}")
    _check_length(path, tensor, length)
    return np.memmap(file, dtype=np.uint8, mode="r", offset=start, shape=(length,)) if length else b""


def _check_length(path: Path, tensor: Any, length: int) -> None:
    """That there are as many bytes as the shape needs; types of less than a byte are packed."""
    from onnx.helper import tensor_dtype_to_np_dtype

    dtype = tensor_dtype_to_np_dtype(tensor.data_type)
    if dtype.kind in "fiubc" and math.prod(tensor.dims) * dtype.itemsize != length:
        raise _broken(path, f"{tensor.name!r} does not have the bytes that its shape needs")


def _broken(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: is no whole ONNX file ({reason.strip().partition(chr(10))[0]}); write it again")
