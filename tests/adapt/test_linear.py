"""The linear model: soft labels are weights, one class has all, strength by what was left out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from polyculture.adapt.linear import best_strength, logistic
from polyculture.errors import DataError


@pytest.fixture
def planted():
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    return rng.normal(size=(90, 4)) + np.eye(4)[y], y


def test_it_is_sklearns(planted):
    x, y = planted
    oracle = LogisticRegression(C=2.0, max_iter=1000).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(logistic(x, y, classes=3, strength=2.0)(x), oracle, atol=1e-4)


def test_certain_probabilities_are_classes(planted):
    x, y = planted
    np.testing.assert_allclose(logistic(x, np.eye(3)[y], classes=3)(x), logistic(x, y, classes=3)(x), atol=1e-3)
    two = y < 2
    soft, hard = (logistic(x[two], t, classes=2)(x) for t in (np.eye(2)[y[two]], y[two]))
    np.testing.assert_allclose(soft, hard, atol=1e-3)


def test_an_item_that_may_be_either_pulls_to_neither():
    x = np.array([[-1.0], [1.0], [5.0]])
    found = logistic(x, np.array([[1, 0], [0, 1], [0.5, 0.5]]), classes=2)(x)
    assert abs(found[2, 1] - 0.5) < abs(logistic(x, np.array([0, 1, 1]), classes=2)(x)[2, 1] - 0.5)


def test_items_without_label_and_classes_without_items(planted):
    x, y = planted
    found = logistic(sp.csr_array(x), np.where(y == 1, -1, y), classes=3)(sp.csr_array(x))
    assert found[:, 1].max() < 1e-6
    np.testing.assert_array_equal(logistic(x, np.where(y == 1, 1, -1), classes=3)(x[:2]), [[0, 1, 0]] * 2)
    with pytest.raises(DataError, match="no label to learn from"):
        logistic(x, np.full(90, -1), classes=3)


def test_strength_is_that_with_the_lowest_loss_on_what_was_left_out():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 30)), rng.integers(0, 2, 60)
    assert best_strength(x, y, classes=2, strengths=(1e-4, 100.0)) == 1e-4
    assert best_strength(x, (x[:, 0] > 0).astype(int), classes=2, strengths=(1e-4, 1.0)) == 1.0
