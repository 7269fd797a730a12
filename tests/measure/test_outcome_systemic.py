"""Shared failure of whole groups of models: distributions, groups of people, and difficulty that is known."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.testing as npt
import pytest
from scipy import stats

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import joint_failure_expected, joint_failure_ratio
from polyculture.measure.outcome.poisson_binomial import poisson_binomial
from polyculture.measure.outcome.strata import expected_given_strata
from polyculture.measure.outcome.systemic import failure_distribution


def drawn(n: int, m: int, seed: int, *, hard: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    is_hard = rng.random(n) < hard
    return rng.random((n, m)) < np.where(is_hard, 0.7, 0.2)[:, None], is_hard


def test_distribution_by_enumeration() -> None:
    rates = [0.1, 0.5, 0.7, 0.95]
    expected = np.zeros(5)
    for outcome in itertools.product([0, 1], repeat=4):
        expected[sum(outcome)] += np.prod([e if hit else 1 - e for e, hit in zip(rates, outcome, strict=True)])
    npt.assert_allclose(poisson_binomial(rates), expected, rtol=1e-14)
    npt.assert_allclose(poisson_binomial([0.3] * 50), stats.binom.pmf(np.arange(51), 50, 0.3), rtol=1e-10)
    npt.assert_array_equal(poisson_binomial([0.0, 1.0]), [0, 1, 0])


@pytest.mark.skipif(not hasattr(stats, "poisson_binom"), reason="scipy before 1.15 has no poisson_binom")
def test_distribution_is_scipys() -> None:
    rates = np.random.default_rng(0).random(40)
    npt.assert_allclose(poisson_binomial(rates), stats.poisson_binom.pmf(np.arange(41), rates), atol=1e-14)


def test_distribution_of_thousands_of_models_keeps_its_tails() -> None:
    found = poisson_binomial([0.9] * 2000)
    npt.assert_allclose(found.sum(), 1, rtol=1e-12)
    npt.assert_allclose(found[-1], 0.9**2000, rtol=1e-10)
    with pytest.raises(DataError, match="outside"):
        poisson_binomial([1.2])
    with pytest.raises(ShapeError, match="a vector"):
        poisson_binomial([[0.5]])


def test_shares_and_excess_by_counting() -> None:
    failures, _ = drawn(400, 4, 0)
    found = failure_distribution(failures)
    npt.assert_allclose(found.observed, [(failures.sum(axis=1) == t).mean() for t in range(5)])
    npt.assert_allclose(found.expected, poisson_binomial(failures.mean(axis=0)))
    assert found.all_fail.expected.estimate == pytest.approx(joint_failure_expected(failures))
    assert found.all_fail.log_ratio.estimate == pytest.approx(joint_failure_ratio(failures, log=True))
    assert found.all_fail.difference.estimate == pytest.approx(found.observed[4] - found.expected[4])
    assert found.none_fails.difference.estimate == pytest.approx(found.observed[0] - found.expected[0])
    assert found.all_fail.log_ratio.low > 0
    assert "all fail: " in str(found)


def test_intervals_of_the_excess_cover_the_true_values() -> None:
    rate, joint = 0.3 * 0.7 + 0.7 * 0.2, 0.3 * 0.7**3 + 0.7 * 0.2**3
    true = {"expected": rate**3, "difference": joint - rate**3, "log_ratio": np.log(joint / rate**3), "observed": joint}
    hits = dict.fromkeys(true, 0)
    for seed in range(400):
        found = failure_distribution(drawn(500, 3, seed)[0], seed=seed).all_fail
        for name, value in true.items():
            hits[name] += getattr(found, name).low <= value <= getattr(found, name).high
    # 95 % of 400 is 380, give or take 4.4; an exact interval holds a little more often.
    assert all(367 <= hit <= 395 for hit in hits.values()), hits


def test_missing_answers_by_going_through_the_items() -> None:
    rng = np.random.default_rng(0)
    failures, answered = drawn(200, 5, 1)[0], rng.random((200, 5)) < 0.8
    answered[:3] = False
    found = failure_distribution(np.where(answered, failures, np.nan))
    same = failure_distribution(failures, answered=answered)
    npt.assert_array_equal(found.expected, same.expected)
    kept = answered.any(axis=1)
    rates = (failures & answered).sum(axis=0) / answered.sum(axis=0)
    expected = np.mean([np.pad(poisson_binomial(rates[row]), (0, (~row).sum())) for row in answered[kept]], axis=0)
    npt.assert_allclose(found.expected, expected, atol=1e-14)
    every = [failures[i, answered[i]].all() for i in np.flatnonzero(kept)]
    assert found.items == kept.sum()
    assert found.all_fail.observed.estimate == pytest.approx(np.mean(every))
    assert found.all_fail.expected.estimate == pytest.approx(np.mean([rates[row].prod() for row in answered[kept]]))


def test_leaving_a_block_out_is_measuring_without_it() -> None:
    rng = np.random.default_rng(0)
    failures, answered = drawn(60, 3, 1)[0], rng.random((60, 3)) < 0.8
    found = failure_distribution(failures, answered=answered, blocks=60).all_fail.difference
    left = [failure_distribution(failures[k], answered=answered[k], blocks=2) for k in ~np.eye(60, dtype=bool)]
    values = np.array([part.all_fail.difference.estimate for part in left])
    # An item nobody answered says nothing and makes no block.
    values = values[answered.any(axis=1)]
    g = len(values)
    reach = stats.t.ppf(0.975, g - 1) * np.sqrt((g - 1) / g * ((values - values.mean()) ** 2).sum())
    assert found.high - found.estimate == pytest.approx(reach)


def test_what_never_happened_and_models_that_never_fail() -> None:
    never = failure_distribution(np.repeat([[0, 1], [1, 0], [0, 0]], 20, axis=0))
    assert never.all_fail.observed.high > 0.05
    assert never.all_fail.log_ratio.estimate == -np.inf
    assert np.isnan([never.all_fail.log_ratio.low, never.all_fail.difference.low]).all()
    perfect = failure_distribution(np.repeat([[0, 1], [0, 0]], 20, axis=0))
    assert perfect.all_fail.expected.estimate == 0
    assert np.isnan(perfect.all_fail.log_ratio.estimate)


def test_thousands_of_models_stay_finite_in_logarithms() -> None:
    copies = np.repeat(np.arange(40)[:, None] < 4, 2000, axis=1)
    whole = failure_distribution(copies)
    assert "inf [inf, inf]" in str(whole)
    found = whole.all_fail
    assert found.expected.estimate == 0
    assert found.log_ratio.estimate == pytest.approx(1999 * np.log(10))
    assert found.log_ratio.low < found.log_ratio.estimate < found.log_ratio.high


def test_groups_as_bommasani_defines_them() -> None:
    rng = np.random.default_rng(0)
    failures = drawn(600, 3, 0)[0]
    groups = rng.choice(["a", "b", "c"], 600, p=[0.6, 0.3, 0.1])
    failures[groups == "c"] |= rng.random((int((groups == "c").sum()), 3)) < 0.3
    found = failure_distribution(failures, groups).groups
    base = failures.mean(axis=0).prod()
    of_group = np.array([failures[groups == g].mean(axis=0).prod() for g in "abc"])
    size = np.array([(groups == g).mean() ** 3 for g in "abc"])
    assert found.uniform.estimate == pytest.approx(np.log(of_group.mean() / base))
    assert found.worst.estimate == pytest.approx(np.log(of_group.max() / base))
    assert found.worst_group == "c"
    assert found.average.estimate == pytest.approx(np.log((size * of_group).sum() / size.sum() / base))
    for interval in (found.average, found.uniform, found.worst):
        assert interval.low < interval.estimate < interval.high
    assert (found.counted, found.left_out) == (3, 0)


def test_groups_where_a_model_has_no_answer_are_left_out_and_counted() -> None:
    failures = drawn(300, 3, 0)[0].astype(float)
    groups = np.arange(300) % 3
    failures[groups == 1, 0] = np.nan
    groups[:6], failures[:6] = 9, np.nan
    found = failure_distribution(failures, groups)
    assert (found.groups.counted, found.groups.left_out) == (2, 2)
    kept = (groups != 1) & (groups != 9)
    assert found.groups.uniform.estimate == pytest.approx(
        failure_distribution(failures[kept], groups[kept]).groups.uniform.estimate
    )
    assert "worst, " in str(found)


def test_known_difficulty_explains_what_comes_of_it() -> None:
    failures, hard = drawn(4000, 4, 0)
    found = expected_given_strata(failures, hard, level=0.99)
    for part in (found.pairs, found.all_fail):
        assert part.independent.high < part.observed.low
        assert part.explained.low < 1 < part.explained.high
    assert (found.strata, found.items, found.left_out) == (2, 4000, 0)
    nothing = expected_given_strata(failures, np.zeros(4000))
    assert nothing.pairs.explained.estimate == pytest.approx(0, abs=1e-12)
    assert nothing.all_fail.explained.estimate == pytest.approx(0, abs=1e-12)
    of_hard = failures[hard].mean(axis=0).prod() * hard.mean() + failures[~hard].mean(axis=0).prod() * (~hard).mean()
    assert found.all_fail.given_strata.estimate == pytest.approx(of_hard)


def test_pairs_leave_an_items_own_failures_out() -> None:
    failures, hard = drawn(200, 3, 0)
    total = 0.0
    for i, (a, b) in itertools.product(range(200), itertools.permutations(range(3), 2)):
        others = (hard == hard[i]) & (np.arange(200) != i)
        total += failures[i, a] * failures[others, b].mean()
    assert expected_given_strata(failures, hard).pairs.given_strata.estimate == pytest.approx(total / 200 / 6)


def test_small_strata_that_mean_nothing_explain_nothing() -> None:
    shares = []
    for seed in range(20):
        failures, _ = drawn(600, 4, seed)
        meaningless = np.random.default_rng(seed + 100).permutation(600) // 10
        shares.append(expected_given_strata(failures, meaningless, blocks=10).pairs.explained.estimate)
    assert abs(np.mean(shares)) < 4 * np.std(shares) / 20**0.5
    assert abs(np.mean(shares)) < 0.05


def test_share_explained_is_covered_by_its_interval() -> None:
    # Half of the hard items are marked.
    hits = 0
    rate = 0.3 * 0.7 + 0.7 * 0.2
    marked, rest = 0.15, 0.85
    rest_rate = (rate - marked * 0.7) / rest
    observed = 0.3 * 0.49 + 0.7 * 0.04
    true = (marked * 0.49 + rest * rest_rate**2 - rate**2) / (observed - rate**2)
    for seed in range(200):
        failures, hard = drawn(800, 3, seed)
        mark = hard & (np.random.default_rng(seed + 1000).random(800) < 0.5)
        explained = expected_given_strata(failures, mark, seed=seed).pairs.explained
        hits += explained.low <= true <= explained.high
    # 95 % of 200 is 190, give or take 3.
    assert 181 <= hits <= 199


def test_small_strata_and_lonely_answers_are_left_out_and_counted() -> None:
    failures = drawn(300, 3, 0)[0].astype(float)
    strata = np.where(np.arange(300) < 5, "few", "many")
    failures[10:20, 1:] = np.nan
    found = expected_given_strata(failures, strata)
    assert (found.strata, found.items, found.left_out) == (1, 285, 15)
    with pytest.raises(ShapeError, match="No stratum has 10 items"):
        expected_given_strata(failures, np.arange(300))


def test_errors_say_what_to_do() -> None:
    failures = drawn(20, 3, 0)[0]
    with pytest.raises(ShapeError, match=r"groups has shape \(19,\)"):
        failure_distribution(failures, np.zeros(19))
    with pytest.raises(ShapeError, match=r"answered has shape \(19, 3\)"):
        failure_distribution(failures, answered=np.ones((19, 3)))
    with pytest.raises(DataError, match="No model answered"):
        failure_distribution(np.full((5, 2), np.nan))
    with pytest.raises(DataError, match=r"failures holds [23]"):
        failure_distribution(failures + 2)
    with pytest.raises(ShapeError, match="1 items with an answer"):
        failure_distribution(failures[:1])
    with pytest.raises(ParameterError, match="smallest is 1"):
        expected_given_strata(failures, np.zeros(20), smallest=1)
