"""Histories as arrays that a network reads: windows to learn from, and the ends from which the next item is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats, Ints


@dataclass(frozen=True)
class Windows:
    """Stretches of histories; shapes (windows, length)."""

    inputs: Ints
    """What came before each target: the beginning, then the items before it in its window."""
    targets: Ints
    weights: Floats
    """What each target counts; 0 behind the end of a window."""


def windows(histories: Sequence[Ints], weights: Sequence[Floats], length: int, begin: int) -> Windows:
    """Cut histories into windows in which each item is to be told from those before it.

    Parameters
    ----------
    histories : sequence of int arrays
        Items of each user, the earliest first.
    weights : sequence of arrays of the same lengths
    length : int >= 1
        A history is cut from its end; its first window may be shorter.
    begin : int
        Stands before the first item of a window, and where nothing is.

    Examples
    --------
    >>> import numpy as np
    >>> found = windows([np.array([3, 1, 2])], [np.ones(3)], 2, 9)
    >>> found.inputs.tolist(), found.targets.tolist(), found.weights.tolist()
    ([[9, 9], [9, 1]], [[3, 9], [1, 2]], [[1.0, 0.0], [1.0, 1.0]])
    """
    sizes = np.array([len(each) for each in histories], dtype=np.int64)
    flat = np.concatenate([*histories, np.zeros(0, dtype=np.int64)])
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    # the shift makes the last window of each history a full one
    place = np.arange(len(flat)) - first + np.repeat(-sizes % length, sizes)
    starts = (place % length == 0) | (np.arange(len(flat)) == first)
    window = np.cumsum(starts) - 1
    within = np.arange(len(flat)) - np.flatnonzero(starts)[window] if len(flat) else place
    shape = (int(starts.sum()), length)
    inputs, targets = np.full(shape, begin), np.full(shape, begin)
    counts = np.zeros(shape, dtype=np.float32)
    targets[window, within] = flat
    inputs[:, 1:] = np.where(targets[:, 1:] == begin, begin, targets[:, :-1])
    counts[window, within] = np.concatenate([*weights, np.zeros(0)])
    return Windows(inputs, targets, counts)


def ends(histories: Sequence[Ints], length: int, begin: int) -> tuple[Ints, Ints]:
    """The beginning and the last items of each history, and where in the row the last one stands.

    Returns
    -------
    int arrays of shape (histories, length) and (histories,)

    Examples
    --------
    >>> import numpy as np
    >>> found, last = ends([np.array([3, 1, 2]), np.array([], dtype=int)], 3, 9)
    >>> found.tolist(), last.tolist()
    ([[9, 1, 2], [9, 9, 9]], [2, 0])
    """
    found = np.full((len(histories), length), begin)
    last = np.array([min(len(each), length - 1) for each in histories], dtype=np.int64)
    for row, (history, count) in enumerate(zip(histories, last.tolist(), strict=True)):
        found[row, 1 : 1 + count] = _tail(history, count)
    return found, last


def _tail(history: Array, count: int) -> Array:
    return history[len(history) - count :]
