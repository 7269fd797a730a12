"""Criteria that look at the target's answers alone: values by hand, and the failures that they state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import entropy

from polyculture.adapt.selection import Trial, mutual_information, negative_entropy, soft_neighbourhood_density
from polyculture.errors import DataError, ParameterError, ShapeError


def trial(answers):
    answers = np.asarray(answers, dtype=float)
    x = np.zeros((len(answers), 1))
    return Trial(x, np.zeros(len(x), dtype=int), x, answers, answers)


DRAWS = np.random.default_rng(0).dirichlet(np.ones(3), 50)


def test_entropies_are_scipys():
    assert negative_entropy(trial(DRAWS)) == pytest.approx(-entropy(DRAWS, axis=1).mean())
    aim = entropy(DRAWS.mean(axis=0)) - entropy(DRAWS, axis=1).mean()
    assert mutual_information(trial(DRAWS)) == pytest.approx(aim)


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_density_is_the_papers_formula(block):
    unit = DRAWS / np.linalg.norm(DRAWS, axis=1, keepdims=True)
    alike = np.exp(unit @ unit.T / 0.05)
    np.fill_diagonal(alike, 0)
    aim = entropy(alike, axis=1).mean()
    assert soft_neighbourhood_density(trial(DRAWS), block=block) == pytest.approx(aim)


def test_surer_answers_of_all_classes_are_better_for_all_three():
    mixed = 0.3 + 0.1 * np.eye(3)[np.arange(30) % 3] + np.random.default_rng(0).normal(size=(30, 3)) * 0.1
    mixed = np.abs(mixed) / np.abs(mixed).sum(axis=1, keepdims=True)
    sure = np.eye(3)[np.arange(30) % 3]
    for scorer in (mutual_information, negative_entropy):
        assert scorer(trial(sure)) > scorer(trial(mixed))
    two = np.random.default_rng(1).dirichlet([0.3, 0.3], 40)
    assert soft_neighbourhood_density(trial(np.eye(2)[np.arange(40) % 2])) > soft_neighbourhood_density(trial(two))


def test_one_class_for_all_deceives_entropy_and_density_and_not_information():
    one, two = np.eye(2)[np.zeros(20, dtype=int)], np.eye(2)[np.arange(20) % 2]
    assert negative_entropy(trial(one)) == negative_entropy(trial(two)) == 0
    assert soft_neighbourhood_density(trial(one)) == pytest.approx(np.log(19))
    assert soft_neighbourhood_density(trial(one)) > soft_neighbourhood_density(trial(two))
    assert mutual_information(trial(one)) == 0 < mutual_information(trial(two))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), classes=st.integers(2, 6))
def test_bounds_hold_and_order_does_not_matter(seed, classes):
    rng = np.random.default_rng(seed)
    found = rng.dirichlet(np.ones(classes), 12)
    again = found[rng.permutation(12)][:, rng.permutation(classes)]
    for scorer, low, high in (
        (negative_entropy, -np.log(classes), 0),
        (mutual_information, 0, np.log(classes)),
        (soft_neighbourhood_density, 0, np.log(11)),
    ):
        assert low - 1e-9 <= scorer(trial(found)) <= high + 1e-9
        assert scorer(trial(again)) == pytest.approx(scorer(trial(found)))


def test_bad_input_is_one_sentence():
    with pytest.raises(ParameterError, match="temperature is 0"):
        soft_neighbourhood_density(trial(DRAWS), temperature=0)
    with pytest.raises(ParameterError, match="there are 1 target items"):
        soft_neighbourhood_density(trial(DRAWS[:1]))
    with pytest.raises(DataError, match="source_answers holds no distribution in row 0"):
        trial([[0.5, 0.4]])
    with pytest.raises(ShapeError, match="one row an item of either side"):
        Trial(np.zeros((2, 1)), np.array([0, 1]), np.zeros((1, 1)), DRAWS[:1], DRAWS[:1])
    with pytest.raises(ShapeError, match="y holds class 3 and answers have 3 columns"):
        Trial(np.zeros((1, 1)), np.array([3]), np.zeros((1, 1)), DRAWS[:1], DRAWS[:1])
