"""Diversity of categories that are alike: special cases, plain sums and the package vendi-score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from vendi_score import vendi as theirs

from polyculture.errors import DataError, ShapeError
from polyculture.measure import hhi, hill, leinster_cobbold, rao, vendi

quick = settings(max_examples=100, deadline=None, database=None)
counted = hnp.arrays(np.int64, st.integers(2, 8), elements=st.integers(0, 9)).filter(lambda counts: counts.sum() > 0)
ORDERS = [0, 0.5, 0.995, 1, 1.005, 2, 5, np.inf]


def alike(size: int, seed: int = 0) -> np.ndarray:
    place = np.random.default_rng(seed).random((size, 2))
    return np.exp(-np.abs(place[:, None] - place).sum(axis=-1))


@quick
@given(counts=counted, q=st.sampled_from(ORDERS))
def test_categories_with_nothing_in_common_give_hill_numbers(counts: np.ndarray, q: float) -> None:
    nothing = np.eye(len(counts))
    assert leinster_cobbold(counts, nothing, q) == pytest.approx(hill(counts, q), rel=1e-9)
    assert vendi(counts, nothing, q) == pytest.approx(hill(counts, q), rel=1e-9)
    assert rao(counts, 1 - nothing) == pytest.approx(1 - hhi(counts), abs=1e-12)


@quick
@given(counts=counted, q=st.sampled_from(ORDERS))
def test_splitting_a_category_in_two_alike_changes_nothing(counts: np.ndarray, q: float) -> None:
    z = alike(len(counts))
    again = np.append(np.arange(len(counts)), 0)
    split = np.append(counts, counts[0] * 3)
    split[0] = counts[0] * 1
    merged = counts.copy()
    merged[0] *= 4
    for measure in (leinster_cobbold, vendi):
        whole, parts = measure(merged, z, q), measure(split, z[np.ix_(again, again)], q)
        assert parts == pytest.approx(whole, rel=1e-6)
    assert rao(split, 1 - z[np.ix_(again, again)]) == pytest.approx(rao(merged, 1 - z), rel=1e-9, abs=1e-12)


@pytest.mark.filterwarnings("ignore:Please import `csr_matrix`")
@quick
@given(counts=counted, q=st.sampled_from([0.5, 1, 2, 3, np.inf]))
def test_vendi_is_that_of_the_package(counts: np.ndarray, q: float) -> None:
    z = alike(len(counts))
    # The package knows infinity by its name alone.
    expected = theirs.score_K(z, q="inf" if np.isinf(q) else q, p=counts / counts.sum())
    assert vendi(counts, z, q) == pytest.approx(expected, rel=1e-6)


@quick
@given(counts=counted)
def test_leinster_and_cobbold_by_their_formula(counts: np.ndarray) -> None:
    z, p = alike(len(counts)), counts / counts.sum()
    zp, held = z @ p, counts > 0
    for q in (0.5, 2, 3):
        expected = (p[held] * zp[held] ** (q - 1)).sum() ** (1 / (1 - q))
        assert leinster_cobbold(counts, z, q) == pytest.approx(expected, rel=1e-9)
    assert leinster_cobbold(counts, z, 1) == pytest.approx(np.prod(zp[held] ** -p[held]), rel=1e-9)
    assert leinster_cobbold(counts, z, 2) == pytest.approx(1 / (1 - rao(counts, 1 - z)), rel=1e-9)


def test_high_orders_do_not_underflow() -> None:
    assert leinster_cobbold(np.ones(1000), np.eye(1000), 900) == pytest.approx(1000)


def test_matrices_that_cannot_be_are_refused() -> None:
    with pytest.raises(ShapeError, match="each of 2 categories"):
        leinster_cobbold([1, 2], np.eye(3))
    with pytest.raises(DataError, match="from 0 to 1"):
        leinster_cobbold([1, 2], [[1, 3], [3, 1]])
    with pytest.raises(DataError, match="with itself must be 1"):
        leinster_cobbold([1, 2], np.zeros((2, 2)))
    with pytest.raises(DataError, match="with itself must be 0"):
        rao([1, 2], np.eye(2))
    with pytest.raises(DataError, match="no kernel"):
        vendi([1, 2], [[1, 0.2], [0.5, 1]])
    with pytest.raises(DataError, match="no kernel"):
        vendi([1, 1, 1], [[1, 1, 0], [1, 1, 1], [0, 1, 1]])
