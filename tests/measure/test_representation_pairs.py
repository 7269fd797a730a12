"""Likeness over all pairs of layers: what it finds, and that chance is told as chance."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import cka, cka_intervals, cka_matrix
from polyculture.measure.inference.calibrate import calibrate
from polyculture.measure.pairs import PairMeasure
from polyculture.measure.representation import chance, overlap
from polyculture.measure.representation.cca import svcca_matrix
from polyculture.measure.representation.knn import mutual_knn, mutual_knn_matrix
from polyculture.measure.representation.neighbours import nearest, nearest_of_models
from polyculture.measure.representation.nulls import gram_stack, random_orders
from polyculture.measure.representation.overlap import overlap_intervals, shared_neighbours
from polyculture.measure.representation.pairs import MEASURED, representation_pairs
from polyculture.measure.representation.procrustes import procrustes_matrix
from polyculture.measure.representation.rbf import rbf_cka_matrix
from polyculture.measure.representation.rsa import rsa_matrix

CALIBRATED = ("cka", "mutual_knn", "rbf_cka", "rsa")


def models(seed: int, n: int, *, noise: float = 1.0) -> list[list[np.ndarray]]:
    """Three models of 3, 1 and 2 layers; the last layers of the first two are alike."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 4))
    first = [rng.normal(size=(n, 5)), rng.normal(size=(n, 40)), common]
    return [first, [common + noise * rng.normal(size=(n, 4))], [rng.normal(size=(n, d)) for d in (3, 8)]]


def unrelated(seed: int, n: int, layers: tuple[int, ...]) -> list[list[np.ndarray]]:
    """Models whose own layers are alike, but who have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    return [[base + rng.normal(size=(n, 3)) for _ in range(count)] for count in layers for base in [rng.normal(size=3)]]


def by_chance(seed: int, layers: tuple[int, ...], name: str = "cka", alpha: float = 0.05) -> PairMeasure:
    """Few items, blocks and draws, so that there can be many trials."""
    given = unrelated(seed, 24, layers)
    found = representation_pairs(given, measures=[name], permutations=39, k=3, blocks=2, seed=seed, alpha=alpha)
    return found.measures[name]


def p_by_chance(name: str, layers: tuple[int, ...], trials: int) -> np.ndarray:
    return np.array([by_chance(seed, layers, name).p[0, 1] for seed in range(trials)])


@pytest.mark.parametrize("name", CALIBRATED)
def test_p_of_a_maximum_over_layers_is_uniform_by_chance(name: str) -> None:
    # Whole fortieths are spread within their step.
    values = p_by_chance(name, (2, 3), 500) - np.random.default_rng(0).random(500) / 40
    # Counts of neighbours tie, which makes their p larger, never smaller.
    side = "greater" if name == "mutual_knn" else "two-sided"
    assert stats.kstest(values, "uniform", alternative=side).pvalue > 0.01


def test_p_in_closed_form_is_uniform_by_chance() -> None:
    assert stats.kstest(p_by_chance("cka", (1, 1), 500), "uniform").pvalue > 0.01


@pytest.mark.parametrize("layers", [(1, 1), (2, 2)])
def test_threshold_is_passed_as_often_as_it_says(layers: tuple[int, ...]) -> None:
    passed = [by_chance(seed, layers, alpha=0.2).calibrated[0, 1] > 0 for seed in range(200)]
    assert 0.12 < np.mean(passed) < 0.28


def test_maximum_over_layers_without_calibration_would_find_what_is_not_there() -> None:
    single = by_chance(0, (1, 1)).null[0, 1]
    above = [by_chance(seed, (4, 4)).estimate[0, 1] > single for seed in range(100)]
    assert np.mean(above) > 0.12


@pytest.mark.parametrize("layers", [(1, 1), (2, 2)])
@pytest.mark.parametrize("name", ["cka", "rbf_cka", "rsa"])
def test_draws_on_some_of_the_items_keep_chance_in_its_place(
    name: str, layers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chance, "ENOUGH", 12)
    values = p_by_chance(name, layers, 100)
    assert np.mean(values <= 0.1) <= 0.18
    assert np.mean(values <= 0.5) <= 0.65


@pytest.mark.parametrize(
    ("name", "matrix"),
    [
        ("cka", cka_matrix),
        ("mutual_knn", lambda layers: mutual_knn_matrix(layers, k=5)),
        ("rbf_cka", lambda layers: rbf_cka_matrix(layers, widths=[0.8])[0]),
        ("rsa", rsa_matrix),
        ("procrustes", procrustes_matrix),
        ("svcca", svcca_matrix),
    ],
)
def test_estimates_are_the_highest_of_the_map(name: str, matrix: object) -> None:
    layers = models(0, 120)
    found = representation_pairs(layers, measures=[name], k=5, permutations=9)
    flat = [layer for model in layers for layer in model]
    npt.assert_allclose(found.maps[name], matrix(flat), atol=1e-10)
    npt.assert_array_equal(found.of, [0, 0, 0, 1, 2, 2])
    for a in range(3):
        for b in range(3):
            block = found.maps[name][np.ix_(found.of == a, found.of == b)]
            assert found.measures[name].estimate[a, b] == np.nanmax(block)
    assert set(MEASURED) == {*CALIBRATED, "procrustes", "svcca"}


def test_what_is_alike_is_found_and_what_is_not_is_not() -> None:
    found = representation_pairs(models(1, 100, noise=0.5), permutations=999, k=5)
    for name in ("cka", "mutual_knn"):
        measured = found.measures[name]
        assert measured.p[0, 1] <= 1 / 1000
        assert measured.calibrated[0, 1] > 0.2
        assert (measured.p[2, :2] > 0.002).all()
        assert (measured.low <= measured.estimate + 1e-12).all()
        assert (measured.high >= measured.estimate - 1e-12).all()
        assert measured.low[0, 1] > measured.null[0, 1]
        for part in (measured.null, measured.p):
            assert np.isnan(part.diagonal()).all()
            npt.assert_array_equal(part, part.T)
        npt.assert_allclose(measured.estimate.diagonal(), 1)


def test_each_model_has_its_own_permutation_for_all_of_its_layers() -> None:
    layers = models(2, 40)
    found = representation_pairs(layers, measures=["cka"], permutations=20, seed=4).measures["cka"]
    stacks = [gram_stack(model) for model in layers]
    rows = np.random.default_rng(4).permutation(40)
    draws = []
    for order in random_orders(40, 3, 20, 4):
        shuffled = [[layer[rows][place] for layer in model] for model, place in zip(layers, order, strict=True)]
        draws.append([[max(cka(x, y) for x in a for y in b) for b in shuffled] for a in shuffled])
    expected = calibrate(found.estimate, np.array(draws), slack=1e-6)
    assert len(stacks) == 3
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert found.null[a, b] == pytest.approx(expected.threshold[a, b], abs=1e-6)
        assert found.p[a, b] == pytest.approx(expected.p[a, b])


def test_intervals_are_those_of_the_best_pair_of_layers() -> None:
    layers = models(3, 80)
    found = representation_pairs(layers, k=5, blocks=20, level=0.9, seed=2).measures
    expected = cka_intervals([layers[0][2], layers[1][0]], blocks=20, level=0.9, seed=2)[0, 1]
    ends = found["cka"].low[0, 1], found["cka"].high[0, 1]
    npt.assert_allclose(ends, [expected.low, expected.high], atol=1e-9)
    lists = [nearest(x, 5)[None] for x in (layers[0][2], layers[1][0])]
    neighbours = overlap_intervals(*lists, level=0.9)
    assert (found["mutual_knn"].low[0, 1], found["mutual_knn"].high[0, 1]) == (neighbours.low[0], neighbours.high[0])


@pytest.mark.parametrize("name", ["cka", "rbf_cka"])
@pytest.mark.parametrize("several", [False, True])
def test_p_is_never_below_what_the_draws_could_tell(name: str, several: bool) -> None:
    given = [model if several else model[-1:] for model in models(0, 100)]
    for permutations in (19, 99):
        p = representation_pairs(given, measures=[name], permutations=permutations).measures[name].p
        assert p[0, 1] == 1 / (permutations + 1)
        assert p[0, 2] >= 1 / (permutations + 1)


@pytest.mark.parametrize("layers", [1, 2])
def test_small_p_are_not_too_many_where_tails_are_heavy(layers: int) -> None:
    rng = np.random.default_rng(0)
    given = [[rng.standard_t(2, size=(40, 2)) for _ in range(layers)] for _ in range(150 // layers)]
    found = representation_pairs(given, measures=["cka"], permutations=199, blocks=2).measures["cka"]
    p = found.p[np.triu_indices(len(given), 1)]
    assert np.mean(p <= 0.001) <= 0.001
    assert np.mean(p <= 0.05) <= 0.06


def tied(kind: str, rng: np.random.Generator) -> np.ndarray:
    return np.rint(rng.normal(size=(40, 2))) if kind == "rounded" else np.eye(5)[rng.integers(5, size=40)]


@pytest.mark.parametrize(("kind", "layers"), [("rounded", 1), ("one-hot", 2)])
def test_unrelated_models_do_not_agree_on_neighbours_that_tie(kind: str, layers: int) -> None:
    p, likeness, lowest_index = [], [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        given = [[tied(kind, rng) for _ in range(layers)] for _ in range(2)]
        found = representation_pairs(given, measures=["mutual_knn"], k=5, permutations=39, seed=seed)
        p.append(found.measures["mutual_knn"].p[0, 1])
        likeness.append(found.maps["mutual_knn"][0, layers])
        lowest_index.append(mutual_knn(given[0][0], given[1][0], k=5))
    assert np.mean(np.array(p) <= 0.05) <= 0.1
    assert np.mean(np.array(p) <= 0.5) <= 0.62
    # Three standard errors.
    assert np.mean(likeness) == pytest.approx(5 / 39, abs=3 * np.std(likeness) / 120**0.5)
    assert np.mean(lowest_index) > 5 / 39 + 0.02


def test_layers_of_a_model_break_ties_alike_and_copies_do_not() -> None:
    x = tied("rounded", np.random.default_rng(0))
    found = representation_pairs([[x, 2 * x], [x]], measures=["mutual_knn"], k=5, permutations=9)
    likeness = found.maps["mutual_knn"]
    assert likeness[0, 1] == 1
    assert likeness[0, 2] == likeness[1, 2] < 0.9


def test_neighbours_without_ties_are_those_of_nearest() -> None:
    layers = models(0, 50)
    found = np.sort(nearest_of_models(layers, 7, seed=3), axis=2)
    npt.assert_array_equal(found, [nearest(layer, 7) for model in layers for layer in model])


def test_a_layer_or_model_that_does_not_vary() -> None:
    layers = models(0, 60)
    layers[0].insert(1, np.full((60, 3), 0.1))
    layers.append([np.ones((60, 2))])
    found = representation_pairs(layers, measures=["cka", "rbf_cka", "rsa", "procrustes"], permutations=19)
    whole = representation_pairs(models(0, 60), measures=["cka", "rbf_cka", "rsa", "procrustes"], permutations=19)
    for name, measured in found.measures.items():
        npt.assert_allclose(measured.estimate[:3, :3], whole.measures[name].estimate)
        assert np.isnan(measured.estimate[3]).all()
        assert np.isnan(measured.p[3]).all()
        assert "no layer" in measured.reason
        assert np.isnan(found.maps[name][1]).all()
    assert not np.isnan(found.measures["cka"].p[0, 1])


def test_what_is_not_calibrated_says_so() -> None:
    found = representation_pairs(models(0, 100), measures=["procrustes", "rsa", "cka"], permutations=9).measures
    assert "not calibrated" in found["procrustes"].reason
    assert np.isnan(found["procrustes"].calibrated).all()
    assert "no interval" in found["rsa"].reason
    several = representation_pairs(models(0, 100), permutations=9).measures
    two, single = (
        representation_pairs([model[-layers:] for model in models(0, 100)], permutations=9).measures
        for layers in (2, 1)
    )
    for name in ("cka", "mutual_knn"):
        assert "as if chosen beforehand" in several[name].reason
        assert "as if chosen beforehand" in two[name].reason
        assert single[name].reason == ""


def test_intervals_of_neighbours_cover_the_mean_over_samples() -> None:
    rng = np.random.default_rng(0)
    values, low, high, plain = [], [], [], []
    for _ in range(300):
        x, e = rng.normal(size=(2, 120, 3))
        lists = [nearest(z, 5)[None] for z in (x, x + e)]
        found = overlap_intervals(*lists)
        values.append(found.estimate[0])
        low.append(found.low[0])
        high.append(found.high[0])
        shares = np.array([len(np.intersect1d(a, b)) for a, b in zip(lists[0][0], lists[1][0], strict=True)]) / 5
        plain.append(1.96 * shares.std(ddof=1) / 120**0.5)
    truth = np.mean(values)
    covered = np.mean((np.array(low) <= truth) & (truth <= np.array(high)))
    assert 0.93 <= covered <= 0.995
    assert np.mean(np.abs(np.array(values) - truth) <= plain) < 0.91


def test_shared_neighbours_and_their_intervals_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    layers = rng.normal(size=(4, 30, 3))
    lists = np.stack([nearest(x, 4) for x in layers])
    whole, intervals = shared_neighbours(lists), overlap_intervals(lists, lists[::-1])
    npt.assert_allclose(whole, [[mutual_knn(x, y, k=4) for y in layers] for x in layers])
    npt.assert_allclose(intervals.estimate, whole[np.arange(4), np.arange(4)[::-1]])
    monkeypatch.setattr(overlap, "KEYS", 100)
    monkeypatch.setattr(overlap, "COMPARED", 500)
    npt.assert_allclose(shared_neighbours(lists), whole)
    npt.assert_allclose(overlap_intervals(lists, lists[::-1]).high, intervals.high)


def test_memory_bounds_the_items_that_are_permuted() -> None:
    layers = models(0, 60)
    assert representation_pairs(layers, measures=["cka"], permutations=3).drawn_from == 60
    assert representation_pairs(layers, measures=["cka"], permutations=3, memory=4 * 12 * 30**2).drawn_from == 30
    assert representation_pairs(layers, measures=["cka"], permutations=3, memory=0).drawn_from == 8


def test_same_seed_same_numbers() -> None:
    def made(seed: int) -> PairMeasure:
        return representation_pairs(models(0, 40), measures=["cka"], permutations=19, seed=seed).measures["cka"]

    npt.assert_array_equal(made(1).null, made(1).null)
    assert made(1).null[0, 1] != made(2).null[0, 1]


def test_wrong_layers_are_refused() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ParameterError, match=r"'ckaa'.*cka, mutual_knn"):
        representation_pairs([[x]], measures=["ckaa"])
    with pytest.raises(ParameterError, match=r"measures is empty.*cka, mutual_knn"):
        representation_pairs([[x]], measures=())
    with pytest.raises(
        ShapeError, match=r"There are 11 items, too few .* 10 nearest .*at least 12 items or a smaller k"
    ):
        representation_pairs([[x[:11]], [x[:11]]])
    with pytest.raises(ParameterError, match="k is 0"):
        representation_pairs([[x], [x]], k=0)
    with pytest.raises(ShapeError, match=r"\[1, 0\] layers"):
        representation_pairs([[x], []])
    with pytest.raises(ShapeError, match="layer 0 of model 0 has 20 rows and layer 1 of model 1 has 19"):
        representation_pairs([[x], [x, x[:19]]])
    with pytest.raises(ShapeError, match="layer 0 of model 0 has 7 items"):
        representation_pairs([[x[:7]]])
    with pytest.raises(DataError, match="layer 0 of model 1 holds nan"):
        representation_pairs([[x], [np.where(x == x[3, 1], np.nan, x)]])
    with pytest.raises(ParameterError, match="permutations is 0"):
        representation_pairs([[x], [x]], measures=["cka"], permutations=0)
    with pytest.raises(ParameterError, match="alpha"):
        representation_pairs([[x, x], [x]], alpha=2)
