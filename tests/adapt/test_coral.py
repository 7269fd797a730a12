"""CORAL: the target's mean and covariance, by closed forms written out, from the smaller of two systems."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import fractional_matrix_power, sqrtm

from polyculture.adapt.coral import coral, coral_loss
from polyculture.errors import DataError, ParameterError, ShapeError


def samples(n, m, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ rng.normal(size=(d, d)), 3 + rng.normal(size=(m, d)) @ rng.normal(size=(d, d))


def written_out(x, z, ridge):
    floor = ridge * (np.trace(np.cov(x.T)) + np.trace(np.cov(z.T))) / 2 / x.shape[1] * np.eye(x.shape[1])
    white = (x - x.mean(0)) @ fractional_matrix_power(np.cov(x.T) + floor, -0.5)
    return white @ sqrtm(np.cov(z.T) + floor) + z.mean(0)


@pytest.mark.parametrize(("n", "m"), [(30, 40), (5, 40), (30, 6), (4, 5)])
@pytest.mark.parametrize("ridge", [0.1, 1.0])
def test_it_is_the_papers_formula_whichever_system_is_smaller(n, m, ridge):
    x, z = samples(n, m, 8)
    np.testing.assert_allclose(coral(x, z, ridge=ridge), written_out(x, z, ridge), rtol=1e-7, atol=1e-8)


def test_without_a_ridge_mean_and_covariance_become_the_targets():
    x, z = samples(60, 50, 4)
    moved = coral(x, z, ridge=1e-12)
    np.testing.assert_allclose(moved.mean(0), z.mean(0))
    np.testing.assert_allclose(np.cov(moved.T), np.cov(z.T), rtol=1e-6)


def test_sparse_rows_give_the_same_and_the_source_keeps_its_precision():
    x, z = samples(6, 9, 12)
    x[np.abs(x) < 2] = 0
    found = coral(sp.csr_array(x), sp.csr_array(z))
    np.testing.assert_allclose(found, coral(x, z), atol=1e-9)
    assert coral(x.astype(np.float32), z).dtype == np.float32


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), shift=st.floats(-50, 50), scale=st.floats(0.01, 100))
def test_neither_the_sources_place_nor_the_unit_nor_the_order_of_rows_matters(seed, shift, scale):
    x, z = samples(9, 7, 3, seed)
    found, order = coral(x, z), np.random.default_rng(seed).permutation(9)
    np.testing.assert_allclose(coral(x + shift, z), found, atol=1e-6)
    np.testing.assert_allclose(coral(x * scale, z * scale) / scale, found, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(coral(x[order], z[::-1]), found[order], atol=1e-8)


def test_a_sample_of_one_point_moves_to_the_targets_mean():
    np.testing.assert_array_equal(coral(np.zeros((3, 2)), np.ones((3, 2))), np.ones((3, 2)))


def test_the_penalty_is_the_distance_of_covariances():
    torch = pytest.importorskip("torch")
    x, z = samples(20, 30, 3)
    loss = coral_loss(torch.tensor(x, requires_grad=True), torch.tensor(z))
    assert float(loss.detach()) == pytest.approx(((np.cov(x.T) - np.cov(z.T)) ** 2).sum() / 36)
    assert float(coral_loss(torch.tensor(x), torch.tensor(x + 7))) == pytest.approx(0, abs=1e-20)


def test_gradients_of_the_penalty_draw_covariances_together():
    torch = pytest.importorskip("torch")
    x, z = (torch.tensor(part) for part in samples(20, 30, 3))
    x.requires_grad_()
    before = coral_loss(x, z)
    before.backward()
    assert coral_loss(x.detach() - 0.1 * x.grad, z) < before.detach()


def test_bad_input_is_one_sentence():
    x, z = samples(5, 5, 2)
    with pytest.raises(ParameterError, match="ridge is 0; pass a number above 0"):
        coral(x, z, ridge=0)
    with pytest.raises(ShapeError, match="source has 2 columns and target 1"):
        coral(x, z[:, :1])
    with pytest.raises(ShapeError, match="at least 2 row"):
        coral(x[:1], z)
    x[3, 1] = np.nan
    with pytest.raises(DataError, match="source holds a value that is not finite in row 3"):
        coral(x, z)
