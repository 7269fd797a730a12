"""What a set of scores is worth on held-out interactions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.measure.ranking import ndcg_at
from polyculture.recommend.ranked import best, hide


@dataclass(frozen=True)
class Jury:
    """Held-out interactions of some users with the items of one domain."""

    rows: Ints
    """Users."""
    items: Ints
    """Items of the domain."""
    seen: sp.csr_array
    """Users by items, both as above: what is not recommended again."""
    relevant: sp.csr_array
    """Users by items: what was held out."""
    k: int

    @classmethod
    def of(cls, rows: Ints, items: Ints, seen: sp.csr_array, relevant: sp.csr_array, k: int) -> Jury:
        """From matrices over all users and items."""
        return cls(rows, items, sp.csr_array(seen[rows][:, items]), sp.csr_array(relevant[rows][:, items]), k)

    def worth(self, scores: Floats) -> float:
        """Mean NDCG at k of scores of shape (users, items of the domain), which are changed: seen items are hidden."""
        found = self.by_user(scores)
        return float(np.nanmean(found)) if len(found) else 0.0

    def by_user(self, scores: Floats) -> Floats:
        """NDCG at k of each user; NaN where nothing was held out. Scores are changed as by :meth:`worth`."""
        hide(scores, self.seen)
        return ndcg_at(best(scores, self.k), self.relevant, self.k)
