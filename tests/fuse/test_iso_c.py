"""Iso-C: all directions of the sum are equally strong, and none is invented."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.fuse.iso_c import iso_c


def merged(changes, **setting):
    return iso_c({"w": np.zeros(changes[0].shape)}, [{"w": c} for c in changes], **setting)["w"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), rows=st.integers(1, 7), columns=st.integers(1, 7), scale=st.floats(0.1, 2))
def test_is_what_the_paper_says(seed, rows, columns, scale):
    rng = np.random.RandomState(seed)
    changes = [rng.normal(size=(rows, columns)) for _ in range(3)]
    u, s, v = np.linalg.svd(sum(changes), full_matrices=False)
    np.testing.assert_allclose(merged(changes, scale=scale), scale * s.mean() * u @ v, atol=1e-8)


def test_the_spectrum_is_flat_and_its_sum_is_kept():
    changes = [np.random.RandomState(i).normal(size=(4, 6)) for i in range(3)]
    before, after = (np.linalg.svd(m, compute_uv=False) for m in (sum(changes), merged(changes)))
    np.testing.assert_allclose(after, np.full(4, before.mean()))


def test_a_direction_that_nobody_took_stays_untouched():
    changes = [np.diag([3.0, 1.0, 0.0]), np.diag([2.0, 1.0, 0.0])]
    np.testing.assert_allclose(merged(changes), np.diag([3.5, 3.5, 0.0]), atol=1e-12)
    low = np.outer([1.0, 2.0, 3.0], [1.0, 0.0, -1.0])
    np.testing.assert_allclose(merged([low, low]), 2 * low, atol=1e-12)


def test_changes_that_cancel_change_nothing():
    change = np.random.RandomState(0).normal(size=(3, 3))
    np.testing.assert_array_equal(merged([change, -change]), np.zeros((3, 3)))
