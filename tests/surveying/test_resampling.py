"""What is drawn has the mean, the spread and the margins that it should have."""

from __future__ import annotations

import numpy as np
import pytest
from made_papers import random_papers, tagged_of

from polyculture.surveying import resampling
from polyculture.surveying.counts import count
from polyculture.surveying.patterns import patterns_of
from polyculture.surveying.resampling import MANY, population, rarefied, resampled
from polyculture.surveying.shuffling import shuffled
from polyculture.surveying.unseen import cells_of

TAGGED = random_papers(papers=200)


@pytest.mark.parametrize("level", ["family", "method"])
def test_resampled_papers_have_the_mean_and_spread_of_papers_drawn_one_by_one(level):
    observed, drawn = count(TAGGED, level), resampled(TAGGED, level, draws=3000, seed=1)
    share = population(TAGGED, level).holds / (MANY * observed.papers[..., None])
    variance = observed.papers[..., None] * share * (1 - share)
    off = np.abs(drawn.holds.mean(axis=0) - observed.papers[..., None] * share)
    assert (off < 5 * np.sqrt(variance / 3000) + 1e-3).all()
    np.testing.assert_allclose(drawn.holds.var(axis=0), variance, rtol=0.2, atol=0.02)
    np.testing.assert_allclose(drawn.parts.sum(axis=-1), drawn.naming, rtol=1e-5)
    assert (drawn.naming <= drawn.papers).all()


def test_without_unseen_names_every_draw_holds_what_its_cell_holds():
    tagged = random_papers(papers=20, methods=12)
    observed = count(tagged, "method")
    lacks = observed.holds == 0
    assert (resampled(tagged, "method", draws=200).holds[:, lacks] > 0).any()
    plain = resampled(tagged, "method", draws=2000, unseen=False).holds
    assert not plain[:, lacks].any()
    error = np.sqrt(observed.holds / 2000)
    assert (np.abs(plain.mean(axis=0) - observed.holds) <= 5 * error).all()


def test_every_draw_has_as_many_papers_as_there_are():
    observed, drawn = count(TAGGED), resampled(TAGGED, draws=20)
    assert (drawn.papers == observed.papers).all()


def test_draws_do_not_depend_on_threads_and_do_on_the_seed():
    one, two, other = (resampled(TAGGED, draws=20, seed=seed, jobs=jobs) for seed, jobs in ((3, 1), (3, 2), (4, 1)))
    assert (one.parts == two.parts).all()
    assert (one.parts != other.parts).any()
    shuffles = [shuffled(TAGGED, draws=5, seed=3, jobs=jobs) for jobs in (1, 2)]
    assert (shuffles[0].holds == shuffles[1].holds).all()


def test_shuffled_communities_keep_their_sizes_and_years_their_papers():
    observed, null = count(TAGGED, "method"), shuffled(TAGGED, "method", draws=50, seed=2)
    assert (null.papers == observed.papers).all()
    np.testing.assert_allclose(null.holds.sum(axis=1), np.broadcast_to(observed.holds.sum(axis=0), (50, 4, 6)))
    assert (null.holds != observed.holds).any()


def test_shuffled_counts_are_hypergeometric():
    observed, null = count(TAGGED, "method"), shuffled(TAGGED, "method", draws=4000, seed=2)
    n, total, good = observed.papers[0], observed.papers.sum(axis=0), observed.holds.sum(axis=0)
    share = good / total[:, None]
    variance = (n * (total - n) / (total - 1))[:, None] * share * (1 - share)
    np.testing.assert_allclose(null.holds[:, 0].mean(axis=0), n[:, None] * share, atol=0.5)
    np.testing.assert_allclose(null.holds[:, 0].var(axis=0), variance, rtol=0.15)


def test_rarefied_cells_have_the_papers_asked_for_and_the_mean_share():
    observed = count(TAGGED, "method")
    few = np.full(observed.papers.shape, 50)
    drawn = rarefied(TAGGED, few, "method", draws=2000, seed=5)
    assert (drawn.papers == 50).all()
    np.testing.assert_allclose(drawn.holds.mean(axis=0), observed.holds * 50 / 200, atol=0.4)
    everything = rarefied(TAGGED, observed.papers.astype(int), "method", draws=3)
    np.testing.assert_allclose(everything.parts, np.broadcast_to(observed.parts, everything.parts.shape), rtol=1e-5)


def test_what_a_community_has_not_named_yet_is_drawn_from_others_of_the_year():
    # A names m0 ten times, m1 and m3 once each; B names m2, which A could have named
    named = np.zeros((40, 4), dtype=bool)
    named[:10, 0], named[10, 1], named[11, 3], named[20:, 2] = True, True, True, True
    tagged = tagged_of(["A"] * 20 + ["B"] * 20, [2010] * 40, named)
    first = next(iter(cells_of(patterns_of(tagged, "method"))))
    assert 0 < first.missed < 0.2
    assert first.weights.sum() == pytest.approx(1)
    drawn = resampled(tagged, "method", draws=2000)
    assert drawn.holds[:, 0, 0, 2].mean() == pytest.approx(20 * first.missed, rel=0.2)
    assert population(tagged, "method").holds[0, 0, 2] == pytest.approx(MANY * 20 * first.missed)


def test_a_community_that_misses_nothing_is_drawn_from_its_own_papers_alone():
    tagged = tagged_of(["A"] * 20 + ["B"] * 20, [2010] * 40, np.repeat(np.eye(2, dtype=bool), 20, axis=0))
    drawn = resampled(tagged, "method", draws=50)
    assert (drawn.holds[:, 0, 0] == [20, 0]).all()


@pytest.mark.parametrize("rare", [0, 8, 10**9])
def test_papers_drawn_one_by_one_and_as_numbers_follow_one_law(monkeypatch, rare):
    monkeypatch.setattr(resampling, "RARE", rare)
    held = np.array([1, 3, 40, 2, 20, 1])
    drawn = resampling._carried(np.random.default_rng(0), np.full(20_000, 50), held)
    share = held / held.sum()
    assert (drawn.sum(axis=1) == 50).all()
    np.testing.assert_allclose(drawn.mean(axis=0), 50 * share, atol=0.08)
    expected = 50 * (np.diag(share) - np.outer(share, share))
    np.testing.assert_allclose(np.cov(drawn.T), expected, atol=0.3)
