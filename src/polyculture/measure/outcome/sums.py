"""Sums over blocks of items, from which every measure of every pair follows, with and without any one block.

Each function takes what the models did on the items of one block and returns named arrays of shape (m, m), or
(m, 1) and (1, 1) where nothing is missing and the pair's other model makes no difference. Counts are products of
matrices of zeros and ones in float32, exact up to 2²⁴ items at a time, and are kept in the smallest whole type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture import engine
from polyculture.arrays import Array, Floats, Ints, Mask

Sums = dict[str, Array]

# Numbers held at once while products are summed: 64 MB.
PRODUCT = 2**24


def of_blocks(part: Callable[[Array], Sums], order: Sequence[Array]) -> Sums:
    """Stack the sums of all blocks, (blocks, m, m): `part` maps rows of a block to its sums."""
    stacked: Sums = {}
    # Blocks differ by one item in size, so the type that holds the count of one more holds all.
    largest = max(map(len, order), default=0)
    pieces = ((np.sort(rows), largest) for rows in order)
    for position, block in enumerate(engine.each(_of_block, pieces, shared=(part,))):
        for name, value in block.items():
            stacked.setdefault(name, np.empty((len(order), *value.shape), dtype=value.dtype))[position] = value
    return stacked


def _of_block(part: Callable[[Array], Sums], rows: Array, largest: int) -> Sums:
    """The sums of one block, counts in the smallest type that holds those of all."""
    count, real = np.min_scalar_type(largest), np.dtype(np.float64)
    return {
        name: value.astype(count if np.issubdtype(value.dtype, np.integer) else real, copy=False)
        for name, value in part(rows).items()
    }


def outcome_sums(wrong: Mask, answered: Mask | None, rows: Array) -> Sums:
    """Items of both models of a pair (`n`), the row model's failures among them (`a`), and shared failures (`both`)."""
    failed = wrong[rows]
    both = shared(failed)
    if answered is None:
        return {"n": np.array([[len(rows)]]), "a": np.diagonal(both)[:, None], "both": both}
    given = answered[rows]
    return {"n": shared(given), "a": shared(failed, given), "both": both}


@dataclass(frozen=True)
class Both:
    """The sums of two functions of a block."""

    first: Callable[[Array], Sums]
    second: Callable[[Array], Sums]

    def __call__(self, rows: Array) -> Sums:
        """All of them, by name."""
        return self.first(rows) | self.second(rows)


class AnswerSums:
    """Sums of what pairs of models answered, for the items of a block at a time.

    Parameters
    ----------
    answers : int array of shape (n, m)
        Position of the option; a negative answer is wrong and the same as no other.
    wrong, answered : bool arrays of shape (n, m); answered is None where nothing is missing
    spread : array of shape (n,)
        1 / (options - 1), the chance that two wrong answers are the same.
    one_right : bool
        Whether two right answers are always the same; otherwise those are counted too.
    """

    def __init__(self, answers: Ints, wrong: Mask, answered: Mask | None, spread: Floats, *, one_right: bool) -> None:
        self.answers, self.wrong, self.answered, self.spread = answers, wrong, answered, spread
        self.one_right, self.options = one_right, option_range(answers)

    def __call__(self, rows: Array) -> Sums:
        """Sums over one block, summed over parts of it that fit in memory."""
        parts = [self._part(some) for some in portions(rows, self.answers.shape[1], self.options)]
        return {name: np.sum([part[name] for part in parts], axis=0) for name in parts[0]}

    def _part(self, rows: Array) -> Sums:
        answers, failed, spread = self.answers[rows], self.wrong[rows], self.spread[rows]
        given = None if self.answered is None else self.answered[rows]
        found = _wrong_sums(answers, failed, spread, self.options)
        found["spread"] = np.array([[spread.sum()]]) if given is None else weighted(given, given * spread[:, None])
        if not self.one_right:
            right = ~failed & (answers >= 0)
            counted = right if given is None else right & given
            found["same_right"] = shared(one_hot(answers, np.asarray(counted), self.options)[0])
        return found


def same_answers(answers: Ints, answered: Mask | None, rows: Array) -> Sums:
    """Items of both models of a pair (`n`), and those among them with the same answer, right or wrong (`same`)."""
    options, m = option_range(answers), answers.shape[1]
    n, same = np.array([[len(rows)]]) if answered is None else shared(answered[rows]), np.zeros((m, m), dtype=np.int64)
    for some in portions(rows, m, options):
        chosen = answers[some]
        counted = chosen >= 0 if answered is None else (chosen >= 0) & answered[some]
        same += shared(one_hot(chosen, np.asarray(counted), options)[0])
    return {"n": n, "same": same}


def _wrong_sums(answers: Ints, failed: Mask, spread: Floats, options: int) -> Sums:
    # An item counts as judged where two further models are wrong beside the pair: they say which wrong answer tempts.
    hot, item, place = one_hot(answers, np.asarray(failed & (answers >= 0)), options)
    judged = failed.sum(axis=1) >= 4
    rest = failed[~judged]
    return {
        "same": shared(hot),
        "judged_both": shared(failed[judged]),
        "judged_same": shared(hot[judged[item]]),
        "tempting": _tempting(failed, hot, item, place, judged),
        # For pairs without any such item: two wrong answers spread evenly.
        "even": weighted(rest, rest * spread[~judged][:, None]),
    }


def _tempting(failed: Mask, hot: Mask, item: Array, place: Array, judged: Mask) -> Floats:
    r"""Expected number of same wrong answers, from the wrong answers of the models outside the pair.

    With w_o models giving wrong answer o, W in all, two of them other than a and b agree with probability
    Σ w'_o (w'_o - 1) / ((W - 2)(W - 3)), and Σ w'_o (w'_o - 1) = S + 4 - 2 w_a - 2 w_b + 2 [a and b agree].
    """
    popular = hot.sum(axis=1)
    crowd = failed.sum(axis=1)
    agreeing = np.bincount(item, popular * (popular - 1.0), minlength=len(failed))
    weight = np.divide(1.0, (crowd - 2.0) * (crowd - 3.0), out=np.zeros(len(failed)), where=judged)
    # An answer outside the options is alone with itself: w = 1.
    chosen = np.where(place >= 0, popular[place] if len(popular) else 1, 1)
    share = weight[:, None] * ((agreeing[:, None] + 4) / 2 - 2 * chosen) * failed
    one_sided = weighted(failed, share)
    root = np.sqrt(weight[item])[:, None].astype(np.float32)
    return one_sided + one_sided.T + 2 * gram(hot * root).astype(np.float64)


def option_range(answers: Ints) -> int:
    """One more than the highest position of an option."""
    return max(int(answers.max(initial=0)) + 1, 1)


def portions(rows: Array, m: int, options: int) -> Iterator[Array]:
    """So many rows at a time that `one_hot` fits in memory."""
    step = max(1, PRODUCT // max(m * min(options, m), options))
    return (rows[done : done + step] for done in range(0, len(rows), step))


def one_hot(answers: Ints, counted: Mask, options: int) -> tuple[Mask, Array, Array]:
    """One row for each answer that an item got (r, m); the item of each row (r,); the row of each answer (n, m)."""
    codes = np.arange(len(answers))[:, None] * options + answers
    occurs = np.zeros(len(answers) * options, dtype=bool)
    occurs[codes[counted]] = True
    row_of = np.cumsum(occurs) - 1
    place = np.where(counted, row_of[np.where(counted, codes, 0)], -1)
    hot = np.zeros((int(occurs.sum()), answers.shape[1]), dtype=bool)
    hot[place[counted], np.nonzero(counted)[1]] = True
    return hot, np.flatnonzero(occurs) // options, place


def probability_sums(tables: Sequence[Floats], labels: Ints, spread: Floats, complete: bool, rows: Array) -> Sums:
    """Products of probabilities (`dot`, `own_a` of a model with itself), and what goes to wrong options (`a`)."""
    stack = np.stack([table[rows] for table in tables])
    given = np.asarray(~np.isnan(stack).any(axis=2))
    stack[~given] = 0
    doubt = 1 - stack[:, np.arange(len(rows)), labels[rows]]
    own = np.square(stack).sum(axis=2)
    dot = gram(stack.reshape(len(tables), -1).T)
    if complete:
        n, uncertain = np.array([[len(rows)]]), np.array([[spread[rows].sum()]])
        return {"n": n, "spread": uncertain, "dot": dot, "a": doubt.sum(1)[:, None], "own_a": own.sum(1)[:, None]}
    weights = given.astype(np.float64).T
    return {
        "n": shared(given.T),
        "spread": (weights * spread[rows][:, None]).T @ weights,
        "dot": dot,
        "a": (doubt * given) @ weights,
        "own_a": own @ weights,
    }


def shared(first: Mask, second: Mask | None = None) -> Ints:
    """Rows in which both columns of a pair are true, (m, m)."""
    total = np.zeros((first.shape[1], first.shape[1]), dtype=np.int64)
    for some in _steps(first):
        one = first[some].astype(np.float32)
        total += (gram(one) if second is None else one.T @ second[some].astype(np.float32)).astype(np.int64)
    return total


def weighted(first: Mask, second: Array) -> Floats:
    """Products of columns of zeros and ones with columns of numbers, (m, m)."""
    total = np.zeros((first.shape[1], second.shape[1]))
    for some in _steps(first):
        total += first[some].astype(np.float32).T @ second[some].astype(np.float32)
    return total


def gram(rows: Floats) -> Floats:
    """Inner products of all columns; one matrix and its own transpose cost half a product."""
    return np.asarray(rows.T @ rows)


def _steps(rows: Array) -> list[slice]:
    step = max(1, PRODUCT // max(1, rows.shape[1]))
    return [slice(done, done + step) for done in range(0, len(rows), step)]
