"""The communities and years of a trend."""

from __future__ import annotations

import numpy as np
from made_papers import random_papers
from test_estimated import draws_of

from polyculture.surveying.panel import Panel, panel_of


def test_the_panel_has_most_pairs_times_years():
    kept = np.ones((4, 8), dtype=bool)
    kept[3, :7] = False
    found = panel_of(kept)
    assert found.communities.tolist() == [0, 1, 2]
    assert found.years == slice(0, 8)
    assert panel_of(kept[:, :2]) is None
    assert panel_of(kept[:1]) is None


def test_a_panel_takes_its_part_of_draws():
    draws = draws_of(random_papers(), draws=20, nulls=20)
    few = Panel(np.array([0, 2]), slice(1, 4)).draws(draws)
    assert few.observed.communities == ("A", "C")
    assert few.observed.years == (2011, 2012, 2013)
    assert (few.resampled.parts == draws.resampled.parts[:, [0, 2], 1:4]).all()
    assert few.rarefied is None
