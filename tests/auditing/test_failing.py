"""Which items the models of a family fail on together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.auditing.failing import ITEMS, MODELS, failing_together
from polyculture.data.answers import Answers


def answers(right: np.ndarray, **more: object) -> Answers:
    items = np.array([f"i{i}" for i in range(len(right))])
    return Answers(items, tuple(f"m{i}" for i in range(right.shape[1])), right, **more)


@given(st.integers(2, 60), st.integers(3, 8), st.integers(0, 2**31))
def test_shares_are_those_of_the_items_and_the_hardest_come_first(items: int, models: int, seed: int) -> None:
    right = np.random.default_rng(seed).random((items, models)) > 0.4
    whole, family = failing_together(answers(right), [{"models": ["m0", "m2"]}])
    failed = (~right).sum(axis=1)
    assert whole["observed"] == [(failed == k).mean() for k in range(models + 1)]
    assert sum(whole["expected"]) == pytest.approx(1)
    wrong = ~right[:, [0, 2]]
    rates = wrong.mean(axis=0)
    assert family["expected"] == pytest.approx(
        [(1 - rates).prod(), rates[0] * (1 - rates[1]) + rates[1] * (1 - rates[0]), rates.prod()]
    )
    counts = [row["failed"] for row in family["hardest"]]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) == min(ITEMS, int(wrong.any(axis=1).sum()))
    for row in family["hardest"]:
        at = int(row["item"][1:])
        assert row["by"] == [name for name, fails in zip(("m0", "m2"), wrong[at], strict=True) if fails]
        assert row["others"] == pytest.approx((~right)[at][[i for i in range(models) if i not in (0, 2)]].mean())


def test_of_equally_hard_items_those_come_first_that_others_can_do() -> None:
    right = np.array([[False, False, False], [False, False, True], [True, True, False]])
    family = failing_together(answers(right), [{"models": ["m0", "m1"]}])[1]
    assert [row["item"] for row in family["hardest"]] == ["i1", "i0"]


def test_of_all_models_items_of_every_difficulty_are_told() -> None:
    right = np.arange(4)[None, :] >= np.arange(400)[:, None] % 5
    (whole,) = failing_together(answers(right), [])
    counts = [row["failed"] for row in whole["hardest"]]
    assert len(counts) == ITEMS
    assert set(counts) == {1, 2, 3, 4}


def test_items_that_some_did_not_answer_are_left_out_and_groups_are_told() -> None:
    right = np.zeros((3, 2), dtype=bool)
    answered = np.array([[True, True], [True, False], [True, True]])
    (whole,) = failing_together(answers(right, answered=answered, groups=np.array(["x", "y", "z"])), [])
    assert whole["items"] == 2
    assert [(row["item"], row["group"]) for row in whole["hardest"]] == [("i0", "x"), ("i2", "z")]
    (none,) = failing_together(answers(right, answered=~np.ones((3, 2), dtype=bool)), [])
    assert (none["items"], none["observed"], none["hardest"]) == (0, [], [])


def test_too_many_models_have_no_list_of_items() -> None:
    (whole,) = failing_together(answers(np.zeros((2, MODELS + 1), dtype=bool)), [])
    assert whole["hardest"] == []
    assert whole["observed"][-1] == 1
