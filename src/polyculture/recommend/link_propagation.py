"""Three steps over the graph of users and items: what those take who share a user's items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.recommend.base import history, normalised
from polyculture.store import State


@dataclass(frozen=True)
class LinkPropagation:
    """Scores ``r_u Xᵀ R D⁻ᶜ``."""

    matrix: sp.csr_array
    passed: sp.csr_array
    """X: the matrix over powers of the degrees."""
    columns: Floats
    exponents: tuple[float, float, float]

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        items = np.arange(self.matrix.shape[1]) if items is None else items
        onward = self.matrix if len(items) == self.matrix.shape[1] else self.matrix[:, items]
        found = (self.matrix[rows] @ self.passed.T @ onward).toarray()
        return np.asarray(found * self.columns[items], dtype=np.float32)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """Items of the row's history, and what each adds to the score of an item."""
        columns, r = history(self.matrix, row), self.matrix
        weights = (self.passed[:, columns].T @ r[:, [item]]).toarray().ravel()
        own = r.data[r.indptr[row] : r.indptr[row + 1]]
        return columns, np.asarray(own * weights * self.columns[item], dtype=np.float64)

    def state(self) -> State:
        """The settings: nothing is learnt beside the graph."""
        return {"exponents": list(self.exponents)}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        user, item, output = state["exponents"]
        passed, degrees = normalised(matrix, user, item)
        columns = np.asarray(degrees**-output, dtype=np.float32)
        return cls(sp.csr_array(matrix, dtype=np.float32), passed, columns, (user, item, output))


def link_propagation(
    matrix: sp.csr_array,
    *,
    user_exponent: float = 0.4,
    item_exponent: float = 0.5,
    output_exponent: float = 0.3,
) -> LinkPropagation:
    r"""Follow each user's items to the users who share them, and on to their items.

    .. math:: \hat R = R\, D_I^{-b} R^\top D_U^{-a} R\, D_I^{-c}

    Nothing is learnt. Alone it is mostly worse than :func:`spectral`, which has such a part with the same power of the
    items' degrees on the way and at the end; with powers of its own it errs differently.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
    user_exponent, item_exponent : float in [0, 1]
        a and b: the larger, the less users of many items, and popular items, pass on.
    output_exponent : float
        c; the larger, the less popular items are favoured.

    Raises
    ------
    ParameterError
        If an exponent is out of range.

    References
    ----------
    Fu et al. 2022, Revisiting neighborhood-based link prediction for collaborative filtering, WWW, arXiv:2203.15789.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> scores = link_propagation(taken).scores(np.array([0]))
    >>> bool(scores[0, 2] > scores[0, 3])
    True
    """
    exponents = [user_exponent, item_exponent, output_exponent]
    return LinkPropagation.from_state({"exponents": exponents}, matrix)
