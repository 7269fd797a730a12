"""Shares of several players in what they reach together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import ParameterError

Game = Callable[[Mask], Array]
"""Which players take part, shape (players,), to the value that each of n items has then, shape (n,)."""


@dataclass(frozen=True, eq=False)
class Shapley:
    """Shares of every player for every item.

    Parameters
    ----------
    shares : array of shape (n, players)
        They add up to ``whole - nothing``, exact or sampled.
    errors : array of shape (n, players)
        Standard errors of sampling; 0 where all coalitions were played.
    nothing, whole : array of shape (n,)
        The value without any player, and with all.
    """

    shares: Floats
    errors: Floats
    nothing: Floats
    whole: Floats


def shapley(value: Game, players: int, *, exact: int = 10, pairs: int = 32, seed: int = 0) -> Shapley:
    r"""Shapley values of many items at once, one call for each coalition.

    .. math:: \phi_i = \sum_{S \not\ni i} \frac{|S|! \, (p - |S| - 1)!}{p!} \left( v(S \cup i) - v(S) \right)

    Up to `exact` players all :math:`2^p` coalitions are played. Beyond, players enter in random orders, each order
    followed by its reverse (antithetic), and errors are of the mean over such pairs. In both ways shares add up to
    :math:`v(\text{all}) - v(\emptyset)`.

    Parameters
    ----------
    value : callable
        Coalition as a mask of shape (players,) to the value of each item, shape (n,).
    players : int >= 1
    exact : int >= 0
        Most players for whom every coalition is played.
    pairs : int >= 2
        Orders and their reverses that are drawn beyond.
    seed : int

    Raises
    ------
    ParameterError
        If there are no players, or fewer than two pairs are to be drawn.

    References
    ----------
    Shapley 1953; Mitchell et al. 2022, arXiv:2104.12199 (sampling by permutations).

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.explain import shapley
    >>> def team(present):  # the second and the third are worth something together alone
    ...     return np.array([3.0 * present[0] + 4.0 * (present[1] and present[2])])
    >>> shapley(team, 3).shares.tolist()
    [[3.0, 2.0, 2.0]]
    """
    if players < 1:
        raise ParameterError(f"there are {players} players; shares need at least 1")
    if players <= exact:
        return _enumerated(value, players)
    if pairs < 2:
        raise ParameterError(f"pairs is {pairs}; an error needs at least 2")
    return _sampled(value, players, pairs, np.random.default_rng(seed))


def _enumerated(value: Game, players: int) -> Shapley:
    masks = (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)
    values = np.stack([np.asarray(value(mask), dtype=np.float64) for mask in masks])
    sizes, shares = masks.sum(axis=1), np.zeros((players, values.shape[1]))
    weight = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    for i in range(players):
        without = np.flatnonzero(~masks[:, i])
        shares[i] = weight[sizes[without]] @ (values[without + 2**i] - values[without])
    return Shapley(shares.T, np.zeros_like(shares.T), values[0], values[-1])


def _sampled(value: Game, players: int, pairs: int, rng: np.random.Generator) -> Shapley:
    known: dict[bytes, Floats] = {}

    def played(mask: Mask) -> Floats:
        key = np.packbits(mask).tobytes()
        if key not in known:
            known[key] = np.asarray(value(mask.copy()), dtype=np.float64)
        return known[key]

    draws = []
    for _ in range(pairs):
        order = rng.permutation(players)
        draws.append((_entering(played, order) + _entering(played, order[::-1])) / 2)
    found = np.stack(draws)
    nothing, whole = played(np.zeros(players, dtype=bool)), played(np.ones(players, dtype=bool))
    return Shapley(found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(pairs), nothing, whole)


def _entering(played: Callable[[Mask], Floats], order: Ints) -> Floats:
    """What each player adds when they enter in this order, shape (n, players)."""
    present = np.zeros(len(order), dtype=bool)
    steps = [played(present)]
    for player in order.tolist():
        present[player] = True
        steps.append(played(present))
    gains = np.empty((len(steps[0]), len(order)))
    gains[:, order] = np.diff(np.stack(steps, axis=1), axis=1)
    return gains
