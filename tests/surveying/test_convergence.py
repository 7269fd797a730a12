"""Convergence is found where it was planted and not where labels of communities mean nothing."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_papers import random_papers, tagged_of
from test_estimated import draws_of

from polyculture.surveying import survey
from polyculture.surveying.convergence import MEASURES, adjusted, converging, left_out, movement, slope, varies
from polyculture.surveying.counts import Counts, count
from polyculture.surveying.estimated import estimated
from polyculture.surveying.headline import headline
from polyculture.surveying.panel import panel_of
from polyculture.surveying.tables import tables

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import survey_planted

CHANCE = 3
"""Of twelve runs without convergence, how many may find one before chance is no excuse (1 in 400 at 5 % each)."""


def runs(kind: str, corpora: int):
    return [survey_planted.one(kind, seed, papers=100, draws=100, nulls=60) for seed in range(100, 100 + corpora)]


@pytest.fixture(scope="module")
def planted():
    return [[row for row in run if row["what"] == "trend"] for run in runs("converging", 6)]


@pytest.mark.parametrize("measure", MEASURES[:3])
def test_planted_convergence_lies_inside_its_interval(planted, measure):
    """Of 24 intervals at 95 %, 18 hold the truth by chance in all but one of 100,000 cases, dependent ones aside."""
    rows = [row for run in planted for row in run if row["measure"] == measure]
    assert len(rows) == 24
    assert sum(row["holds"] for row in rows) >= 18


def test_planted_convergence_is_found(planted):
    assert all(run[0]["verdict"] == "converging" for run in planted)


@pytest.mark.parametrize("kind", ["shuffled", "steady"])
def test_convergence_is_not_found_where_there_is_none(kind):
    found = [any(row["verdict"] == "converging" for row in run) for run in runs(kind, 12)]
    assert sum(found) <= CHANCE


def test_growing_years_alone_look_like_convergence_until_bias_is_taken_off():
    rows = [row for run in runs("steady", 6) for row in run if row["measure"] == "jensen_shannon"]
    method = [row for row in rows if row["level"] == "method"]
    assert np.mean([row["estimate"] for row in method]) < -0.002
    assert abs(np.mean([row["corrected"] for row in method])) < 0.001


def counts_of(shares, papers):
    """Counts of papers that each name one method, with these shares (C, Y, M)."""
    shares = np.asarray(shares, dtype=float)
    total = np.full(shares.shape[:2], float(papers))
    names = tuple(map(str, range(shares.shape[-1])))
    years = tuple(range(2010, 2010 + shares.shape[1]))
    return Counts(tuple("ABC"[: len(shares)]), years, names, total, total, shares * papers, shares * papers)


def test_differences_that_halve_are_beta_convergence_of_a_half():
    gap = np.array([0.4, 0.35, 0.3, 0.25, 0.2])
    shares = np.stack([np.stack([0.5 + side * gap, 0.5 - side * gap], axis=-1) for side in (1, -1)])
    found = movement(counts_of(shares, 1e12), conditional=True)
    assert found[3] == pytest.approx(-0.5)
    assert found[2] == pytest.approx(slope(gap * np.sqrt(2), np.arange(5)))
    assert (found[:2] < 0).all()


def test_noise_of_the_first_year_is_no_difference_that_went_away():
    """With the same shares everywhere and always, squares of shares are all noise, and what is left is about 0."""
    rng = np.random.default_rng(0)
    p = np.array([0.5, 0.3, 0.2])
    below = []
    for _ in range(400):
        drawn = rng.multinomial(50, p, size=(3, 3)) / 50
        below.append(movement(counts_of(drawn, 50), conditional=True)[4])
    assert abs(np.mean(below)) < 3 * np.std(below) / 20


def test_adjusted_p_are_no_smaller_than_those_alone():
    draws = draws_of(random_papers(), nulls=99)
    panel = panel_of(count(random_papers(), "method").papers > 0)
    found = [converging(draws, panel, conditional=conditional) for conditional in (True, False)]
    for one, p in zip(found, adjusted(found), strict=True):
        assert (p >= one.p[:3] - 0.05).all()
        assert (p <= 1).all()


def test_only_the_interval_of_beta_is_widened_by_what_chance_adds_to_squares():
    draws, panel = draws_of(random_papers(papers=40), nulls=30), panel_of(count(random_papers()).papers > 0)
    found = converging(draws, panel, conditional=True)
    inside = panel.draws(draws)
    tail = np.array([0, 0, 0, 0, 1, 0, 0, 0])
    plain = estimated(lambda counts: movement(counts, conditional=True), inside, tail=tail)
    squares = movement(inside.population, conditional=True)[4] / plain.estimate[4]
    assert squares > 1
    wide, narrow = found.above - found.below, plain.above - plain.below
    np.testing.assert_allclose(wide / narrow, [1, 1, 1, np.sqrt(squares), 1, 1, 1, 1])
    assert (found.low <= found.estimate).all()
    assert (found.estimate <= found.high).all()


def test_trends_without_a_community_are_those_of_the_others():
    counted = count(random_papers(communities=4), "method")
    found = movement(counted, conditional=True)
    assert found.shape == (5 + 4,)
    others = left_out(counted, conditional=True)
    np.testing.assert_allclose(found[5:], others[:, 0])
    two = count(random_papers(communities=2))
    assert np.isnan(movement(two, conditional=True)[5:]).all()
    assert left_out(two, conditional=True).shape == (0, 4)


def carried():
    """Three communities, two of them alike and steady; the third comes to them."""
    alike, far = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.2, 0.8])
    mixed = np.linspace(0, 0.9, 6)[:, None]
    shares = [np.tile(alike, (6, 1)), np.tile(alike, (6, 1)), mixed * alike + (1 - mixed) * far]
    community, year, named = [], [], []
    for name, rows in zip("ABC", shares, strict=True):
        for y, row in enumerate(rows):
            for method, papers in enumerate(np.round(200 * row).astype(int)):
                community += [name] * papers
                year += [2010 + y] * papers
                named += [np.arange(3) == method] * papers
    return tagged_of(community, year, named)


@pytest.fixture(scope="module")
def hung():
    return survey(carried(), questions=["convergence"], draws=60, nulls=60)


def test_a_trend_that_one_community_carries_is_said_to_hang_on_it(hung):
    row = next(row for row in hung.convergence if row["measure"] == "jensen_shannon" and row["conditional"])
    without = {each["community"]: each for each in row["without"]}
    assert row["verdict"] == "converging"
    assert without["C"]["estimate"] == pytest.approx(0, abs=1e-9)
    assert without["C"]["verdict"] == "cannot tell"
    assert without["A"]["verdict"] == "converging"
    assert without["A"]["estimate"] < row["estimate"] < 0
    assert "The verdict among papers that name a method hangs on C: without it, the change is" in headline(hung)
    told = next(table for table in tables(hung) if table.name == "convergence")
    assert "least without C" in str(told.rows[0])
    assert all({"community", "estimate"} <= set(each) for row in hung.convergence for each in row["without"])


def test_where_all_papers_name_the_same_there_is_no_trend_to_tell():
    """Tags of one family: that all are alike at the level of families is no finding."""
    tagged = random_papers(papers=40)
    one = replace(tagged, families=("f",), family_of=(0,) * 6)
    found = survey(one, questions=["convergence"], draws=40, nulls=40, least=10)
    asked = {(row["level"], row["conditional"]) for row in found.convergence}
    assert asked == {("family", False), ("method", True), ("method", False)}
    assert "convergence, family, conditional" in found.not_measured
    assert "method level" in headline(found)


def test_a_trend_that_chance_does_not_move_has_no_p():
    draws = draws_of(random_papers(), nulls=30)
    found = converging(draws, panel_of(count(random_papers()).papers > 0), conditional=True)
    flat = np.zeros_like(found.estimate)
    still = replace(found, estimate=flat, null=flat, calibrated=flat, chance=np.zeros_like(found.chance))
    assert not varies(still)
    assert varies(found)
    first, second = adjusted([found, still])
    assert (first <= 1).all()
    assert np.isnan(second).all()
