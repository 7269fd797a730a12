"""Walks around a ring of items: who knows the order of a history knows the next item, who knows its items does not."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Ints

ITEMS = 24


def ring(seed: int = 0) -> Ints:
    """What follows each item."""
    order = np.random.default_rng(seed).permutation(ITEMS)
    after = np.empty(ITEMS, dtype=np.int64)
    after[order] = np.roll(order, -1)
    return after


def walks(users: int = 240, steps: int = 6, seed: int = 0) -> tuple[sp.csr_array, sp.csr_array, Ints]:
    """Users by items as they were taken and when, and the next item of each; the last user has taken nothing."""
    rng, after = np.random.default_rng(seed), ring()
    times = np.zeros((users, ITEMS))
    at = rng.integers(ITEMS, size=users)
    for step in range(steps):
        times[np.arange(users), at] = 100 * step + rng.integers(1, 50, size=users)
        at = after[at]
    times[-1] = 0
    return sp.csr_array((times > 0).astype(np.float32)), sp.csr_array(times), at


def first_choice(scores: np.ndarray, taken: sp.csr_array, following: Ints) -> float:
    """Share of the users with a history whose next item is the first of those that they have not taken."""
    hidden = np.where(taken.toarray() > 0, -np.inf, scores)
    return float((hidden.argmax(axis=1) == following)[:-1].mean())
