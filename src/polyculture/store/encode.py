"""A nested dict as tensors and JSON, and back, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array
from polyculture.errors import StoreError

State = dict[str, Any]
"""Nested dict whose leaves are numbers, strings, None, lists and tuples of these, numpy arrays or CSR arrays."""

Tensors = dict[str, Array]

_TAG = "$"
_KINDS = "biuf"


def encode(state: Mapping[str, Any]) -> tuple[Any, Tensors]:
    """Split a state into what JSON keeps and the arrays, which are named by their path: ``"encoder.weight"``.

    Tuples, keys that are numbers and floats that are not finite have a marked form in JSON, so they come back as they
    were. Numpy scalars become Python numbers, and every sparse matrix a `csr_array`.

    Examples
    --------
    >>> import numpy as np
    >>> encode({"net": {"w": np.zeros(2), "depth": 3}})
    ({'net': {'w': {'$': 'array', 'name': 'net.w'}, 'depth': 3}}, {'net.w': array([0., 0.])})
    """
    tensors: Tensors = {}
    return _encode(state, "", tensors), tensors


def _encode(value: Any, path: str, tensors: Tensors) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in _KINDS + "U":
        value = value.item()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_TAG: "float", "value": repr(float(value))}
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return _encode_dict(value, path, tensors)
    if isinstance(value, list | tuple):
        values = [_encode(v, f"{path}.{i}", tensors) for i, v in enumerate(value)]
        return {_TAG: "tuple", "values": values} if isinstance(value, tuple) else values
    if isinstance(value, np.ndarray) and not np.ma.isMaskedArray(value):
        return _encode_array(value, path, tensors)
    if sp.issparse(value) and value.ndim == 2:
        return _encode_sparse(sp.csr_array(value), path, tensors)
    raise StoreError(f"{path} is a {type(value).__name__}, which cannot be kept; store numbers, text and arrays only")


def _encode_dict(value: Mapping[Any, Any], path: str, tensors: Tensors) -> Any:
    parts = [(key, _encode(v, f"{path}.{key}" if path else str(key), tensors)) for key, v in value.items()]
    if all(isinstance(key, str) and key != _TAG for key, _ in parts):
        return dict(parts)
    return {_TAG: "dict", "items": [[_encode(key, f"a key of {path or 'the state'}", {}), v] for key, v in parts]}


def _encode_array(value: Array, path: str, tensors: Tensors) -> Any:
    if value.dtype.kind in "OU":
        values = [_encode(v, path, {}) for v in value.ravel().tolist()]
        return {
            _TAG: "list",
            "dtype": "object" if value.dtype.kind == "O" else "str",
            "shape": list(value.shape),
            "values": values,
        }
    if value.dtype.kind not in _KINDS or value.dtype.itemsize > 8:
        raise StoreError(f"{path} is an array of {value.dtype}, which cannot be kept; use numbers of at most 64 bits")
    return {_TAG: "array", "name": _keep(value, path, tensors)}


def _encode_sparse(value: sp.csr_array, path: str, tensors: Tensors) -> Any:
    names = {part: _keep(getattr(value, part), f"{path}.{part}", tensors) for part in ("data", "indices", "indptr")}
    return {_TAG: "csr", "shape": [int(side) for side in value.shape], **names}


def _keep(value: Array, name: str, tensors: Tensors) -> str:
    # Keys may hold dots themselves, so that two paths can read the same.
    while name in tensors:
        name += "'"
    # safetensors writes the buffer of a strided array as it lies, which loses the order of its elements.
    tensors[name] = np.require(value.astype(value.dtype.newbyteorder("="), copy=False), requirements="C")
    return name


def decode(value: Any, tensors: Mapping[str, Array]) -> Any:
    """The state that `encode` was given.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the JSON and the tensors do not belong together.

    Examples
    --------
    >>> decode(*encode({"sizes": (1, 2), "names": {7: "seven"}}))
    {'sizes': (1, 2), 'names': {7: 'seven'}}
    """
    if isinstance(value, list):
        return [decode(v, tensors) for v in value]
    if not isinstance(value, dict):
        return value
    if _TAG in value:
        return _DECODERS[value[_TAG]](value, tensors)
    return {key: decode(v, tensors) for key, v in value.items()}


def _decode_list(value: dict[str, Any], tensors: Mapping[str, Array]) -> Array:
    array = np.empty(len(value["values"]), dtype=object)
    array[:] = [decode(v, tensors) for v in value["values"]]
    if value["dtype"] == "str":
        array = array.astype(str)
    return array.reshape(value["shape"])


def _decode_csr(value: dict[str, Any], tensors: Mapping[str, Array]) -> sp.csr_array:
    parts = tuple(tensors[value[part]] for part in ("data", "indices", "indptr"))
    matrix = sp.csr_array(parts, shape=tuple(value["shape"]))
    matrix.check_format(full_check=True)
    return matrix


_DECODERS: dict[str, Callable[[dict[str, Any], Mapping[str, Array]], Any]] = {
    "array": lambda value, tensors: tensors[value["name"]],
    "csr": _decode_csr,
    "list": _decode_list,
    "tuple": lambda value, tensors: tuple(decode(v, tensors) for v in value["values"]),
    "dict": lambda value, tensors: {decode(k, tensors): decode(v, tensors) for k, v in value["items"]},
    "float": lambda value, _: float(value["value"]),
}
