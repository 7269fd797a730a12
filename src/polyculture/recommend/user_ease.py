"""A linear auto-encoder over users: what those take who speak for a user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.recommend.ease import Ease, ease
from polyculture.store import State


@dataclass(frozen=True)
class UserEase:
    """Scores ``Bᵀ X`` with a zero diagonal in B, users by users."""

    turned: Ease
    """Fitted with users and items exchanged."""

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        items = np.arange(self.turned.matrix.shape[0]) if items is None else items
        return np.ascontiguousarray(self.turned.scores(items, rows).T)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """-1 and the score: it is a sum over users who took the item, not over the user's own items."""
        score = self.scores(np.array([row]), np.array([item]))[0]
        return np.array([-1]), score.astype(np.float64)

    def state(self) -> State:
        """That of the model with users and items exchanged."""
        return self.turned.state()

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:
        """Rebuild; the matrix is normalised again."""
        return cls(Ease.from_state(state, sp.csr_array(matrix.T)))


def user_ease(
    matrix: sp.csr_array,
    *,
    ridge: float = 100.0,
    user_exponent: float = 0.0,
    item_exponent: float = 0.0,
    output_exponent: float = 0.0,
) -> UserEase:
    r"""Learn in closed form how much each user speaks for each other one: :func:`ease` with the sides exchanged.

    Alone it is mostly worse than :func:`ease`, but it errs differently.

    Parameters
    ----------
    matrix : sparse array of shape (users, items)
    ridge : float > 0
    user_exponent, item_exponent : float in [0, 1]
        Powers of the degrees that interactions are divided by.
    output_exponent : float
        Has no influence on the order of a user's items: it multiplies scores by a power of the user's degree.

    Raises
    ------
    ParameterError
        If a setting is out of range.
    ShapeError
        If there are more than 20,000 users and more than 20,000 items.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> taken = sp.csr_array([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    >>> scores = user_ease(taken, ridge=1.0).scores(np.array([0]))
    >>> bool(scores[0, 2] > scores[0, 3])
    True
    """
    exponents = {"user_exponent": item_exponent, "item_exponent": user_exponent, "output_exponent": output_exponent}
    return UserEase(ease(sp.csr_array(matrix.T), ridge=ridge, **exponents))
