"""Weights of a blend."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.recommend.blend import blend


def test_a_model_that_adds_nothing_stays_out() -> None:
    good, noise = np.array([[3.0, 2.0, 1.0]]), np.zeros((1, 3))
    weights, _ = blend([noise, good], lambda s: float(s[0, 0] > s[0, 1]))
    assert weights == [0.0, 1.0]


def test_two_that_err_differently_join() -> None:
    truth = np.array([0, 1, 2, 3])
    first, second = np.eye(4) * 2, np.eye(4) * 2
    first[0] = [0.5, 1, 0, 0]
    second[3] = [1, 0, 0, 0.8]
    kept = first.copy()
    weights, worth = blend([first, second], lambda s: float((s.argmax(axis=1) == truth).mean()))
    assert worth == 1.0
    assert min(weights) > 0
    assert sum(weights) == pytest.approx(1)
    np.testing.assert_array_equal(first, kept)
