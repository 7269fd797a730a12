"""What a network gave for texts under some weights, so that it is computed once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

import numpy as np

from polyculture.arrays import Array

TEXTS = 200_000
"""Texts whose vectors are kept under one set of weights; 384 numbers each are 300 MB."""
MODELS = 12
"""Sets of weights whose vectors are kept; 20 000 texts of 384 numbers are 30 MB each."""


class Memory:
    """Vectors of texts by the content of the weights that gave them; the least used weights go first.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.text_backbone.memory import Memory
    >>> memory, asked = Memory(), []
    >>> def length(texts):
    ...     asked.extend(texts)
    ...     return np.array([[len(text)] for text in texts])
    >>> for texts in (["a", "bb"], ["bb", "a", "ccc"]):
    ...     found = memory.get({"w": np.zeros(1)}, texts, length)
    >>> found.ravel().tolist(), asked
    ([2, 1, 3], ['a', 'bb', 'ccc'])
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, dict[str, Array]] = OrderedDict()

    def get(
        self, weights: Mapping[str, Array], texts: Sequence[str], compute: Callable[[list[str]], Array], about: str = ""
    ) -> Array:
        """A vector for each text; `compute` gets the distinct texts that are not known, `about` is what else counts."""
        key = digest(weights) + about.encode()
        known = self._known.setdefault(key, {})
        self._known.move_to_end(key)
        while len(self._known) > MODELS:
            self._known.popitem(last=False)
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if len(known) + len(new) > TEXTS:
            known.clear()
            new = list(dict.fromkeys(texts))
        if new or not texts:
            found = compute(new)
            known.update(zip(new, found, strict=True))
            if not texts:
                return found
        return np.stack([known[text] for text in texts])


def digest(weights: Mapping[str, Array]) -> bytes:
    """A fingerprint of tensors: their names, shapes and numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.features.text_backbone.memory import digest
    >>> digest({"a": np.zeros(2)}) == digest({"b": np.zeros(2)})
    False
    """
    found = blake2b(digest_size=16)
    for name, value in weights.items():
        found.update(f"{name} {value.shape} {value.dtype} ".encode())
        found.update(np.ascontiguousarray(value).data)
    return found.digest()
