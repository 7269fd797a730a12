"""Near-twins among models with a known expectation, planted copies, and pools that have none."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import pytest

from polyculture.auditing.twins import expected_likeness, near_twins
from polyculture.errors import ShapeError
from polyculture.measure import error_consistency_matrix


def answers(m: int, n: int, rng: np.random.Generator) -> np.ndarray:
    skill, hard = rng.normal(0.8, 0.7, m), rng.normal(0, 1.3, (n, 1))
    return rng.random((n, m)) < 1 / (1 + np.exp(hard - skill))


def additive(m: int, seed: int, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    effects = rng.normal(0.2, 0.05, m)
    z = effects[:, None] + effects + np.triu(rng.normal(0, noise, (m, m)), 1)
    return np.tanh(np.triu(z, 1) + np.triu(z, 1).T)


def test_a_planted_near_copy_is_found_and_hardly_anything_else() -> None:
    rng = np.random.default_rng(0)
    hits, others, without = 0, 0, 0
    for _ in range(30):
        correct = answers(12, 600, rng)
        without += len(near_twins(error_consistency_matrix(correct), accuracy=correct.mean(axis=0)).pairs)
        same = rng.random(600) < 0.9
        correct[same, 7] = correct[same, 3]
        found = near_twins(error_consistency_matrix(correct), accuracy=correct.mean(axis=0)).pairs
        pairs = {(twin.a, twin.b) for twin in found}
        hits += (3, 7) in pairs
        others += len(pairs - {(3, 7)})
    assert hits == 30
    assert without <= 2
    assert others <= 3


def test_expectation_recovers_model_effects_despite_twins() -> None:
    clean = additive(12, 0)
    spoilt = clean.copy()
    spoilt[[1, 8], [8, 1]] = 0.99
    off = ~np.eye(12, dtype=bool)
    npt.assert_allclose(expected_likeness(clean)[off], clean[off], atol=1e-6)
    npt.assert_allclose(expected_likeness(spoilt)[off], clean[off], atol=0.005)
    assert np.isnan(np.diagonal(expected_likeness(clean))).all()


def test_expectation_takes_the_difference_in_accuracy_into_account() -> None:
    accuracy = np.random.default_rng(1).uniform(0.5, 0.9, 10)
    apart = np.abs(accuracy[:, None] - accuracy)
    likeness = np.tanh(np.arctanh(additive(10, 1)) - 0.8 * apart)
    off = ~np.eye(10, dtype=bool)
    npt.assert_allclose(expected_likeness(likeness, accuracy)[off], likeness[off], atol=1e-6)
    assert np.abs(expected_likeness(likeness) - likeness)[off].max() > 0.01


def test_expectation_without_outliers_is_least_squares() -> None:
    likeness = additive(9, 2, noise=1e-4)
    rows, columns = np.triu_indices(9, 1)
    design = np.zeros((36, 9))
    design[np.arange(36), rows] = design[np.arange(36), columns] = 1
    effects = np.linalg.lstsq(design, np.arctanh(likeness[rows, columns]), rcond=None)[0]
    expected = np.tanh(effects[rows] + effects[columns])
    npt.assert_allclose(expected_likeness(likeness)[rows, columns], expected, atol=5e-5)


def test_given_expectation_decides_what_is_close() -> None:
    likeness = additive(10, 3, noise=0.02)
    likeness[[0, 1], [1, 0]] = 0.9
    explained = additive(10, 3)
    assert [(twin.a, twin.b) for twin in near_twins(likeness, expected=explained).pairs] == [(0, 1)]
    explained[[0, 1], [1, 0]] = 0.9
    assert near_twins(likeness, expected=explained).pairs == ()


def test_z_is_the_residual_in_robust_standard_deviations() -> None:
    likeness, expected = additive(8, 4, noise=0.05), additive(8, 4)
    found = near_twins(likeness, expected=expected)
    residuals = (np.arctanh(likeness) - np.arctanh(expected))[np.triu_indices(8, 1)]
    middle = np.median(residuals)
    z = (residuals - middle) / (1.4826 * np.median(np.abs(residuals - middle)))
    npt.assert_allclose(found.z[np.triu_indices(8, 1)], z, atol=1e-9)


def test_a_pair_must_be_closer_with_its_whole_interval() -> None:
    likeness = additive(10, 5, noise=0.01)
    likeness[[2, 4], [4, 2]] = 0.8
    wide, narrow, unknown = likeness - 0.5, likeness - 0.05, np.full_like(likeness, np.nan)
    assert [(twin.a, twin.b) for twin in near_twins(likeness, narrow).pairs] == [(2, 4)]
    assert near_twins(likeness, wide).pairs == ()
    assert near_twins(likeness, unknown).pairs == ()


def test_a_sure_but_small_excess_makes_no_twins() -> None:
    likeness = additive(10, 6, noise=0.001)
    likeness[[2, 4], [4, 2]] = np.tanh(np.arctanh(likeness[2, 4]) + 0.05)
    assert near_twins(likeness).z[2, 4] > 10
    assert near_twins(likeness).pairs == ()
    assert len(near_twins(likeness, closer=0.0).pairs) == 1


def test_copies_are_found_among_few_models_and_without_intervals() -> None:
    likeness = np.full((3, 3), 0.2)
    likeness[[0, 2], [2, 0]] = 1
    found = near_twins(likeness, np.full((3, 3), np.nan))
    assert [(twin.a, twin.b, twin.copy) for twin in found.pairs] == [(0, 2, True)]
    assert "fewer than 6" in found.reason
    assert np.isnan(found.pairs[0].p)
    assert near_twins(np.array([[1.0, 0.99], [0.99, 1.0]])).pairs == ()


def test_likeness_1_without_evidence_is_judged_as_any_other() -> None:
    likeness = additive(10, 5, noise=0.01)
    likeness[[2, 4], [4, 2]] = 1
    unknown, sure = np.full_like(likeness, np.nan), likeness - 0.05
    evidence = ~np.eye(10, dtype=bool)
    assert [twin.copy for twin in near_twins(likeness, unknown, copies=evidence).pairs] == [True]
    evidence[[2, 4], [4, 2]] = False
    assert near_twins(likeness, unknown, copies=evidence).pairs == ()
    closer = near_twins(likeness, sure, copies=evidence).pairs
    assert [(twin.a, twin.b, twin.copy) for twin in closer] == [(2, 4, False)]


def test_independent_models_that_hardly_fail_are_copies_only_without_a_demand_for_evidence() -> None:
    rng = np.random.default_rng(0)
    anyhow, borne_out = 0, 0
    for _ in range(60):
        correct = rng.random((20, 8)) < 0.95
        kappa, unknown = error_consistency_matrix(correct), np.full((8, 8), np.nan)
        both = (~correct).T.astype(int) @ ~correct
        anyhow += bool(near_twins(kappa, unknown).pairs)
        borne_out += bool(near_twins(kappa, unknown, copies=both >= 10).pairs)
    assert anyhow >= 6
    assert borne_out == 0


def test_undefined_pairs_are_never_twins() -> None:
    likeness = additive(8, 7, noise=0.02)
    likeness[3] = likeness[:, 3] = np.nan
    likeness[[0, 1], [1, 0]] = 0.95
    found = near_twins(likeness, accuracy=np.full(8, np.nan))
    assert [(twin.a, twin.b) for twin in found.pairs] == [(0, 1)]
    assert np.isnan(found.expected[3]).all()
    assert near_twins(np.full((7, 7), np.nan)).pairs == ()


def test_equal_pairs_have_no_outliers() -> None:
    assert near_twins(np.full((9, 9), 0.5)).pairs == ()


def test_one_twin_among_otherwise_equal_pairs_is_found() -> None:
    likeness = np.full((9, 9), 0.5)
    likeness[[1, 5], [5, 1]] = 0.9
    assert [(twin.a, twin.b) for twin in near_twins(likeness, expected=np.full((9, 9), 0.5)).pairs] == [(1, 5)]


def test_twins_are_listed_by_distance_from_the_expectation_and_named() -> None:
    likeness = additive(14, 8, noise=0.02)
    likeness[[0, 1], [1, 0]], likeness[[5, 9], [9, 5]] = 0.8, 0.97
    found = near_twins(likeness)
    assert [(twin.a, twin.b) for twin in found.pairs] == [(5, 9), (0, 1)]
    plain = json.loads(json.dumps(found.to_dict([f"model {i}" for i in range(14)])))
    assert plain["pairs"][0]["a"] == "model 5"
    assert plain["pairs"][0]["excess"] == pytest.approx(0.97 - plain["pairs"][0]["expected"])
    assert plain["pairs"][0]["p"] <= 0.05


def test_errors_say_what_to_pass() -> None:
    with pytest.raises(ShapeError, match=r"estimate has shape \(2, 3\)"):
        near_twins(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=r"low has shape \(2, 2\); pass shape \(3, 3\)"):
        near_twins(np.zeros((3, 3)), np.zeros((2, 2)))
    with pytest.raises(ShapeError, match=r"copies has shape \(2, 2\); pass shape \(3, 3\)"):
        near_twins(np.zeros((3, 3)), copies=np.ones((2, 2), dtype=bool))
    with pytest.raises(ShapeError, match="one share for each of the 7 models"):
        near_twins(np.zeros((7, 7)), accuracy=[0.5])
