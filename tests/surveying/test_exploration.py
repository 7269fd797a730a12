"""Entry, survival and age of methods in small tables that can be read, and movement against chance."""

from __future__ import annotations

import json

import numpy as np
import numpy.testing as npt
import pytest
from scipy.stats import spearmanr

from polyculture.errors import ShapeError
from polyculture.surveying.cohorts import staying, time_to_adoption
from polyculture.surveying.counts import Counts
from polyculture.surveying.exploration import exploration
from polyculture.surveying.movement import movement
from polyculture.surveying.novelty import novelty

YEARS = tuple(range(2010, 2018))


def counts(holds: np.ndarray, papers: int | np.ndarray = 100) -> Counts:
    names = tuple(f"m{i}" for i in range(holds.shape[-1]))
    communities = tuple(f"c{i}" for i in range(holds.shape[-3]))
    whole = np.broadcast_to(papers, holds.shape[:-1])
    return Counts(communities, YEARS[: holds.shape[-2]], names, whole, holds.sum(-1), holds, holds)


def stacked(one: Counts, draws: int = 20) -> Counts:
    head, parts = list(vars(one).values())[:3], list(vars(one).values())[3:]
    return Counts(*head, *(np.stack([part] * draws) for part in parts))


# Papers a year: a method that was always there, one that comes in 2013 and stays, one that is there for two years.
OLD, NEW, BRIEF = [10] * 8, [0, 0, 0, 10, 30, 30, 30, 30], [0, 0, 10, 10, 0, 0, 0, 0]
HOLDS = np.array([OLD, NEW, BRIEF]).T[None]


def test_entry_incumbents_and_age_are_those_of_the_table() -> None:
    found = novelty(counts(HOLDS), (2000, None, 2011))
    npt.assert_array_equal(found.entering[0, :3], [np.nan] * 3)
    npt.assert_allclose(found.entering[0, 3:], [1 / 3, 0, 0, 0, 0])
    npt.assert_allclose(found.incumbent[0, 3:5], [20 / 30, 1])
    npt.assert_allclose(found.age[0, 3], (10 * 13 + 10 * 0 + 10 * 2) / 30)
    draws = novelty(stacked(counts(HOLDS), 3), (2000, None, 2011))
    npt.assert_array_equal(draws.age[2], found.age)


def test_an_incumbent_is_one_of_the_last_years() -> None:
    holds = np.array([OLD, [10, 0, 0, 0, 0, 10, 0, 0]]).T[None]
    found = novelty(counts(holds), (None, None), window=3)
    npt.assert_allclose(found.incumbent[0, 5], 0.5)
    npt.assert_allclose(found.entering[0, 5], 0)


def test_methods_that_stay_and_go() -> None:
    found = staying(one := counts(HOLDS), stacked(one))
    # Two enter: one lasts two years, one is there in the last.
    assert found["methods"].to_list() == [2, 2, 2]
    npt.assert_allclose(found["share"].to_list(), [1, 0.5, 0.5])


def test_the_share_that_stays_lies_in_its_interval() -> None:
    """Methods near the share from which they are in use come and go in draws, which takes the time that they stay."""
    rng = np.random.default_rng(0)
    share = np.where(np.arange(8)[:, None] >= rng.integers(1, 6, 40), 0.014, 0.0)
    holds = rng.binomial(300, np.broadcast_to(share, (4, 8, 40)))
    one, draws = counts(holds, 300), counts(rng.binomial(300, holds / 300, (200, *holds.shape)), 300)
    found = staying(one, draws)
    assert (found["low"] <= found["share"]).all()
    assert (found["share"] <= found["high"]).all()
    assert (found["low"] < found["high"]).all()
    assert found["interval"].str.contains("too narrow").all()


def test_time_to_adoption_by_cohort() -> None:
    holds = np.concatenate([HOLDS, np.zeros_like(HOLDS)])
    found = time_to_adoption(one := counts(holds), stacked(one), (2000, 2011, 2010), width=2)
    row = found.row(0, named=True)
    # m1 after 2 years, m2 after 2; the second community neither by 2017.
    assert (row["methods"], row["pairs"], row["censored"], row["median"]) == (2, 4, 2, 2)
    assert len(found) == 1


def test_what_came_in_years_without_papers_is_censored_at_the_year_before() -> None:
    papers = np.where(np.isin(YEARS, [2012, 2013]), 0, 100)[None]
    holds = np.where(papers[..., None] > 0, np.concatenate([HOLDS, HOLDS])[:1], 0)
    found = time_to_adoption(one := counts(holds, papers), stacked(one), (2000, 2011, 2010), width=2)
    row = found.row(0, named=True)
    # m1 is there in 2014, m2 was only there in the gap
    assert (row["pairs"], row["censored"], row["median"]) == (2, 2, None)


def test_movement_is_spearmans_and_tells_what_moves_together() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 14)).cumsum(axis=1)
    z = 0.7 * x + 0.6 * rng.normal(size=x.shape).cumsum(axis=1)
    found = movement(x, z)
    steps = [np.diff(v, axis=1) - np.diff(v, axis=1).mean(axis=1, keepdims=True) for v in (x, z)]
    npt.assert_allclose(found.estimate, spearmanr(steps[0].ravel(), steps[1].ravel()).statistic)
    assert 0 < found.low < found.estimate < found.high
    assert found.p < 0.01
    assert found.cells == 8 * 13


def test_what_moves_against_the_other_is_no_chance_either() -> None:
    x = np.random.default_rng(2).normal(size=(6, 12)).cumsum(axis=1)
    found = movement(x, -x, changes=False)
    assert found.estimate == pytest.approx(-1)
    assert found.high < 0
    assert found.p < 0.01


def test_series_that_only_trend_together_do_not_move_together() -> None:
    rng = np.random.default_rng(1)
    p, held = [], []
    for seed in range(60):
        x, z = (np.arange(14) * 0.5 + rng.normal(size=(8, 14)).cumsum(axis=1) for _ in range(2))
        found = movement(x, z, samples=200, seed=seed)
        p.append(found.p)
        held.append(found.low <= 0 <= found.high)
    assert np.mean(np.array(p) < 0.05) <= 0.12
    assert np.mean(held) >= 0.85


def test_too_few_cells_and_wrong_shapes() -> None:
    assert np.isnan(movement(np.ones((1, 5)), np.ones((1, 5))).estimate)
    assert np.isnan(movement(np.ones((4, 9)), np.random.default_rng(0).normal(size=(4, 9))).estimate)
    with pytest.raises(ShapeError, match="two of"):
        movement(np.ones((2, 5)), np.ones((5, 2)))
    with pytest.raises(ShapeError, match="2 years for 3 methods"):
        novelty(counts(HOLDS), (None, None))


def test_everything_together_is_plain() -> None:
    rng = np.random.default_rng(0)
    share = rng.uniform(0, 0.2, (4, 8, 5)) * (np.arange(8)[:, None] >= np.arange(5))
    holds = rng.binomial(200, share)
    one, draws = counts(holds, 200), counts(rng.binomial(200, holds / 200, (50, *holds.shape)), 200)
    known = (2005, None, 2011, 2012, None)
    found = exploration(one, draws, known, diversity=rng.normal(size=(4, 8)), samples=100)
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.with_diversity.height == 6
    assert set(found.by_year["measure"]) == {"entering", "incumbent", "age"}
    assert (found.by_year["low"] <= found.by_year["estimate"]).all()
    assert (found.by_year["estimate"] <= found.by_year["high"]).all()
    assert exploration(one, draws, known, samples=10).with_diversity.is_empty()
    with pytest.raises(ShapeError, match="one value for each cell"):
        exploration(one, draws, known, diversity=np.ones((2, 2)))
