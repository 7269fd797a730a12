"""Inputs that few would give to a measure, each refused in a sentence that names the argument."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import (
    calibrate,
    failure_distribution,
    hhi,
    hill_rarefied,
    mutual_knn,
    outcome_pairs,
    rashomon_capacity,
)
from polyculture.measure.ancestry.pedigree import Pedigree

WORDS = np.array([["a", "b"], ["c", "d"], ["e", "f"]], dtype=object)
RIGHT = np.array([[True, False], [False, True], [True, True]])


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: mutual_knn(WORDS, WORDS, k=1), DataError, "other than real numbers"),
        (lambda: hhi(WORDS[0]), DataError, "other than real numbers"),
        (lambda: hill_rarefied([[3, 1], [2, 2]], [1, 2, 3]), ShapeError, r"shape \(3,\) for samples of shape \(2,\)"),
        (lambda: calibrate(0.5, [0.1], alpha=0), ParameterError, "alpha is 0; pass a share between 0 and 1"),
        (lambda: calibrate(0.5, [0.1], alpha=1), ParameterError, "alpha is 1; pass a share between 0 and 1"),
        (lambda: outcome_pairs(None), ParameterError, "Neither outcomes nor answers were given"),
        (lambda: outcome_pairs(RIGHT[0]), ShapeError, r"shape \(2,\); pass one row an item"),
    ],
)
def test_odd_input_is_named(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_parents_are_named() -> None:
    tree = Pedigree.of(4, [1, 2, 3], [0, 0, 1])
    assert tree.named.tolist() == [True, True, False, False]


def test_where_each_group_lacks_a_model_all_are_left_out() -> None:
    answered = np.ones((12, 2), dtype=bool)
    answered[:6, 1] = answered[6:, 0] = False
    wrong = np.tile([[True, False], [False, False], [True, True]], (4, 1))
    found = failure_distribution(wrong, ["a"] * 6 + ["b"] * 6, answered=answered)
    assert (found.groups.counted, found.groups.left_out) == (0, 2)


def test_a_label_without_a_probability_is_named() -> None:
    answers, sure = np.array([[0, 1], [1, 1], [2, 0]]), np.full((3, 2), 0.5)
    with pytest.raises(DataError, match="A label is 2, but probabilities have 2 columns"):
        outcome_pairs(None, answers=answers, labels=[0, 1, 2], probabilities=[sure, sure])


def test_as_many_models_as_there_are_may_be_compared() -> None:
    """Four models of two options: the size is that of the models."""
    answers = np.array([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]])
    assert rashomon_capacity(answers, size=4) == pytest.approx(rashomon_capacity(answers))
    assert rashomon_capacity(answers, size=3) == pytest.approx(2, abs=0.01)
    with pytest.raises(ParameterError, match="size"):
        rashomon_capacity(answers, size=5)
