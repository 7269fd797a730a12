"""Shares and curves of generated communities."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import polars as pl
import pytest

from polyculture.errors import ParameterError
from polyculture.surveying.adoption import adoption, adoption_curves, shares
from polyculture.surveying.counts import Counts

YEARS = tuple(range(2010, 2024))


def counts(holds: np.ndarray, papers: np.ndarray, names: tuple[str, ...] = ("a",)) -> Counts:
    communities = tuple(f"c{i}" for i in range(papers.shape[-2]))
    years = YEARS[: papers.shape[-1]]
    whole = np.broadcast_to(papers, holds.shape[:-1])
    return Counts(communities, years, names, whole, np.minimum(holds.sum(-1), whole), holds, holds)


def resampled(one: Counts, draws: int, seed: int) -> Counts:
    share = np.nan_to_num(shares(one))
    papers = np.asarray(one.papers)
    drawn = np.random.default_rng(seed).binomial(papers[..., None], share, (draws, *share.shape))
    return counts(drawn, papers, one.names)


def rising(middle: float, papers: int, seed: int, ceiling: float = 0.3) -> Counts:
    share = ceiling / (1 + np.exp(-0.8 * (np.array(YEARS) - middle)))
    whole = np.full((1, len(YEARS)), papers)
    return counts(np.random.default_rng(seed).binomial(papers, share)[None, :, None], whole)


def test_shares_and_cells_without_papers() -> None:
    papers = np.array([[0, 10]])
    found = adoption(one := counts(np.array([[[0], [4]]]), papers), resampled(one, 50, 0))
    assert found.select("year", "papers", "naming", "share").rows() == [(2011, 10, 4, 0.4)]
    assert np.isnan(shares(one)[0, 0, 0])


def test_intervals_hold_the_share_that_papers_were_drawn_from() -> None:
    inside = []
    for seed in range(40):
        one = rising(2016, 300, seed)
        found = adoption(one, resampled(one, 200, seed)).filter(pl.col("year") >= 2013)
        true = 0.3 / (1 + np.exp(-0.8 * (found["year"].to_numpy() - 2016)))
        inside += list((found["low"].to_numpy() <= true) & (true <= found["high"].to_numpy()))
    assert 0.9 <= np.mean(inside) <= 0.98


def test_none_and_all_have_exact_ends() -> None:
    one = counts(np.array([[[0, 20]]]), np.array([[20]]), ("a", "b"))
    found = adoption(one, resampled(one, 50, 0))
    npt.assert_allclose(found["high"].to_numpy(), [1 - 0.025 ** (1 / 20), 1])
    npt.assert_allclose(found["low"].to_numpy(), [0, 0.025 ** (1 / 20)])


def test_year_of_half_the_ceiling_is_inside_its_interval() -> None:
    inside = []
    for seed in range(40):
        one = rising(2016, 400, seed)
        found = adoption_curves(one, resampled(one, 200, seed), at=(0.1,)).filter(quantity="50 % of the ceiling")
        inside.append(found["low"][0] <= 2016 <= found["high"][0])
    assert np.mean(inside) >= 0.9


def test_what_is_not_reached_is_said_so() -> None:
    one = rising(2026, 4000, 0)
    found = adoption_curves(one, resampled(one, 50, 0), at=(0.25,))
    late = found.filter(quantity="25 % of papers").row(0, named=True)
    assert late["estimate"] is None
    assert late["high"] is None
    assert late["state"] == "not reached by 2023"
    early = adoption_curves(one := rising(2005, 4000, 0), resampled(one, 50, 0), at=(0.1,))
    assert early.filter(quantity="10 % of papers")["state"].to_list() == ["before 2010"]


def test_years_after_the_peak_belong_to_no_adoption() -> None:
    year = np.array(YEARS)
    share = 0.4 / (1 + np.exp(-1.5 * (year - 2013))) * np.where(year > 2017, 0.6 ** (year - 2017), 1)
    papers = np.full((1, len(YEARS)), 2000)
    one = counts(np.round(share * 2000).astype(int)[None, :, None], papers)
    found = adoption_curves(one, resampled(one, 50, 0))
    assert 2015 <= found["until"][0] <= 2017
    npt.assert_allclose(found.filter(quantity="50 % of the ceiling")["estimate"].to_list(), 2013, atol=0.1)


def test_too_few_papers_make_no_curve_and_frames_are_plain() -> None:
    one = counts(np.ones((1, 14, 1), dtype=int), np.full((1, 14), 50))
    found = adoption_curves(one, resampled(one, 20, 0), least=30)
    assert found.is_empty()
    assert found.columns[:3] == ["community", "name", "quantity"]
    json.dumps(adoption(one, resampled(one, 20, 0)).to_dicts(), allow_nan=False)
    with pytest.raises(ParameterError, match="level"):
        adoption(one, resampled(one, 20, 0), level=95)
