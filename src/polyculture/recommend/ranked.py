"""Blocks of users, what they have seen, and the best of the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints

BLOCK_CELLS = 2**26
"""Scores that are held at once: 256 MiB of them."""


def blocks(rows: Ints, items: int) -> Iterator[Ints]:
    """The users in parts, so that the scores of one part for all items stay small."""
    size = max(1, BLOCK_CELLS // max(1, items))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def hide(scores: Floats, seen: sp.csr_array) -> None:
    """Set to minus infinity, in place, what is stored in a sparse array of the same shape."""
    rows = np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf


def best(scores: Floats, k: int) -> Ints:
    """Columns of the k highest scores of each row, the best first; -1 in place of what is minus infinity.

    Equal scores stand in the order of their columns.

    Examples
    --------
    >>> import numpy as np
    >>> best(np.array([[1.0, 3.0, -np.inf, 3.0]]), 4).tolist()
    [[1, 3, 0, -1]]
    """
    count = min(k, scores.shape[1])
    if count < scores.shape[1]:
        found = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    else:
        found = np.repeat(np.arange(count)[None], len(scores), axis=0)
    values = np.take_along_axis(scores, found, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    found, values = np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)
    out = np.full((len(scores), k), -1, dtype=np.int64)
    out[:, :count] = np.where(np.isneginf(values), -1, found)
    return out


def on_one_scale(scores: Floats) -> Floats:
    """Divide each user's scores by their standard deviation, in place; an order and its shares stay as they are."""
    spread = scores.std(axis=1, keepdims=True)
    scores /= np.where(spread > 0, spread, 1)
    return scores
