"""Intervals, nulls and p-values of any question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_papers import random_papers, tagged_of

from polyculture.errors import ShapeError
from polyculture.measure.diversity.jensen_shannon import jensen_shannon
from polyculture.surveying.counts import Counts, count
from polyculture.surveying.estimated import Draws, asked, ends, estimated, p_value
from polyculture.surveying.resampling import population, rarefied, resampled
from polyculture.surveying.shuffling import shuffled


def draws_of(tagged, level="method", draws=400, nulls=200, seed=0, even=None) -> Draws:
    few = None if even is None else rarefied(tagged, even, level, nulls, seed)
    return Draws(
        count(tagged, level),
        population(tagged, level),
        resampled(tagged, level, draws, seed),
        shuffled(tagged, level, nulls, seed),
        few,
    )


def first_share(counts: Counts):
    return counts.holds[..., 0] / counts.papers


def first_two(counts: Counts):
    return jensen_shannon(counts.parts[..., 0, :, :], counts.parts[..., 1, :, :])


def test_the_interval_of_a_share_is_the_normal_one():
    draws = draws_of(random_papers(papers=400), draws=4000)
    found = estimated(first_share, draws)
    p = first_share(draws.observed)
    np.testing.assert_allclose(found.estimate, p)
    reach = 1.96 * np.sqrt(p * (1 - p) / 400)
    np.testing.assert_allclose(found.low, p - reach, atol=0.006)
    np.testing.assert_allclose(found.high, p + reach, atol=0.006)


def test_the_estimate_lies_in_its_interval_and_calibrated_is_what_is_left_of_it():
    found = estimated(first_two, draws_of(random_papers(papers=20)))
    assert (found.low <= found.estimate).all()
    assert (found.estimate <= found.high).all()
    np.testing.assert_allclose(found.calibrated, found.estimate - found.null)


def test_samples_of_one_community_differ_by_nothing_but_chance():
    found = estimated(first_two, draws_of(random_papers(3, papers=60, alike=True)), tail=1, bounds=(0, 1))
    assert (found.estimate > 0).all()
    assert abs(found.calibrated.mean()) < found.null.mean()
    assert (found.p > 0.01).all()


def test_communities_that_differ_stand_out_from_chance():
    found = estimated(first_two, draws_of(random_papers(3, papers=200)), tail=1)
    assert found.p == pytest.approx(np.full(4, 1 / 201))


def test_bias_of_small_samples_is_taken_off():
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    true, off = float(jensen_shannon(*shares)), []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        which = np.concatenate([rng.choice(4, 30, p=p) for p in shares])
        tagged = tagged_of(["A"] * 30 + ["B"] * 30, [2010] * 60, np.eye(4, dtype=bool)[which])
        found = estimated(first_two, draws_of(tagged, draws=100, nulls=20, seed=seed))
        off.append((float(found.estimate[0]) - true, float(found.corrected[0]) - true))
    plain, corrected = np.abs(np.mean(off, axis=0))
    assert corrected < plain / 2


def test_rarefied_counts_give_the_value_at_one_coverage():
    tagged = random_papers(papers=100)
    found = estimated(first_two, draws_of(tagged, even=np.full((3, 4), 15)))
    assert (found.at_coverage > found.estimate).all()
    np.testing.assert_allclose(found.at_coverage_high - found.at_coverage_low, found.above - found.below)


def test_blocks_of_draws_change_nothing(monkeypatch):
    drawn = resampled(random_papers(), "method", 50)
    whole = asked(first_share, drawn)
    monkeypatch.setattr("polyculture.surveying.estimated.BLOCK", 200)
    assert (asked(first_share, drawn, jobs=2) == whole).all()


def test_ends_are_order_statistics_and_unknown_where_too_much_is():
    values = np.stack([np.arange(101.0), np.where(np.arange(101) < 20, np.nan, 1.0)], axis=1)
    low, high = ends(values, 0.9)
    assert low.tolist()[0] == 5
    assert high.tolist()[0] == 95
    assert np.isnan([low[1], high[1]]).all()


def test_p_counts_the_side_that_is_asked_for():
    chance, null = np.arange(99.0)[:, None], np.array([49.0])
    told = [float(p_value(np.array([97.0]), chance, null, side)[0]) for side in (1, -1, 0)]
    assert told == [0.03, 0.99, 0.05]


def test_a_question_that_loses_the_draws_is_refused():
    draws = draws_of(random_papers(), draws=20, nulls=20)
    with pytest.raises(ShapeError, match="the question gives"):
        estimated(lambda counts: np.zeros((len(counts.papers), 2)), replace(draws, rarefied=None))
