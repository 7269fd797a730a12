"""Coverage, and the papers that reach one coverage, against drawing papers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_papers import random_papers

from polyculture.surveying.counts import Counts, count
from polyculture.surveying.coverage import coverage, coverage_of, papers_at


def test_an_example_by_hand():
    # n = 5 papers, U = 8 mentions, Q1 = 2, Q2 = 1: 1 - 2/8 * (4 * 2) / (4 * 2 + 2 * 1)
    assert coverage(np.array([4, 1, 1, 2]), np.array(5)) == pytest.approx(1 - 2 / 8 * 8 / 10)


def test_where_nothing_is_named_there_is_no_coverage():
    assert np.isnan(coverage(np.array([[0, 0]]), np.array([5]))).all()


@given(st.lists(st.integers(0, 12), min_size=1, max_size=8), st.integers(12, 30))
def test_coverage_is_a_share_that_grows_with_papers(holds, papers):
    counts = np.array([holds])
    sizes = np.arange(1, papers)
    found = np.array([coverage_of(counts, np.array([papers]), np.array([size]))[0] for size in sizes])
    if sum(holds) == 0:
        assert np.isnan(found).all()
    else:
        assert (found >= -1e-9).all()
        assert (found <= 1 + 1e-9).all()
        assert (np.diff(found) >= -1e-9).all()


def test_coverage_of_fewer_papers_is_what_drawing_them_leaves_to_see():
    """Mean share of the mentions of one more paper that are of names seen among m others."""
    rng = np.random.default_rng(0)
    named = rng.random((30, 6)) < [0.5, 0.3, 0.1, 0.1, 0.05, 0.05]
    seen, mentions = 0, 0
    for _ in range(20000):
        drawn = rng.permutation(30)[:9]
        known = named[drawn[:8]].any(axis=0)
        seen += (named[drawn[8]] & known).sum()
        mentions += named[drawn[8]].sum()
    found = coverage_of(named.sum(axis=0)[None], np.array([30]), np.array([8]))
    assert found[0] == pytest.approx(seen / mentions, abs=0.01)


def test_papers_at_reach_the_coverage_and_one_fewer_does_not():
    counts = count(random_papers(papers=40, methods=12), "method")
    kept = counts.papers > 0
    papers, target = papers_at(counts, kept)
    full = coverage(counts.holds, counts.papers)
    assert target == pytest.approx(full.min())
    reached = coverage_of(counts.holds, counts.papers, papers)
    assert (reached >= target - 1e-12).all()
    fewer = coverage_of(counts.holds, counts.papers, papers - 1)
    assert (fewer[papers > 1] < target).all()


def test_cells_that_cannot_reach_a_coverage_are_left_out():
    holds = np.array([[[5, 5, 0]], [[1, 1, 1]]])
    counts = Counts(("A", "B"), (2010,), ("x", "y", "z"), np.array([[10], [3]]), np.array([[10], [3]]), holds, holds)
    papers, _ = papers_at(counts, np.ones((2, 1), dtype=bool), 0.9)
    assert papers[0, 0] > 0
    assert papers[1, 0] == 0


def test_without_cells_there_is_no_coverage_to_share():
    counts = count(random_papers())
    papers, target = papers_at(counts, np.zeros(counts.papers.shape, dtype=bool))
    assert not papers.any()
    assert np.isnan(target)
