"""Portfolios against brute force, votes against counting, bounds against the optimum, intervals against coverage."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.testing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from polyculture.auditing import cover, votes
from polyculture.auditing.judging import difference_interval, failing_by_chance, share_interval
from polyculture.auditing.portfolio import portfolio
from polyculture.errors import DataError, ParameterError, ShapeError


def pool(n: int, m: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random((n, m)) < 1 / (1 + np.exp(rng.normal(0, 1.3, (n, 1)) - rng.normal(0.6, 0.6, m)))


def joint(correct: np.ndarray, models: tuple[int, ...]) -> int:
    return sum(not any(row[list(models)]) for row in correct)


def counted(row: list[int]) -> float:
    """How right a vote is, by counting: 0 is the right answer, -1 no vote."""
    cast = Counter(vote for vote in row if vote >= 0)
    best = [vote for vote, times in cast.items() if times == max(cast.values())]
    return 1 / len(best) if 0 in best else 0.0


# Searching


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_exact_search_is_brute_force(size: int) -> None:
    correct = pool(150, 8, seed=size)
    found = cover.best_of_all(cover.Failures.of(correct, np.arange(150)), size)
    everything = {models: joint(correct, models) for models in combinations(range(8), size)}
    least = min(everything.values())
    tied = [models for models, failed in everything.items() if failed == least]
    assert found.failed == found.least == least
    assert found.models == max(tied, key=lambda models: correct[:, models].sum())


def test_blocks_of_sets_and_items_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    correct, rows = pool(700, 9), np.sort(np.random.default_rng(0).permutation(700)[:333])
    whole = [cover.best_of_all(cover.Failures.of(correct, rows), k) for k in (2, 4)]
    monkeypatch.setattr(cover, "ROWS", 64)
    monkeypatch.setattr(cover, "WORDS", 5)
    assert [cover.best_of_all(cover.Failures.of(correct, rows), k) for k in (2, 4)] == whole
    assert whole[0].failed == joint(correct[rows], whole[0].models)


@pytest.mark.parametrize("seed", range(6))
def test_greedy_sets_keep_their_guarantee_and_their_bound(seed: int) -> None:
    correct = pool(200, 10, seed)
    failures = cover.Failures.of(correct, np.arange(200))
    for k, step in enumerate(cover.best_by_steps(failures, 6), start=1):
        best = cover.best_of_all(failures, k)
        assert step.failed == joint(correct, step.models)
        assert step.least <= best.failed <= step.failed
        assert 200 - step.failed >= (1 - (1 - 1 / k) ** k) * (200 - best.failed)


def test_bound_is_tight_where_greedy_is_best() -> None:
    apart = np.repeat(np.eye(6, dtype=bool), 10, axis=0)
    for step in cover.best_by_steps(cover.Failures.of(apart, np.arange(60)), 6):
        assert step.least == step.failed == 60 - 10 * len(step.models)


def test_greedy_can_be_worse_than_the_best_and_says_by_how_much() -> None:
    # The first choice takes the middle of both halves; the best pair takes a half each.
    items = np.arange(120)
    correct = np.column_stack([items < 60, items >= 60, (items >= 25) & (items < 95)])
    failures = cover.Failures.of(correct, items)
    second = cover.best_by_steps(failures, 2)[1]
    assert cover.best_of_all(failures, 2).failed == 0
    assert second.failed == 25
    assert second.least == 0


def test_ties_go_to_the_more_accurate_then_the_first() -> None:
    correct = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)
    failures = cover.Failures.of(correct, np.arange(4))
    assert cover.best_of_all(failures, 2).models == (0, 3)
    assert [step.models for step in cover.best_by_steps(failures, 4)] == [(0,), (0, 3), (0, 3, 1), (0, 3, 1, 2)]


# Votes


@settings(max_examples=80, deadline=None, database=None)
@given(st.integers(1, 7).flatmap(lambda k: st.lists(st.lists(st.integers(-1, 3), min_size=k, max_size=k), min_size=1)))
def test_plurality_by_counting(rows: list[list[int]]) -> None:
    npt.assert_allclose(votes.plurality(np.array(rows)), [counted(row) for row in rows])


def test_vote_without_answers_is_the_majority_and_a_tie_is_half() -> None:
    correct = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 0]], dtype=bool)
    npt.assert_array_equal(votes.plurality(votes.ballots(correct)), [0.5, 1, 0])


def test_ballots_without_an_answer_or_outside_the_options_are_not_cast() -> None:
    correct = np.array([[1, 0, 0, 0]], dtype=bool)
    answered = np.array([[1, 1, 0, 1]], dtype=bool)
    answers = np.array([[2, 0, -1, -2]])
    npt.assert_array_equal(votes.ballots(correct, answered, answers), [[0, 1, -1, -1]])
    npt.assert_array_equal(votes.ballots(correct, answered), [[0, 1, -1, 1]])


@pytest.mark.parametrize("size", [1, 2, 3, 6])
def test_exact_vote_is_brute_force(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(size)
    cast, accuracy = rng.integers(-1, 3, (60, 6)), rng.random(6)
    everything = {s: round(sum(map(counted, cast[:, s].tolist())), 6) for s in combinations(range(6), size)}
    tied = [models for models, score in everything.items() if score == max(everything.values())]
    expected = max(tied, key=lambda models: accuracy[list(models)].sum())
    assert votes.best_of_all(cast, size, accuracy) == expected
    monkeypatch.setattr(votes, "CELLS", 100)
    assert votes.best_of_all(cast, size, accuracy) == expected


def test_each_step_of_the_vote_adds_the_best_model() -> None:
    rng = np.random.default_rng(0)
    cast, accuracy = rng.integers(-1, 4, (80, 12)), rng.random(12)
    chosen = votes.best_by_steps(cast, 7, accuracy)
    for step in range(7):
        before = chosen[:step]
        score = {j: sum(map(counted, cast[:, [*before, j]].tolist())) for j in set(range(12)) - set(before)}
        assert score[chosen[step]] == pytest.approx(max(score.values()), abs=1e-5)


# Judging


def test_random_sets_fail_as_the_hypergeometric_says() -> None:
    for size in (1, 3, 7):
        expected = [hypergeom(7, failing, size).pmf(size) for failing in range(8)]
        npt.assert_allclose(failing_by_chance(np.arange(8), 7, size), expected, atol=1e-12)
    correct = pool(80, 7)
    every = np.mean([joint(correct, models) / 80 for models in combinations(range(7), 3)])
    assert failing_by_chance((~correct).sum(axis=1), 7, 3).mean() == pytest.approx(every)


def test_intervals_hold_for_rare_events() -> None:
    rng = np.random.default_rng(0)
    shares = [share_interval(rng.random(200) < 0.01) for _ in range(400)]
    assert np.mean([found.low <= 0.01 <= found.high for found in shares]) > 0.93
    kinds = rng.choice([-1.0, 0.0, 1.0], p=[0.01, 0.97, 0.02], size=(400, 300))
    differences = [difference_interval(row > 0, row < 0) for row in kinds]
    assert np.mean([found.low <= 0.01 <= found.high for found in differences]) > 0.93
    same = rng.choice([-1.0, 0.0, 1.0], p=[0.01, 0.98, 0.01], size=(400, 300))
    assert np.mean([difference_interval(row > 0, row < 0).low > 0 for row in same]) < 0.04


@pytest.mark.parametrize(("count", "n"), [(0, 50), (1, 50), (17, 40), (40, 40)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_intervals_of_shares_are_those_of_agresti_and_coull(count: int, n: int, level: float) -> None:
    # As statsmodels writes proportion_confint(method="agresti_coull"), cut at 0 and 1.
    z = NormalDist().inv_cdf((1 + level) / 2)
    nobs = n + z**2
    centre = (count + z**2 / 2) / nobs
    reach = z * math.sqrt(centre * (1 - centre) / nobs)
    found = share_interval(np.arange(n) < count, level)
    expected = count / n, max(centre - reach, 0), min(centre + reach, 1)
    npt.assert_allclose((found.estimate, found.low, found.high), expected, atol=1e-9)


def test_an_interval_of_none_of_50_widens_with_its_level() -> None:
    assert share_interval(np.zeros(50), 0.99).high == pytest.approx(0.139, abs=5e-4)


def test_differences_leave_zero_outside_when_an_exact_test_does() -> None:
    for favourable in range(1, 9):
        excludes = difference_interval(np.arange(500) < favourable, np.zeros(500)).low > 0
        assert excludes == (binomtest(favourable, favourable).pvalue < 0.05)


# Portfolios


def test_halves_are_disjoint_and_complete() -> None:
    found = portfolio(pool(101, 4))
    assert not set(found.selection.tolist()) & set(found.judging.tolist())
    assert sorted([*found.selection, *found.judging]) == list(range(101))
    assert abs(len(found.selection) - len(found.judging)) == 1


def test_sets_are_chosen_on_one_half_and_judged_on_the_other() -> None:
    correct = pool(300, 7)
    found = portfolio(correct, sizes=[3])
    chosen, judged = correct[found.selection], correct[found.judging]
    kept = found.keep
    assert joint(chosen, kept.models) == min(joint(chosen, models) for models in combinations(range(7), 3))
    assert kept.joint_failure.estimate == pytest.approx(joint(judged, kept.models) / 150)
    ranked = np.argsort(-chosen.mean(axis=0), kind="stable")
    assert kept.most_accurate == tuple(ranked[:3])
    assert kept.best_accuracy.estimate == pytest.approx(joint(judged, kept.most_accurate) / 150)
    assert kept.saved.estimate == pytest.approx(kept.best_accuracy.estimate - kept.joint_failure.estimate)
    majority = judged[:, kept.models].sum(axis=1) > 1.5
    assert kept.vote.estimate == pytest.approx(majority.mean())
    assert kept.over_single.estimate == pytest.approx(majority.mean() - judged[:, ranked[0]].mean())
    assert found.single == ranked[0]


def test_what_happens_on_the_judging_half_does_not_move_the_choice() -> None:
    correct = pool(200, 6)
    found = portfolio(correct)
    changed = correct.copy()
    changed[found.judging] = np.random.default_rng(9).random((100, 6)) < 0.5
    again = portfolio(changed)
    assert [kept.models for kept in again.sizes] == [kept.models for kept in found.sizes]
    assert again.keep.joint_failure != found.keep.joint_failure


def test_copies_of_a_strong_model_are_not_kept_though_they_are_the_most_accurate() -> None:
    rng = np.random.default_rng(0)
    strong = rng.random((1000, 1)) < 0.85
    others = rng.random((1000, 3)) < 0.75
    found = portfolio(np.hstack([strong] * 4 + [others]), sizes=[3])
    assert found.keep.most_accurate == (0, 1, 2)
    assert sum(model < 4 for model in found.keep.models) == 1
    assert found.keep.saved.low > 0.05
    assert found.keep.over_single.low > -0.05


def test_independent_models_vote_better_than_the_best_of_them() -> None:
    correct = np.random.default_rng(0).random((1500, 5)) < 0.7
    found = portfolio(correct, objective="vote")
    assert found.suggested >= 3
    assert found.keep.over_single.low > 0
    assert found.keep.exact


def test_suggested_size_is_the_smallest_within_the_interval_of_the_best() -> None:
    found = portfolio(pool(400, 8))
    best = min(found.sizes, key=lambda kept: kept.joint_failure.estimate)
    within = [kept.k for kept in found.sizes if kept.joint_failure.estimate <= best.joint_failure.high]
    assert found.suggested == within[0] == found.keep.k
    voted = portfolio(pool(400, 8), objective="vote")
    best = max(voted.sizes, key=lambda kept: kept.vote.estimate)
    assert voted.suggested == next(k.k for k in voted.sizes if k.vote.estimate >= best.vote.low)


def test_large_pools_go_by_steps_and_bound_the_gap() -> None:
    correct = pool(300, 12)
    exact, steps = portfolio(correct, sizes=[4]), portfolio(correct, sizes=[4], exact_limit=10)
    assert exact.keep.exact
    assert exact.keep.gap == 0
    assert not steps.keep.exact
    chosen = correct[steps.selection]
    worse = (joint(chosen, steps.keep.models) - joint(chosen, exact.keep.models)) / 150
    assert 0 <= worse <= steps.keep.gap
    assert "63 %" in steps.guarantee
    voted = portfolio(correct, sizes=[4], exact_limit=10, objective="vote")
    assert np.isnan(voted.keep.gap)
    assert "without a guarantee" in voted.guarantee


def test_all_models_and_hopeless_and_perfect_ones() -> None:
    correct = pool(60, 3)
    whole = portfolio(correct, sizes=[3]).keep
    assert whole.models == (0, 1, 2)
    assert whole.saved.estimate == 0
    assert whole.random.estimate == pytest.approx(whole.joint_failure.estimate)
    wrong = portfolio(np.zeros((40, 3), dtype=bool)).keep
    assert (wrong.k, wrong.joint_failure.estimate, wrong.vote.estimate) == (1, 1, 0)
    perfect = portfolio(np.ones((40, 3), dtype=bool)).keep
    assert (perfect.k, perfect.joint_failure.estimate, perfect.vote.estimate) == (1, 0, 1)
    assert perfect.joint_failure.high > 0.05
    assert portfolio(np.ones((2, 1), dtype=bool)).keep.models == (0,)


def test_missing_answers_save_nobody_and_cast_no_vote() -> None:
    correct = pool(200, 4)
    answered = np.random.default_rng(1).random((200, 4)) < 0.7
    found = portfolio(correct, answered=answered, sizes=[3])
    same = portfolio(correct & answered, sizes=[3])
    assert found.keep.joint_failure == same.keep.joint_failure
    assert found.keep.vote.estimate > same.keep.vote.estimate


def test_wrong_models_that_disagree_lose_the_vote() -> None:
    correct = np.tile([True, True, False, False, False], (40, 1))
    answers = np.tile([0, 0, 1, 2, 3], (40, 1))
    assert portfolio(correct, sizes=[5]).keep.vote.estimate == 0
    assert portfolio(correct, answers=answers, sizes=[5]).keep.vote.estimate == 1


def test_same_seed_same_portfolio_and_plain_values() -> None:
    correct = pool(100, 4)
    plain = portfolio(correct, seed=5).to_dict(list("abcd"))
    assert json.dumps(plain) == json.dumps(portfolio(correct, seed=5).to_dict(list("abcd")))
    assert plain["items"] == {"selection": 50, "judging": 50}
    assert set(plain["sizes"][3]["models"]) == set("abcd")
    assert set(plain["sizes"][0]["joint_failure"]) == {"estimate", "low", "high"}
    assert portfolio(correct.astype(float), seed=5).to_dict(list("abcd")) == plain


def test_errors_say_what_to_pass() -> None:
    correct = pool(20, 3)
    with pytest.raises(DataError, match="nan in row 0, column 1"):
        portfolio([[1, np.nan], [0, 1]])
    with pytest.raises(ShapeError, match="at least 2"):
        portfolio(correct[:1])
    with pytest.raises(ParameterError, match=r"from 1 to 3"):
        portfolio(correct, sizes=[4])
    with pytest.raises(ParameterError, match=r"sizes are \[\]"):
        portfolio(correct, sizes=[])
    with pytest.raises(ParameterError, match="'accuracy'; pass one of joint_failure, vote"):
        portfolio(correct, objective="accuracy")
    with pytest.raises(ShapeError, match=r"answered has shape \(20, 2\)"):
        portfolio(correct, answered=correct[:, :2])
    with pytest.raises(ParameterError, match="level is 95"):
        portfolio(correct, level=95)
