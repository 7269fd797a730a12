"""Sigma- and beta-convergence against numpy's least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from polyculture.errors import DataError, ShapeError
from polyculture.measure import beta_convergence, sigma_convergence

quick = settings(max_examples=200, deadline=None, database=None)
series = hnp.arrays(float, (4, 5), elements=st.integers(0, 100).map(lambda k: k / 100))


@quick
@given(values=series)
def test_sigma_is_the_slope_of_the_spread(values: np.ndarray) -> None:
    years = np.array([2010, 2011, 2013, 2014, 2020])
    expected = np.polyfit(years - 2010, values.std(axis=0, ddof=1), 1)[0]
    assert sigma_convergence(values, years) == pytest.approx(expected, abs=1e-12)
    assert sigma_convergence(values[None].repeat(3, axis=0), years).shape == (3,)


@quick
@given(values=series)
def test_beta_is_the_slope_of_growth(values: np.ndarray) -> None:
    first, last = values[:, 0], values[:, -1]
    found = beta_convergence(first, last, years=4)
    if np.ptp(first) == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(np.polyfit(first, (last - first) / 4, 1)[0], abs=1e-9)


def test_missing_values_are_left_out() -> None:
    values = np.array([[0.1, 0.2, np.nan, 0.3], [0.5, 0.4, 0.9, 0.3], [0.3, np.nan, np.nan, 0.3]])
    spread = [np.std([0.1, 0.5, 0.3], ddof=1), np.std([0.2, 0.4], ddof=1), 0]
    assert sigma_convergence(values) == pytest.approx(np.polyfit([0, 1, 3], spread, 1)[0])
    assert beta_convergence(values[:, 0], values[:, 1]) == pytest.approx(-0.5)
    assert np.isnan(sigma_convergence(values[:1]))


def test_catching_up_need_not_narrow_the_spread() -> None:
    """Communities that change places catch up and are as far apart as before."""
    first, last = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.2, 0.1])
    assert beta_convergence(first, last) == pytest.approx(-2)
    assert sigma_convergence(np.stack([first, last], axis=1)) == pytest.approx(0, abs=1e-12)


def test_constants_have_no_slope_by_rounding() -> None:
    assert np.isnan(beta_convergence([0.1, 0.1, 0.1], [0.2, 0.3, 0.4]))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 years"):
        sigma_convergence(np.zeros((2, 3)), [2010, 2011])
    with pytest.raises(ShapeError, match="first has 2"):
        beta_convergence([1, 2], [1, 2, 3])
    with pytest.raises(DataError, match="years is 0"):
        beta_convergence([1, 2], [1, 2], years=0)
    with pytest.raises(DataError, match="infinite"):
        beta_convergence([1, np.inf], [1, 2])
    with pytest.raises(ShapeError, match="axes"):
        sigma_convergence([1, 2])
