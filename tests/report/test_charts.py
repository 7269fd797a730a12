"""Marks stand where their numbers are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.report.charts import LEFT, RIGHT, Scale, chart

POINT = st.floats(-1e6, 1e6)


def made(value: float, low: float, high: float) -> dict[str, float]:
    return {"estimate": value, "low": low, "high": high}


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_inside_and_even(low: float, span: float) -> None:
    scale = Scale(low, low + span)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 6
    assert all(LEFT - 0.1 <= scale(t) <= RIGHT + 0.1 for t in ticks)


@given(st.lists(st.tuples(POINT, POINT), min_size=1, max_size=8))
def test_marks_keep_the_order_of_numbers(values: list[tuple[float, float]]) -> None:
    drawn = chart("k", "t", "a", ["mean", "worst"], [(str(i), list(pair)) for i, pair in enumerate(values)])
    assert drawn is not None
    marks = sorted(
        (v, m.x) for pair, row in zip(values, drawn.rows, strict=True) for v, m in zip(pair, row.marks, strict=True)
    )
    assert [x for _, x in marks] == sorted(x for _, x in marks)
    assert all(LEFT <= x <= RIGHT for _, x in marks)


def test_intervals_reach_from_end_to_end_and_zero_is_in_sight() -> None:
    drawn = chart("k", "t", "a", ["κ"], [("a", [made(0.5, 0.25, 1.0)])], kind="bar", digits=2)
    assert drawn is not None
    (mark,) = drawn.rows[0].marks
    assert drawn.zero == LEFT
    assert (mark.low, mark.x, mark.high) == (round(LEFT + (RIGHT - LEFT) / 4, 1), (LEFT + RIGHT) / 2, RIGHT)
    assert drawn.shown.rows == [["a", "0.50 [0.25, 1.00]"]]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_drawn(value: float) -> None:
    assert chart("k", "t", "a", ["m"], [("a", [value])]) is None
    drawn = chart("k", "t", "a", ["m"], [("a", [value]), ("b", [2.0])])
    assert drawn is not None
    assert [len(row.marks) for row in drawn.rows] == [0, 1]


def test_an_interval_with_one_end_has_no_whisker() -> None:
    drawn = chart("k", "t", "a", ["m"], [("a", [made(1.0, math.nan, 2.0)])])
    assert drawn is not None
    assert drawn.rows[0].marks[0].low is None
    assert drawn.rows[0].said[0].text == "1.0 [cannot tell]"


def test_one_value_alone_has_a_scale() -> None:
    drawn = chart("k", "t", "a", ["m"], [("a", [80.0])])
    assert drawn is not None
    assert drawn.rows[0].marks[0].x == (LEFT + RIGHT) / 2
