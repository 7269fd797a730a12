"""Regression on pairs of models: estimates, what its intervals hold, and what it refuses."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure.inference import dyadic
from polyculture.measure.inference.regression import PairRegression, PairTerm, regress_pairs


def drawn(seed: int, m: int, *, own: float, same: float = 0.0, slope: float = 0.0) -> tuple[np.ndarray, dict]:
    """Similarities with a share of each model, an effect of company and of size, and noise of each pair."""
    rng = np.random.default_rng(seed)
    company, size, effect = rng.permutation(np.arange(m) % 4), rng.normal(size=m), own * rng.normal(size=m)
    noise = np.triu(rng.normal(size=(m, m)), 1)
    similarity = same * (company[:, None] == company) + slope * (size[:, None] + size) / 2
    similarity = similarity + effect[:, None] + effect + noise + noise.T
    return similarity, {"company": np.array(list("abcd"))[company], "size": size}


def by_name(found: PairRegression) -> dict[str, PairTerm]:
    return {term.name: term for term in found.terms}


def plain_design(similarity: np.ndarray, covariates: dict) -> tuple[np.ndarray, np.ndarray, tuple]:
    i, j = np.triu_indices(len(similarity), 1)
    company, size = covariates["company"], covariates["size"]
    columns = [np.ones(len(i)), company[i] == company[j], np.abs(size[i] - size[j]), (size[i] + size[j]) / 2]
    return np.stack(columns, axis=1), similarity[i, j], (i, j)


def test_estimates_are_least_squares_and_errors_are_those_of_leaving_out() -> None:
    similarity, covariates = drawn(0, 9, own=1.0, same=2.0, slope=1.0)
    found = regress_pairs(similarity, covariates, permutations=9)
    design, y, (i, j) = plain_design(similarity, covariates)

    def fitted(kept: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(design[kept], y[kept], rcond=None)[0]

    whole = fitted(np.ones(len(y), bool))
    by_model = sum((whole - fitted((i != k) & (j != k))) ** 2 for k in range(9))
    by_pair = sum((whole - fitted(np.arange(len(y)) != p)) ** 2 for p in range(len(y)))
    errors = np.sqrt(np.maximum(by_model - by_pair, by_model / 2))
    assert [term.name for term in found.terms] == ["constant", "same company", "difference in size", "mean size"]
    npt.assert_allclose([term.estimate for term in found.terms], whole, rtol=1e-9)
    npt.assert_allclose([term.error for term in found.terms], errors, rtol=1e-9)
    reach = stats.t.ppf(0.975, 8) * errors
    npt.assert_allclose([[term.low, term.high] for term in found.terms], np.stack([whole - reach, whole + reach], 1))
    npt.assert_allclose([term.p for term in found.terms], 2 * stats.t.sf(np.abs(whole) / errors, 8), rtol=1e-9)
    assert found.explained == pytest.approx(1 - np.var(y - design @ whole) / np.var(y))
    assert (found.models, found.pairs, found.not_measured) == (9, 36, {})


def test_with_many_models_errors_are_dyadic_robust() -> None:
    similarity, covariates = drawn(0, 150, own=1.0)
    design, y, (i, j) = plain_design(similarity, covariates)
    inverse = np.linalg.inv(design.T @ design)
    scores = design * (y - design @ (inverse @ design.T @ y))[:, None]
    # Aronow, Samii and Assenova 2015, equation 3, summed over all pairs of pairs that share a model.
    by_model = np.stack([scores[(i == k) | (j == k)].sum(axis=0) for k in range(150)])
    middle = by_model.T @ by_model - scores.T @ scores
    expected = np.sqrt(np.diag(inverse @ middle @ inverse))
    found = [term.error for term in regress_pairs(similarity, covariates, permutations=1).terms]
    # The company is balanced: its estimate does not feel the models' own shares, and the lower bound holds.
    npt.assert_allclose(np.delete(found, 1), np.delete(expected, 1), rtol=0.08)


@pytest.mark.parametrize("m", [12, 40])
def test_intervals_cover_where_those_of_least_squares_do_not(m: int) -> None:
    trials, held, plain = 200, np.zeros(3), np.zeros(3)
    truth = np.array([0.5, 0, 0.7])
    for seed in range(trials):
        similarity, covariates = drawn(seed, m, own=1.0, same=0.5, slope=0.7)
        terms = regress_pairs(similarity, covariates, permutations=1).terms[1:]
        held += [term.low <= true <= term.high for term, true in zip(terms, truth, strict=True)]
        design, y, _ = plain_design(similarity, covariates)
        inverse = np.linalg.inv(design.T @ design)
        estimate = inverse @ design.T @ y
        residual = y - design @ estimate
        errors = np.sqrt(np.diag(inverse) * (residual @ residual) / (len(y) - 4))
        plain += np.abs(estimate[1:] - truth) <= stats.t.ppf(0.975, len(y) - 4) * errors[1:]
    assert (held >= 0.90 * trials).all(), held
    assert (held[1:] <= 0.985 * trials).all(), held
    assert (plain[1:] < 0.87 * trials).all(), plain


def test_permutation_p_is_uniform_if_nothing_is_related_and_small_if_something_is() -> None:
    values = [regress_pairs(*drawn(seed, 12, own=1.0), permutations=99, seed=seed).terms for seed in range(200)]
    for term in (1, 2, 3):
        # Spread within the steps of a hundredth, so that the distribution is continuous.
        spread = np.random.default_rng(term).random(200) / 100
        assert stats.kstest([terms[term].p_permuted for terms in values] - spread, "uniform").pvalue > 0.01
    related = by_name(regress_pairs(*drawn(0, 30, own=0.5, same=2.0), permutations=199))
    assert related["same company"].p_permuted == 1 / 200
    assert related["mean size"].p_permuted > 0.05
    assert np.isnan(related["constant"].p_permuted)


def test_one_covariate_permuted_is_the_mantel_test() -> None:
    rng = np.random.default_rng(0)
    similarity, _ = drawn(3, 10, own=0.3)
    company = list("aabbbccddd")
    found = by_name(regress_pairs(similarity, {"company": company}, permutations=3000, seed=1))["same company"]
    i, j = np.triu_indices(10, 1)
    same = np.equal.outer(company, company)

    def correlation(order: np.ndarray) -> float:
        return abs(np.corrcoef(same[np.ix_(order, order)][i, j], similarity[i, j])[0, 1])

    draws = np.array([correlation(rng.permutation(10)) for _ in range(3000)])
    expected = np.mean(draws >= correlation(np.arange(10)) - 1e-12)
    assert found.p_permuted == pytest.approx(expected, abs=0.03)


def test_blocks_of_permutations_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = regress_pairs(*drawn(0, 10, own=1.0), permutations=50)
    monkeypatch.setattr(dyadic, "BLOCK", 45 * 7)
    assert regress_pairs(*drawn(0, 10, own=1.0), permutations=50).terms[1:] == whole.terms[1:]


def test_units_do_not_matter() -> None:
    similarity, covariates = drawn(0, 12, own=1.0)
    large = {**covariates, "size": covariates["size"] * 1e11 + 7e11}
    one, other = by_name(regress_pairs(similarity, covariates)), by_name(regress_pairs(similarity, large))
    for name in ("same company", "difference in size", "mean size"):
        unit = 1 if name == "same company" else 1e11
        assert other[name].estimate * unit == pytest.approx(one[name].estimate, rel=1e-6)
        assert (other[name].p, other[name].p_permuted) == pytest.approx((one[name].p, one[name].p_permuted), rel=1e-6)


def test_missing_values_leave_out_models_and_missing_likeness_leaves_out_pairs() -> None:
    similarity, covariates = drawn(0, 12, own=1.0)
    smaller = {name: values[3:] for name, values in covariates.items()}
    smaller_similarity = similarity[3:, 3:].copy()
    smaller_similarity[0, 5] = smaller_similarity[5, 0] = np.nan
    company, size = list(covariates["company"]), list(covariates["size"])
    company[0], company[1], size[2] = None, "", float("nan")
    similarity[3, 8] = similarity[8, 3] = np.nan
    found = regress_pairs(similarity, {"company": company, "size": size})
    assert found.terms[1:] == regress_pairs(smaller_similarity, smaller).terms[1:]
    assert (found.models, found.pairs) == (9, 35)


def test_numbers_are_compared_by_difference_and_all_else_by_equality() -> None:
    similarity, _ = drawn(0, 12, own=1.0)
    kinds = {
        "open": np.arange(12) % 2 == 0,
        "year": np.arange(12) % 5,
        "width": np.float32(np.arange(12) ** 2),
        "code": [str(k % 3) for k in range(12)],
        "mixed": [1, "one"] * 4 + [2.0] * 4,
    }
    names = {kind: [term.name for term in regress_pairs(similarity, {kind: kinds[kind]}).terms[1:]] for kind in kinds}
    assert names["open"] == ["same open"]
    assert names["year"] == ["difference in year", "mean year"]
    assert names["width"] == ["difference in width", "mean width"]
    assert names["code"] == ["same code"]
    assert names["mixed"] == ["same mixed"]


def test_terms_that_cannot_be_told_apart_are_left_out_with_the_reason() -> None:
    similarity, covariates = drawn(0, 12, own=1.0)
    more = {**covariates, "country": covariates["company"], "licence": ["open"] * 12, "unknown": [1.0] * 12}
    found = regress_pairs(similarity, more, permutations=9)
    assert found.not_measured == {
        "same country": "a combination of constant, same company, difference in size, mean size",
        "same licence": "the same for all pairs",
        "difference in unknown": "the same for all pairs",
        "mean unknown": "the same for all pairs",
    }
    expected = regress_pairs(similarity, covariates, permutations=9)
    assert found.terms[1:] == expected.terms[1:]


def test_a_term_that_hangs_on_one_model_is_not_trusted() -> None:
    similarity, _ = drawn(0, 10, own=0.5)
    similarity[0, 1] = similarity[1, 0] = 5
    company = ["a", "a", *"bcdefghi"]
    term = by_name(regress_pairs(similarity, {"company": company}))["same company"]
    assert term.estimate > 3
    assert term.low < 0


def test_too_little_is_not_measured() -> None:
    similarity, covariates = drawn(0, 12, own=1.0)
    few = {name: values[:4] for name, values in covariates.items()}
    assert "5 are needed" in regress_pairs(similarity[:4, :4], few).not_measured["all"]
    assert "0 models" in regress_pairs(similarity, {"company": [None] * 12}).not_measured["all"]
    assert regress_pairs(np.ones((12, 12)), covariates).not_measured == {"all": "all pairs are equally alike"}
    numbers = {name: np.random.default_rng(k).normal(size=5) for k, name in enumerate("abcdef")}
    found = regress_pairs(similarity[:5, :5], numbers)
    assert "10 pairs cannot tell" in found.not_measured["all"]
    assert (found.terms, found.models, found.pairs) == ((), 5, 10)


def test_wrong_tables_are_refused() -> None:
    similarity, covariates = drawn(0, 6, own=1.0)
    with pytest.raises(ShapeError, match=r"\(6, 5\)"):
        regress_pairs(similarity[:, :5], covariates)
    with pytest.raises(ShapeError, match="company has 5 values for 6 models"):
        regress_pairs(similarity, {"company": list("aabbc")})
    with pytest.raises(DataError, match="not symmetric"):
        regress_pairs(np.arange(36.0).reshape(6, 6), covariates)
    with pytest.raises(DataError, match="infinite"):
        regress_pairs(np.full((6, 6), np.inf), covariates)
    with pytest.raises(ParameterError, match="permutations is -1"):
        regress_pairs(similarity, covariates, permutations=-1)
    with pytest.raises(ParameterError, match="level"):
        regress_pairs(similarity, covariates, level=95)


def test_without_permutations_all_else_is_the_same() -> None:
    drawn_pairs = drawn(0, 10, own=1.0)
    without, with_some = (regress_pairs(*drawn_pairs, permutations=count).terms for count in (0, 9))
    assert all(np.isnan(term.p_permuted) for term in without)
    assert [(term.estimate, term.p) for term in without] == [(term.estimate, term.p) for term in with_some]
