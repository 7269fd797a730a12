"""What most users take: the baseline, and the answer to a user of whom nothing is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.store import State


@dataclass(frozen=True)
class Popularity:
    """One list for everybody."""

    counts: Floats
    linear: ClassVar[bool] = False

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """The same float32 row for each user."""
        counts = self.counts if items is None else self.counts[items]
        return np.repeat(counts[None], len(rows), axis=0)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Refused: what others take is no reason in the user's own history."""
        raise ParameterError(f"the score of item {item} for user {row} is its popularity; no item of a history adds")

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
