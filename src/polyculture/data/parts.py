"""Which part each item of a packaged dataset is in: drawn once, the same at each call."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Array

TEST, VALIDATION = 0.25, 0.15
"""Shares of the items of each class; the rest is for training."""


def parts_of(label: Array, seed: int) -> Array:
    """Part of each item, with the same shares in each class: ``"train"``, ``"validation"`` or ``"test"``, shape (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.data.parts import parts_of
    >>> np.unique(parts_of(np.repeat([0, 1], 100), seed=0), return_counts=True)[1].tolist()
    [50, 120, 30]
    """
    _, code, count = np.unique(label, return_inverse=True, return_counts=True)
    place = (places(label, seed) + 0.5) / count[code]
    return np.where(place < TEST, "test", np.where(place < TEST + VALIDATION, "validation", "train"))


def places(label: Array, seed: int) -> Array:
    """Place of each item among those of its class, from 0, in an order that is drawn, shape (n,)."""
    rng = np.random.default_rng(seed)
    order = np.empty(len(label), dtype=np.intp)
    for value in np.unique(label):
        rows = np.flatnonzero(label == value)
        order[rows] = rng.permutation(len(rows))
    return order
