"""Which interactions are held out to judge a recommender by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.data.interactions.interactions import Interactions
from polyculture.errors import DataError, ParameterError

HOW = ("last", "random", "share")


def hold_out(
    interactions: Interactions, how: str = "last", *, share: float = 0.2, seed: int = 0, split: str = "test"
) -> Interactions:
    """The same interactions, some of each user's in each domain held out for a test.

    Parameters
    ----------
    interactions : Interactions
        Of those with a split, only what is in "train" is held out, and the rest stays where it is.
    how : {"last", "random", "share"}
        The latest interaction of a user in a domain, one at random, or a share of them at random, rounded down. Where a
        user has one interaction in a domain, it stays in training.
    share : float in (0, 1)
    seed : int
        Of the choice at random, which also settles which of several latest ones.
    split : {"test", "validation"}
        What the rows that are held out become.

    Returns
    -------
    Interactions

    Raises
    ------
    DataError
        If "last" is asked for and there are no times, or nothing can be held out.
    ParameterError
        If a word or number is none of these.

    Examples
    --------
    >>> data = Interactions.of(["ann"] * 3, ["tea", "pot", "cup"], time=[1, 3, 2])
    >>> hold_out(data).split.tolist()
    ['train', 'test', 'train']
    """
    _check(interactions, how, share, split)
    rows = np.flatnonzero(interactions.within("train"))
    rows = rows[np.random.default_rng(seed).permutation(len(rows))]
    if how == "last" and interactions.time is not None:
        rows = rows[_latest_first(interactions.time[rows])]
    who = interactions.user[rows] * len(interactions.domains) + interactions.domain[rows]
    order = np.argsort(who, kind="stable")
    place, size = _places(who[order])
    wanted = (size * share).astype(int) if how == "share" else (size > 1).astype(int)
    chosen = rows[order[place < wanted]]
    if not len(chosen):
        raise DataError(f"{interactions.source}: no user has enough interactions in a domain to hold one out; add some")
    names = np.full(len(interactions), "train", dtype=object) if interactions.split is None else interactions.split
    out = names.copy()
    out[chosen] = split
    return replace(interactions, split=out)


def _latest_first(time: Floats) -> Ints:
    return np.argsort(-time, kind="stable")


def _places(groups: Array) -> tuple[Ints, Ints]:
    """Place of each row in its run of equal values, and the length of the run."""
    _, first, size = np.unique(groups, return_index=True, return_counts=True)
    return np.arange(len(groups)) - np.repeat(first, size), np.repeat(size, size)


def _check(interactions: Interactions, how: str, share: float, split: str) -> None:
    if how not in HOW:
        raise ParameterError(f"how is {how!r}; use one of {', '.join(HOW)}")
    if split not in ("test", "validation"):
        raise ParameterError(f"split is {split!r}; use test or validation")
    if not 0 < share < 1:
        raise ParameterError(f"share is {share}; give a number between 0 and 1")
    if how == "last" and interactions.time is None:
        raise DataError(
            f"{interactions.source}: has no times to find the last by; hold out at random, or name a column"
        )
