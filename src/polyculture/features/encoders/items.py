"""What a text encoder is given, checked before any work is done."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Array, Ints, Mask
from polyculture.errors import DataError, ShapeError


def as_texts(X: Sequence[str] | Array) -> list[str]:
    """Items as a list of strings.

    Raises
    ------
    DataError
        If it is one string instead of many, or an item is not a string.

    Examples
    --------
    >>> as_texts(("good", "bad"))
    ['good', 'bad']
    """
    if isinstance(X, str):
        raise DataError("expected a list of texts, got one string; put it in a list")
    texts = list(X)
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"item {row} is of type {type(text).__name__}, expected text; drop it or replace it by ''")
    return [str(text) for text in texts]


def as_labels(y: Ints | None, count: int) -> Array:
    """Labels of `count` texts as int64.

    Raises
    ------
    DataError
        If there are none, or they are not whole numbers, one a text.
    ShapeError
        If there are more or fewer than texts.

    Examples
    --------
    >>> as_labels([0, -1], 2).tolist()
    [0, -1]
    """
    if y is None:
        raise DataError("this encoder learns from labels; give y, with -1 where a text has none")
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"y is {labels.dtype} of shape {labels.shape}, expected one whole number for each text")
    if len(labels) != count:
        raise ShapeError(f"there are {count} texts and {len(labels)} labels")
    return labels.astype(np.int64)


def as_mask(validation: Mask | None, count: int) -> Mask | None:
    """Which of `count` texts are held out, or None.

    Raises
    ------
    ShapeError
        If it is not one boolean a text.

    Examples
    --------
    >>> as_mask([True, False], 2).tolist()
    [True, False]
    """
    if validation is None:
        return None
    mask = np.asarray(validation)
    if mask.shape != (count,) or mask.dtype != np.bool_:
        raise ShapeError(f"validation is {mask.dtype} of shape {mask.shape}, expected {count} booleans")
    return mask
