"""Tails and shares against scipy."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats

from polyculture.measure.outcome.tail import hypergeometric_tail, wilson


@pytest.mark.parametrize("n", [1, 7, 40])
def test_tail_of_every_table_is_scipys(n: int) -> None:
    a, b, hits = np.meshgrid(np.arange(n + 1), np.arange(n + 1), np.arange(n + 1))
    possible = (hits <= np.minimum(a, b)) & (hits >= a + b - n)
    a, b, hits = a[possible], b[possible], hits[possible]
    npt.assert_allclose(
        hypergeometric_tail(hits, n, a, b), stats.hypergeom.sf(hits - 1, n, a, b), rtol=1e-9, atol=1e-14
    )


def test_tail_of_large_tables_is_scipys(rng: np.random.Generator) -> None:
    n = 100_000
    a, b = rng.integers(1, n, size=(2, 60))
    spread = np.sqrt(a * b * (n - a) * (n - b) / n**3)
    hits = np.clip(
        np.round(a * b / n + rng.normal(scale=4, size=60) * spread), np.maximum(0, a + b - n), np.minimum(a, b)
    )
    npt.assert_allclose(hypergeometric_tail(hits, n, a, b), stats.hypergeom.sf(hits - 1, n, a, b), rtol=1e-7)


def test_tail_far_out_keeps_its_digits() -> None:
    found = hypergeometric_tail(280, 1000, 300, 300)
    assert 0 < found < 1e-150
    npt.assert_allclose(found, stats.hypergeom.sf(279, 1000, 300, 300), rtol=1e-8)


def test_tails_of_different_sizes_at_once() -> None:
    n, a, b, hits = np.array([[10, 200, 3000], [4, 60, 800], [5, 90, 900], [3, 30, 240]])
    npt.assert_allclose(hypergeometric_tail(hits, n, a, b), stats.hypergeom.sf(hits - 1, n, a, b), rtol=1e-9)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (250, 1000)])
def test_interval_of_a_share_is_scipys(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(0.9, method="wilson")
    npt.assert_allclose(wilson(np.array(hits), np.array(n), 0.9), [expected.low, expected.high], atol=1e-15)


def test_a_share_of_nothing_is_unknown() -> None:
    assert np.isnan(wilson(np.array(0.0), np.array(0.0), 0.95)).all()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
