"""Alignment: the mean becomes what was asked for, and order within a class stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.adapt.aligned import aligned
from polyculture.errors import DataError, ShapeError


def answers(seed: int, rows: int = 200, classes: int = 4) -> np.ndarray:
    return np.random.RandomState(seed).dirichlet(np.ones(classes), rows)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.lists(st.floats(0.05, 1), min_size=4, max_size=4))
def test_the_mean_is_what_was_asked_for(seed: int, asked: list[float]):
    wanted = np.array(asked) / np.sum(asked)
    found = aligned(answers(seed), wanted)
    np.testing.assert_allclose(found.mean(axis=0), wanted, atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_what_has_the_proportions_already_stays():
    p = answers(0)
    np.testing.assert_allclose(aligned(p, p.mean(axis=0)), p, atol=1e-9)


def test_odds_of_two_classes_move_by_one_factor():
    p = answers(1)
    found = aligned(p, np.array([0.4, 0.3, 0.2, 0.1]))
    ratio = (found[:, 0] / found[:, 1]) / (p[:, 0] / p[:, 1])
    np.testing.assert_allclose(ratio, ratio[0])


def test_a_model_that_prefers_one_class_is_set_right():
    rng = np.random.RandomState(0)
    y = rng.randint(0, 2, 2000)
    odds = 2 * (2 * y - 1) + rng.normal(size=2000) + 2
    p = np.stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))], axis=1)
    before, after = ((each.argmax(axis=1) == y).mean() for each in (p, aligned(p, [0.5, 0.5])))
    assert after > before + 0.1


def test_rows_of_several_labels_keep_their_scale():
    p = 1.5 * answers(2)
    np.testing.assert_allclose(aligned(p, [0.4, 0.3, 0.2, 0.1]).sum(axis=1), 1.5)
    assert not aligned(np.zeros((3, 2)), [0.5, 0.5]).any()


@pytest.mark.parametrize(
    ("p", "q", "error"),
    [
        (np.ones((3, 2)), np.ones(3), ShapeError),
        (np.ones(3), np.ones(3), ShapeError),
        (-np.ones((3, 2)), np.ones(2), DataError),
        (np.ones((3, 2)), np.array([np.nan, 1]), DataError),
        (np.ones((3, 2)), np.zeros(2), DataError),
    ],
)
def test_what_does_not_fit_is_said(p: np.ndarray, q: np.ndarray, error: type[Exception]):
    with pytest.raises(error):
        aligned(p, q)
