"""Blocks of users, what they have seen, and the best of the rest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints

BLOCK_CELLS = 2**22
"""Scores that are held at once: 16 MiB of them, which stay near the processor; 256 MiB take nine times as long."""


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
    out = np.full((len(scores), k), -1, dtype=np.int64)
    # values are partitioned several times faster than positions, and the few that pass are sorted
    least = np.partition(scores, scores.shape[1] - count, axis=1)[:, scores.shape[1] - count]
    for row, (values, low) in enumerate(zip(scores, least, strict=True)):
        found = np.flatnonzero(values >= low)
        found = found[np.lexsort((found, -values[found]))[:count]]
        out[row, : len(found)] = np.where(np.isneginf(values[found]), -1, found)
    return out


def on_one_scale(scores: Floats) -> Floats:
    """Divide each user's scores by their standard deviation, in place; an order and its shares stay as they are."""
    spread = scores.std(axis=1, keepdims=True)
    scores /= np.where(spread > 0, spread, 1)
    return scores
