"""What most users take: the baseline, and the answer to a user of whom nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.store import State


@dataclass(frozen=True)
class Popularity:
    """One list for everybody."""

    counts: Floats

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """The same float32 row for each user."""
        counts = self.counts if items is None else self.counts[items]
        return np.repeat(counts[None], len(rows), axis=0)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:  # noqa: ARG002 (the same for every user)
        """-1, which stands for no item of the history, and the score."""
        return np.array([-1]), np.array([float(self.counts[item])])

    def state(self) -> State:
        """Nothing: the matrix says all."""
        return {}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:  # noqa: ARG003 (there is no state)
        """Count again."""
        return cls(np.asarray(matrix.sum(axis=0), dtype=np.float32).ravel())


def popularity(matrix: sp.csr_array) -> Popularity:
    """Score an item by how many users took it.

    Parameters
    ----------
    matrix : sparse array of shape (users, items)

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> popularity(sp.csr_array([[1.0, 1.0], [0.0, 1.0]])).scores(np.array([0])).tolist()
    [[1.0, 2.0]]
    """
    return Popularity.from_state({}, matrix)
