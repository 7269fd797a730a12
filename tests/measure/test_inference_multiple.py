"""Adjusted p-values against the definitions of their papers."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure.inference.multiple import adjust, adjust_pairs

METHODS = ("holm", "benjamini-hochberg")


def rejected_by_holm(p: list[float], alpha: float) -> set[int]:
    found: set[int] = set()
    for position, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[i] * (len(p) - position) > alpha:
            break
        found.add(i)
    return found


def rejected_by_benjamini_hochberg(p: list[float], alpha: float) -> set[int]:
    order = sorted(range(len(p)), key=p.__getitem__)
    last = max((j for j, i in enumerate(order, 1) if p[i] <= j / len(p) * alpha), default=0)
    return set(order[:last])


@settings(max_examples=60, deadline=None, database=None)
@given(p=st.lists(st.integers(0, 1000), min_size=1, max_size=20), alpha=st.integers(1, 999))
def test_what_is_found_at_alpha_is_what_the_step_procedures_reject(p: list[int], alpha: int) -> None:
    values = [value / 1000 for value in p]
    # Off the grid of thousandths, so that no comparison hangs on rounding.
    level = (alpha + 0.5) / 1000
    assert set(np.flatnonzero(adjust(values, method="holm") <= level)) == rejected_by_holm(values, level)
    found = set(np.flatnonzero(adjust(values) <= level))
    assert found == rejected_by_benjamini_hochberg(values, level)


def test_a_worked_example() -> None:
    p = [0.01, 0.02, 0.03, 0.04, 0.05]
    npt.assert_allclose(adjust(p, method="holm"), [0.05, 0.08, 0.09, 0.09, 0.09])
    npt.assert_allclose(adjust(p), [0.05] * 5)


@pytest.mark.parametrize("method", METHODS)
def test_missing_tests_are_not_counted(method: str) -> None:
    p = np.array([[0.01, np.nan], [0.2, 0.03]])
    known = ~np.isnan(p)
    found = adjust(p, method=method)
    assert np.isnan(found[0, 1])
    npt.assert_allclose(found[known], adjust(p[known], method=method))
    assert np.isnan(adjust([np.nan, np.nan], method=method)).all()
    assert adjust([], method=method).shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_each_pair_of_models_is_one_test(method: str) -> None:
    half = np.triu(np.random.default_rng(0).random((6, 6)) ** 3, 1)
    square = half + half.T
    found = adjust_pairs(square, method=method)
    npt.assert_array_equal(found, found.T)
    assert np.isnan(found.diagonal()).all()
    pairs = np.triu_indices(6, 1)
    npt.assert_array_equal(found[pairs], adjust(square[pairs], method=method))


def test_holm_keeps_even_one_false_find_rare_and_plain_testing_does_not() -> None:
    p = np.random.default_rng(0).random((2000, 20))
    plain = np.mean((p <= 0.05).any(axis=1))
    held = np.mean([(adjust(row, method="holm") <= 0.05).any() for row in p])
    assert plain > 0.6
    assert 0.035 < held < 0.065


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(DataError, match=r"-0\.1 to 0\.5"):
        adjust([0.5, -0.1])
    with pytest.raises(DataError, match=r"0\.5 to 2"):
        adjust([0.5, 2])
    with pytest.raises(ParameterError, match="bonferroni"):
        adjust([0.5], method="bonferroni")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        adjust_pairs([0.1, 0.2, 0.3])
