"""Lags where some communities have not started and others had it before."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest

from polyculture.surveying.counts import Counts
from polyculture.surveying.lags import gaps, known_cells, lags, years_reached

YEARS = tuple(range(2010, 2020))
ALL = np.ones((3, 10), dtype=bool)


def test_the_first_others_and_those_that_have_not() -> None:
    found = lags(np.array([[2012.5], [2014.0], [np.inf]]), ALL, YEARS)
    npt.assert_array_equal(found.open_ended[:, 0], [0, 1.5, np.inf])
    npt.assert_array_equal(found.leads[:, 0], [True, False, False])
    npt.assert_allclose(found.lag[2, 0], 2019 - 2012.5)


def test_a_first_that_had_it_before_makes_lags_longer_than() -> None:
    found = lags(np.array([[-np.inf], [2014.0], [np.inf]]), ALL, YEARS)
    npt.assert_array_equal(found.known[:, 0], [False, False, False])
    npt.assert_array_equal(found.lag[:, 0], [np.nan, 4, 9])
    npt.assert_array_equal(found.leads[:, 0], [False] * 3)


def test_a_method_that_nobody_reached_and_a_community_without_data() -> None:
    found = lags(np.array([[np.inf, 2012], [np.inf, np.nan], [np.inf, 2013]]), ALL, YEARS)
    npt.assert_array_equal(found.lag, [[np.nan, 0], [np.nan, np.nan], [np.nan, 1]])


def test_a_community_is_watched_until_its_own_last_year() -> None:
    known = ALL.copy()
    known[1, 6:] = False
    found = lags(np.array([[2012.0], [np.inf], [np.inf]]), known, YEARS)
    npt.assert_array_equal(found.lag[:, 0], [0, 3, 7])


def test_draws_are_one_by_one() -> None:
    rng = np.random.default_rng(0)
    reached = rng.choice(
        [np.inf, -np.inf, np.nan, 2011.5, 2014.2, 2016.8], (50, 3, 4), p=[0.2, 0.1, 0.1, 0.2, 0.2, 0.2]
    )
    whole = lags(reached, ALL, YEARS)
    for draw in range(50):
        for part, one in zip(whole, lags(reached[draw], ALL, YEARS), strict=True):
            npt.assert_array_equal(part[draw], one)


def test_years_with_few_papers_do_not_count() -> None:
    papers = np.array([[100, 5, 100, 100], [100, 5, 5, 5]])
    holds = np.array([[0, 5, 0, 50], [0, 5, 5, 5]])[..., None]
    one = Counts(("a", "b"), (2010, 2011, 2012, 2013), ("m",), papers, holds[..., 0], holds, holds)
    known = known_cells(one, 20)
    npt.assert_array_equal(known, papers >= 20)
    found = years_reached(one, 0.25, known, np.array([0]))
    npt.assert_allclose(found.year[:, 0], [2012.5, np.nan])


def test_what_is_reached_in_a_gap_has_no_year_but_two_ends() -> None:
    papers = np.array([[100, 100, 0, 0, 100, 100]])
    holds = np.array([[0, 5, 0, 0, 60, 60]])[..., None]
    one = Counts(("a",), tuple(range(2010, 2016)), ("m",), papers, holds[..., 0], holds, holds)
    known = known_cells(one, 20)
    found = years_reached(one, 0.25, known, np.array([0]))
    assert np.isnan(found.year[0, 0])
    assert (found.earliest[0, 0], found.latest[0, 0]) == (2011, 2014)
    assert gaps(known, one.years) == [(0, 2012, 2013)]


@pytest.mark.parametrize(
    ("other", "leads", "known", "lag"),
    [
        # the other was there before the gap began: it is first, and the lag of the one with the gap is a bound
        (2013.5, [False, True], [False, True], [1.5, 0]),
        # or when it began: whoever has the gap reached it later
        (2015.0, [False, True], [False, True], [0, 0]),
        # the other was there in the gap or after it: nobody knows who was first
        (2016.5, [False, False], [False, False], [0, 0]),
        (2020.0, [False, False], [False, False], [0, 2]),
        (np.inf, [False, False], [False, False], [0, 1]),
    ],
)
def test_who_may_have_been_first_in_a_gap_leads_nobody(other, leads, known, lag) -> None:
    """One community reached the share between 2015 and 2018."""
    found = lags(np.array([[2018.0], [other]]), ALL[:2], YEARS, np.array([[2015.0], [other]]))
    npt.assert_array_equal(found.leads[:, 0], leads)
    npt.assert_array_equal(found.known[:, 0], known)
    npt.assert_allclose(found.lag[:, 0], lag)
