"""Years in which a share is reached, against a loop that reads the definition."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from polyculture.errors import ParameterError
from polyculture.surveying.years import ends, finite, first_reached, state, within


def by_definition(shares: np.ndarray, years: np.ndarray, at: float) -> tuple[float, float]:
    for i, share in enumerate(shares):
        again = i + 1 == len(shares) or shares[i + 1] >= at
        if share >= at and again:
            if i == 0:
                return -np.inf, -np.inf
            if years[i] - years[i - 1] > 1:
                return float(years[i - 1]), float(years[i])
            before = min(shares[i - 1], at)
            step = (at - before) / (share - before) if share > before else 1.0
            return (float(years[i - 1] + step),) * 2
    return np.inf, np.inf


@given(
    arrays(float, st.tuples(st.just(3), st.integers(1, 8)), elements=st.floats(0, 1, width=16)), st.floats(0.01, 0.9)
)
def test_first_reached_is_what_its_definition_says(shares: np.ndarray, at: float) -> None:
    years = 2000 + np.cumsum(1 + np.arange(shares.shape[1]) % 2)
    expected = np.array([by_definition(row, years, at) for row in shares]).T
    npt.assert_allclose(first_reached(shares, years, at), expected)


def test_one_paper_in_a_small_year_is_no_adoption() -> None:
    years = np.arange(2010, 2016)
    assert first_reached([0, 0.2, 0, 0, 0.1, 0.3], years, 0.1) == (2014, 2014)
    assert first_reached([0, 0, 0, 0, 0, 0.2], years, 0.1) == (2014.5, 2014.5)


@given(arrays(float, (40, 3), elements=st.floats(-5, 5) | st.sampled_from([np.inf, -np.inf])))
def test_ends_are_order_statistics(draws: np.ndarray) -> None:
    low, high = ends(draws, 0.9)
    ranked = np.sort(draws, axis=0)
    npt.assert_array_equal(low, ranked[2])
    npt.assert_array_equal(high, ranked[37])


def test_ends_are_not_known_where_too_many_draws_do_not_tell() -> None:
    draws = np.tile(np.arange(100.0)[:, None], 3)
    draws[:6, 0], draws[:4, 1], draws[:, 2] = np.nan, np.nan, np.nan
    low, high = ends(draws, 0.95)
    npt.assert_array_equal(np.isnan(low), [True, False, True])
    npt.assert_array_equal((low[1], high[1]), (6, 97))
    with pytest.raises(ParameterError, match="level is 1"):
        ends(draws, 1)


def test_years_outside_those_known_are_not_told() -> None:
    found = within(np.array([2009.9, 2010, 2020, 2020.1, np.nan]), (2010, 2020))
    npt.assert_array_equal(found, [-np.inf, 2010, 2020, np.inf, np.nan])
    assert [finite(x) for x in found] == [None, 2010, 2020, None, None]
    assert state(found[4], (2010, 2020)) == "not known"
