"""Kaplan and Meier's estimate against a published example and a plain loop."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.errors import ShapeError
from polyculture.surveying.survival import kaplan_meier

# Remission of leukaemia under 6-mercaptopurine: Freireich et al. 1963, as in Kalbfleisch and Prentice 1980.
TIMES = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSE = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PUBLISHED = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def by_definition(times: list[int], event: list[bool], weights: list[int], at: float) -> float:
    share = 1.0
    for t in sorted({t for t, e in zip(times, event, strict=True) if e and t <= at}):
        risk = sum(w for s, w in zip(times, weights, strict=True) if s >= t)
        died = sum(w for s, e, w in zip(times, event, weights, strict=True) if s == t and e)
        share *= 1 - died / risk if risk else 1
    return share


def test_a_published_example() -> None:
    found = kaplan_meier(TIMES, RELAPSE)
    for time, share in PUBLISHED.items():
        npt.assert_allclose(found.at(time), share, atol=5e-4)
    assert found.quantile() == 23
    assert found.at(5.9) == 1
    assert found.quantile(0.9) == np.inf


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
def test_ties_and_weights_are_those_of_a_plain_loop(rows: list[tuple[int, bool, int]]) -> None:
    times, event, weights = (list(part) for part in zip(*rows, strict=True))
    found = kaplan_meier(times, event, np.array(weights))
    for time in range(8):
        if sum(weights):
            npt.assert_allclose(found.at(time), by_definition(times, event, weights, time), atol=1e-12)
        else:
            assert np.isnan(found.at(time))


def test_many_samples_at_once_and_what_is_not_watched() -> None:
    rng = np.random.default_rng(0)
    times, event = rng.integers(0, 9, (5, 4, 20)).astype(float), rng.random((5, 4, 20)) < 0.6
    times[2, 1, 5:] = np.nan
    whole = kaplan_meier(times, event)
    one = kaplan_meier(times[2, 1, :5], event[2, 1, :5])
    npt.assert_allclose(whole.at(4)[2, 1], one.at(4))
    npt.assert_allclose(whole.quantile()[2, 1], one.quantile())
    assert np.isnan(kaplan_meier([np.nan], [True]).quantile())
    with pytest.raises(ShapeError, match="times has shape"):
        kaplan_meier([1.0], [True, False])
