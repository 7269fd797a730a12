"""Merges of weights: what each keeps, what it ignores, and that the solver's answer is the best there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError, ShapeError
from polyculture.fuse import average, gram_sums, merge_linear, regmean, task_arithmetic

SEEDS = st.integers(0, 2**31 - 1)


def network(rng, dtype=np.float64):
    """Two linear layers and a tensor that belongs to none."""
    shapes = {"1.weight": (4, 3), "1.bias": (4,), "4.weight": (2, 4), "4.bias": (2,), "scale": (3,)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def grams_of(rng, n=30):
    return gram_sums({"1": rng.normal(size=(n, 3)), "4": rng.normal(size=(n, 4))})


def family(seed, count=3):
    rng = np.random.RandomState(seed)
    return network(rng), [network(rng) for _ in range(count)], [grams_of(rng) for _ in range(count)]


def equal(a, b, atol=1e-9):
    assert list(a) == list(b)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], atol=atol, err_msg=name)


def run_average(base, experts, grams):
    return average(base, experts)


def run_task_arithmetic(base, experts, grams):
    return task_arithmetic(base, experts, scale=0.4)


def run_regmean(base, experts, grams):
    return regmean(base, experts, grams=grams)


METHODS = [run_average, run_task_arithmetic, run_regmean]


class TestEveryMerge:
    @pytest.mark.parametrize("merge", METHODS)
    @settings(max_examples=15, deadline=None)
    @given(seed=SEEDS, turn=st.permutations(range(3)))
    def test_order_of_experts_does_not_matter(self, merge, seed, turn):
        base, experts, grams = family(seed)
        turned = merge(base, [experts[i] for i in turn], [grams[i] for i in turn])
        equal(turned, merge(base, experts, grams), atol=1e-8)

    @pytest.mark.parametrize("merge", METHODS)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_names_order_and_dtype_are_the_base_models(self, merge, dtype):
        rng = np.random.RandomState(0)
        base, experts = network(rng, dtype), [network(rng) for _ in range(2)]
        merged = merge(base, experts, [grams_of(rng) for _ in range(2)])
        assert list(merged) == list(base)
        assert {value.dtype for value in merged.values()} == {np.dtype(dtype)}

    @pytest.mark.parametrize("merge", METHODS)
    def test_what_goes_in_is_left_alone(self, merge):
        base, experts, grams = family(0)
        kept = [{name: value.copy() for name, value in part.items()} for part in (base, *experts, *grams)]
        for value in merge(base, experts, grams).values():
            value[...] = 0
        for part, before in zip((base, *experts, *grams), kept, strict=True):
            equal(part, before, atol=0)

    @pytest.mark.parametrize("merge", METHODS)
    def test_experts_that_did_not_move_give_the_base_model(self, merge):
        base, _, grams = family(0)
        equal(merge(base, [base, base, base], grams), base)

    @pytest.mark.parametrize("merge", METHODS)
    @pytest.mark.parametrize(
        ("damage", "error", "says"),
        [
            (lambda e: [], ParameterError, "no expert to fuse; give at least one"),
            (
                lambda e: [{k: v for k, v in e.items() if k != "scale"}],
                ShapeError,
                r"expert 1 .* same tensors \(scale\)",
            ),
            (lambda e: [e, e | {"more": np.ones(1)}], ShapeError, r"expert 2 .* same tensors \(more\)"),
            (lambda e: [e | {"scale": np.ones(4)}], ShapeError, r"scale is \(4,\), the base model's is \(3,\)"),
            (lambda e: [e | {"scale": np.full(3, np.nan)}], ShapeError, "expert 1: scale holds values that are not"),
            (lambda e: [e, e | {"1.bias": np.full(4, np.inf)}], ShapeError, "expert 2: 1.bias holds values"),
        ],
    )
    def test_bad_experts_are_named(self, merge, damage, error, says):
        base, experts, grams = family(0)
        bad = damage(experts[0])
        with pytest.raises(error, match=says):
            merge(base, bad, grams[: len(bad)])


class TestAverage:
    def test_is_the_mean(self):
        base, experts, _ = family(1)
        equal(average(base, experts), {name: np.mean([e[name] for e in experts], axis=0) for name in base})

    def test_one_expert_gives_itself(self):
        base, experts, _ = family(1)
        equal(average(base, experts[:1]), experts[0], atol=0)

    def test_weights_are_shares(self):
        base, experts, _ = family(1)
        by_hand = {name: 0.5 * experts[0][name] + 0.25 * experts[1][name] + 0.25 * experts[2][name] for name in base}
        equal(average(base, experts, weights=[4, 2, 2]), by_hand)
        equal(average(base, experts, weights=[0, 1, 0]), experts[1])

    @pytest.mark.parametrize("weights", [[1, 1], [1, -1, 1], [0, 0, 0], [np.nan, 1, 1], [np.inf, 1, 1]])
    def test_bad_weights(self, weights):
        base, experts, _ = family(1)
        with pytest.raises(ParameterError, match="give 3 non-negative numbers"):
            average(base, experts, weights=weights)


class TestTaskArithmetic:
    def test_one_over_the_number_of_experts_averages(self):
        base, experts, _ = family(2)
        equal(task_arithmetic(base, experts, scale=1 / 3), average(base, experts))

    def test_scale_zero_gives_the_base_model(self):
        base, experts, _ = family(2)
        equal(task_arithmetic(base, experts, scale=0), base, atol=0)

    def test_by_hand(self):
        merged = task_arithmetic({"w": np.array([1.0])}, [{"w": np.array([2.0])}, {"w": np.array([5.0])}], scale=0.1)
        np.testing.assert_allclose(merged["w"], 1.5)


class TestSolver:
    @settings(max_examples=40, deadline=None)
    @given(seed=SEEDS, ridge=st.sampled_from([0.0, 1e-3, 0.1, 2.0]), size=st.floats(1e-4, 1.0))
    def test_no_step_away_from_the_solution_lowers_the_objective(self, seed, ridge, size):
        rng = np.random.RandomState(seed)
        changes = [rng.normal(size=(2, 4)) for _ in range(3)]
        inputs = [rng.normal(size=(rng.randint(1, 9), 4)) for _ in range(3)]
        grams = [x.T @ x for x in inputs]
        pull = ridge * np.trace(sum(grams)) / 4

        def objective(change):
            apart = [change - c for c in changes]
            return sum(np.trace(a @ g @ a.T) for a, g in zip(apart, grams, strict=True)) + pull * (change**2).sum()

        best = merge_linear(changes, grams, ridge)
        assert objective(best + size * rng.normal(size=best.shape)) >= objective(best) - 1e-6

    @settings(max_examples=20, deadline=None)
    @given(seed=SEEDS, count=st.integers(1, 5), scale=st.floats(1e-6, 1e6))
    def test_equal_grams_of_any_scale_average(self, seed, count, scale):
        changes = [np.random.RandomState(seed + i).normal(size=(2, 3)) for i in range(count)]
        np.testing.assert_allclose(
            merge_linear(changes, [scale * np.eye(3)] * count), np.mean(changes, axis=0), atol=1e-8
        )

    def test_ridge_pulls_towards_no_change(self):
        rng = np.random.RandomState(0)
        changes, grams = [rng.normal(size=(2, 3)) for _ in range(2)], [np.eye(3)] * 2
        sizes = [np.abs(merge_linear(changes, grams, ridge)).sum() for ridge in (0.0, 0.1, 1.0, 1e9)]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[-1] < 1e-6

    def test_a_direction_that_no_data_reach_stays(self):
        reached = np.diag([1.0, 0.0])
        merged = merge_linear([np.array([[3.0, 7.0]]), np.array([[5.0, -9.0]])], [reached, reached])
        np.testing.assert_allclose(merged, [[4.0, 0.0]], atol=1e-6)

    def test_no_data_at_all_change_nothing(self):
        np.testing.assert_array_equal(merge_linear([np.ones((1, 2))], [np.zeros((2, 2))]), np.zeros((1, 2)))

    @pytest.mark.parametrize(
        ("changes", "grams", "ridge", "says"),
        [
            ([], [], 0.0, "0 changes and 0 Gram"),
            ([np.ones((1, 2))], [], 0.0, "1 changes and 0 Gram"),
            ([np.ones((1, 2))], [np.eye(2)], -0.1, "ridge is -0.1"),
            ([np.ones((1, 2))], [np.eye(2)], float("nan"), "ridge is nan"),
            ([np.ones((1, 2))], [np.eye(3)], 0.0, r"Gram matrix 1 is \(3, 3\)"),
            ([np.ones((1, 2)), np.ones((2, 2))], [np.eye(2)] * 2, 0.0, r"change 2 is \(2, 2\)"),
            ([np.ones((1, 2))], [np.full((2, 2), np.nan)], 0.0, "Gram matrix 1 holds"),
        ],
    )
    def test_bad_input(self, changes, grams, ridge, says):
        with pytest.raises(ParameterError, match=says):
            merge_linear(changes, grams, ridge)


def outputs(weights, layer, x):
    return x @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"]


class TestRegmean:
    def test_identical_experts_give_themselves(self):
        base, experts, grams = family(3)
        equal(regmean(base, [experts[0]] * 3, grams=grams, ridge=0.0), experts[0], atol=1e-6)

    def test_equal_grams_average(self):
        base, experts, grams = family(3)
        equal(regmean(base, experts, grams=[grams[0]] * 3, ridge=0.0), average(base, experts), atol=1e-6)

    def test_keeps_every_experts_outputs_where_their_data_do_not_overlap(self):
        rng = np.random.RandomState(0)
        base = {"0.weight": np.zeros((3, 8)), "0.bias": np.zeros(3)}
        experts = [{"0.weight": rng.normal(size=(3, 8)), "0.bias": np.zeros(3)} for _ in range(2)]
        # pairs x, -x have no mean, so that the column of ones is orthogonal to all data too
        half = [np.hstack([rng.normal(size=(20, 4)), np.zeros((20, 4))]) for _ in range(2)]
        half[1] = half[1][:, ::-1]
        data = [np.vstack([x, -x]) for x in half]
        grams = [gram_sums({"0": x}) for x in data]
        merged, mean = regmean(base, experts, grams=grams, ridge=0.0), average(base, experts)
        for expert, x in zip(experts, data, strict=True):
            np.testing.assert_allclose(outputs(merged, "0", x), outputs(expert, "0", x), atol=1e-6)
            assert np.abs(outputs(mean, "0", x) - outputs(expert, "0", x)).max() > 0.5

    @settings(max_examples=20, deadline=None)
    @given(seed=SEEDS, cut=st.integers(0, 12))
    def test_gram_sums_are_additive_and_so_is_the_merge(self, seed, cut):
        rng = np.random.RandomState(seed)
        base, experts = network(rng), [network(rng) for _ in range(2)]
        data = [{"1": rng.normal(size=(12, 3)), "4": rng.normal(size=(12, 4))} for _ in range(2)]
        whole = [gram_sums(x) for x in data]
        halves = [
            [gram_sums({layer: x[part] for layer, x in each.items()}) for part in (slice(0, cut), slice(cut, None))]
            for each in data
        ]
        added = [{layer: one[layer] + two[layer] for layer in one} for one, two in halves]
        for joint, sums in zip(whole, added, strict=True):
            equal(sums, joint, atol=1e-10)
        equal(regmean(base, experts, grams=added), regmean(base, experts, grams=whole), atol=1e-10)

    def test_weights_and_bias_together_disturb_outputs_less_than_a_mean_of_biases(self):
        rng = np.random.RandomState(0)
        base = {"0.weight": np.zeros((2, 3)), "0.bias": np.zeros(2)}
        experts = [{"0.weight": rng.normal(size=(2, 3)), "0.bias": rng.normal(size=2)} for _ in range(2)]
        data = [rng.normal(size=(50, 3)) + shift for shift in (3.0, -3.0)]
        merged = regmean(base, experts, grams=[gram_sums({"0": x}) for x in data], ridge=0.0)
        apart = merge_linear([e["0.weight"] for e in experts], [x.T @ x / 50 for x in data])
        separate = {"0.weight": apart, "0.bias": np.mean([e["0.bias"] for e in experts], axis=0)}

        def error(weights):
            pairs = zip(experts, data, strict=True)
            return sum(((outputs(weights, "0", x) - outputs(e, "0", x)) ** 2).sum() for e, x in pairs)

        assert error(merged) < 0.9 * error(separate)

    def test_large_domains_do_not_drown_small_ones(self):
        base, experts, grams = family(4, 2)
        twice = [grams[0], {layer: 100 * gram for layer, gram in grams[1].items()}]
        equal(regmean(base, experts, grams=twice), regmean(base, experts, grams=grams))

    def test_tensors_without_a_gram_matrix_are_averaged(self):
        base, experts, grams = family(5)
        merged = regmean(base, experts, grams=[{"1": g["1"]} for g in grams])
        mean = average(base, experts)
        for name in ("4.weight", "4.bias", "scale"):
            np.testing.assert_allclose(merged[name], mean[name])
        assert np.abs(merged["1.weight"] - mean["1.weight"]).max() > 1e-3
        assert np.abs(merged["1.bias"] - mean["1.bias"]).max() > 1e-3

    def test_a_layer_without_a_bias(self):
        rng = np.random.RandomState(0)
        base, experts = {"0.weight": np.zeros((2, 3))}, [{"0.weight": rng.normal(size=(2, 3))} for _ in range(2)]
        x = rng.normal(size=(20, 3))
        merged = regmean(base, experts, grams=[gram_sums({"0": np.vstack([x, -x])})] * 2, ridge=0.0)
        np.testing.assert_allclose(merged["0.weight"], average(base, experts)["0.weight"], atol=1e-6)

    def test_the_names_order_does_not_matter(self):
        base, experts, grams = family(6)
        back = [dict(reversed(part.items())) for part in (base, *experts)]
        turned = regmean(back[0], back[1:], grams=grams)
        merged = regmean(base, experts, grams=grams)
        for name in base:
            np.testing.assert_allclose(turned[name], merged[name], atol=1e-10)

    def test_ridge_pulls_towards_the_base_model(self):
        base, experts, grams = family(7)
        gaps = [
            np.abs(regmean(base, experts, grams=grams, ridge=ridge)["1.weight"] - base["1.weight"]).sum()
            for ridge in (0.0, 0.1, 1.0, 1e9)
        ]
        assert gaps == sorted(gaps, reverse=True)
        assert gaps[-1] < 1e-6

    def test_a_domain_without_items_has_no_say(self):
        base, experts, grams = family(8, 2)
        empty = gram_sums({"1": np.zeros((0, 3)), "4": np.zeros((0, 4))})
        merged = regmean(base, experts, grams=[grams[0], empty], ridge=0.0)
        for name in ("1.weight", "1.bias", "4.weight", "4.bias"):
            np.testing.assert_allclose(merged[name], experts[0][name], atol=1e-6)

    def test_one_gram_sum_for_each_expert(self):
        base, experts, grams = family(9)
        with pytest.raises(ParameterError, match="3 experts and 2 Gram sums"):
            regmean(base, experts, grams=grams[:2])


def test_a_gram_matrix_of_no_layer_is_an_error_and_not_an_average() -> None:
    base = {"w": np.zeros((1, 2))}
    with pytest.raises(ParameterError, match=r"'w' belongs to no tensor 'w.weight'"):
        regmean(base, [base], grams=[gram_sums({"w": np.ones((3, 2))})])


def test_inputs_that_are_no_mapping_are_an_error() -> None:
    with pytest.raises(ParameterError, match="mapping of each layer's name"):
        gram_sums(np.ones((3, 2)))
