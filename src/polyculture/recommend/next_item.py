"""What a network that reads histories in order leaves behind: a vector of each user, one of each item, and a bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.store import State


@dataclass(frozen=True)
class NextItem:
    """Scores ``h_u · e_i + b_i``: how likely an item is the next one, up to the logarithm and a constant of the user.

    Users are as they were after their last item; serving needs no network, and no torch.
    """

    users: Floats
    items: Floats
    bias: Floats

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        which = slice(None) if items is None else items
        found: Floats = self.users[rows] @ self.items[which].T + self.bias[which]
        return found

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """-1 and the score: what each item of the history adds is no sum in a network."""
        score = self.scores(np.array([row]), np.array([item]))[0]
        return np.array([-1]), score.astype(np.float64)

    def state(self) -> State:
        """All vectors."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:  # noqa: ARG003 (the vectors say all)
        """Rebuild."""
        return cls(**state)
