"""Cells to vectors: a number that single precision cannot hold is found where it stands."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.data.vectors import numbers, stack
from polyculture.errors import DataError


@pytest.mark.parametrize(("value", "why"), [(1e39, "beyond 3.4e"), (-1e39, "beyond"), (float("nan"), "not finite")])
def test_a_number_that_cannot_be_held_is_located(value: float, why: str) -> None:
    with pytest.raises(DataError, match=rf"f\.csv: row 2 has the number {value:g} in 'x' .*{why}".replace("+", r"\+")):
        numbers([1.0, value], "x", "f.csv")
    with pytest.raises(DataError, match=r"row 2 has .* in 'v', position 3,"):
        stack([[1, 2, 3], [1, 2, value]], "v", "f.csv")


def test_the_largest_number_is_kept() -> None:
    largest = float(np.finfo(np.float32).max)
    assert numbers([largest, -largest], "x", "f.csv").tolist() == [largest, -largest]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1, 2], None], "row 2 is empty in 'v'; give a list"),
        ([[1, 2], [3]], "row 2 has 1 numbers in 'v', row 1 has 2"),
        ([5.0], "row 1 has no list of numbers in 'v'"),
        ([[1, 2], []], "row 2 has no list of numbers in 'v'"),
    ],
)
def test_what_is_no_vector_is_told_in_words(rows: list[object], said: str) -> None:
    with pytest.raises(DataError, match=rf"f\.csv: {said}"):
        stack(rows, "v", "f.csv")


def test_an_empty_cell_is_called_empty() -> None:
    with pytest.raises(DataError, match=r"f\.csv: row 2 is empty in 'x'; give a number"):
        numbers([1.0, None], "x", "f.csv")
