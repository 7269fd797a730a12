"""Hill numbers, entropy, concentration and coverage against scikit-bio, scipy, R and plain counting."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import entropy, gini, hhi, hill

# Site 18 of vegan's data set varespec: cover of 44 species in Finnish pine forest (Väre, Ohtonen and Oksanen 1995).
SITE_18 = np.fromstring(
    "0.55 11.13 0 0 17.8 0.07 0 0 1.6 2.07 0 1.62 0 0 4.67 0.02 0.13 0 0.13 0.12 0 21.73 21.47 3.5 0.3 0.18 0.23 0.25"
    " 0.25 0.23 0 0 0.08 0.02 0.02 0 0.12 0.02 0.62 0.02 0 0 0.25 0",
    sep=" ",
)
counted = hnp.arrays(np.int64, st.integers(1, 12), elements=st.integers(0, 30)).filter(lambda counts: counts.sum() > 0)
quick = settings(max_examples=200, deadline=None, database=None)


def test_varespec_as_r_prints_it() -> None:
    """vegan::renyi(x, c(0, 1, 2)) and ineq::Herfindahl(x)."""
    npt.assert_allclose(np.log([hill(SITE_18, q) for q in (0, 1, 2)]), [3.367296, 2.017763, 1.724352], atol=5e-7)
    assert hhi(SITE_18) == pytest.approx(0.1782885, abs=5e-8)


@quick
@given(counts=counted)
def test_hill_numbers_and_concentration_are_those_of_scikit_bio(counts: np.ndarray) -> None:
    alpha = pytest.importorskip("skbio.diversity.alpha")
    for q in (0, 0.5, 1, 2, 3.7, 20):
        assert hill(counts, q) == pytest.approx(alpha.hill(counts, order=q), rel=1e-9)
    assert hill(counts, np.inf) == pytest.approx(1 / alpha.berger_parker_d(counts), rel=1e-9)
    assert hhi(counts) == pytest.approx(alpha.dominance(counts), rel=1e-9)
    assert entropy(counts) == pytest.approx(alpha.shannon(counts, base=np.e), rel=1e-9, abs=1e-12)
    if counts.sum() > 1:
        assert hhi(counts, unbiased=True) == pytest.approx(alpha.dominance(counts, finite=True), rel=1e-9, abs=1e-12)


@quick
@given(counts=counted)
def test_entropy_is_that_of_scipy(counts: np.ndarray) -> None:
    assert entropy(counts) == pytest.approx(stats.entropy(counts), rel=1e-9, abs=1e-12)
    assert hill(counts) == pytest.approx(np.exp(stats.entropy(counts)), rel=1e-9)


@quick
@given(counts=counted, near=st.floats(-0.03, 0.03))
def test_orders_near_one_are_near_the_entropy_and_fall(counts: np.ndarray, near: float) -> None:
    # The slope of log D in q is -var(log p) / 2 at q = 1.
    p = counts[counts > 0] / counts.sum()
    spread = (p * np.log(p) ** 2).sum() - (p * np.log(p)).sum() ** 2
    assert np.log(hill(counts, 1 + near)) == pytest.approx(
        np.log(hill(counts)) - near * spread / 2, abs=0.05 * abs(near) + 1e-12
    )
    profile = [hill(counts, q) for q in (0, 0.3, 0.989, 0.991, 1, 1.009, 1.011, 2, 9, 300, np.inf)]
    assert (np.diff(profile) <= 1e-9).all()


@pytest.mark.parametrize("q", [0, 0.5, 0.995, 1, 1.005, 2, 50, np.inf])
def test_equal_shares_count_their_number_at_every_order(q: float) -> None:
    npt.assert_allclose(hill([[7, 7, 7, 7, 0], [7, 0, 0, 0, 0], [0.2] * 5], q), [4, 1, 5], rtol=1e-12)
    assert np.isnan(hill([0, 0], q))
    assert hill([3, 0, 1, 9], 0) == 3


@quick
@given(counts=counted)
def test_gini_by_its_definition(counts: np.ndarray) -> None:
    size = len(counts)
    expected = sum(abs(int(a) - int(b)) for a in counts for b in counts) / (2 * size * counts.sum())
    assert gini(counts) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    if size > 1:
        assert gini(counts, corrected=True) == pytest.approx(expected * size / (size - 1), rel=1e-9, abs=1e-12)


def test_one_category_has_no_corrected_gini() -> None:
    assert gini([5]) == 0
    assert np.isnan(gini([5], corrected=True))
    assert np.isnan(hhi([1, 0], unbiased=True))


def test_unbiased_concentration_has_the_mean_of_the_whole() -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    drawn = np.random.default_rng(0).multinomial(12, p, size=40_000)
    found, biased = hhi(drawn, unbiased=True), hhi(drawn)
    assert found.mean() == pytest.approx((p**2).sum(), abs=5 * found.std() / 200)
    assert biased.mean() == pytest.approx((p**2).sum() + (1 - (p**2).sum()) / 12, abs=5 * biased.std() / 200)


@quick
@given(counts=counted)
def test_corrected_entropies_by_their_formulas(counts: np.ndarray) -> None:
    seen, total = counts[counts > 0], int(counts.sum())
    plain = stats.entropy(seen)
    assert entropy(counts, method="miller_madow") == pytest.approx(plain + (len(seen) - 1) / (2 * total), rel=1e-9)
    once = int((seen == 1).sum())
    cover = 1 - (once - 1 if once == total else once) / total
    terms = [-(cover * n / total) * np.log(cover * n / total) / (1 - (1 - cover * n / total) ** total) for n in seen]
    if total > 1:
        assert entropy(counts, method="chao_shen") == pytest.approx(sum(terms), rel=1e-9, abs=1e-12)


def test_corrections_come_nearer_to_the_truth() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(60))
    drawn = np.random.default_rng(1).multinomial(80, p, size=2000)
    error = {
        m: abs(entropy(drawn, method=m).mean() - stats.entropy(p)) for m in ("plugin", "miller_madow", "chao_shen")
    }
    assert error["chao_shen"] < error["miller_madow"] < error["plugin"]


def test_halves_are_as_good_as_doubles() -> None:
    counts = np.array([1, 7, 300, 20], dtype=np.float16)
    assert hill(counts) == hill(counts.astype(float))
    assert hill(np.full(3000, 60_000, dtype=np.float16)) == pytest.approx(3000)


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(ParameterError, match="q is -1"):
        hill([1, 2], -1)
    with pytest.raises(ParameterError, match="nan"):
        hill([1, 2], float("nan"))
    with pytest.raises(DataError, match=r"counts holds -3 at \(1, 0\)"):
        hill([[1, 2], [-3, 4]])
    with pytest.raises(DataError, match=r"1\.5"):
        hhi([1.5, 2], unbiased=True)
    with pytest.raises(DataError, match=r"0\.5"):
        entropy([0.5, 0.5], method="chao_shen")
    with pytest.raises(ParameterError, match="bayes"):
        entropy([1], method="bayes")
    with pytest.raises(ShapeError, match=r"\(0,\)"):
        gini([])
