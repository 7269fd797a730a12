"""What is recommended to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyculture.arrays import Array, Floats

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Recommendations:
    """The best items for each of some users (or beside each of some items), the best first.

    Attributes
    ----------
    users : object array of shape (n,)
        Names of whom or what they are for.
    items : object array of shape (n, k)
        Names; None where fewer than k can be recommended.
    scores : float array of shape (n, k)
        NaN where there is no item. They compare items for one user, not users.
    what : str
        What `users` holds: "user" or "item".
    """

    users: Array
    items: Array
    scores: Floats
    what: str = "user"

    def frame(self) -> pl.DataFrame:
        """One row a recommendation: user (or like), rank from 1, item, score."""
        import polars as pl

        there = self.items != None  # noqa: E711 (element by element)
        row, place = np.nonzero(there)
        return pl.DataFrame(
            {
                "user" if self.what == "user" else "like": self.users[row].tolist(),
                "rank": (place + 1).tolist(),
                "item": self.items[there].tolist(),
                "score": self.scores[there].tolist(),
            },
            schema_overrides={"rank": pl.Int64, "score": pl.Float64},
        )
