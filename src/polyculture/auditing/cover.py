"""The sets of models that fail together least, over bits: one bit for each item that a model fails on."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from polyculture.arrays import Floats, Ints, Mask
from polyculture.auditing.votes import all_sets

ROWS = 4096
"""Items packed at once: a multiple of 64, so that blocks end where words do."""
WORDS = 2**20
"""Words of 64 items held at once while sets are compared."""
WORK = 2**30
"""Words that a search of all sets may read: some seconds."""


@dataclass(frozen=True, eq=False)
class Failures:
    """On which items each of m models fails.

    Parameters
    ----------
    bits : uint64 array of shape (m, words)
        One bit for each item, 1 for a failure; bits beyond the last item are 0.
    counts : int array of shape (m,)
        Failures of each model.
    items : int
    """

    bits: Ints
    counts: Ints
    items: int

    @classmethod
    def of(cls, correct: Mask, rows: Ints) -> Failures:
        """Failures on some of the items, packed block by block."""
        m = correct.shape[1]
        packed = np.zeros((m, -(-len(rows) // 64) * 8), dtype=np.uint8)
        for start in range(0, len(rows), ROWS):
            block = np.packbits(~correct[rows[start : start + ROWS]], axis=0).T
            packed[:, start // 8 : start // 8 + block.shape[1]] = block
        bits = packed.view(np.uint64)
        return cls(bits, np.bitwise_count(bits).sum(axis=1, dtype=np.int64), len(rows))


@dataclass(frozen=True)
class Cover:
    """A set of models, and how far it can be from the best one.

    Parameters
    ----------
    models : tuple of int
    exact : bool
        Whether all sets of the size were compared.
    failed : int
        Items on which all of the set fail.
    least : int
        Items on which all of any set of the size fail, at least; `failed` if exact.
    """

    models: tuple[int, ...]
    exact: bool
    failed: int
    least: int


def can_search(failures: Failures, size: int, limit: int) -> bool:
    """Whether every set of so many models can be compared."""
    m, words = failures.bits.shape
    sets = comb(m, size)
    return sets <= limit and sets * size * words <= WORK


def best_of_all(failures: Failures, size: int) -> Cover:
    """Set that fails together least, among all; of equally good ones the most accurate, then the first."""
    sets = all_sets(len(failures.bits), size)
    step = max(1, WORDS // failures.bits.shape[1])
    joint = np.concatenate([_joint(failures, sets[start : start + step]) for start in range(0, len(sets), step)])
    ties = np.flatnonzero(joint == joint.min())
    best = ties[np.argmin(failures.counts[sets[ties]].sum(axis=1))]
    return Cover(tuple(sets[best].tolist()), exact=True, failed=int(joint[best]), least=int(joint[best]))


def best_by_steps(failures: Failures, largest: int) -> list[Cover]:
    r"""Sets of 1, 2, ... models, adding at each step the one that saves most of the items that all others fail on.

    Items saved are a monotone submodular function of the set, so k steps save at least :math:`1 - 1/e` of what the best
    k models save (Nemhauser, Wolsey and Fisher 1978). How far from the best they are on the data at hand is bounded
    more closely: for any set S, no k models save more than

    .. math:: f(S) + \sum_{\text{k largest}} (f(S \cup \{j\}) - f(S))

    which is taken at every step, and the least kept. All gains are counted anew at each step: over packed bits this
    takes less time than keeping track of those that need not be (the lazy variant).

    Parameters
    ----------
    failures : Failures
    largest : int
        Steps to take.

    Returns
    -------
    list of Cover, of sizes 1 to `largest`, each containing the one before

    References
    ----------
    Nemhauser, Wolsey and Fisher 1978, Mathematical Programming 14; Minoux 1978, Optimization Techniques; Leskovec et
    al. 2007, KDD.
    """
    left = np.full(failures.bits.shape[1], ~np.uint64(0))
    failing, most_saved = failures.items, np.full(largest, np.inf)
    chosen: list[int] = []
    steps: list[tuple[tuple[int, ...], int]] = []
    for _ in range(largest):
        still = np.bitwise_count(failures.bits & left).sum(axis=1, dtype=np.int64)
        most_saved = np.minimum(most_saved, _bounds(failures.items - failing, failing - still, largest))
        best = _next(still, failures.counts, chosen)
        chosen.append(best)
        left &= failures.bits[best]
        failing = int(still[best])
        steps.append((tuple(chosen), failing))
    hopeless = int(np.bitwise_count(np.bitwise_and.reduce(failures.bits)).sum(dtype=np.int64))
    least = np.maximum(failures.items - most_saved, hopeless).astype(int)
    return [Cover(models, False, failed, int(bound)) for (models, failed), bound in zip(steps, least, strict=True)]


def _bounds(saved: int, gains: Ints, largest: int) -> Floats:
    return np.asarray(saved + np.cumsum(np.sort(gains)[::-1][:largest]), dtype=np.float64)


def _next(still: Ints, counts: Ints, chosen: list[int]) -> int:
    """Model after which the fewest items fail; of equally good ones the most accurate, then the first."""
    open_to = np.ones(len(still), dtype=bool)
    open_to[chosen] = False
    ties = np.flatnonzero(open_to & (still == still[open_to].min()))
    return int(ties[np.argmin(counts[ties])])


def _joint(failures: Failures, sets: Ints) -> Ints:
    joint = failures.bits[sets[:, 0]]
    for column in sets.T[1:]:
        joint &= failures.bits[column]
    return np.asarray(np.bitwise_count(joint).sum(axis=1, dtype=np.int64))
