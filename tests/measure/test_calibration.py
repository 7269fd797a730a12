"""Calibration against the reference package, and chance in closed form against every permutation there is."""

from __future__ import annotations

import itertools

import calibrated_similarity
import numpy as np
import numpy.testing as npt
import pytest
import torch
from scipy import stats

from polyculture.errors import ParameterError, ShapeError
from polyculture.measure import cka, cka_matrix
from polyculture.measure.inference.calibrate import calibrate, towards
from polyculture.measure.representation import nulls
from polyculture.measure.representation.knn import mutual_knn
from polyculture.measure.representation.moments import (
    cka_biased_mean,
    cka_skewness,
    cka_variance,
    gram_shape,
    pearson_tail,
    pearson_threshold,
)
from polyculture.measure.representation.neighbours import nearest
from polyculture.measure.representation.nulls import cka_null, gram_stack, knn_null, rank_stack, second_permuted
from polyculture.measure.representation.rbf import rbf_cka_matrix
from polyculture.measure.representation.rsa import rsa_matrix


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def related(rng: np.random.Generator, n: int, layers: int, share: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
    common = rng.normal(size=(n, 4))
    first = [common + rng.normal(size=(n, 4)) for _ in range(layers)]
    second = [share * common + rng.normal(size=(n, 4)) for _ in range(layers)]
    return first, second


def biased(x: torch.Tensor, y: torch.Tensor) -> float:
    return cka(x.numpy(), y.numpy(), debiased=False)


def debiased(x: torch.Tensor, y: torch.Tensor) -> float:
    return cka(x.numpy(), y.numpy())


def same_orders(n: int, permutations: int, seed: int) -> object:
    orders = (torch.from_numpy(order[1]) for order in second_permuted(n, permutations, seed))
    return lambda n, device: next(orders)


@pytest.mark.parametrize("share", [0, 0.3, 1])
@pytest.mark.parametrize("alpha", [0.05, 0.3])
def test_one_layer_equals_the_reference_package(share: float, alpha: float, rng: np.random.Generator) -> None:
    (x,), (y,) = related(rng, 30, 1, share)
    orders = [order[1] for order in second_permuted(30, 50, 3)]
    draws = [cka(x, y[order], debiased=False) for order in orders]
    found = calibrate(cka(x, y, debiased=False), draws, alpha=alpha)
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    expected = calibrated_similarity.calibrate(*tensors, biased, K=50, alpha=alpha, perm_fn=same_orders(30, 50, 3))
    npt.assert_allclose([max(found.calibrated, 0), found.p, found.threshold], expected, atol=1e-6)


@pytest.mark.parametrize("share", [0, 0.3, 1])
def test_maximum_over_layers_equals_the_reference_package(share: float, rng: np.random.Generator) -> None:
    first, second = related(rng, 30, 3, share)
    draws = cka_null(gram_stack(first), gram_stack(second), permutations=40, seed=5).max(axis=(1, 2))
    found = calibrate(cka_matrix([*first, *second])[:3, 3:].max(), draws)
    tensors = [torch.from_numpy(x) for x in first], [torch.from_numpy(y) for y in second]
    expected = calibrated_similarity.calibrate_layers(*tensors, debiased, K=40, perm_fn=same_orders(30, 40, 5))
    npt.assert_allclose([max(found.calibrated, 0), found.p, found.threshold], expected, atol=1e-6)


def test_all_entries_are_calibrated_at_once(rng: np.random.Generator) -> None:
    observed, draws = rng.random((3, 4)), rng.random((99, 3, 4))
    found = calibrate(observed, draws, highest=2)
    for at in np.ndindex(3, 4):
        one = calibrate(observed[at], draws[(slice(None), *at)], highest=2)
        npt.assert_array_equal([part[at] for part in found], one)


def test_calibrated_values_are_not_clamped_and_undefined_ones_stay() -> None:
    found = calibrate([-0.5, np.nan, 0.5, 1.0], np.full((19, 4), [0.1, 0.1, np.nan, 1.0]))
    npt.assert_allclose(found.calibrated, [-0.6 / 0.9, np.nan, np.nan, np.nan])
    npt.assert_allclose(found.p, [1, np.nan, np.nan, 1])


def test_slack_counts_draws_that_only_rounding_keeps_below() -> None:
    draws = np.full(19, 0.5 - 1e-9)
    assert calibrate(0.5, draws).p == 1 / 20
    assert calibrate(0.5, draws, slack=1e-6).p == 1


def test_wrong_requests_for_calibration_are_refused() -> None:
    with pytest.raises(ParameterError, match="alpha is 5"):
        calibrate(0.5, [0.1], alpha=5)
    for draws in (np.zeros((0, 2)), np.zeros((9, 3)), 0.5):
        with pytest.raises(ShapeError, match=r"of shape \(2,\)"):
            calibrate([0.1, 0.2], draws)
    with pytest.raises(ParameterError, match="permutations is 0"):
        cka_null(np.zeros((1, 5, 5)), np.zeros((1, 5, 5)), permutations=0)
    with pytest.raises(ShapeError, match="same items"):
        cka_null(np.zeros((1, 5, 5)), np.zeros((1, 6, 6)))
    with pytest.raises(ShapeError, match="alike"):
        knn_null(np.zeros((1, 5, 2), int), np.zeros((1, 5, 3), int))


@pytest.mark.parametrize("block", [nulls.BLOCK, 300])
def test_permuted_matrices_give_what_permuted_representations_give(
    block: int, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nulls, "BLOCK", block)
    first, second = related(rng, 25, 2, 0.5)
    second.append(rng.normal(size=(25, 60)))
    orders = [order[1] for order in second_permuted(25, 6, 1)]
    for stack, matrix in (
        (gram_stack, cka_matrix),
        (lambda layers: gram_stack(layers, width=0.8), lambda layers: rbf_cka_matrix(layers, widths=[0.8])[0]),
        (rank_stack, rsa_matrix),
    ):
        found = cka_null(stack(first), stack(second), permutations=6, seed=1)
        expected = [matrix([*first, *(y[order] for y in second)])[:2, 2:] for order in orders]
        npt.assert_allclose(found, expected, atol=1e-6)


def test_permuted_neighbours_give_what_permuted_representations_give(rng: np.random.Generator) -> None:
    first, second = related(rng, 25, 2, 0.5)
    lists = [np.stack([nearest(x, 4) for x in layers]) for layers in (first, second)]
    found = knn_null(*lists, permutations=6, seed=1)
    orders = [order[1] for order in second_permuted(25, 6, 1)]
    expected = [[[mutual_knn(x, y[order], k=4) for y in second] for x in first] for order in orders]
    npt.assert_allclose(found, expected, atol=1e-12)


def test_what_does_not_vary_is_undefined_in_every_draw(rng: np.random.Generator) -> None:
    x, constant = rng.normal(size=(20, 3)), np.full((20, 3), 0.1)
    for stack in (gram_stack, lambda layers: gram_stack(layers, width=1.0), rank_stack):
        draws = cka_null(stack([x]), stack([constant, x]), permutations=3)
        assert np.isnan(draws[:, 0, 0]).all()
        assert not np.isnan(draws[:, 0, 1]).any()


@pytest.mark.parametrize("n", [6, 7])
def test_closed_forms_equal_the_moments_over_every_permutation(n: int, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(n, 2)), rng.exponential(size=(n, 5))
    orders = [list(order) for order in itertools.permutations(range(n))]
    stack = np.concatenate([gram_stack([x]), gram_stack([y])]).astype(np.float64)
    values = [np.sum(stack[0] * stack[1][np.ix_(order, order)]) for order in orders]
    assert values[17] == pytest.approx(cka(x, y[orders[17]]), abs=1e-6)
    assert np.mean(values) == pytest.approx(0, abs=1e-7)
    assert np.var(values) == pytest.approx(cka_variance(n), rel=1e-5)
    assert stats.skew(values) == pytest.approx(cka_skewness(gram_shape(stack))[0, 1], rel=1e-5)


def test_mean_of_biased_cka_over_every_permutation(rng: np.random.Generator) -> None:
    for widths in ((2, 9), (9, 3)):
        x, y = (rng.normal(size=(6, d)) for d in widths)
        every = [cka(x, y[list(order)], debiased=False) for order in itertools.permutations(range(6))]
        assert cka_biased_mean(x, y) == pytest.approx(np.mean(every), rel=1e-9)
    assert np.isnan(cka_biased_mean(np.ones((6, 2)), x))


def test_mean_of_mutual_neighbours_over_every_permutation(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 6, 3))
    every = [mutual_knn(x, y[list(order)], k=2) for order in itertools.permutations(range(6))]
    assert np.mean(every) == pytest.approx(2 / 5)


@pytest.mark.parametrize("skewness", [-1.3, 0.0, 1e-5, 0.4, 2.0])
def test_tail_and_threshold_are_those_of_pearsons_third_type(skewness: float) -> None:
    z = np.linspace(-1, 5, 13)
    npt.assert_allclose(pearson_tail(z, np.full(13, skewness)), stats.pearson3.sf(z, skewness), atol=1e-5)
    threshold = pearson_threshold(0.05, np.array(skewness))
    assert threshold == pytest.approx(stats.pearson3.isf(0.05, skewness), abs=1e-4)


@pytest.mark.parametrize("kind", ["narrow", "wide", "outliers"])
def test_closed_form_p_agrees_with_many_draws(kind: str, rng: np.random.Generator) -> None:
    shape = {"narrow": (60, 2), "wide": (60, 200), "outliers": (60, 5)}[kind]
    x, y = rng.normal(size=(2, *shape)) if kind != "outliers" else rng.standard_t(3, size=(2, *shape))
    stack = gram_stack([x, y])
    draws = cka_null(stack[:1], stack[1:], permutations=4000).ravel()
    skewness = cka_skewness(gram_shape(stack))[0, 1]
    for share in (0.5, 0.1, 0.05, 0.01):
        value = np.quantile(draws, 1 - share)
        p = pearson_tail(value / cka_variance(60) ** 0.5, skewness)
        # Two standard errors of the quantile, and what a fit by three moments is off.
        assert p == pytest.approx(share, abs=2.5 * (share * (1 - share) / 4000) ** 0.5 + 0.15 * share)


def test_where_chance_is_all_there_is_nothing_is_calibrated():
    found = towards(np.array([0.9, 0.5]), np.array([1 - 6e-8, 0.0]), 1.0)
    npt.assert_array_equal(found, [np.nan, 0.5])
