"""DARE: what is dropped, that the rest makes up for it, and that the seed decides."""

from __future__ import annotations

import numpy as np

from polyculture.fuse import average
from polyculture.fuse.dare import dare


def family(shape=(20, 10), count=3):
    rng = np.random.RandomState(0)
    base = {"a": rng.normal(size=shape), "b": rng.normal(size=shape)}
    return base, [{name: value + rng.normal(size=shape) for name, value in base.items()} for _ in range(count)]


def test_every_change_is_dropped_or_scaled_up():
    base, experts = family(count=1)
    ratio = (dare(base, experts, drop=0.75)["a"] - base["a"]) / (experts[0]["a"] - base["a"])
    kept = np.isclose(ratio, 4.0)
    assert (kept | np.isclose(ratio, 0.0)).all()
    # 200 draws of a quarter: five standard errors
    assert abs(kept.mean() - 0.25) < 5 * np.sqrt(0.25 * 0.75 / kept.size)


def test_the_mean_over_seeds_is_the_average():
    base, experts = family(shape=(3, 2))
    draws = np.array([dare(base, experts, drop=0.5, seed=seed)["a"] for seed in range(2000)])
    error = draws.std(axis=0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - average(base, experts)["a"]) < 5 * error).all()


def test_the_same_seed_gives_the_same_and_another_something_else():
    base, experts = family()
    one, again, other = (dare(base, experts, seed=seed)["a"] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_tensor_alone_gives_what_it_gives_within_the_model():
    base, experts = family()
    whole = dare(base, experts)
    alone = dare({"b": base["b"]}, [{"b": e["b"]} for e in experts])
    np.testing.assert_array_equal(alone["b"], whole["b"])


def test_tensors_and_experts_do_not_share_their_draws():
    base = {"a": np.zeros(200), "b": np.zeros(200)}
    experts = [{name: np.full(200, 1.0 + 2 * i) for name in base} for i in range(2)]
    merged = dare(base, experts, drop=0.5, scale=1.0)
    assert not np.array_equal(merged["a"], merged["b"])
    # all four of: none, the first, the second, both
    assert set(merged["a"].tolist()) == {0.0, 2.0, 6.0, 8.0}


def test_nothing_dropped_is_task_arithmetic():
    base, experts = family()
    np.testing.assert_allclose(dare(base, experts, drop=0.0)["a"], average(base, experts)["a"])
    total = base["a"] + 0.4 * sum(e["a"] - base["a"] for e in experts)
    np.testing.assert_allclose(dare(base, experts, drop=0.0, scale=0.4)["a"], total)
