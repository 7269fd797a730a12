"""Majority votes of many models, item by item, and the sets of models whose votes are right most often."""

from __future__ import annotations

from itertools import chain, combinations
from math import comb

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask

RIGHT, SILENT = 0, -1
"""Codes of a vote for the right answer, and of none; wrong answers are coded from 1."""
CELLS = 2**22
"""Votes held at once."""
WORK = 2**29
"""Comparisons of two votes that a search of all sets may take: some seconds."""


def ballots(correct: Mask, answered: Mask | None = None, answers: Ints | None = None) -> Ints:
    """Vote of each model on each item.

    Parameters
    ----------
    correct : bool array of shape (n, m)
    answered : bool array of shape (n, m), optional
        Where False no vote is cast.
    answers : int array of shape (n, m), optional
        Option of each answer; negative for a missing answer or one outside the options, which cast no vote. Without
        it wrong answers count as the same answer, the worst case.

    Returns
    -------
    int array of shape (n, m): 0 for the right answer, from 1 for wrong ones, -1 for no vote
    """
    if answers is None:
        votes = np.where(correct, RIGHT, 1).astype(np.int8)
    else:
        votes = np.where(correct, RIGHT, np.where(answers < 0, SILENT, answers + 1)).astype(np.int32)
    if answered is not None:
        votes[~answered] = SILENT
    return votes


def plurality(votes: Ints) -> Floats:
    """How right the vote of k models is on each item: 1, 0, or 1/t where t answers tie and the right one is among them.

    Parameters
    ----------
    votes : int array of shape (..., k)
        As `ballots` codes them.

    Returns
    -------
    float array of shape (...,); 0 where nobody votes

    Examples
    --------
    >>> plurality(np.array([[0, 0, 1], [0, 1, 2], [0, 1, 1], [-1, -1, 0]])).round(2)
    array([1.  , 0.33, 0.  , 1.  ])
    """
    supporters = np.zeros(votes.shape, dtype=np.uint8)
    for voter in range(votes.shape[-1]):
        supporters += votes == votes[..., voter, None]
    supporters[votes == SILENT] = 0
    most = supporters.max(axis=-1)
    # Every answer that wins is counted once by each of its supporters.
    winners = (supporters == most[..., None]).sum(axis=-1) / np.maximum(most, 1)
    return _share((votes == RIGHT).sum(axis=-1), most, winners)


def all_sets(m: int, size: int) -> Ints:
    """Every set of so many models, (sets, size), in lexicographic order."""
    flat = chain.from_iterable(combinations(range(m), size))
    return np.fromiter(flat, dtype=np.intp, count=comb(m, size) * size).reshape(-1, size)


def can_search(n: int, m: int, size: int, limit: int) -> bool:
    """Whether the votes of every set can be counted."""
    sets = comb(m, size)
    return sets <= limit and sets * n * size**2 <= WORK


def best_of_all(votes: Ints, size: int, accuracy: Floats) -> tuple[int, ...]:
    """Set of models whose vote is right most often, among all; of equally good ones the most accurate, then the first.

    Parameters
    ----------
    votes : int array of shape (n, m)
    size : int
    accuracy : float array of shape (m,)
    """
    sets = all_sets(votes.shape[1], size)
    step = max(1, CELLS // (len(votes) * size))
    blocks = [plurality(votes[:, sets[start : start + step]]).sum(axis=0) for start in range(0, len(sets), step)]
    # Thirds do not add up exactly: equal scores must stay equal.
    score = np.round(np.concatenate(blocks), 6)
    return tuple(sets[_first_best(score, accuracy[sets].sum(axis=1))].tolist())


def best_by_steps(votes: Ints, size: int, accuracy: Floats) -> tuple[int, ...]:
    """Set of models made one by one, adding the one that helps the vote most (forward selection, no guarantee).

    Parameters
    ----------
    votes : int array of shape (n, m)
    size : int
    accuracy : float array of shape (m,)

    Returns
    -------
    The models in the order of choice: the first k are the choice of k.
    """
    n, m = votes.shape
    supporters = np.zeros((n, m), dtype=np.uint8)
    chosen: list[int] = []
    for _ in range(size):
        score = np.round(_score_of_adding(votes, supporters, chosen), 6)
        score[chosen] = -1
        best = _first_best(score, accuracy)
        chosen.append(best)
        supporters += votes == votes[:, best, None]
    return tuple(chosen)


def _score_of_adding(votes: Ints, supporters: Ints, chosen: list[int]) -> Floats:
    """Right votes of the chosen models and each other one, summed over items."""
    total = np.zeros(votes.shape[1])
    step = max(1, CELLS // votes.shape[1])
    for start in range(0, len(votes), step):
        total += _block_of_adding(votes[start : start + step], supporters[start : start + step], chosen).sum(axis=0)
    return total


def _block_of_adding(votes: Ints, supporters: Ints, chosen: list[int]) -> Floats:
    own, right = votes[:, chosen], (votes[:, chosen] == RIGHT).sum(axis=1)[:, None]
    backed = np.where(own == SILENT, 0, supporters[:, chosen])
    most = backed.max(axis=1, initial=0)[:, None]
    winners = ((backed == most).sum(axis=1)[:, None] / np.maximum(most, 1)) * (most > 0)
    # An answer's supporters rise by one: it wins alone, joins the winners, or leaves them as they are.
    risen = np.where(votes == SILENT, -1, supporters.astype(np.int16) + 1)
    winners = np.where(risen > most, 1, winners + (risen == most))
    return _share(right + (votes == RIGHT), np.maximum(most, risen), winners)


def _share(right: Ints, most: Ints, winners: Array) -> Floats:
    wins = (right == most) & (most > 0)
    return np.divide(1.0, winners, out=np.zeros(wins.shape), where=wins)


def _first_best(score: Floats, accuracy: Floats) -> int:
    best = np.flatnonzero(score == score.max())
    return int(best[np.argmax(np.round(accuracy[best], 9))])
