"""TSV-M: the paper's steps written out, and what becomes of directions that nobody needs."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.fuse.tsv_m import tsv_m


def merged(changes, **setting):
    return tsv_m({"w": np.zeros(changes[0].shape)}, [{"w": c} for c in changes], **setting)["w"]


def by_the_paper(changes):
    count = min(changes[0].shape) // len(changes)
    left, sizes, right = [], [], []
    for change in changes:
        u, s, v = np.linalg.svd(change, full_matrices=False)
        left, sizes, right = [*left, u[:, :count]], [*sizes, s[:count]], [*right, v[:count].T]

    def near(columns):
        u, _, v = np.linalg.svd(np.hstack(columns), full_matrices=False)
        return u @ v

    return near(left) @ np.diag(np.concatenate(sizes)) @ near(right).T


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), rows=st.integers(4, 9), columns=st.integers(4, 9), count=st.integers(1, 4))
def test_is_what_the_paper_says(seed, rows, columns, count):
    rng = np.random.RandomState(seed)
    changes = [rng.normal(size=(rows, columns)) for _ in range(count)]
    np.testing.assert_allclose(merged(changes), by_the_paper(changes), atol=1e-7)
    np.testing.assert_allclose(merged(changes, scale=0.5), by_the_paper(changes) / 2, atol=1e-7)


def test_one_expert_gives_itself():
    change = np.random.RandomState(0).normal(size=(5, 7))
    np.testing.assert_allclose(merged([change]), change, atol=1e-10)


def test_experts_of_orthogonal_directions_are_both_kept():
    one, two = np.diag([3.0, 2.0, 0.0, 0.0]), np.diag([0.0, 0.0, 5.0, 4.0])
    np.testing.assert_allclose(merged([one, two]), one + two, atol=1e-10)


def test_experts_that_are_the_same_give_their_strongest_directions():
    change = np.diag([4.0, 3.0, 2.0, 1.0])
    np.testing.assert_allclose(merged([change, change]), np.diag([4.0, 3.0, 0, 0]), atol=1e-10)


def test_an_expert_that_did_not_move_bends_nobody():
    change = np.diag([4.0, 3.0, 0.0, 0.0])
    np.testing.assert_allclose(merged([change, np.zeros((4, 4))]), change, atol=1e-10)


def test_more_experts_than_directions_keep_one_each():
    changes = [np.outer(np.eye(2)[i % 2], [1.0, 2.0]) for i in range(5)]
    assert np.isfinite(merged(changes)).all()
    assert np.linalg.matrix_rank(merged(changes)) >= 1
