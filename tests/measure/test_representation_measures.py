"""Measures of representations against scipy, scikit-learn and their papers, and inputs that break naive code."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy.linalg import orthogonal_procrustes, subspace_angles
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr, spearmanr
from sklearn.cross_decomposition import CCA
from sklearn.neighbors import NearestNeighbors

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import cka
from polyculture.measure.representation import neighbours
from polyculture.measure.representation.cca import pwcca, pwcca_matrix, svcca, svcca_matrix
from polyculture.measure.representation.cka import cka_matrix
from polyculture.measure.representation.knn import mutual_knn, mutual_knn_matrix, mutual_knn_null
from polyculture.measure.representation.neighbours import nearest
from polyculture.measure.representation.procrustes import (
    angular_shape_distance,
    angular_shape_distance_matrix,
    procrustes,
    procrustes_matrix,
)
from polyculture.measure.representation.rbf import rbf_cka, rbf_cka_matrix
from polyculture.measure.representation.rsa import rsa, rsa_matrix

MATRICES = {
    "cka": (cka, cka_matrix),
    "mutual_knn": (mutual_knn, mutual_knn_matrix),
    "procrustes": (procrustes, procrustes_matrix),
    "angular_shape_distance": (angular_shape_distance, angular_shape_distance_matrix),
    "svcca": (svcca, svcca_matrix),
    "pwcca": (pwcca, pwcca_matrix),
    "rsa": (rsa, rsa_matrix),
    "rbf_cka": (lambda x, y: rbf_cka(x, y, width=0.8), lambda parts: rbf_cka_matrix(parts, widths=[0.3, 0.8])[1]),
}
every = pytest.mark.parametrize("name", MATRICES)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def related(rng: np.random.Generator, n: int, *widths: int) -> list[np.ndarray]:
    common = rng.normal(size=(n, 4))
    return [common @ rng.normal(size=(4, d)) + rng.normal(size=(n, d)) for d in widths]


# All measures


@every
def test_a_matrix_holds_what_pairs_give(name: str, rng: np.random.Generator) -> None:
    pair, matrix = MATRICES[name]
    parts = [*related(rng, 120, 3, 8, 8, 5), np.ones((120, 2))]
    found = matrix(parts)
    expected = [[pair(x, y) for y in parts] for x in parts]
    npt.assert_allclose(found, expected, atol=1e-9)
    if name != "mutual_knn":
        assert np.isnan(found[4]).all()
        assert np.isnan(found[:, 4]).all()


@every
def test_float16_and_a_large_mean_change_nothing_that_rounding_of_the_input_does_not(
    name: str, rng: np.random.Generator
) -> None:
    pair, _ = MATRICES[name]
    x, y = (part.astype(np.float16) for part in related(rng, 80, 6, 4))
    wide = [part.astype(np.float64) for part in (x, y)]
    assert pair(x, y) == pytest.approx(pair(*wide), abs=1e-12)
    assert pair(*(part + 1000 for part in wide)) == pytest.approx(pair(*wide), abs=1e-9)


@every
def test_a_matrix_refuses_what_it_cannot_compare(name: str, rng: np.random.Generator) -> None:
    _, matrix = MATRICES[name]
    x = rng.normal(size=(50, 3))
    with pytest.raises(ShapeError, match="No representations"):
        matrix([])
    with pytest.raises(ShapeError, match="representation 0 has 50 rows and representation 1 has 49"):
        matrix([x, x[1:]])
    hole = x.copy()
    hole[2, 1] = np.nan
    with pytest.raises(DataError, match="representation 1 holds nan in row 2, column 1"):
        matrix([x, hole])


@every
def test_float32_agrees_with_float64(name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyculture.measure.representation.gram.LITTLE", 0)
    _, matrix = MATRICES[name]
    parts = [part.astype(np.float32) + np.float32(100) for part in related(rng, 400, 20, 30, 20)]
    expected = matrix([part.astype(np.float64) for part in parts])
    npt.assert_allclose(matrix(parts), expected, atol=2e-6)


# Neighbours


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_neighbours_are_those_of_scikit_learn(metric: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=(150, 6)) + 3
    others = NearestNeighbors(n_neighbors=8, metric=metric, algorithm="brute").fit(x).kneighbors(return_distance=False)
    for memory in (1, 10_000, 2**25):
        npt.assert_array_equal(nearest(x, 7, metric=metric, memory=memory), np.sort(others[:, :7], axis=1))


def test_of_equally_near_neighbours_the_lower_index_is_taken(rng: np.random.Generator) -> None:
    lattice = rng.integers(0, 3, size=(200, 4))
    squared = np.sum((lattice[:, None] - lattice) ** 2, axis=2)
    np.fill_diagonal(squared, 10**6)
    expected = np.sort(np.argsort(squared, axis=1, kind="stable")[:, :9], axis=1)
    npt.assert_array_equal(nearest(lattice, 9), expected)
    npt.assert_array_equal(nearest(lattice * 0.1 + 1e3, 9), expected)


def test_repeated_items_count_as_neighbours_and_turning_changes_nothing(rng: np.random.Generator) -> None:
    x = np.repeat(rng.normal(size=(60, 16)), 2, axis=0)
    turned = x @ np.linalg.qr(rng.normal(size=(16, 16)))[0]
    assert (nearest(x, 1).ravel() == np.arange(120) ^ 1).all()
    for metric in neighbours.METRICS:
        assert mutual_knn(x, turned, k=10, metric=metric) == 1


def test_all_items_alike_have_the_first_as_neighbours() -> None:
    npt.assert_array_equal(nearest(np.ones((4, 3)), 2), [[1, 2], [0, 2], [0, 1], [0, 1]])


def test_one_far_item_does_not_hide_the_neighbours_of_the_others(rng: np.random.Generator) -> None:
    x = rng.normal(size=(100, 5))
    far = np.vstack([x, np.full((1, 5), 1e6)])
    npt.assert_array_equal(nearest(far, 6)[:-1], nearest(x, 6))


def test_mutual_neighbours_are_those_in_both_lists(rng: np.random.Generator) -> None:
    x, y = related(rng, 90, 5, 7)
    pairs = zip(nearest(x, 6), nearest(y, 6), strict=True)
    expected = np.mean([len(set(a) & set(b)) / 6 for a, b in pairs])
    assert mutual_knn(x, y, k=6) == pytest.approx(expected)
    chance = 6 / 89
    assert mutual_knn(x, y, k=6, adjusted=True) == pytest.approx((expected - chance) / (1 - chance))


def test_null_of_mutual_neighbours_is_exact(rng: np.random.Generator) -> None:
    x, y = related(rng, 40, 5, 5)
    shuffled = [mutual_knn(x, y[rng.permutation(40)], k=4) for _ in range(600)]
    assert mutual_knn_null(x, y, k=4) == 4 / 39
    assert np.mean(shuffled) == pytest.approx(4 / 39, abs=4 * np.std(shuffled) / 600**0.5)


def test_neighbours_need_more_items_than_k(rng: np.random.Generator) -> None:
    x = rng.normal(size=(12, 3))
    assert np.isnan(mutual_knn(x[:11], x[:11]))
    assert mutual_knn(x, x) == 1
    with pytest.raises(ShapeError, match="12 items, but at least 13"):
        nearest(x, 12)
    with pytest.raises(ParameterError, match="k is 0"):
        mutual_knn(x, x, k=0)
    with pytest.raises(ParameterError, match="'dot'; pass one of euclidean, cosine"):
        mutual_knn(x, x, metric="dot")


# Procrustes


@pytest.mark.parametrize(("n", "d"), [(60, 5), (20, 50)])
def test_procrustes_equals_scipy(n: int, d: int, rng: np.random.Generator) -> None:
    x, y = related(rng, n, d, d)
    found = procrustes(x, y)
    _, _, disparity = scipy_procrustes(x, y)
    assert found == pytest.approx((1 - disparity) ** 0.5, abs=1e-9)
    x, y = ((z - z.mean(axis=0)) / np.linalg.norm(z - z.mean(axis=0)) for z in (x, y))
    turn, scale = orthogonal_procrustes(x, y)
    assert found == pytest.approx(scale, abs=1e-9)
    assert found == pytest.approx(1 - np.linalg.norm(x @ turn - y) ** 2 / 2, abs=1e-9)
    assert angular_shape_distance(x, y) == pytest.approx(np.arccos(scale), abs=1e-9)


def test_documented_chance_level_of_procrustes(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 512, 512))
    assert procrustes(x, y) == pytest.approx(0.75, abs=0.01)
    assert angular_shape_distance(x, y) == pytest.approx(0.72, abs=0.01)


def test_angular_shape_distance_is_a_metric(rng: np.random.Generator) -> None:
    parts = [rng.normal(size=(12, d)) for d in rng.integers(1, 20, size=25)]
    distances = angular_shape_distance_matrix(parts)
    assert (distances.diagonal() == 0).all()
    detours = (distances[:, :, None] + distances[None]).min(axis=1)
    assert (distances <= detours + 1e-12).all()


def test_products_in_small_blocks_are_the_same(rng: np.random.Generator) -> None:
    parts = related(rng, 40, 3, 8, 60, 1)
    npt.assert_allclose(procrustes_matrix(parts, memory=1), procrustes_matrix(parts), atol=1e-12)


# Canonical correlations


def canonical(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations and variates of x, by whitening the covariances (Hotelling)."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)

    def whitener(z: np.ndarray) -> np.ndarray:
        values, vectors = np.linalg.eigh(z.T @ z)
        return vectors / values**0.5 @ vectors.T

    left, rho, _ = np.linalg.svd(whitener(x) @ x.T @ y @ whitener(y), full_matrices=False)
    return rho, x @ whitener(x) @ left


def test_cca_of_everything_equals_scipy_and_scikit_learn(rng: np.random.Generator) -> None:
    x, y = related(rng, 200, 3, 4)
    found = svcca(x, y, threshold=1)
    assert found == pytest.approx(np.cos(subspace_angles(x - x.mean(0), y - y.mean(0))).mean(), abs=1e-9)
    first, second = CCA(n_components=3, tol=1e-14, max_iter=10_000).fit_transform(x, y)
    rho = [pearsonr(a, b)[0] for a, b in zip(first.T, second.T, strict=True)]
    assert found == pytest.approx(np.mean(rho), abs=1e-6)


def test_svcca_keeps_a_share_of_the_variance(rng: np.random.Generator) -> None:
    x = np.linalg.qr(rng.normal(size=(200, 4)))[0] * [10, 3, 1, 0.1]
    x -= x.mean(axis=0)
    y = rng.normal(size=(200, 1))
    s = np.linalg.svd(x, compute_uv=False)
    shares = np.cumsum(s**2) / np.sum(s**2)
    for rank in (1, 2, 3):
        kept = x @ np.linalg.svd(x)[2][:rank].T
        expected = np.cos(subspace_angles(kept, y - y.mean(axis=0))).mean()
        for threshold in (shares[rank - 1] - 1e-6, (shares[rank - 2] if rank > 1 else 0) + 1e-6):
            assert svcca(x, y, threshold=threshold) == pytest.approx(expected, abs=1e-9)


def test_pwcca_has_the_weights_of_its_paper(rng: np.random.Generator) -> None:
    x, y = related(rng, 150, 5, 3)
    rho, variates = canonical(x, y)
    weights = np.abs(variates.T @ (x - x.mean(axis=0))).sum(axis=1)
    assert pwcca(x, y) == pytest.approx(np.sum(weights * rho) / weights.sum(), abs=1e-9)
    assert abs(pwcca(x, y) - pwcca(y, x)) > 0.01


def test_linear_maps_leave_canonical_correlations_as_they_are(rng: np.random.Generator) -> None:
    x, y = related(rng, 200, 5, 4)
    mapped = x @ rng.normal(size=(5, 9)) + 3
    assert svcca(mapped, y, threshold=1) == pytest.approx(svcca(x, y, threshold=1), abs=1e-9)
    assert svcca(x, mapped, threshold=1) == pytest.approx(1, abs=1e-9)
    assert pwcca(mapped, x) == pytest.approx(1, abs=1e-9)


def test_too_few_items_for_the_directions_are_no_evidence(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 20, 30))
    for measure in (svcca, pwcca):
        assert np.isnan(measure(x, y))
        # What it would have said of noise:
        assert measure(x, y, threshold=1, items_per_direction=0) == pytest.approx(1)
        assert np.isnan(measure(x[:, :3], y[:, :2]))
        assert not np.isnan(measure(x[:, :2], y[:, :2]))
        with pytest.raises(ParameterError, match="threshold is 99"):
            measure(x, y, threshold=99)


# Distances between items


@pytest.mark.parametrize("metric", ["euclidean", "correlation", "cosine"])
def test_rsa_equals_scipy(metric: str, rng: np.random.Generator) -> None:
    x, y = related(rng, 60, 5, 7)
    distances = [pdist(z, metric) for z in (x, y)]
    assert rsa(x, y, metric=metric) == pytest.approx(spearmanr(*distances)[0], abs=1e-9)
    assert rsa(x, y, metric=metric, compare="pearson") == pytest.approx(pearsonr(*distances)[0], abs=1e-9)


def test_equal_distances_share_a_rank(rng: np.random.Generator) -> None:
    x, y = rng.integers(0, 3, size=(2, 50, 3))
    exact = [pdist(z, "sqeuclidean") for z in (x, y)]
    assert rsa(x, y) == pytest.approx(spearmanr(*exact)[0], abs=1e-12)
    assert rsa(x * 0.1 + 7, y) == pytest.approx(spearmanr(*exact)[0], abs=1e-12)


def test_rsa_is_undefined_without_distances_to_compare(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 4))
    simplex, zero, flat = np.eye(20), x.copy(), x.copy()
    zero[3], flat[3] = 0, 5
    for compare in ("spearman", "pearson"):
        assert np.isnan(rsa(x, simplex, compare=compare))
        assert np.isnan(rsa(x, zero, metric="cosine", compare=compare))
        assert np.isnan(rsa(x, flat, metric="correlation", compare=compare))
        assert np.isnan(rsa(x, x[:, :1], metric="correlation", compare=compare))
    with pytest.raises(ParameterError, match="'kendall'; pass one of spearman, pearson"):
        rsa(x, x, compare="kendall")
    with pytest.raises(ParameterError, match="metric is 'l1'"):
        rsa(x, x, metric="l1")


def test_rsa_in_small_blocks_is_the_same(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = related(rng, 30, 3, 3)
    whole = rsa(x, y)
    monkeypatch.setattr("polyculture.measure.representation.rsa.TILES", 500)
    assert rsa(x, y) == pytest.approx(whole, abs=1e-12)


# Gaussian kernels


def naive_rbf(x: np.ndarray, width: float) -> np.ndarray:
    distances = np.linalg.norm(x[:, None] - x, axis=2)
    median = np.median(distances[np.triu_indices(len(x), 1)])
    return np.exp(-(distances**2) / (2 * (width * median) ** 2))


def naive_hsic1(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    n, one = len(k), np.ones(len(k))
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    inner = np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return inner - 2 / (n - 2) * one @ k @ l @ one


def naive_hsic0(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    h = np.eye(len(k)) - 1 / len(k)
    return np.trace(k @ h @ l @ h)


@pytest.mark.parametrize("debiased", [True, False])
def test_rbf_cka_equals_the_formula(debiased: bool, rng: np.random.Generator) -> None:
    x, y = related(rng, 60, 5, 70)
    hsic = naive_hsic1 if debiased else naive_hsic0
    found = rbf_cka_matrix([x, y], debiased=debiased, memory=2 * 2 * 8 * 13**2)
    for width, matrix in zip((0.4, 0.8, 1.0), found, strict=True):
        k, l = naive_rbf(x, width), naive_rbf(y, width)  # noqa: E741
        expected = hsic(k, l) / (hsic(k, k) * hsic(l, l)) ** 0.5
        npt.assert_allclose(matrix, [[1, expected], [expected, 1]], atol=1e-9)


@pytest.mark.parametrize("debiased", [True, False])
def test_a_wide_kernel_tends_to_the_linear_one(debiased: bool, rng: np.random.Generator) -> None:
    x, y = related(rng, 50, 5, 3)
    assert rbf_cka(x, y, width=1e4, debiased=debiased) == pytest.approx(cka(x, y, debiased=debiased), abs=1e-6)


def test_rbf_cka_needs_a_median_distance(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 3))
    mostly_alike = x.copy()
    mostly_alike[:16] = 1
    assert np.isnan(rbf_cka(x, mostly_alike))
    with pytest.raises(ParameterError, match="widths"):
        rbf_cka(x, x, width=0)


def test_the_median_of_many_items_is_that_of_some(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = related(rng, 400, 5, 3)
    exact = rbf_cka(x, y)
    monkeypatch.setattr("polyculture.measure.representation.rbf.MEDIAN_OF", 100)
    assert exact != rbf_cka(x, y) == pytest.approx(exact, abs=0.02)
