"""All pairs at once against one pair at a time by the measures of diversity."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
from hypothesis import given
from hypothesis import strategies as st

from polyculture.measure.diversity.jensen_shannon import jensen_shannon
from polyculture.measure.diversity.overlap import morisita_horn
from polyculture.surveying.apart import jensen_shannon_pairs, negentropy, overlap_pairs, pairs_of, shared_pairs


def shares_of(seed: int, size: int, names: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(1.0, (3, size, names)) + np.eye(size, names)
    return counts / counts.sum(axis=-1, keepdims=True)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(5, 9))
def test_pairs_are_those_of_one_pair_at_a_time(seed, size, names):
    shares = shares_of(seed, size, names)
    first, second = pairs_of(size)
    one, other = shares[:, first], shares[:, second]
    npt.assert_allclose(jensen_shannon_pairs(shares, negentropy(shares)), jensen_shannon(one, other), atol=1e-12)
    npt.assert_allclose(overlap_pairs(shares), morisita_horn(one, other), atol=1e-12)
    npt.assert_allclose(shared_pairs(shares), np.minimum(one, other).sum(axis=-1), atol=1e-12)


def test_the_same_shares_do_not_differ_by_rounding():
    shares = np.tile(np.random.default_rng(0).dirichlet(np.ones(7)), (3, 1))
    found = jensen_shannon_pairs(shares, negentropy(shares))
    npt.assert_allclose(found, 0, atol=1e-12)
    assert (found >= 0).all()


def test_a_community_without_papers_differs_from_none_by_nothing_that_is_known():
    shares = shares_of(0, 3, 5)
    shares[:, 1] = np.nan
    for found in (jensen_shannon_pairs(shares, negentropy(shares)), overlap_pairs(shares)):
        npt.assert_array_equal(np.isnan(found), [[True, False, True]] * 3)
