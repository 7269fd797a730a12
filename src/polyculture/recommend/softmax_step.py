"""The gradient of a sampled softmax over items, for some users, from small blocks of scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Floats, Ints

BLOCK = 256
"""Users whose scores of all candidates are held at once: a few megabytes, which stay near the processor."""


@dataclass(frozen=True)
class Gradient:
    """The loss of some users, and its derivative by all vectors."""

    loss: float
    users: Floats
    items: Floats


def softmax_gradient(
    users: Floats,
    items: Floats,
    taken: sp.csr_array,
    rows: Ints,
    *,
    temperature: float,
    candidates: int,
    rng: np.random.Generator,
) -> Gradient:
    r"""Loss of some users and its derivative by the vectors of users and items, which have length 1.

    .. math::
        L = \frac{1}{\sum_{ui} x_{ui}} \sum_{ui} x_{ui} \left(\log \frac{m}{|C|} \sum_{j \in C} e^{u^\top j / \tau}
        - u^\top i / \tau\right)

    The sum over all m items is estimated by that over candidates C, drawn anew for each block of users; all items of
    one user share it, so it is computed once a user and not once an interaction.

    Parameters
    ----------
    users, items : float32 arrays of shape (n_users, d) and (n_items, d)
        Rows of length 1: cosines are at most 1, so nothing overflows.
    taken : float32 sparse array of shape (n_users, n_items)
        What interactions weigh.
    rows : int array
        The users, each at most once.
    temperature : float > 0
        τ.
    candidates : int >= 1
        |C|; all items where there are no more.
    rng : numpy Generator
    """
    own = taken[rows]
    weights = np.asarray(own.sum(axis=1), dtype=np.float32)
    whole = max(float(weights.sum()), 1e-12)
    by_user, by_item, loss = np.zeros_like(users), np.zeros_like(items), 0.0
    for start in range(0, len(rows), BLOCK):
        part = rows[start : start + BLOCK]
        share = weights[start : start + BLOCK, None] / whole
        drawn = _drawn(len(items), candidates, rng)
        near, mine = items[drawn], users[part] / temperature
        scores = mine @ near.T
        np.exp(scores, out=scores)
        sums = scores.sum(axis=1, keepdims=True)
        by_user[part] = (scores @ near) * (share / sums / temperature)
        by_item[drawn] += scores.T @ (mine * (share / sums))
        loss += float((share * np.log(sums * (len(items) / len(drawn)))).sum())
    own = own / np.float32(whole * temperature)
    toward = own @ items
    by_user[rows] -= toward
    by_item -= own.T @ users[rows]
    return Gradient(loss - float((toward * users[rows]).sum()), by_user, by_item)


def _drawn(items: int, candidates: int, rng: np.random.Generator) -> Ints:
    return np.arange(items) if candidates >= items else rng.choice(items, candidates, replace=False)
