"""Outcome measures against scikit-learn, plain counting, and cases with a known answer."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import (
    effective_models,
    error_consistency,
    error_consistency_bound,
    error_consistency_matrix,
    error_correlation_matrix,
    joint_failure,
    joint_failure_difference,
    joint_failure_expected,
    joint_failure_ratio,
)


@pytest.fixture
def failures() -> np.ndarray:
    rng = np.random.default_rng(0)
    hard = rng.random((300, 1))
    return rng.random((300, 5)) < 0.2 + 0.6 * hard**2


def test_error_consistency_is_cohens_kappa(failures: np.ndarray) -> None:
    found = error_consistency_matrix(~failures)
    for a, b in itertools.product(range(5), repeat=2):
        expected = cohen_kappa_score(failures[:, a], failures[:, b])
        assert found[a, b] == pytest.approx(expected, abs=1e-12)
        assert error_consistency(failures[:, a], failures[:, b]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("value", [0, 1])
def test_perfect_agreement_without_variation_is_undefined(value: int) -> None:
    perfect, other = np.full(10, value), np.arange(10) % 2
    assert np.isnan(error_consistency(perfect, perfect))
    assert error_consistency(perfect, other) == 0
    npt.assert_array_equal(error_consistency_matrix(np.column_stack([perfect, other])), [[np.nan, 0], [0, 1]])


@settings(max_examples=60, deadline=None, database=None)
@given(n=st.integers(1, 30), data=st.data())
def test_bound_is_reached_by_nested_errors_and_never_passed(n: int, data: st.DataObject) -> None:
    right_a, right_b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    a, b = np.arange(n) < right_a, np.arange(n) < right_b
    bound = error_consistency_bound(right_a / n, right_b / n)
    npt.assert_allclose(error_consistency(a, b), bound, atol=1e-9)
    shuffled = error_consistency(a, np.random.default_rng(0).permutation(b))
    assert np.isnan(bound) or shuffled <= bound + 1e-9


def test_bound_refuses_what_is_no_accuracy() -> None:
    with pytest.raises(ParameterError, match=r"1\.2"):
        error_consistency_bound(0.5, 1.2)
    with pytest.raises(ParameterError, match="nan"):
        error_consistency_bound(float("nan"), 0.5)


def test_joint_failure_by_counting(failures: np.ndarray) -> None:
    together = sum(all(row) for row in failures.tolist()) / 300
    alone = np.prod([sum(column) / 300 for column in failures.T.tolist()])
    assert joint_failure(failures) == pytest.approx(together)
    assert joint_failure_expected(failures) == pytest.approx(alone)
    assert joint_failure_difference(failures) == pytest.approx(together - alone)
    assert joint_failure_ratio(failures) == pytest.approx(together / alone)
    assert joint_failure_ratio(failures, log=True) == pytest.approx(np.log(together / alone))
    assert together > 2 * alone


def test_ratio_where_nothing_can_be_expected_or_nothing_happened() -> None:
    assert np.isnan(joint_failure_ratio([[0, 1], [0, 0]]))
    assert np.isnan(joint_failure_ratio([[0, 1], [0, 0]], log=True))
    assert joint_failure_ratio([[0, 1], [1, 0]]) == 0
    assert joint_failure_ratio([[0, 1], [1, 0]], log=True) == -np.inf


def test_ratio_of_very_many_models_stays_finite_in_logarithms() -> None:
    copies = np.repeat(np.arange(10)[:, None] == 0, 400, axis=1)
    assert joint_failure_expected(copies) == 0
    assert joint_failure_ratio(copies, log=True) == pytest.approx(399 * np.log(10))
    assert joint_failure_ratio(copies) == np.inf


def test_correlations_are_pearsons(failures: np.ndarray) -> None:
    npt.assert_allclose(error_correlation_matrix(failures), np.corrcoef(failures.T), atol=1e-12)


def test_effective_models_of_independent_and_identical_models(failures: np.ndarray) -> None:
    every_pattern = np.array(list(itertools.product([0, 1], repeat=6)))
    assert effective_models(every_pattern) == pytest.approx(6)
    assert effective_models(np.repeat(every_pattern[:, :1], 6, axis=1)) == pytest.approx(1)
    twice = np.repeat(every_pattern, 2, axis=1)
    # Of 12 models each has one perfect copy and ten independent others.
    assert effective_models(twice) == pytest.approx(12 / (1 + 11 * (1 / 11)))
    correlations = np.corrcoef(failures.T)[~np.eye(5, dtype=bool)]
    assert effective_models(failures) == pytest.approx(5 / (1 + 4 * correlations.mean()))


def test_effective_models_leaves_out_models_that_do_not_vary(failures: np.ndarray) -> None:
    with_constants = np.column_stack([np.zeros(300), failures, np.ones(300)])
    assert effective_models(with_constants) == pytest.approx(effective_models(failures))
    assert np.isnan(effective_models(with_constants[:, :2]))
    assert np.isnan(effective_models(np.zeros((5, 3))))
    assert np.isnan(effective_models([[0], [1]]))
    correlations = error_correlation_matrix(with_constants)
    assert np.isnan(correlations[0]).all()
    assert not np.isnan(correlations[1:6, 1:6]).any()


def test_effective_models_where_errors_cancel_or_exclude_each_other() -> None:
    assert effective_models([[0, 1], [1, 0]]) == np.inf
    assert effective_models(np.eye(3)) == np.inf
    assert 3 < effective_models(np.vstack([np.eye(3), np.zeros((1, 3))])) < np.inf


def test_effective_models_names_its_definition(failures: np.ndarray) -> None:
    assert effective_models(failures, definition="kish") == effective_models(failures)
    with pytest.raises(ParameterError, match="kish"):
        effective_models(failures, definition="entropy")


def test_errors_say_where_and_what_to_do() -> None:
    with pytest.raises(DataError, match=r"failures holds 2 in row 1, column 0.*drop the items"):
        joint_failure([[0, 1], [2, 1]])
    with pytest.raises(DataError, match="nan in row 0, column 1"):
        joint_failure([[0, np.nan]])
    with pytest.raises(ShapeError, match="a has shape"):
        error_consistency([[1]], [1])
    with pytest.raises(DataError, match=r"b holds 0\.5"):
        error_consistency([1, 0], [1, 0.5])
    with pytest.raises(DataError, match="inhomogeneous"):
        joint_failure([[0, 1], [1]])
    with pytest.raises(ShapeError, match=r"\(3, 0\)"):
        joint_failure(np.zeros((3, 0)))
