"""Shuffled communities keep their sizes, and numbers of papers follow the hypergeometric law."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from made_papers import random_papers, tagged_of

from polyculture.surveying import shuffling
from polyculture.surveying.counts import count
from polyculture.surveying.shuffling import shuffled

TAGGED = random_papers(papers=200)


@pytest.mark.parametrize("frequent", [1, 60, 10**9])
def test_numbers_are_hypergeometric_and_correlate_as_they_must(monkeypatch, frequent):
    monkeypatch.setattr(shuffling, "FREQUENT", frequent)
    observed, null = count(TAGGED, "method"), shuffled(TAGGED, "method", draws=4000, seed=2)
    n, total, good = observed.papers[0], observed.papers.sum(axis=0), observed.holds.sum(axis=0)
    share = good / total[:, None]
    scale = (n * (total - n) / (total - 1))[:, None]
    npt.assert_allclose(null.holds[:, 0].mean(axis=0), n[:, None] * share, atol=0.6)
    npt.assert_allclose(null.holds[:, 0].var(axis=0), scale * share * (1 - share), rtol=0.15)
    npt.assert_allclose(null.holds.sum(axis=1), np.broadcast_to(good, (4000, *good.shape)))
    npt.assert_allclose(null.parts.sum(axis=(1, 3)), np.broadcast_to(observed.naming.sum(axis=0), (4000, 4)), rtol=1e-5)
    # papers that name m0 and those that do not compete for the same room
    both = np.cov(null.holds[:, 0, 0, 0], null.holds[:, 1, 0, 0])[0, 1]
    assert both == pytest.approx(-(n[0] ** 2) / (total[0] - 1) * share[0, 0] * (1 - share[0, 0]), rel=0.3)


def test_a_year_with_papers_of_one_community_stays_as_it_is():
    tagged = tagged_of(
        ["A"] * 30 + ["B"] * 5, [2010] * 30 + [2011] * 5, np.tile([[True], [False], [False]], (12, 1))[:35]
    )
    null = shuffled(tagged, "method", draws=3)
    npt.assert_array_equal(null.holds, np.broadcast_to(count(tagged, "method").holds, (3, 2, 2, 1)))
