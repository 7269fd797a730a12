"""Values with records, estimators and tables in them as a state that can be kept, and back: named classes alone."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from polyculture.errors import StoreError
from polyculture.store.encode import encode

_TAG = "$record"
_TABLE, _MAPPING = "table", "mapping"


def to_state(value: Any, kinds: Collection[type]) -> Any:
    """The value with each record as a mapping that :func:`polyculture.store.save` takes.

    Parameters
    ----------
    value : nested mappings, lists and tuples
        Leaves as `save` takes them, polars frames, and records of `kinds`.
    kinds : collection of type
        Classes that may stand in it: dataclasses, or classes with `state` and `from_state`.

    Raises
    ------
    StoreError
        If a record is of no such class.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> state = to_state({"at": [Point(3)]}, (Point,))
    >>> state
    {'at': [{'$record': 'Point', 'fields': {'x': 3}}]}
    >>> from_state(state, (Point,))
    {'at': [Point(x=3)]}
    """
    if isinstance(value, Mapping):
        items = {key: to_state(v, kinds) for key, v in value.items()}
        return {_TAG: _MAPPING, "items": list(items.items())} if _TAG in items else items
    if isinstance(value, list | tuple):
        return type(value)(to_state(v, kinds) for v in value) if type(value) in (list, tuple) else _refuse(value)
    if type(value) in kinds:
        return {_TAG: type(value).__name__, **_content(value, kinds)}
    if type(value).__module__.startswith("polars.") and hasattr(value, "write_parquet"):
        buffer = io.BytesIO()
        value.write_parquet(buffer)
        return {_TAG: _TABLE, "parquet": np.frombuffer(buffer.getvalue(), dtype=np.uint8)}
    return _refuse(value) if is_dataclass(value) else value


def _content(value: Any, kinds: Collection[type]) -> dict[str, Any]:
    if hasattr(value, "from_state"):
        return {"state": to_state(value.state(), ())}
    return {"fields": {each.name: to_state(getattr(value, each.name), kinds) for each in fields(value)}}


def _refuse(value: Any) -> Any:
    raise StoreError(f"a {type(value).__name__} is no record that is kept here; name its class, or keep its parts")


def from_state(value: Any, kinds: Collection[type]) -> Any:
    """The value that :func:`to_state` was given; no class is made that is not among `kinds`.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the state is none of these kinds.
    """
    if isinstance(value, list | tuple):
        return type(value)(from_state(v, kinds) for v in value)
    if not isinstance(value, dict):
        return value
    if _TAG not in value:
        return {key: from_state(v, kinds) for key, v in value.items()}
    return _made(value, kinds)


def _made(value: dict[str, Any], kinds: Collection[type]) -> Any:
    if value[_TAG] == _MAPPING:
        return {key: from_state(v, kinds) for key, v in value["items"]}
    if value[_TAG] == _TABLE:
        import polars as pl

        # the bytes are those that were written here: their hash was compared
        return pl.read_parquet(io.BytesIO(value["parquet"].tobytes()))  # noqa: TID251
    made: Any = {kind.__name__: kind for kind in kinds}[value[_TAG]]
    if hasattr(made, "from_state"):
        return made.from_state(from_state(value["state"], ()))
    return made(**{key: from_state(v, kinds) for key, v in value["fields"].items()})


def digest(value: Any, kinds: Collection[type] = ()) -> str:
    """SHA-256 of a value, as hexadecimal digits: equal for equal values, in equal order.

    Raises
    ------
    StoreError
        If the value cannot be kept.

    Examples
    --------
    >>> import numpy as np
    >>> digest({"a": np.arange(3)}) == digest({"a": np.arange(3)}), digest([1]) == digest([2])
    (True, False)
    """
    tree, tensors = encode({"value": to_state(value, kinds)})
    found = hashlib.sha256(json.dumps(tree, separators=(",", ":")).encode())
    for name, tensor in tensors.items():
        found.update(f"\n{name} {tensor.dtype.str} {tensor.shape}\n".encode())
        found.update(tensor.data if tensor.size else b"")
    return found.hexdigest()
