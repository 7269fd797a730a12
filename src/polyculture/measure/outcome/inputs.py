"""What `outcome_pairs` is given, checked and brought into one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats, Ints, Mask
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure.checks import outcomes
from polyculture.measure.outcome.choices import choices, distributions, spread_of

Tables = tuple[Floats | None, ...]

NO_LABELS = "which answers are right is not known"
NO_ANSWERS = "only right and wrong is known, not which answer was given"


@dataclass(frozen=True, eq=False)
class PairInputs:
    """Outcomes of m models on n items, and what is known of their answers.

    Parameters
    ----------
    n, m : int
    wrong : bool array of shape (n, m), or None
        False where there is no answer; None if it is not known which answers are right.
    answered : bool array of shape (n, m), or None
        None if nothing is missing.
    answers, labels : int arrays of shape (n, m) and (n,), or None
    spread : array of shape (n,)
        1 / (options - 1) of each item; NaN if the number of options is not known.
    probabilities : tuple of m arrays or None
    not_measured : dict of str to str
        What cannot be measured, and why.
    """

    n: int
    m: int
    wrong: Mask | None
    answered: Mask | None
    answers: Ints | None
    labels: Ints | None
    spread: Floats
    probabilities: Tables
    not_measured: dict[str, str]

    @classmethod
    def checked(
        cls,
        correct: Mask | None,
        answered: Mask | None,
        answers: Ints | None,
        labels: Ints | None,
        option_counts: Ints | None,
        probabilities: Sequence[Floats | None] | None,
    ) -> PairInputs:
        """Check everything that `outcome_pairs` takes."""
        known = next((array for array in (correct, answers) if array is not None), None)
        if known is None:
            raise ParameterError("Neither outcomes nor answers were given; pass `correct`, `answers`, or both.")
        if np.ndim(known) != 2:
            raise ShapeError(f"The outcomes have shape {np.shape(known)}; pass one row an item and one column a model.")
        n, m = np.shape(known)
        given = None if answered is None else _mask(answered, "answered", (n, m))
        given = None if given is None or given.all() else given
        chosen = None if answers is None else _shaped(choices(answers, "answers"), "answers", (n, m))
        truth = None if labels is None else _labels(labels, n)
        right = _right(correct, chosen, truth, given, (n, m))
        wrong = None if right is None else ~right if given is None else ~right & given
        spread = np.full(n, np.nan) if option_counts is None else spread_of(option_counts, n)
        tables = _tables(probabilities, n, m, truth)
        absent = _not_measured(wrong, chosen, truth, option_counts, tables)
        return cls(n, m, wrong, given, chosen, truth, spread, tables, absent)

    def bytes_of_a_block(self, blocks: int) -> int:
        """Bytes that the sums of one of so many blocks take."""
        count, missing = np.min_scalar_type(self.n // blocks + 2).itemsize, self.answered is not None
        pair = count * (3 if missing else 1)
        if self.answers is not None:
            pair += 3 * count + 2 * 8 + (8 if missing else 0) + (count if self.labels is None else 0)
        # Sums of probabilities are made after the others are gone.
        share = sum(table is not None for table in self.probabilities) / self.m
        return int(max(pair, share**2 * (4 * 8 + count))) * self.m**2


def _not_measured(
    wrong: Mask | None,
    answers: Ints | None,
    labels: Ints | None,
    counts: Ints | None,
    tables: Tables,
) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if wrong is None:
        reasons |= dict.fromkeys(("error_consistency", "error_correlation", "joint_failure"), NO_LABELS)
        reasons |= dict.fromkeys(("capa", "agreement_both_wrong", "effective"), NO_LABELS)
    if answers is None:
        reasons |= dict.fromkeys(("agreement", "capa", "agreement_both_wrong"), NO_ANSWERS)
    if counts is None:
        reasons = dict.fromkeys(("capa", "capa_probabilistic"), "how many options items offer is not known") | reasons
    if labels is None:
        reasons["capa_probabilistic"] = NO_LABELS
    if sum(table is not None for table in tables) < 2:
        reasons["capa_probabilistic"] = "fewer than two models give probabilities"
    return reasons


def _right(
    correct: Mask | None, answers: Ints | None, labels: Ints | None, answered: Mask | None, shape: tuple[int, int]
) -> Mask | None:
    right = None if correct is None else _mask(correct, "correct", shape)
    if answers is None or labels is None:
        return right
    matches = np.asarray(answers == labels[:, None])
    if right is None:
        return matches
    contradiction = (right != matches) if answered is None else (right != matches) & answered
    if contradiction.any():
        row, column = np.argwhere(contradiction)[0]
        raise DataError(
            f"correct is {bool(right[row, column])} in row {row}, column {column}, but the answer is "
            f"{answers[row, column]} and the label {labels[row]}; pass `correct` without `labels` if an answer can be "
            "right in other ways."
        )
    return right


def _tables(probabilities: Sequence[Floats | None] | None, n: int, m: int, labels: Ints | None) -> Tables:
    if probabilities is None:
        return (None,) * m
    if len(probabilities) != m:
        raise ShapeError(f"There are {len(probabilities)} tables of probabilities and {m} models; pass None for some.")
    names = [f"probabilities[{position}]" for position in range(m)]
    tables = [
        None if table is None else distributions(table, name, missing=True)
        for table, name in zip(probabilities, names, strict=True)
    ]
    width = next((table.shape[1] for table in tables if table is not None), 0)
    for table, name in zip(tables, names, strict=True):
        if table is not None:
            _shaped(table, name, (n, width))
    if labels is not None and width and labels.max() >= width:
        raise DataError(f"A label is {labels.max()}, but probabilities have {width} columns; give every option one.")
    return tuple(tables)


def _labels(labels: Ints, n: int) -> Ints:
    truth = _shaped(choices(labels, "labels"), "labels", (n,))
    if truth.min() < 0:
        raise DataError(f"labels holds {truth.min()} in row {int(truth.argmin())}; drop the items without a label.")
    return truth


def _mask(values: Mask, name: str, shape: tuple[int, int]) -> Mask:
    array = np.asarray(values)
    # What is boolean already needs no check, which would cost more memory than the data.
    return _shaped(array if array.dtype == np.bool_ and array.ndim == 2 else outcomes(array, name), name, shape)


def _shaped(array: Array, name: str, shape: tuple[int, ...]) -> Array:
    if array.shape != shape:
        raise ShapeError(f"{name} has shape {array.shape}, but {shape} is needed, with the same items and models.")
    return array
