"""The next item by what others took soon after the user's last items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints
from polyculture.errors import ParameterError
from polyculture.recommend.base import history
from polyculture.recommend.times import histories
from polyculture.store import State

_LEAST = 0.01
"""What weighs less than this, the nearest being 1, is left out."""

_FARTHEST = 50
"""Items before or after an item that are looked at."""


@dataclass(frozen=True)
class Markov:
    """Scores ``r_u T``: what each recent item of a user speaks for."""

    recent: sp.csr_array
    """Users by items: what a user's latest items weigh."""
    steps: sp.csr_array
    """Items by items: how much each speaks for the next ones."""

    def scores(self, rows: Ints, items: Ints | None = None) -> Floats:
        """Float32 array of shape (len(rows), len(items))."""
        onward = self.steps if items is None else self.steps[:, items]
        return np.asarray((self.recent[rows] @ onward).toarray(), dtype=np.float32)

    def parts(self, row: int, item: int) -> tuple[Ints, Floats]:
        """The user's latest items, and what each adds to the score of an item."""
        columns = history(self.recent, row)
        part = slice(self.recent.indptr[row], self.recent.indptr[row + 1])
        toward = self.steps[columns][:, [item]].toarray().ravel()
        return columns, np.asarray(self.recent.data[part] * toward, dtype=np.float64)

    def state(self) -> State:
        """Both arrays."""
        return {"recent": self.recent, "steps": self.steps}

    @classmethod
    def from_state(cls, state: State, matrix: sp.csr_array) -> Self:  # noqa: ARG003 (the state says all)
        """Rebuild."""
        return cls(sp.csr_array(state["recent"]), sp.csr_array(state["steps"]))


def markov(
    matrix: sp.csr_array,
    *,
    times: sp.csr_array,
    reach: float = 0.5,
    memory: float = 0.5,
    from_exponent: float = 0.5,
    to_exponent: float = 0.5,
    random_state: int = 0,
) -> Markov:
    r"""Count what users took after what, nearer items counting more, and start from a user's last items.

    .. math:: s_{uj} = \sum_{i} m^{a_{ui}} T_{ij}, \qquad
        T_{ij} = d_i^{-a} d_j^{-b} \sum_u r^{\,t_{uj} - t_{ui} - 1} \;[t_{uj} > t_{ui}]

    where t is an item's place in the user's history and a how many items the user took since. With r = m = 0 this is a
    Markov chain of the first order: the last item alone counts, and what came right after it.

    Parameters
    ----------
    matrix : sparse array of shape (users, items), not negative
    times : sparse array of the same shape
        When a user took an item: only the order within a user counts, and what has one time is in an order drawn at
        random.
    reach, memory : float in [0, 1)
        r and m: what an item weighs that is one place farther, in learning and in serving; at most fifty places.
    from_exponent, to_exponent : float in [0, 1]
        a and b: powers of the items' degrees d that counts are divided by.
    random_state : int

    Raises
    ------
    ParameterError
        If a setting is out of range.

    References
    ----------
    Shani et al. 2005, An MDP-based recommender system, JMLR 6.

    Examples
    --------
    >>> import numpy as np, scipy.sparse as sp
    >>> times = sp.csr_array([[1.0, 2.0, 3.0], [2.0, 3.0, 1.0], [1.0, 0.0, 0.0]])
    >>> taken = sp.csr_array((times.toarray() > 0).astype(np.float32))
    >>> scores = markov(taken, times=times).scores(np.array([2]))
    >>> bool(scores[0, 1] > scores[0, 2])
    True
    """
    for name, value, most in (("reach", reach, 0.99), ("memory", memory, 0.99), *_powers(from_exponent, to_exponent)):
        if not 0 <= value <= most:
            raise ParameterError(f"{name} is {value}; use a number from 0 to {most}")
    read = histories(matrix, times, random_state)
    steps = _steps(read, matrix.shape[1], reach)
    degrees = np.maximum(np.asarray(matrix.sum(axis=0)).ravel(), 1).astype(np.float32)
    rows = np.repeat(np.arange(steps.shape[0]), np.diff(steps.indptr))
    steps.data *= degrees[rows] ** -from_exponent * degrees[steps.indices] ** -to_exponent
    return Markov(_recent(read, matrix.shape, memory), steps)


def _powers(from_exponent: float, to_exponent: float) -> tuple[tuple[str, float, float], ...]:
    return ("from_exponent", from_exponent, 1), ("to_exponent", to_exponent, 1)


def _far(decay: float) -> int:
    """Places that weigh enough to be looked at."""
    return min(_FARTHEST, 1 + int(np.log(_LEAST) / np.log(decay))) if decay else 1


def _steps(read: list[Ints], items: int, reach: float) -> sp.csr_array:
    """Items by items: pairs of a history, the earlier item first."""
    flat = np.concatenate([*read, np.zeros(0, dtype=np.int64)])
    user = np.repeat(np.arange(len(read)), [len(each) for each in read])
    found = sp.csr_array((items, items), dtype=np.float32)
    for gap in range(1, _far(reach) + 1):
        same = user[:-gap] == user[gap:]
        weights = np.full(int(same.sum()), reach ** (gap - 1), dtype=np.float32)
        found = found + sp.csr_array((weights, (flat[:-gap][same], flat[gap:][same])), shape=(items, items))
    return sp.csr_array(found, dtype=np.float32)


def _recent(read: list[Ints], shape: tuple[int, ...], memory: float) -> sp.csr_array:
    far = _far(memory)
    tails = [each[-far:] for each in read]
    weights = [memory ** np.arange(len(each) - 1, -1, -1.0) for each in tails]
    user = np.repeat(np.arange(len(read)), [len(each) for each in tails])
    values = np.concatenate([*weights, np.zeros(0)]).astype(np.float32)
    found = sp.csr_array((values, (user, np.concatenate([*tails, np.zeros(0, dtype=np.int64)]))), shape=shape)
    found.sort_indices()
    return found
