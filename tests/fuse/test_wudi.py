"""WUDI: the closed form is the minimum of the paper's loss, found alike from columns and from rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.fuse import average, merge_linear
from polyculture.fuse.wudi import wudi

SEEDS = st.integers(0, 2**31 - 1)


def merged(changes, ridge=0.0):
    shape = changes[0].shape
    return wudi({"w": np.zeros(shape)}, [{"w": c} for c in changes], ridge=ridge)["w"]


def loss(change, changes):
    return sum(np.sum(((change - c) @ c.T) ** 2) / np.sum(c**2) for c in changes)


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 6), columns=st.integers(1, 20), size=st.floats(1e-3, 1))
def test_no_step_away_lowers_the_papers_loss(seed, rows, columns, size):
    rng = np.random.RandomState(seed)
    changes = [rng.normal(size=(rows, columns)) for _ in range(3)]
    best = merged(changes)
    assert loss(best + size * rng.normal(size=best.shape), changes) >= loss(best, changes) - 1e-6


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 6), columns=st.integers(1, 30), ridge=st.sampled_from([1e-3, 0.1, 2.0]))
def test_is_the_common_solver_with_the_changes_for_data(seed, rows, columns, ridge):
    rng = np.random.RandomState(seed)
    changes = [rng.normal(size=(rows, columns)) for _ in range(3)]
    grams = [c.T @ c / np.sum(c**2) for c in changes]
    np.testing.assert_allclose(merged(changes, ridge), merge_linear(changes, grams, ridge), atol=1e-8)


@pytest.mark.parametrize("shape", [(6, 4), (2, 9)])
def test_one_expert_gives_itself(shape):
    change = np.random.RandomState(0).normal(size=shape)
    np.testing.assert_allclose(merged([change]), change, atol=1e-6)
    np.testing.assert_allclose(merged([change] * 3), change, atol=1e-6)


def test_changes_of_unlike_rows_are_added_and_not_averaged():
    one, two = np.zeros((2, 12)), np.zeros((2, 12))
    one[:, :6], two[:, 6:] = np.random.RandomState(0).normal(size=(2, 2, 6))
    np.testing.assert_allclose(merged([one, two]), one + two, atol=1e-6)
    assert loss(average({"w": one}, [{"w": one}, {"w": two}])["w"], [one, two]) > 0.1


def test_an_expert_that_did_not_move_has_no_say():
    change = np.random.RandomState(0).normal(size=(3, 3))
    np.testing.assert_allclose(merged([change, np.zeros((3, 3))]), change, atol=1e-6)


def test_ridge_pulls_towards_the_base_model():
    changes = [np.random.RandomState(i).normal(size=(3, 5)) for i in range(2)]
    sizes = [np.abs(merged(changes, ridge)).sum() for ridge in (0.0, 0.1, 1.0, 1e9)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-6


def test_a_head_of_many_features_needs_no_matrix_of_their_number():
    rng = np.random.RandomState(0)
    # a matrix of 200,000 by 200,000 would be 320 GB
    changes = [rng.normal(size=(2, 200_000)) for _ in range(2)]
    assert loss(merged(changes), changes) < 0.01 * loss(np.mean(changes, axis=0), changes)
