"""Marginalised denoising: what corrupting many times would give, and words of one domain told by those beside them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.adapt.denoising import denoising
from polyculture.adapt.linear import logistic
from polyculture.errors import DataError, ParameterError, ShapeError


def items(seed, n=60, d=8):
    """Columns that stand together in pairs, some more often than others."""
    rng = np.random.default_rng(seed)
    held = rng.random((n, d // 2)) < np.linspace(0.8, 0.3, d // 2)
    return np.repeat(held, 2, axis=1) * (rng.random((n, d)) < 0.9).astype(float)


def test_it_is_least_squares_over_many_corrupted_copies():
    x, rng = items(0), np.random.default_rng(1)
    copies = np.tile(x, (4000, 1))
    lost = np.column_stack([copies * (rng.random(copies.shape) < 0.7), np.ones(len(copies))])
    oracle = np.linalg.lstsq(lost, copies, rcond=None)[0]
    found = denoising(x, noise=0.3, blocks=1, ridge=1e-6)
    np.testing.assert_allclose(found.weights, oracle[:-1, found.columns], atol=0.02)
    np.testing.assert_allclose(found.bias, oracle[-1, found.columns], atol=0.02)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 9999), blocks=st.integers(1, 8), noise=st.floats(0, 0.9))
def test_blocks_are_averaged_maps_of_their_own_columns(seed, blocks, noise):
    x = items(seed)
    found = denoising(x, noise=noise, blocks=blocks, seed=seed)
    weights, bias = np.zeros((8, 8)), np.zeros(8)
    for part in np.array_split(np.random.RandomState(seed).permutation(8), blocks):
        only = x * np.isin(np.arange(8), part)
        goal = (only.T @ x) * (1 - noise)
        expected = (only.T @ only) * np.where(np.eye(8), 1 - noise, (1 - noise) ** 2) + 0.01 * np.eye(8)
        total = only.sum(axis=0) * (1 - noise)
        whole = np.block([[expected, total[:, None]], [total[None], np.array([[len(x) + 0.01]])]])
        answer = np.linalg.solve(whole, np.vstack([goal, x.sum(axis=0)]))
        weights += answer[:-1] / blocks
        bias += answer[-1] / blocks
    np.testing.assert_allclose(found.weights, weights[:, found.columns], atol=1e-8)
    np.testing.assert_allclose(found.bias, bias[found.columns], atol=1e-8)


def test_a_word_of_the_target_is_told_by_the_words_beside_it():
    """Good and bad stand in both domains; the target also says it with words of its own, at times alone."""
    rng = np.random.default_rng(0)
    y, truth = np.arange(300) % 2, np.arange(400) % 2
    shared = [np.eye(2)[t] * (rng.random((len(t), 1)) < often) for t, often in ((y, 0.95), (truth, 0.5))]
    own = np.eye(2)[truth] * (rng.random((400, 1)) < 0.9)
    x, z = np.hstack([shared[0], np.zeros((300, 2))]), np.hstack([shared[1], own])
    view = denoising(np.vstack([x, z]), blocks=1)
    before, after = (
        (logistic(see(x), y, classes=2)(see(z)).argmax(axis=1) == truth).mean() for see in (lambda v: v, view)
    )
    assert before < 0.8
    assert after > 0.95


def test_only_the_columns_that_most_items_hold_are_guessed():
    x = items(0)
    found = denoising(x, outputs=3)
    oracle = np.argsort(-(x != 0).sum(axis=0), kind="stable")[:3]
    np.testing.assert_array_equal(found.columns, oracle)
    assert found(x).shape == (60, 3)
    np.testing.assert_allclose(found.weights, denoising(x).weights[:, :3])


def test_sparse_items_give_the_same_and_guesses_stay_within_one():
    x = items(0)
    dense, sparse = denoising(x), denoising(sp.csr_array(x))
    np.testing.assert_allclose(sparse(sp.csr_array(x)), dense(x), atol=1e-10)
    assert isinstance(sparse(sp.csr_array(x)), np.ndarray)
    assert np.abs(dense(100 * x)).max() <= 1


def test_the_same_seed_parts_the_same():
    x = items(0)
    np.testing.assert_array_equal(denoising(x, seed=3).weights, denoising(x, seed=3).weights)
    assert np.abs(denoising(x, seed=3).weights - denoising(x, seed=4).weights).max() > 1e-6


@pytest.mark.parametrize("wrong", [{"noise": 1.0}, {"outputs": 0}, {"blocks": 9}, {"blocks": 0}, {"ridge": 0}])
def test_parameters_out_of_range_are_one_sentence(wrong):
    with pytest.raises(ParameterError, match="pass a share below 1, at least 1, 1 to 8, and a number above 0"):
        denoising(items(0), **{"blocks": 1} | wrong)


def test_bad_items_are_one_sentence():
    with pytest.raises(ShapeError, match="at least 1 row"):
        denoising(np.zeros((0, 3)), blocks=1)
    with pytest.raises(DataError, match="not finite in row 1"):
        denoising(np.array([[1.0], [np.nan]]), blocks=1)
    with pytest.raises(ShapeError, match="X has 3 columns; pass the 8"):
        denoising(items(0))(np.zeros((2, 3)))
