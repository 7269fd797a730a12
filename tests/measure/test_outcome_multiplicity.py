"""Ambiguity, discrepancy and capacity against enumeration and closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.testing as npt
import pytest

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure.outcome.capacity import rashomon_capacities, rashomon_capacity
from polyculture.measure.outcome.multiplicity import ambiguity, ambiguity_expected, discrepancy, most_accurate


@pytest.fixture
def predictions() -> np.ndarray:
    rng = np.random.default_rng(0)
    common = rng.integers(3, size=(60, 1))
    return np.where(rng.random((60, 7)) < np.linspace(0.5, 0.95, 7), common, rng.integers(3, size=(60, 7)))


def differ(predictions: np.ndarray, a: int, b: int) -> float:
    return float((predictions[:, a] != predictions[:, b]).mean())


def test_all_models_by_counting(predictions: np.ndarray) -> None:
    assert ambiguity(predictions) == pytest.approx(np.mean([len(set(row)) > 1 for row in predictions.tolist()]))
    assert discrepancy(predictions) == max(differ(predictions, a, b) for a, b in itertools.combinations(range(7), 2))
    against = [any(other != row[2] for other in row) for row in predictions.tolist()]
    assert ambiguity(predictions, baseline=2) == pytest.approx(np.mean(against))
    assert discrepancy(predictions, baseline=2) == max(differ(predictions, 2, other) for other in range(7))


@pytest.mark.parametrize("size", [2, 3, 5, 7])
def test_fewer_models_are_the_mean_over_all_choices(predictions: np.ndarray, size: int) -> None:
    groups = [list(group) for group in itertools.combinations(range(7), size)]
    expected = np.mean([ambiguity(predictions[:, group]) for group in groups])
    assert ambiguity(predictions, size=size) == pytest.approx(expected, rel=1e-10)
    expected = np.mean([discrepancy(predictions[:, group]) for group in groups])
    assert discrepancy(predictions, size=size, samples=2000) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("size", [2, 4, 7])
def test_fewer_models_with_a_baseline_are_the_mean_over_all_choices(predictions: np.ndarray, size: int) -> None:
    groups = [[3, *rest] for rest in itertools.combinations([0, 1, 2, 4, 5, 6], size - 1)]
    for measure in (ambiguity, discrepancy):
        expected = np.mean([measure(predictions[:, group], baseline=0) for group in groups])
        assert measure(predictions, baseline=3, size=size) == pytest.approx(expected, rel=1e-10)


def test_more_models_are_more_ambiguous_but_not_at_equal_size() -> None:
    rng = np.random.default_rng(0)
    few, many = ((rng.random((2000, m)) < 0.9) * 1 for m in (4, 40))
    assert ambiguity(many) > 2 * ambiguity(few)
    assert ambiguity(many, size=4) == pytest.approx(ambiguity(few), abs=0.03)
    assert ambiguity(few) == pytest.approx(ambiguity_expected(few), abs=0.03)


def test_answers_that_are_no_option_differ_from_every_other() -> None:
    given = [[-1, -1], [0, 0]]
    assert (
        ambiguity(given) == ambiguity(given, baseline=0) == discrepancy(given) == discrepancy(given, baseline=1) == 0.5
    )


def test_very_many_options() -> None:
    wide = np.random.default_rng(0).integers(10**6, size=(50, 4))
    wide[:25] = wide[:25, :1]
    assert ambiguity(wide) == discrepancy(wide) == 0.5


def test_the_baseline_is_the_most_accurate() -> None:
    assert most_accurate([[0, 1, 1], [0, 1, 1], [1, 1, 0]], [1, 1, 1]) == 1
    with pytest.raises(ShapeError, match="one label for each of 3 items"):
        most_accurate([[0], [0], [1]], [1, 1])


def test_capacity_of_the_binary_channels() -> None:
    p = np.array([0.0, 0.1, 0.3, 0.5])
    symmetric = np.stack([np.stack([1 - p, p], axis=1), np.stack([p, 1 - p], axis=1)], axis=1)
    entropy = -np.array([sum(x * np.log(x) for x in (q, 1 - q) if x) for q in p])
    npt.assert_allclose(rashomon_capacities(symmetric, tolerance=1e-6), np.exp(np.log(2) - entropy), rtol=1e-6)
    z_channel = [[[1.0, 0.0], [0.5, 0.5]]]
    npt.assert_allclose(rashomon_capacities(z_channel, tolerance=1e-6), 5 / 4, rtol=1e-6)


def test_capacity_counts_different_predictions() -> None:
    certain = np.eye(4)[[0, 0, 1, 3, 3]][None]
    npt.assert_allclose(rashomon_capacities(certain, tolerance=1e-5), 3, rtol=1e-5)
    same = np.tile([0.2, 0.5, 0.3], (2, 6, 1))
    npt.assert_allclose(rashomon_capacities(same), 1, rtol=1e-12)
    npt.assert_allclose(rashomon_capacities(same[:, :1]), 1, rtol=1e-12)


def test_capacity_meets_its_tolerance_and_is_a_maximum() -> None:
    rng = np.random.default_rng(0)
    given = rng.dirichlet([0.5] * 4, size=(30, 6))
    rough, fine = rashomon_capacities(given, tolerance=1e-2), rashomon_capacities(given, tolerance=1e-5)
    npt.assert_allclose(rough, fine, rtol=1e-2)
    for weights in rng.dirichlet([0.5] * 6, size=200):
        mixture = np.einsum("j,njo->no", weights, given)
        information = np.einsum("j,njo,njo->n", weights, given, np.log(given / mixture[:, None]))
        assert (np.exp(information) <= fine * (1 + 2e-5)).all()
    assert rashomon_capacity(given) == pytest.approx(rashomon_capacities(given).mean())
    groups = [list(group) for group in itertools.combinations(range(6), 3)]
    expected = np.mean([rashomon_capacity(given[:, group]) for group in groups])
    assert rashomon_capacity(given, size=3, samples=200) == pytest.approx(expected, rel=0.02)


def test_errors_say_what_to_do(predictions: np.ndarray) -> None:
    for size in (1, 8):
        with pytest.raises(ParameterError, match=f"size is {size}; pass a number of models from 2 to 7"):
            ambiguity(predictions, size=size)
    with pytest.raises(ParameterError, match="baseline is 7"):
        discrepancy(predictions, baseline=7)
    with pytest.raises(DataError, match=r"predictions holds 0\.5"):
        ambiguity(predictions * 0.5)
    with pytest.raises(ParameterError, match="tolerance is 0"):
        rashomon_capacity([[[0.5, 0.5]]], tolerance=0)
    with pytest.raises(ShapeError, match="at least 2 options"):
        rashomon_capacity([[[1.0]]])
