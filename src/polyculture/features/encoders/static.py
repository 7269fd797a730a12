"""Static word vectors that a package carries."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.errors import MissingExtraError


def package_folder(package: str, extra: str = "pretrained") -> Path:
    """Where an installed package lies, found without importing it; `extra` is the one that brings it.

    Raises
    ------
    MissingExtraError
        If it is not installed.

    Examples
    --------
    >>> from polyculture.features.encoders.static import package_folder
    >>> package_folder("polyculture").name
    'polyculture'
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(f"the model in the package {package!r}", extra)
    return Path(next(iter(spec.submodule_search_locations)))


@lru_cache(maxsize=1)
def wordllama() -> tuple[Any, Array]:
    """Tokenizer and vectors, shape (32000, 256), of the package ``wordllama``, read directly from its files.

    Raises
    ------
    MissingExtraError
        If the package is not installed.

    Examples
    --------
    >>> from polyculture.features.encoders.static import wordllama
    >>> wordllama()[1].shape  # doctest: +SKIP
    (32000, 256)
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = package_folder("wordllama")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    vectors = load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    return tokenizer, vectors.astype(np.float32)


def mean_vectors(texts: Array, tokenizer: Any, vectors: Array) -> Array:
    """Mean vector of each text's tokens, shape (n, d); zeros for a text without tokens.

    Parameters
    ----------
    texts : sequence of n str
    tokenizer : tokenizers.Tokenizer
    vectors : array of shape (tokens, d)

    Examples
    --------
    >>> from polyculture.features.encoders.static import mean_vectors, wordllama
    >>> mean_vectors(["good day", ""], *wordllama()).any(axis=1).tolist()  # doctest: +SKIP
    [True, False]
    """
    ids = [encoding.ids for encoding in tokenizer.encode_batch([str(t) for t in texts], add_special_tokens=False)]
    lengths = np.array([len(row) for row in ids], dtype=np.int64)
    out = np.zeros((len(ids), vectors.shape[1]), dtype=np.float32)
    filled = np.flatnonzero(lengths)
    if len(filled):
        starts = np.concatenate([[0], np.cumsum(lengths[filled])[:-1]])
        flat = np.concatenate([ids[i] for i in filled])
        out[filled] = np.add.reduceat(vectors[flat], starts, axis=0) / lengths[filled, None]
    return out
