"""Partition, divergence and overlap of communities against scipy, R and plain counting."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial import distance
from scipy.stats import entropy

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import (
    beta_diversity,
    bray_curtis,
    bray_curtis_matrix,
    generalised_jensen_shannon,
    hill,
    homogenization,
    jensen_shannon,
    jensen_shannon_distance,
    jensen_shannon_matrix,
    morisita_horn,
    morisita_horn_matrix,
    partition,
    rank_biased_overlap,
    rank_biased_overlap_matrix,
)

quick = settings(max_examples=100, deadline=None, database=None)
several = hnp.arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(1, 8)), elements=st.integers(0, 20))
several = several.filter(lambda counts: (counts.sum(axis=1) > 0).all())


def mixed(counts: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p = counts / counts.sum(axis=1, keepdims=True)
    w = weights / weights.sum()
    return p, w, w @ p


@quick
@given(counts=several, data=st.data())
def test_partition_by_its_formulas(counts: np.ndarray, data: st.DataObject) -> None:
    weights = data.draw(hnp.arrays(float, len(counts), elements=st.floats(0.1, 5)))
    p, w, together = mixed(counts, weights)
    found = partition(counts, weights=weights)
    assert found.alpha == pytest.approx(np.exp(sum(w * [entropy(row) for row in p])), rel=1e-9)
    assert found.gamma == pytest.approx(np.exp(entropy(together)), rel=1e-9)
    assert found.beta == pytest.approx(found.gamma / found.alpha, rel=1e-9)
    for q in (0, 0.5, 0.995, 1.005, 2, 7, 120):
        alpha = (w**q * (np.where(p > 0, p, np.inf if q == 0 else 0) ** q * (p > 0)).sum(axis=1)).sum() / (w**q).sum()
        if q == 0:
            alpha = (p > 0).sum() / len(p)
        with np.errstate(all="ignore"):
            expected = alpha ** (1 / (1 - q))
        if np.isfinite(expected) and 0 < alpha < np.inf:
            assert partition(counts, q, weights=weights).alpha == pytest.approx(expected, rel=1e-7)
        assert partition(counts, q, weights=weights).gamma == pytest.approx(hill(together, q), rel=1e-9)


@quick
@given(counts=several, q=st.sampled_from([0, 0.5, 0.999, 1, 1.001, 2, 30, np.inf]))
def test_beta_of_equal_weights_lies_between_one_and_their_number(counts: np.ndarray, q: float) -> None:
    found = partition(counts, q)
    assert 1 - 1e-9 <= found.beta <= len(counts) + 1e-9
    assert homogenization(counts, q) == pytest.approx(1 - (found.beta - 1) / (len(counts) - 1), abs=1e-9)
    assert partition(np.repeat(counts[:1], 3, axis=0), q).beta == pytest.approx(1)
    apart = np.kron(np.eye(3), counts[:1])
    assert partition(apart, q).beta == pytest.approx(3)
    assert homogenization(apart, q, weights=[1, 2, 3]) == pytest.approx(0, abs=1e-9)


def test_communities_without_counts_are_left_out() -> None:
    full, with_empty = [[3, 1, 0], [0, 2, 2]], [[3, 1, 0], [0, 0, 0], [0, 2, 2]]
    for q in (0, 0.5, 1, 2, np.inf):
        npt.assert_allclose(partition(with_empty, q, weights=[1, 9, 2]), partition(full, q, weights=[1, 2]), rtol=1e-12)
        assert homogenization(with_empty, q) == pytest.approx(homogenization(full, q))
    assert np.isnan(homogenization([[3, 1], [0, 0]]))
    assert np.isnan(partition([[0, 0], [0, 0]])).all()
    assert partition([[3, 1]]).beta == 1


@quick
@given(counts=several)
def test_divergences_are_those_of_scipy(counts: np.ndarray) -> None:
    a, b = counts[0], counts[1]
    expected = distance.jensenshannon(a / a.sum(), b / b.sum(), 2)
    assert jensen_shannon(a, b) == pytest.approx(expected**2, abs=1e-12)
    assert jensen_shannon_distance(a, b) == pytest.approx(0 if np.isnan(expected) else expected, abs=1e-7)
    if expected > 1e-3:
        assert jensen_shannon_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert bray_curtis(a, b) == pytest.approx(distance.braycurtis(a, b), abs=1e-12)
    assert generalised_jensen_shannon([a, b]) == pytest.approx(jensen_shannon(a, b), abs=1e-12)
    assert np.log2(beta_diversity(counts)) == pytest.approx(generalised_jensen_shannon(counts), abs=1e-12)


@quick
@given(counts=several)
def test_morisita_horn_by_drawing_pairs(counts: np.ndarray) -> None:
    p, q = counts[0] / counts[0].sum(), counts[1] / counts[1].sum()
    same = {
        name: sum(x * y for x, y in zip(*pair, strict=True))
        for name, pair in {"pq": (p, q), "p": (p, p), "q": (q, q)}.items()
    }
    assert morisita_horn(*counts[:2]) == pytest.approx(2 * same["pq"] / (same["p"] + same["q"]), rel=1e-9)


@quick
@given(counts=several)
def test_matrices_hold_what_the_pairs_give(counts: np.ndarray) -> None:
    stack = np.stack([counts, counts[::-1], np.roll(counts, 1, axis=1)]) * 1.0
    stack[2, 0] = 0
    for single, matrix in [
        (jensen_shannon, jensen_shannon_matrix),
        (bray_curtis, bray_curtis_matrix),
        (morisita_horn, morisita_horn_matrix),
        (rank_biased_overlap, rank_biased_overlap_matrix),
    ]:
        expected = single(stack[:, :, None], stack[:, None])
        npt.assert_allclose(matrix(stack), expected, rtol=1e-9, atol=1e-12)
        npt.assert_allclose(matrix(stack[1]), expected[1], rtol=1e-9, atol=1e-12)


def test_matrices_of_more_than_one_block() -> None:
    stack = np.random.default_rng(0).poisson(3, size=(200, 5, 40))
    npt.assert_allclose(
        jensen_shannon_matrix(stack)[[0, 77, 199]], jensen_shannon_matrix(stack[[0, 77, 199]]), rtol=1e-12
    )
    assert jensen_shannon_matrix(stack[:0]).shape == (0, 5, 5)


@quick
@given(counts=several)
def test_distance_obeys_the_triangle_inequality(counts: np.ndarray) -> None:
    apart = np.sqrt(jensen_shannon_matrix(counts))
    assert (apart[:, :, None] <= apart[:, None] + apart.swapaxes(0, 1)[None] + 1e-7).all()


def test_samples_of_one_community_differ_by_as_much_as_is_said() -> None:
    rng = np.random.default_rng(0)
    p = np.full(20, 0.05)
    found = jensen_shannon(rng.multinomial(300, p, size=4000), rng.multinomial(500, p, size=4000)).mean()
    assert found == pytest.approx(19 * (1 / 300 + 1 / 500) / (8 * np.log(2)), rel=0.05)


def by_hand(a: list[str], b: list[str], p: float) -> float:
    """Equation 32 of Webber, Moffat and Zobel 2010, for rankings without ties."""
    short, long = sorted([a, b], key=len)
    s, n = len(short), len(long)
    x = [len(set(short[:d]) & set(long[:d])) for d in range(n + 1)]
    total = sum(x[d] / d * p**d for d in range(1, n + 1)) + sum(
        x[s] * (d - s) / (s * d) * p**d for d in range(s + 1, n + 1)
    )
    return (1 - p) / p * total + ((x[n] - x[s]) / n + x[s] / s) * p**n


@quick
@given(data=st.data(), p=st.floats(0.05, 0.99))
def test_rank_biased_overlap_by_its_equation(data: st.DataObject, p: float) -> None:
    names = list("abcdefgh")
    rankings = [data.draw(st.permutations(names))[: data.draw(st.integers(1, 8))] for _ in range(2)]
    shares = [[9.0 - ranking.index(name) if name in ranking else 0 for name in names] for ranking in rankings]
    assert rank_biased_overlap(*shares, persistence=p) == pytest.approx(by_hand(*rankings, p), rel=1e-9, abs=1e-12)


def test_ties_share_the_best_of_their_ranks() -> None:
    # Depth 1 holds two of a and one of b, one in common; from depth 2 on both hold the same two.
    assert rank_biased_overlap([3, 3, 0], [3, 2, 0], persistence=0.5) == pytest.approx(0.5 * 2 / 3 + 0.25 + 0.25)
    assert rank_biased_overlap([1, 1, 1], [2, 2, 2]) == pytest.approx(1)
    with pytest.raises(ParameterError, match="persistence is 1"):
        rank_biased_overlap([1, 2], [1, 2], persistence=1)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 categories and b has 2"):
        jensen_shannon([1, 2, 3], [1, 2])
    with pytest.raises(ShapeError, match="leading axes"):
        morisita_horn(np.ones((2, 3)), np.ones((4, 3)))
    with pytest.raises(ShapeError, match="communities, categories"):
        jensen_shannon_matrix([1, 2])
    with pytest.raises(ShapeError, match="weights name 3"):
        partition([[1, 2], [3, 4]], weights=[1, 2, 3])
    with pytest.raises(DataError, match="weights are all 0"):
        partition([[1, 2], [3, 4]], weights=[0, 0])
    with pytest.raises(ParameterError, match="-2"):
        partition([[1, 2], [3, 4]], -2)


def test_many_draws_take_little_more_memory_than_their_results() -> None:
    draws = np.random.default_rng(0).poisson(4.0, size=(300, 4, 12, 80)).astype(float)
    tracemalloc.start()
    start = time.perf_counter()
    found = jensen_shannon_matrix(draws)
    taken, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All pairs at once would take six times the draws.
    assert peak < found.nbytes + draws.nbytes / 2
    assert taken < 10
