"""Greedy soup: who joins, and that held-out items never suffer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError
from polyculture.fuse import average
from polyculture.fuse.greedy_soup import greedy_soup


def near(target):
    return lambda weights: -float(np.linalg.norm(weights["w"] - target))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), count=st.integers(1, 6))
def test_is_never_worse_than_the_best_expert(seed, count):
    rng = np.random.RandomState(seed)
    experts, score = [{"w": rng.normal(size=3)} for _ in range(count)], near(rng.normal(size=3))
    assert score(greedy_soup(experts[0], experts, score=score)) >= max(score(e) for e in experts)


def test_experts_that_help_join_and_others_do_not():
    experts = [{"w": np.array(w)} for w in ([1.0, 0.0], [-1.0, 0.1], [9.0, 9.0])]
    soup = greedy_soup(experts[0], experts, score=near(np.zeros(2)))
    np.testing.assert_allclose(soup["w"], average(experts[0], experts[:2])["w"])


def test_an_expert_that_changes_nothing_stays():
    experts = [{"w": np.array([w])} for w in (1.0, 3.0)]
    np.testing.assert_allclose(greedy_soup(experts[0], experts, score=lambda weights: 0.5)["w"], 2.0)


def test_each_expert_is_asked_alone_and_once_more():
    asked = []
    experts = [{"w": np.array([float(i)])} for i in range(4)]
    greedy_soup(experts[0], experts, score=lambda weights: asked.append(weights) or 0.0)
    assert len(asked) == 7


def test_a_score_that_is_no_number_is_an_error():
    with pytest.raises(ParameterError, match="score of an average is no number"):
        greedy_soup({"w": np.ones(1)}, [{"w": np.ones(1)}], score=lambda weights: float("nan"))
