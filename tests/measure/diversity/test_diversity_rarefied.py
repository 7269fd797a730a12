"""Coverage and diversity at one size or coverage: what iNEXT prints, and exact counting over all samples."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import coverage, hhi, hill, hill_at_coverage, hill_rarefied
from polyculture.measure.diversity.asymptote import TERMS, _series, asymptote
from polyculture.measure.diversity.draws import expected_logarithm
from polyculture.measure.diversity.sample import sample_of

# The data set spider of iNEXT, and what its vignette "A quick introduction to iNEXT via examples" (2016) prints of it.
GIRDLED = [46, 22, 17, 15, 15, 9, 8, 6, 6, 4, *[2] * 4, *[1] * 12]
LOGGED = [88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, *[3] * 4, *[2] * 4, *[1] * 14]
SIZES = [1, 10, 19, 168, 327, 336]

small = st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(lambda counts: 2 <= sum(counts) <= 9)
quick = settings(max_examples=100, deadline=None, database=None)


def test_coverage_of_spiders() -> None:
    npt.assert_allclose([coverage(GIRDLED), coverage(LOGGED)], [0.9289, 0.9446], atol=5e-5)
    npt.assert_allclose(coverage(GIRDLED, SIZES), [0.122, 0.597, 0.738, 0.929, 0.962, 0.964], atol=5e-4)


def test_diversity_of_spiders_at_other_sizes() -> None:
    npt.assert_allclose(hill_rarefied(GIRDLED, SIZES), [1, 6.479, 9.450, 26, 34.396, 34.731], atol=5e-4)
    npt.assert_allclose([hill(GIRDLED, q) for q in (0, 1, 2)], [26, 12.060, 7.840], atol=5e-4)
    npt.assert_allclose([hill(LOGGED, q) for q in (0, 1, 2)], [37, 14.421, 6.761], atol=5e-4)
    # A sample that is continued for ever has the estimate of order 2.
    npt.assert_allclose([1 / hhi(x, unbiased=True) for x in (GIRDLED, LOGGED)], [8.175, 6.920], atol=5e-4)


def test_asymptotes_of_spiders() -> None:
    found = [[asymptote(sample_of(x, None), q) for q in (0, 1)] for x in (GIRDLED, LOGGED)]
    npt.assert_allclose(found, [[43.893, 13.826], [61.403, 16.337]], atol=5e-4)


@quick
@given(counts=small, data=st.data())
def test_smaller_samples_by_drawing_all_of_them(counts: list[int], data: st.DataObject) -> None:
    each = np.repeat(np.arange(len(counts)), counts)
    size = data.draw(st.integers(1, len(each)))
    drawn = np.array([np.bincount(sub, minlength=len(counts)) for sub in map(list, combinations(each, size))])
    logs = np.where(drawn > 0, drawn / size * np.log(np.where(drawn > 0, drawn / size, 1)), 0)
    assert hill_rarefied(counts, size, 0) == pytest.approx((drawn > 0).sum(axis=1).mean(), rel=1e-9)
    assert hill_rarefied(counts, size, 1) == pytest.approx(np.exp(-logs.sum(axis=1).mean()), rel=1e-9)
    assert hill_rarefied(counts, size, 2) == pytest.approx(1 / ((drawn / size) ** 2).sum(axis=1).mean(), rel=1e-9)
    if size < len(each):
        # The share of what is left that belongs to a category already drawn.
        left = np.array(counts) - drawn
        seen = (left * (drawn > 0)).sum(axis=1) / left.sum(axis=1)
        assert coverage(counts, size) == pytest.approx(seen.mean(), rel=1e-9)


@quick
@given(holds=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=2, max_size=6), data=st.data())
def test_units_that_hold_several_categories(holds: list[list[bool]], data: st.DataObject) -> None:
    table = np.array(holds)
    size = data.draw(st.integers(1, len(table)))
    if not table.any():
        return
    expected = np.mean([table[list(rows)].any(axis=0).sum() for rows in combinations(range(len(table)), size)])
    assert hill_rarefied(table.sum(axis=0), size, 0, units=len(table)) == pytest.approx(expected, rel=1e-9)
    total, among = table.sum(), size / len(table) * table.sum()
    mean = 0.0
    for held in table.sum(axis=0):
        k = np.arange(1, size + 1)
        mean -= (stats.hypergeom(len(table), held, size).pmf(k) * k / among * np.log(k / among)).sum()
    assert hill_rarefied(table.sum(axis=0), size, 1, units=len(table)) == pytest.approx(np.exp(mean), rel=1e-9)
    assert total >= among


@quick
@given(units=st.integers(1, 5000), data=st.data())
def test_expected_logarithms_of_large_samples(units: int, data: st.DataObject) -> None:
    held, size = data.draw(st.integers(0, units)), data.draw(st.integers(0, units))
    k = np.arange(1, max(size, 1) + 1)
    expected = (stats.hypergeom(units, held, size).pmf(k) * k * np.log(k)).sum()
    found = expected_logarithm(*(np.array([float(v)]) for v in (held, units, size)))[0]
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_series_by_adding_its_terms() -> None:
    k = np.arange(2_000_000.0)
    for x, n in [(0.3, 1), (0.9, 5), (0.99, 10), (0.9999, 1000), (0.5, 2), (0.999, 2)]:
        expected = (x ** (k + 1) / (n + k)).sum()
        assert _series(np.array(x), np.array(n)) == pytest.approx(expected, rel=1e-10)
    assert _series(np.array(0.0), np.array(9)) == 0
    assert TERMS > 10


@pytest.mark.parametrize("q", [0, 1, 2])
def test_nothing_has_no_diversity_at_any_size(q: int) -> None:
    assert np.isnan(hill_rarefied([0, 0], [1, 2], q)).all()


@quick
@given(counts=st.lists(st.integers(0, 40), min_size=2, max_size=12), q=st.sampled_from([0, 1, 2]))
def test_diversity_grows_with_size_without_a_jump(counts: list[int], q: int) -> None:
    total = sum(counts)
    if total < 2:
        assert total or np.isnan(hill_rarefied(counts, 1, q))
        return
    own = hill_rarefied(counts, total, q)
    assert own == pytest.approx(hill(counts, q), rel=1e-9)
    curve = hill_rarefied(counts, np.linspace(1, 2 * total, 41), q)
    assert (np.diff(curve) >= -1e-9).all()
    assert curve[0] == pytest.approx(1)
    assert hill_rarefied(counts, total + 1e-7, q) == pytest.approx(own, rel=1e-6)
    assert np.isnan(hill_rarefied(counts, [0.5, 2 * total + 1], q)).all()


@quick
@given(
    counts=st.lists(st.integers(0, 40), min_size=2, max_size=12), level=st.floats(0.01, 1), q=st.sampled_from([0, 1, 2])
)
def test_coverage_is_reached_at_the_size_that_is_found(counts: list[int], level: float, q: int) -> None:
    if sum(counts) < 2:
        return
    sizes = np.arange(1, 2 * sum(counts) + 1)
    curve = coverage(counts, sizes)
    found = hill_at_coverage(counts, level, q)
    if np.isnan(found):
        # Out of reach, on either side.
        assert level < curve[0] or level > curve[-1]
    else:
        # The jump at the sample's own size, where a mean becomes an estimate, may hide a coverage.
        low, high = np.searchsorted(curve, level), np.searchsorted(curve, level, side="right")
        around = hill_rarefied(counts, sizes[[max(low - 1, 0), min(high, len(sizes) - 1)]], q)
        assert around[0] - 1e-9 <= found <= around[1] + 1e-9


def test_equal_coverage_undoes_unequal_effort() -> None:
    """Ten times the papers of one community look more diverse, but not at equal coverage."""
    rng = np.random.default_rng(0)
    p = 0.9 ** np.arange(40)
    few, many = (rng.multinomial(n, p / p.sum(), size=300) for n in (60, 600))
    plain = hill(many, 0).mean() / hill(few, 0).mean()
    level = 0.85
    fair = np.nanmean(hill_at_coverage(many, level)) / np.nanmean(hill_at_coverage(few, level))
    assert plain > 1.4
    assert abs(fair - 1) < 0.05


def test_one_draw_tells_no_coverage() -> None:
    assert np.isnan(coverage([1, 0]))
    assert np.isnan(coverage([0, 0]))
    assert np.isnan(hill_at_coverage([1], 0.5))
    assert coverage([2, 2]) == 1
    npt.assert_array_equal(hill_rarefied([1], [1, 2], 1), [1, 1])


def test_sizes_and_samples_go_together() -> None:
    both = hill_rarefied([GIRDLED + [0] * 11, LOGGED], [[10], [100]])
    assert both.shape == (2, 2)
    npt.assert_allclose(both[:, 1], [hill_rarefied(LOGGED, size) for size in (10, 100)])


def test_what_cannot_be_thinned_is_refused() -> None:
    with pytest.raises(DataError, match=r"0\.5"):
        hill_rarefied([0.5, 2], 1)
    with pytest.raises(ParameterError, match=r"1\.5"):
        hill_rarefied([5, 2], 1, 1.5)
    with pytest.raises(ParameterError, match="3"):
        hill_at_coverage([5, 2], 0.9, 3)
    with pytest.raises(DataError, match="larger than its units"):
        coverage([5, 2], units=4)
    with pytest.raises(ShapeError, match="size"):
        hill_rarefied([[5, 2]] * 3, [1, 2])
    with pytest.raises(ShapeError, match="units"):
        coverage([[5, 2]] * 3, units=[9, 9])
