"""Turnover and nestedness: what R prints, and plain counting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from polyculture.errors import ParameterError
from polyculture.measure import (
    bray_curtis,
    jensen_shannon,
    nestedness,
    turnover,
    turnover_nestedness,
    turnover_nestedness_matrix,
    turnover_nestedness_multiple,
)

# Sites 18 and 15 of vegan's data set varespec: cover of 44 species in Finnish pine forest (Väre et al. 1995).
SITES = np.fromstring(
    "0.55 11.13 0 0 17.8 0.07 0 0 1.6 2.07 0 1.62 0 0 4.67 0.02 0.13 0 0.13 0.12 0 21.73 21.47 3.5 0.3 0.18 0.23 0.25"
    " 0.25 0.23 0 0 0.08 0.02 0.02 0 0.12 0.02 0.62 0.02 0 0 0.25 0 "
    "0.67 0.17 0 0.35 12.13 0.12 0 0 0 0 0.33 10.92 0.02 0 37.75 0.02 0.23 0 0.03 0.02 0 12.05 8.13 0.18 2.65 0.13"
    " 0.18 0.23 0.25 1.23 0 0 0 0 0.15 0.03 0 0 0.85 0 0 0 1 0",
    sep=" ",
).reshape(2, 44)
FAMILIES = ["sorensen", "jaccard", "bray_curtis", "ruzicka"]
quick = settings(max_examples=100, deadline=None, database=None)
several = hnp.arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(1, 8)), elements=st.integers(0, 4))
several = several.filter(lambda counts: (counts.sum(axis=1) > 0).all())


def test_varespec_as_r_prints_it() -> None:
    """By nestedbetasor of vegan, jaccard_turnover of abdiv, beta.div.comp of adespatial, and designdist of vegan."""
    npt.assert_allclose(turnover_nestedness(*SITES), [0.2, 0.1538462, 0.04615385], atol=5e-8)
    assert turnover(*SITES, family="jaccard") == pytest.approx(0.2666667, abs=5e-8)
    assert turnover(*SITES, family="bray_curtis") == pytest.approx(0.5293722, abs=5e-8)
    assert nestedness(*SITES, family="bray_curtis") == pytest.approx(0.001629925, abs=5e-10)
    assert turnover_nestedness(*SITES, family="ruzicka").total == pytest.approx(0.6936661, abs=5e-8)
    # EnvNJ::metrics(method = "jensen-shannon"), in nats.
    assert jensen_shannon(*SITES) * np.log(2) == pytest.approx(0.2095511, abs=5e-8)


def by_hand(shared: float, small: float, large: float, family: str) -> tuple[float, float]:
    if family in {"sorensen", "bray_curtis"}:
        return (small + large) / (2 * shared + small + large), small / (shared + small)
    return (small + large) / (shared + small + large), 2 * small / (shared + 2 * small)


@quick
@given(counts=several, family=st.sampled_from(FAMILIES))
def test_pairs_by_counting(counts: np.ndarray, family: str) -> None:
    given_counts = (counts > 0) * 1 if family in {"sorensen", "jaccard"} else counts
    a, b = given_counts[:2]
    shared = sum(min(x, y) for x, y in zip(a, b, strict=True))
    only = sorted([a.sum() - shared, b.sum() - shared])
    found = turnover_nestedness(counts[0], counts[1], family=family)
    npt.assert_allclose([found.total, found.turnover], by_hand(shared, *only, family), rtol=1e-9)
    assert found.nestedness == pytest.approx(found.total - found.turnover, abs=1e-12)
    if family == "bray_curtis":
        assert found.total == pytest.approx(bray_curtis(counts[0], counts[1]), abs=1e-12)


@quick
@given(counts=several, family=st.sampled_from(FAMILIES))
def test_several_at_once_by_counting(counts: np.ndarray, family: str) -> None:
    x = (counts > 0) * 1 if family in {"sorensen", "jaccard"} else counts
    shared = x.sum() - x.max(axis=0).sum()
    only = [sorted([np.maximum(a - b, 0).sum(), np.maximum(b - a, 0).sum()]) for a, b in combinations(x, 2)]
    small, large = (sum(pair[k] for pair in only) for k in (0, 1))
    found = turnover_nestedness_multiple(counts, family=family)
    npt.assert_allclose([found.total, found.turnover], by_hand(shared, small, large, family), rtol=1e-9)
    npt.assert_allclose(turnover_nestedness_multiple(counts[::-1], family=family), found, atol=1e-12)
    npt.assert_allclose(
        turnover_nestedness_multiple(counts[:2], family=family),
        turnover_nestedness(*counts[:2], family=family),
        rtol=1e-9,
    )


@quick
@given(counts=several, family=st.sampled_from(FAMILIES))
def test_matrices_hold_what_the_pairs_give(counts: np.ndarray, family: str) -> None:
    stack = np.stack([counts, counts[::-1]])
    for found, expected in zip(
        turnover_nestedness_matrix(stack, family=family),
        turnover_nestedness(stack[:, :, None], stack[:, None], family=family),
        strict=True,
    ):
        npt.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_replacement_and_absorption_are_told_apart() -> None:
    whole = [1, 1, 1, 1, 0, 0]
    npt.assert_allclose(turnover_nestedness(whole, [1, 1, 0, 0, 0, 0]), [1 / 3, 0, 1 / 3])
    npt.assert_allclose(turnover_nestedness(whole, [1, 1, 0, 0, 1, 1]), [1 / 2, 1 / 2, 0])


def test_which_part_an_empty_community_is_cannot_be_told() -> None:
    found = turnover_nestedness([1, 1], [0, 0])
    assert found.total == 1
    assert np.isnan(found[1:]).all()
    assert np.isnan(turnover_nestedness([0], [0])).all()
    with pytest.raises(ParameterError, match="simpson"):
        turnover([1], [1], family="simpson")
