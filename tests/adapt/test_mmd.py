"""MMD: the textbook's double sums, from products of blocks, in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from polyculture.adapt.mmd import WIDTHS, median_distance, mmd_loss, squared_mmd
from polyculture.errors import ParameterError, ShapeError


def written_out(x, z, widths, scale, *, biased):
    def kernel(a, b):
        return np.mean([np.exp(-(cdist(a, b) ** 2) / (2 * (c * scale) ** 2)) for c in widths], axis=0)

    n, m, xx, zz = len(x), len(z), kernel(x, x), kernel(z, z)
    if biased:
        return xx.mean() + zz.mean() - 2 * kernel(x, z).mean()
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (zz.sum() - np.trace(zz)) / (m * (m - 1))
    return within - 2 * kernel(x, z).mean()


def samples(n=40, m=30, d=5, seed=0, shift=0.5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("block", [7, 1024])
def test_it_is_the_double_sum(biased, block):
    x, z = samples()
    pooled = np.concatenate([x, z])
    scale = np.median(cdist(pooled, pooled)[np.triu_indices(len(pooled), 1)])
    assert median_distance(x, z) == pytest.approx(scale)
    found = squared_mmd(x, z, biased=biased, block=block)
    assert found == pytest.approx(written_out(x, z, WIDTHS, scale, biased=biased), rel=1e-9)


def test_sparse_rows_give_the_same():
    x, z = samples()
    assert squared_mmd(sp.csr_array(x), sp.csr_array(z)) == pytest.approx(squared_mmd(x, z))


def test_of_two_samples_of_one_distribution_the_unbiased_mean_is_zero():
    found = np.array([squared_mmd(*samples(12, 12, 2, seed, shift=0), scale=1.0) for seed in range(300)])
    biased = np.array([squared_mmd(*samples(12, 12, 2, seed, shift=0), scale=1.0, biased=True) for seed in range(60)])
    assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found))
    assert biased.min() > 0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), shift=st.floats(-1e3, 1e3), scale=st.floats(0.01, 100))
def test_place_unit_and_order_do_not_matter(seed, shift, scale):
    x, z = samples(9, 6, 3, seed)
    found = squared_mmd(x, z)
    assert squared_mmd(x[::-1], z[::-1]) == pytest.approx(found, abs=1e-12)
    assert squared_mmd(x + shift, z + shift) == pytest.approx(found, abs=1e-7)
    assert squared_mmd(x * scale, z * scale) == pytest.approx(found, abs=1e-9)
    assert squared_mmd(z, x) == pytest.approx(found, abs=1e-12)


def test_short_numbers_far_from_zero_lose_little():
    x, z = samples()
    assert squared_mmd((x + 500).astype(np.float32), (z + 500).astype(np.float32)) == pytest.approx(
        squared_mmd(x, z), abs=1e-4
    )


def test_memory_is_that_of_blocks_and_not_of_all_pairs():
    x, z = (part.astype(np.float32) for part in samples(3000, 3000, 64))
    squared_mmd(x[:50], z[:50])
    tracemalloc.start()
    squared_mmd(x, z, widths=[1.0], block=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # all pairs are 36 MB a matrix, and (n, m, d) 2.3 GB; the median's sample of 1024 is 4 MB a matrix
    assert peak < 30e6


def test_samples_of_one_point_are_no_distance_apart():
    assert squared_mmd(np.ones((3, 2)), np.ones((4, 2))) == pytest.approx(0)


def test_the_penalty_is_the_biased_value_with_a_gradient():
    torch = pytest.importorskip("torch")
    x, z = samples()
    given_x = torch.tensor(x, requires_grad=True)
    loss = mmd_loss(given_x, torch.tensor(z), scale=2.0)
    assert float(loss.detach()) == pytest.approx(squared_mmd(x, z, scale=2.0, biased=True))
    loss.backward()
    step = x.copy()
    step[0, 0] += 1e-6
    slope = (squared_mmd(step, z, scale=2.0, biased=True) - float(loss.detach())) / 1e-6
    assert float(given_x.grad[0, 0]) == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("wrong", [{"widths": []}, {"widths": [0]}, {"scale": 0}, {"block": 0}])
def test_parameters_out_of_range_are_an_error(wrong):
    with pytest.raises(ParameterError, match="all must be above 0"):
        squared_mmd(*samples(), **wrong)


def test_one_item_has_no_pair():
    with pytest.raises(ShapeError, match="at least 2 row"):
        squared_mmd(np.ones((1, 2)), np.ones((4, 2)))
