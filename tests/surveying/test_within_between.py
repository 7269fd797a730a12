"""Diversity within and difference between communities, against the plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
from made_papers import random_papers, tagged_of
from scipy.spatial.distance import braycurtis, jensenshannon
from scipy.stats import entropy
from test_estimated import draws_of

from polyculture.surveying import between, within
from polyculture.surveying.counts import Counts, count

TAGGED = random_papers(1, communities=4)
PAIRS = between.pairs_of(4)


def shares_of(counts, conditional):
    """Shares by the definition, (C, Y, categories)."""
    if conditional:
        return counts.parts / counts.naming[..., None]
    rest = counts.papers - counts.naming
    return np.concatenate([counts.parts, rest[..., None]], axis=-1) / counts.papers[..., None]


@pytest.mark.parametrize("level", ["family", "method"])
@pytest.mark.parametrize("conditional", [True, False])
def test_diversity_is_that_of_the_shares(level, conditional):
    counts = count(TAGGED, level)
    p = shares_of(counts, conditional)
    found = within.diversity(counts, counts.papers > 0, conditional=conditional)
    np.testing.assert_allclose(found[..., 0], (p > 0).sum(axis=-1))
    np.testing.assert_allclose(found[..., 1], np.exp(entropy(p, axis=-1)), atol=1e-9)
    np.testing.assert_allclose(found[..., 2], 1 / (p**2).sum(axis=-1), atol=1e-9)
    np.testing.assert_allclose(found[..., 3], (p**2).sum(axis=-1), atol=1e-9)
    apart = np.abs(p[..., None] - p[..., None, :]).mean(axis=(-1, -2)) / (2 * p.mean(axis=-1))
    np.testing.assert_allclose(found[..., 4], apart, atol=1e-9)


@pytest.mark.parametrize("level", ["family", "method"])
@pytest.mark.parametrize("conditional", [True, False])
def test_divergence_is_that_of_the_shares(level, conditional):
    counts = count(TAGGED, level)
    p = shares_of(counts, conditional).swapaxes(0, 1)
    found = between.divergence(counts, counts.papers > 0, conditional=conditional)
    alpha, gamma = np.exp(entropy(p, axis=-1).mean(axis=-1)), np.exp(entropy(p.mean(axis=1), axis=-1))
    np.testing.assert_allclose(found[:, :3], np.stack([alpha, gamma / alpha, gamma], axis=-1), atol=1e-9)
    np.testing.assert_allclose(found[:, 3], 1 - (gamma / alpha - 1) / 3, atol=1e-9)
    held = counts.holds / (counts.naming if conditional else counts.papers)[..., None]
    for y in range(4):
        bits = [jensenshannon(p[y, a], p[y, b], base=2) ** 2 for a, b in zip(*PAIRS, strict=True)]
        np.testing.assert_allclose(found[y, 5:11], bits, atol=1e-9)
        assert found[y, 4] == pytest.approx(np.mean(bits))
        same = [2 * p[y, a] @ p[y, b] / (p[y, a] @ p[y, a] + p[y, b] @ p[y, b]) for a, b in zip(*PAIRS, strict=True)]
        np.testing.assert_allclose(found[y, 12:18], same, atol=1e-9)
        total = [braycurtis(held[a, y], held[b, y]) for a, b in zip(*PAIRS, strict=True)]
        np.testing.assert_allclose(found[y, 19:25] + found[y, 26:32], total, atol=1e-9)


def test_draws_give_what_each_of_them_alone_gives():
    draws = draws_of(TAGGED, draws=20, nulls=20)
    kept = draws.observed.papers > 0
    one = between.divergence(draws.resampled, kept, conditional=True)[7]
    alone = draws_of(TAGGED, draws=20, nulls=20).resampled
    parts = {name: getattr(alone, name)[7] for name in ("papers", "naming", "holds", "parts")}
    single = type(alone)(alone.communities, alone.years, alone.names, **parts)
    np.testing.assert_allclose(one, between.divergence(single, kept, conditional=True), equal_nan=True)


def test_a_cell_that_is_not_kept_is_left_out_of_everything():
    counts = count(TAGGED)
    kept = counts.papers > 0
    kept[2, 1] = False
    assert np.isnan(within.diversity(counts, kept, conditional=True)[2, 1]).all()
    found = between.divergence(counts, kept, conditional=True)
    alone = np.isin(PAIRS[0], [2]) | np.isin(PAIRS[1], [2])
    assert np.isnan(found[1, 5:11][alone]).all()
    assert not np.isnan(found[1, :5]).any()
    pair = [int(c) for c in np.flatnonzero(kept[:, 1])]
    assert found[1, 4] == pytest.approx(np.mean(found[1, 5:11][~alone]))
    assert len(pair) == 3


def test_one_community_differs_from_nothing():
    counts = count(TAGGED)
    kept = np.zeros(counts.papers.shape, dtype=bool)
    kept[0] = True
    assert np.isnan(between.divergence(counts, kept, conditional=False)).all()


def test_richness_is_no_less_than_what_was_seen_and_no_more_than_the_vocabulary():
    found = within.within(draws_of(TAGGED), count(TAGGED).papers > 0, conditional=True)
    assert (found.low[..., 0] == found.estimate[..., 0]).all()
    assert (found.high[..., 0] <= 6).all()


def test_where_one_thing_is_named_resampling_cannot_tell():
    tagged = tagged_of(["A"] * 9 + ["B"] * 9, [2010] * 18, [[True]] * 18)
    found = within.within(draws_of(tagged, draws=20, nulls=20), np.ones((2, 1), dtype=bool), conditional=True)
    assert (found.estimate[..., 3] == 1).all()
    assert np.isnan(found.low).all()


def test_communities_that_differ_are_told_from_shuffled_ones():
    draws = draws_of(random_papers(2, papers=200))
    found = between.between(draws, draws.observed.papers > 0, conditional=True)
    assert (found.p[:, 4] < 0.01).all()
    assert (found.p[:, 3] < 0.01).all()


def test_expected_counts_that_round_below_none_named_are_no_reason_to_know_nothing() -> None:
    one, parts = np.ones((1, 1)), np.array([[[0.7, 0.3]]])
    counts = Counts(("NLP",), (2020,), ("a", "b"), one, one + 1e-9, parts, parts)
    found = within.diversity(counts, one > 0, conditional=False)
    without = within.diversity(counts, one > 0, conditional=True)
    np.testing.assert_allclose(found[..., :4], without[..., :4])
