"""CKA against the formulas of its papers, its null, and inputs that break naive code."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest

from polyculture.errors import ParameterError, ShapeError
from polyculture.measure import bootstrap, cka, cka_intervals, cka_matrix, jackknife
from polyculture.measure.representation import gram

RNG = np.random.default_rng(7)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def naive_biased(x: np.ndarray, y: np.ndarray) -> float:
    n = len(x)
    h = np.eye(n) - np.ones((n, n)) / n
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h  # noqa: E741
    return np.trace(k @ l) / np.sqrt(np.trace(k @ k) * np.trace(l @ l))


def naive_hsic1(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741
    n, one = len(k), np.ones(len(k))
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
    inner = np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (inner - 2 / (n - 2) * one @ k @ l @ one) / (n * (n - 3))


def naive_debiased(x: np.ndarray, y: np.ndarray) -> float:
    k, l = x @ x.T, y @ y.T  # noqa: E741
    return naive_hsic1(k, l) / np.sqrt(naive_hsic1(k, k) * naive_hsic1(l, l))


SHAPES = [(4, 1, 3), (5, 40, 2), (30, 3, 5), (30, 100, 100), (60, 2, 200), (200, 10, 10)]


@pytest.mark.parametrize(("n", "d1", "d2"), SHAPES)
def test_equals_the_papers_formulas(n: int, d1: int, d2: int, rng: np.random.Generator) -> None:
    x = rng.normal(size=(n, d1))
    y = x[:, :1] + rng.normal(size=(n, d2))
    npt.assert_allclose(cka(x, y, debiased=False), naive_biased(x, y), rtol=1e-9)
    npt.assert_allclose(cka(x, y), naive_debiased(x, y), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("cheap", [True, False], ids=["features", "items"])
def test_both_forms_give_the_same(
    cheap: bool, debiased: bool, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [rng.normal(size=(40, 6)) @ rng.normal(size=(6, d)) for d in (3, 6, 50)]
    monkeypatch.setattr(gram, "features_are_cheaper", lambda parts: cheap)
    naive = naive_debiased if debiased else naive_biased
    expected = [[naive(x, y) for y in parts] for x in parts]
    # Little memory makes the Gram matrices arrive in many tiles of unequal shape.
    for memory in (7 * 7 * 3 * 8, 2**20):
        npt.assert_allclose(cka_matrix(parts, debiased=debiased, memory=memory), expected, rtol=1e-9, atol=1e-12)


def test_matrix_agrees_with_pairs(rng: np.random.Generator) -> None:
    parts = [rng.normal(size=(25, d)) for d in (2, 30, 300)]
    expected = [[cka(x, y) for y in parts] for x in parts]
    npt.assert_allclose(cka_matrix(parts), expected, atol=1e-10)


NULL = [(100, 1000, 0.908), (256, 1024, 0.800), (1024, 1024, 0.500), (1024, 4096, 0.801), (1024, 64, 0.059)]


@pytest.mark.parametrize(("n", "d", "biased"), NULL)
def test_null_of_independent_gaussians(n: int, d: int, biased: float, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, n, d))
    assert cka(x, y, debiased=False) == pytest.approx(biased, abs=0.004)
    # The standard deviation by chance is about √2 / n.
    assert abs(cka(x, y)) < 5 / n


def test_documented_null_of_the_biased_form(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(20, 7)), rng.normal(size=(20, 9))
    k, l = (z @ z.T for z in (x - x.mean(0), y - y.mean(0)))  # noqa: E741
    expected = np.trace(k) * np.trace(l) / (19 * np.linalg.norm(k) * np.linalg.norm(l))
    permuted = [cka(x, y[rng.permutation(20)], debiased=False) for _ in range(2000)]
    assert np.mean(permuted) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("shift", [10, 100, 1000])
@pytest.mark.parametrize("debiased", [True, False])
def test_float32_with_a_large_mean(shift: int, debiased: bool, rng: np.random.Generator) -> None:
    x, noise = rng.normal(scale=0.1, size=(2, 64, 512)).astype(np.float32)
    y = x + noise
    moved = cka(x + np.float32(shift), y + np.float32(shift), debiased=debiased)
    assert moved == pytest.approx(cka(x, y, debiased=debiased), abs=1e-3)


@pytest.mark.parametrize("debiased", [True, False])
@pytest.mark.parametrize("width", [30, 900])
def test_much_float32_is_multiplied_in_float32_and_agrees_with_float64(
    width: int, debiased: bool, rng: np.random.Generator
) -> None:
    parts = [x + 100 for x in rng.normal(size=(4, 1100, width)).astype(np.float32)]
    parts[1] += parts[0]
    assert gram.precision(parts, grams=True) == (np.float32 if width == 900 else np.float64)
    exact = cka_matrix([part.astype(np.float64) for part in parts], debiased=debiased)
    for dtype in (None, np.float32):
        npt.assert_allclose(cka_matrix(parts, debiased=debiased, dtype=dtype), exact, atol=1e-6)
    npt.assert_allclose(cka_matrix(parts, debiased=debiased, dtype=np.float64), exact, atol=1e-12)


def test_intervals_in_float32_agree_with_float64(rng: np.random.Generator) -> None:
    x, noise = rng.normal(size=(2, 200, 30)).astype(np.float32)
    parts = [x, x + noise, noise]
    found, exact = cka_intervals(parts, dtype=np.float32), cka_intervals(parts, dtype=np.float64)
    npt.assert_allclose([found.estimate, found.low], [exact.estimate, exact.low], atol=1e-6)


def test_precision_is_one_of_two() -> None:
    with pytest.raises(ParameterError, match="dtype is float16; pass float32 or float64"):
        cka_matrix([np.eye(5)], dtype=np.float16)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_item_alone_is_no_evidence_in_either_precision(dtype: type) -> None:
    alone = np.zeros((300, 1000))
    alone[3] = 1
    assert np.isnan(cka_matrix([alone, alone], dtype=dtype)).all()


def test_float16_is_computed_in_float64(rng: np.random.Generator) -> None:
    x = (rng.normal(size=(50, 2000)) * 100).astype(np.float16)
    assert cka(x, x.astype(np.float64)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("debiased", [True, False])
def test_what_does_not_vary_is_undefined(debiased: bool, rng: np.random.Generator) -> None:
    x = rng.normal(size=(30, 4))
    for constant in (np.zeros((30, 2)), np.full((30, 50), 0.1), np.tile([[1e9 / 3, 0.7]], (30, 1))):
        assert np.isnan(cka(x, constant, debiased=debiased))
        matrix = cka_matrix([x, constant], debiased=debiased)
        npt.assert_allclose(matrix, [[1, np.nan], [np.nan, np.nan]])


@pytest.mark.parametrize("width", [1, 100])
def test_one_item_alone_is_no_evidence(width: int) -> None:
    alone = np.zeros((30, width))
    alone[3] = 1
    assert np.isnan(cka(alone, alone))
    assert cka(alone, alone, debiased=False) == pytest.approx(1)


def test_one_item_that_stands_out_in_both_makes_nothing_alike(rng: np.random.Generator) -> None:
    pairs = rng.normal(size=(20, 2, 200, 20))
    pairs[:, :, 0] *= 30
    assert np.mean([cka(x, y, debiased=False) for x, y in pairs]) > 0.95
    assert abs(np.mean([cka(x, y) for x, y in pairs])) < 0.03


def test_negative_values_are_reported(rng: np.random.Generator) -> None:
    values = [cka(*rng.normal(size=(2, 10, 50))) for _ in range(50)]
    assert min(values) < -0.01


def test_constant_columns_repeated_rows_and_low_rank(rng: np.random.Generator) -> None:
    x = np.repeat(rng.normal(size=(10, 2)), 3, axis=0)
    wide = np.column_stack([x @ rng.normal(size=(2, 40)), np.full(30, 1e6)])
    npt.assert_allclose(cka(x, wide), naive_debiased(x, wide[:, :-1]), rtol=1e-9)


@pytest.mark.parametrize("size", [1e-200, 1e200, 1e307])
def test_no_magnitude_overflows(size: float, rng: np.random.Generator) -> None:
    x, y = rng.uniform(-1, 1, size=(2, 20, 3))
    npt.assert_allclose(cka(x * size, y), cka(x, y), rtol=1e-9)


def test_too_few_items() -> None:
    x = np.arange(3.0)[:, None]
    with pytest.raises(ShapeError, match="x has 3 items, but at least 4"):
        cka(x, x)
    assert cka(x, x, debiased=False) == pytest.approx(1)
    with pytest.raises(ShapeError, match="at least 2"):
        cka(x[:1], x[:1], debiased=False)
    with pytest.raises(ShapeError, match="No representations"):
        cka_matrix([])
    with pytest.raises(ShapeError, match="representation 0 has 9 rows and representation 1 has 8"):
        cka_matrix([np.eye(9), np.eye(8)])


@pytest.mark.parametrize("width", [2, 30, 400], ids=["by features", "mixed", "by items"])
@pytest.mark.parametrize("n", [60, 97])
@pytest.mark.parametrize("side", [2, 5, 20, 200])
def test_intervals_equal_the_plain_jackknife(n: int, width: int, side: int, rng: np.random.Generator) -> None:
    x = rng.normal(size=(n, width))
    parts = [x, x + rng.normal(size=(n, width)), rng.normal(size=(n, 3)) + 50]
    found = cka_intervals(parts, blocks=8, level=0.9, seed=3, memory=3 * 8 * side**2)
    npt.assert_allclose(found.estimate, cka_matrix(parts), atol=1e-10)
    for k, j in ((0, 1), (2, 0)):
        plain = jackknife(cka, parts[k], parts[j], blocks=8, level=0.9, seed=3)
        npt.assert_allclose([found[k, j].low, found[k, j].high], [plain.low, plain.high], atol=1e-8)


def test_intervals_cover_the_true_value() -> None:
    # In the population CKA = ||C_xy||² / (||C_x|| ||C_y||): with y = x + e, both of identity covariance, 3 / (3 · 2).
    hits = 0
    for seed in range(150):
        x, e = np.random.default_rng(seed).normal(size=(2, 150, 3))
        interval = cka_intervals([x, x + e], blocks=25, seed=seed)[0, 1]
        hits += interval.low <= 0.5 <= interval.high
    assert 134 <= hits <= 149


def test_bootstrap_is_wrong_for_cka_where_the_jackknife_is_right(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(2, 40, 200))
    assert bootstrap(cka, x, y, samples=30).low > 0.1
    interval = jackknife(cka, x, y, blocks=20)
    assert interval.low < 0 < interval.high


def test_intervals_refuse_and_admit() -> None:
    x = RNG.normal(size=(30, 3))
    with pytest.raises(ShapeError, match="at least 8"):
        cka_intervals([x[:7]])
    with pytest.raises(ParameterError, match="blocks is 1"):
        cka_intervals([x], blocks=1)
    with pytest.raises(ParameterError, match="level"):
        cka_intervals([x], level=95)
    undefined = cka_intervals([x, np.ones((30, 2))])
    assert np.isnan([undefined[0, 1].low, undefined[0, 1].estimate]).all()
    assert undefined[0, 0].estimate == pytest.approx(1)
