"""State dicts in memory, of numpy or of torch, and results in the type that went in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import DataError
from polyculture.fuse.stored import ALL, Model
from polyculture.fuse.writing import packed

_NAMES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "uint32": "U32", "int32": "I32",
    "uint64": "U64", "int64": "I64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
}  # fmt: skip


class Held(Model):
    """A state dict of arrays or of torch tensors, read one at a time.

    Parameters
    ----------
    state : mapping of name to array or tensor
    label : str
        What messages call it.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.held import Held
    >>> Held({"w": np.ones(2, dtype=np.float16)}, "expert 1").kind("w")
    'F16'
    """

    def __init__(self, state: Mapping[str, Any], label: str) -> None:
        self.state = state
        self.label = label

    def __iter__(self) -> Iterator[str]:
        return iter(self.state)

    def __len__(self) -> int:
        return len(self.state)

    def kind(self, name: str) -> str:
        """Type of a tensor, as files of safetensors call it.

        Raises
        ------
        DataError
            If it is no array, or of complex numbers or words.
        """
        dtype = str(getattr(self.state[name], "dtype", type(self.state[name]).__name__)).removeprefix("torch.")
        if dtype not in _NAMES:
            raise DataError(f"{self.label}: {name!r} is of type {dtype}; give arrays of real numbers")
        return _NAMES[dtype]

    def shape(self, name: str) -> tuple[int, ...]:  # noqa: D102 - as in the base class
        return tuple(self.state[name].shape)

    def flat(self, name: str, span: slice = ALL) -> Array:
        """Numbers of a tensor in a row, or some of them.

        Raises
        ------
        DataError
            If some are no numbers.
        """
        value = self.state[name]
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            # numpy knows no bfloat16
            value = (value.float() if self.kind(name) in ("F16", "BF16") else value).numpy()
        values = np.asarray(value).reshape(-1)[span]
        values = values.astype(np.float32) if values.dtype == np.float16 else values
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise DataError(f"{self.label}: {name!r} holds values that are not numbers; train it again")
        return values


def like(value: Any, found: Array, kind: str, what: str) -> Any:
    """Numbers in the library, type and shape of `value`.

    Raises
    ------
    DataError
        If some outgrow the type; the sentence begins with `what`.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.fuse.held import like
    >>> like(np.zeros((1, 1), dtype=np.float16), np.array([1.0]), "F16", "w")
    array([[1.]], dtype=float16)
    """
    data = packed(found, kind, what)
    if not hasattr(value, "detach"):
        return data.view(value.dtype).reshape(value.shape)
    import torch

    return torch.from_numpy(data).view(value.dtype).reshape(value.shape)
