"""The search one step at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.errors import ParameterError
from polyculture.recommend.climb import climb


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_finds_the_top_of_a_single_hill(x: int, y: int, from_x: int, from_y: int) -> None:
    asked = []

    def worth(at: dict[str, int]) -> float:
        asked.append((at["x"], at["y"]))
        return -abs(at["x"] - x) - abs(at["y"] - y)

    found, top = climb({"x": range(10), "y": range(10)}, {"x": from_x, "y": from_y}, worth)
    assert (found, top) == ({"x": x, "y": y}, 0)
    assert len(asked) == len(set(asked))


def test_stays_where_nothing_is_better() -> None:
    assert climb({"x": (0, 1)}, {"x": 0}, lambda at: 0.0 * at["x"]) == ({"x": 0}, 0.0)


def test_refuses_a_start_off_the_ladder() -> None:
    with pytest.raises(ParameterError, match="starts with x at 5"):
        climb({"x": (0, 1)}, {"x": 5}, lambda _: 0.0)
