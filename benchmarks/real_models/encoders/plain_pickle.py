"""Pickles that hold nothing but numbers, strings, lists, dictionaries and NumPy arrays."""

from __future__ import annotations

import io
import pickle
from typing import Any, ClassVar

import numpy as np


class _Plain(pickle.Unpickler):
    allowed: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # noqa: SLF001 - where arrays are rebuilt
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which a table of weights does not need")
        return self.allowed[module, name]


def load_plain(data: bytes) -> Any:
    """What a pickle holds; one that asks for any other class or function is refused."""
    return _Plain(io.BytesIO(data)).load()
