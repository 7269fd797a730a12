"""TIES: the paper's three steps written out, and what each of them does alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.fuse import average
from polyculture.fuse.ties import ties


def by_the_paper(changes, density, scale):
    """Trim, elect and merge on one flat vector, number by number."""
    keep = max(1, round(density * len(changes[0])))
    trimmed = []
    for change in changes:
        least = sorted(np.abs(change))[-keep]
        trimmed.append([c if abs(c) >= least else 0.0 for c in change])
    merged = []
    for column in zip(*trimmed, strict=True):
        sign = np.sign(sum(column))
        agreeing = [c for c in column if c * sign > 0]
        merged.append(scale * sum(agreeing) / len(agreeing) if agreeing else 0.0)
    return np.array(merged)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31 - 1),
    count=st.integers(1, 5),
    density=st.sampled_from([0.05, 0.2, 0.5, 0.9, 1.0]),
    scale=st.floats(-2, 2),
)
def test_is_what_the_paper_says(seed, count, density, scale):
    rng = np.random.RandomState(seed)
    base, changes = rng.normal(size=(3, 4)), [rng.normal(size=12) for _ in range(count)]
    experts = [{"w": base + change.reshape(3, 4)} for change in changes]
    merged = ties({"w": base}, experts, density=density, scale=scale)["w"]
    np.testing.assert_allclose((merged - base).ravel(), by_the_paper(changes, density, scale), atol=1e-12)


def test_by_hand():
    base, experts = {"w": np.zeros(4)}, [{"w": np.array(w)} for w in ([4.0, -1.0, 0.1, 2.0], [-1.0, -3.0, 0.2, 4.0])]
    # half is kept: [4, 0, 0, 2] and [0, -3, 0, 4]
    np.testing.assert_allclose(ties(base, experts, density=0.5)["w"], [4, -3, 0, 3])


def test_one_expert_that_keeps_everything_gives_itself():
    base, expert = {"w": np.zeros(3)}, {"w": np.array([1.0, -2.0, 3.0])}
    np.testing.assert_array_equal(ties(base, [expert], density=1.0)["w"], expert["w"])


def test_experts_that_agree_in_sign_are_averaged():
    rng = np.random.RandomState(0)
    base, experts = {"w": np.zeros((3, 3))}, [{"w": rng.random_sample((3, 3))} for _ in range(3)]
    np.testing.assert_allclose(ties(base, experts, density=1.0)["w"], average(base, experts)["w"])


def test_where_changes_cancel_the_base_model_stays():
    experts = [{"w": np.array([2.0, 1.0])}, {"w": np.array([0.0, 1.0])}]
    np.testing.assert_array_equal(ties({"w": np.ones(2)}, experts, density=1.0)["w"], [1, 1])


@pytest.mark.parametrize(("density", "kept"), [(0.01, 1), (0.2, 2), (0.55, 6), (1.0, 10)])
def test_the_share_that_is_kept(density, kept):
    expert = {"w": np.arange(1.0, 11.0)}
    assert np.count_nonzero(ties({"w": np.zeros(10)}, [expert], density=density)["w"]) == kept
