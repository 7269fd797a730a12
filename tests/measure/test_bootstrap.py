"""Intervals cover what they claim to cover, and admit when they cannot."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import (
    Interval,
    bootstrap,
    bootstrap_outcomes,
    effective_models,
    error_consistency,
    error_consistency_matrix,
    jackknife,
    joint_failure,
    joint_failure_difference,
    joint_failure_expected,
    joint_failure_ratio,
    paired_interval,
    t_interval,
)
from polyculture.measure.outcome import intervals as module


def drawn(n: int, seed: int, models: int = 3) -> np.ndarray:
    """Failures of models that all fail on a hard fifth of the items with 0.8, and on the others with 0.2."""
    rng = np.random.default_rng(seed)
    hard = rng.random((n, 1)) < 0.2
    return rng.random((n, models)) < np.where(hard, 0.8, 0.2)


RATE = 0.2 * 0.8 + 0.8 * 0.2
BOTH = 0.2 * 0.8**2 + 0.8 * 0.2**2
PHI = (BOTH - RATE**2) / (RATE * (1 - RATE))
JOINT = 0.2 * 0.8**3 + 0.8 * 0.2**3
TRUE = {
    "error_consistency": PHI,  # with equal error rates κ and φ are the same
    "joint_failure": JOINT,
    "joint_failure_expected": RATE**3,
    "joint_failure_difference": JOINT - RATE**3,
    "joint_failure_ratio": JOINT / RATE**3,
    "kish": 3 / (1 + 2 * PHI),
}


def mean_kappa(failures: np.ndarray) -> float:
    return float(error_consistency_matrix(failures)[np.triu_indices(failures.shape[1], 1)].mean())


def test_outcome_intervals_cover_the_true_values() -> None:
    trials = 200
    hits = dict.fromkeys(TRUE, 0)
    for seed in range(trials):
        for name, interval in bootstrap_outcomes(drawn(400, seed), samples=300, seed=seed).items():
            hits[name] += interval.low <= TRUE[name] <= interval.high
    # 95 % of 200 is 190, give or take 3; percentile intervals of skewed statistics fall a little short.
    assert all(180 <= hit < trials for hit in hits.values()), hits


@pytest.mark.parametrize("block", [2**22, 100])
def test_outcome_intervals_agree_with_plain_resampling(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    failures = drawn(200, 1, models=4)
    plain = {
        "error_consistency": mean_kappa,
        "joint_failure_expected": joint_failure_expected,
        "joint_failure_difference": joint_failure_difference,
        "joint_failure_ratio": joint_failure_ratio,
        "kish": effective_models,
    }
    found = bootstrap_outcomes(failures, samples=2000)
    for name, statistic in plain.items():
        expected = bootstrap(statistic, failures, samples=1000)
        assert found[name].estimate == pytest.approx(expected.estimate)
        width = expected.high - expected.low
        npt.assert_allclose([found[name].low, found[name].high], [expected.low, expected.high], atol=0.15 * width)
    assert found["joint_failure"].estimate == joint_failure(failures)


def test_share_that_all_fail_on_has_the_exact_interval() -> None:
    failures = drawn(200, 1)
    hits = int(failures.all(axis=1).sum())
    exact = stats.binomtest(hits, 200).proportion_ci(0.9, method="exact")
    found = bootstrap_outcomes(failures, samples=10, level=0.9)["joint_failure"]
    npt.assert_allclose([found.low, found.high], [exact.low, exact.high])


def test_what_never_happened_gets_no_false_certainty() -> None:
    never = np.repeat([[0, 1], [1, 0], [0, 0]], 20, axis=0)
    found = bootstrap_outcomes(never, samples=50)
    assert found["joint_failure"].low == 0
    assert found["joint_failure"].high == pytest.approx(1 - 0.025 ** (1 / 60))
    for name in ("joint_failure_difference", "joint_failure_ratio"):
        assert not np.isnan(found[name].estimate)
        assert np.isnan([found[name].low, found[name].high]).all()


@pytest.mark.parametrize("value", [0, 1])
def test_models_that_never_vary(value: int) -> None:
    found = bootstrap_outcomes(np.full((20, 3), value), samples=20)
    for name in ("error_consistency", "kish"):
        assert np.isnan([found[name].estimate, found[name].low, found[name].high]).all()
    assert found["joint_failure"].estimate == value


def test_hardly_ever_defined_means_no_interval() -> None:
    rare = np.zeros((100, 2))
    rare[0] = 1
    found = bootstrap_outcomes(rare, samples=200)["error_consistency"]
    assert found.estimate == 1
    assert np.isnan(found.low)


def test_one_model_and_errors_that_cancel() -> None:
    assert np.isnan(bootstrap_outcomes([[0], [1]], samples=5)["kish"].estimate)
    found = bootstrap_outcomes(np.repeat([[0, 1], [1, 0]], 50, axis=0), samples=50)["kish"]
    assert found.estimate == found.high == np.inf


def test_same_seed_same_numbers_in_any_order_of_items() -> None:
    failures = drawn(100, 0)
    first = bootstrap_outcomes(failures, samples=50, seed=4)
    assert first == bootstrap_outcomes(failures[::-1], samples=50, seed=4)
    assert first != bootstrap_outcomes(failures, samples=50, seed=5)
    values = np.random.default_rng(0).normal(size=100)
    for interval in (bootstrap, jackknife):
        assert interval(np.median, values, seed=1) == interval(np.median, values, seed=1)
        assert interval(np.median, values, seed=1) != interval(np.median, values, seed=2)


def test_bootstrap_and_jackknife_of_a_mean() -> None:
    values = np.random.default_rng(0).normal(size=400)
    expected = t_interval(values)
    for found in (bootstrap(np.mean, values, samples=2000), jackknife(np.mean, values, blocks=100)):
        assert found.estimate == pytest.approx(expected.estimate)
        npt.assert_allclose([found.low, found.high], [expected.low, expected.high], atol=0.02)


def test_jackknife_of_single_items_is_the_standard_error_of_a_mean() -> None:
    values = np.array([1.0, 2.0, 4.0, 7.0])
    assert jackknife(np.mean, values, blocks=50).low == pytest.approx(t_interval(values).low)


def test_arrays_are_resampled_together() -> None:
    a = np.arange(50) % 3 == 0
    found = bootstrap(error_consistency, a, a, samples=50)
    assert (found.low, found.high) == (1, 1)


def test_undefined_values_in_generic_intervals() -> None:
    def undefined(x: np.ndarray) -> float:
        return float("nan")

    def often_undefined(x: np.ndarray) -> float:
        return float("nan") if x[0] == 0 else 1.0

    values = np.array([1, 0, 0, 0])
    for interval in (bootstrap(undefined, values), bootstrap(often_undefined, values), jackknife(undefined, values)):
        assert np.isnan([interval.low, interval.high]).all()
    assert bootstrap(often_undefined, values).estimate == 1


def macro_f1(truth: np.ndarray, given: np.ndarray) -> float:
    return float(f1_score(truth, given, average="macro"))


def test_paired_interval_is_narrower_than_two_separate_ones() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=300)
    first = np.where(rng.random(300) < 0.7, truth, 0)
    second = np.where(rng.random(300) < 0.05, 1, first)
    found = paired_interval(macro_f1, truth, first, second, samples=100)
    alone = bootstrap(macro_f1, truth, first, samples=100)
    assert found.estimate == pytest.approx(macro_f1(truth, first) - macro_f1(truth, second))
    assert found.low < found.estimate < found.high
    assert found.high - found.low < 0.6 * (alone.high - alone.low)
    swapped = paired_interval(macro_f1, truth, second, first, samples=100)
    npt.assert_allclose([swapped.low, swapped.high], [-found.high, -found.low], atol=1e-12)


def test_t_interval_against_scipy() -> None:
    values = np.random.default_rng(0).normal(size=5)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    found = t_interval(values, level=0.9)
    npt.assert_allclose([found.low, found.high], [expected.low, expected.high])
    assert t_interval([2.0, 2.0]) == Interval(2.0, 2.0, 2.0)


def test_wrong_requests_are_refused() -> None:
    values = np.arange(10.0)
    for level in (0, 1, 95, float("nan")):
        for request in (bootstrap, jackknife):
            with pytest.raises(ParameterError, match="level"):
                request(np.mean, values, level=level)
        with pytest.raises(ParameterError, match="level"):
            t_interval(values, level=level)
        with pytest.raises(ParameterError, match="level"):
            bootstrap_outcomes([[0, 1]], level=level)
    with pytest.raises(ParameterError, match="samples is 0"):
        bootstrap(np.mean, values, samples=0)
    with pytest.raises(ParameterError, match="samples is 0"):
        bootstrap_outcomes([[0, 1]], samples=0)
    with pytest.raises(ParameterError, match="blocks is 1"):
        jackknife(np.mean, values, blocks=1)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ShapeError, match="10 rows and array 1 has 9"):
        bootstrap(np.dot, np.arange(10), np.arange(9))
    for empty in ((), (np.zeros(0),), (np.float64(1),)):
        with pytest.raises(ShapeError):
            bootstrap(np.mean, *empty)
    with pytest.raises(ShapeError, match="at least 2"):
        jackknife(np.mean, np.ones(1))
    with pytest.raises(ShapeError, match="at least 2"):
        t_interval([1.0])
    with pytest.raises(DataError, match="not finite"):
        t_interval([1.0, np.nan])


def test_interval_prints_itself() -> None:
    assert str(Interval(0.12345, -0.1, 0.3)) == "0.123 [-0.1, 0.3]"
