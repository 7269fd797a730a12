"""How often two models drawn at random fail, beside independence."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from polyculture.errors import ParameterError
from polyculture.measure import pair_failure


def failing(rates: list[float], n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, len(rates))) < rates


def of_different_items(a: np.ndarray, b: np.ndarray) -> float:
    """How often one fails on an item and the other on another, counted."""
    return float(np.mean([a[i] & b[j] for i, j in permutations(range(len(a)), 2)]))


def test_is_the_mean_over_pairs_and_over_items() -> None:
    wrong = failing([0.5, 0.3, 0.2, 0.7], 40, 0)
    found = pair_failure(wrong)
    pairs = list(combinations(range(4), 2))
    assert found.observed.estimate == pytest.approx(np.mean([(wrong[:, a] & wrong[:, b]).mean() for a, b in pairs]))
    assert found.expected.estimate == pytest.approx(
        np.mean([of_different_items(wrong[:, a], wrong[:, b]) for a, b in pairs])
    )
    assert found.ratio.estimate == pytest.approx(found.observed.estimate / found.expected.estimate)
    assert found.difference.estimate == pytest.approx(found.observed.estimate - found.expected.estimate)


def test_pairs_are_judged_on_what_both_answered() -> None:
    wrong, given = failing([0.5, 0.3, 0.2, 0.7], 80, 0), np.random.default_rng(1).random((80, 4)) < 0.5
    found = pair_failure(wrong & given, answered=given)
    of = {pair: given[:, list(pair)].all(axis=1) for pair in combinations(range(4), 2)}
    both = [(wrong[rows, a] & wrong[rows, b]).mean() for (a, b), rows in of.items()]
    chance = [of_different_items(wrong[rows, a], wrong[rows, b]) for (a, b), rows in of.items()]
    assert found.observed.estimate == pytest.approx(np.mean(both))
    assert found.expected.estimate == pytest.approx(np.mean(chance))


def test_pairs_that_share_few_items_are_left_out() -> None:
    wrong, given = failing([0.5, 0.3, 0.2, 0.7], 60, 0), np.ones((60, 4), dtype=bool)
    given[9:40, 3] = given[40:, :3] = False
    found, kept = pair_failure(wrong & given, answered=given), pair_failure(wrong[:40, :3])
    assert found.observed.estimate == pytest.approx(kept.observed.estimate)
    assert found.expected.estimate == pytest.approx(kept.expected.estimate)
    with_them = pair_failure(wrong & given, answered=given, fewest=9)
    assert with_them.observed.estimate != pytest.approx(found.observed.estimate)
    assert np.isnan(pair_failure(wrong & given, answered=given, fewest=41).ratio.estimate)
    with pytest.raises(ParameterError, match="fewest is 1"):
        pair_failure(wrong, fewest=1)


def test_nothing_is_a_multiple_of_what_is_never_expected() -> None:
    found = pair_failure(np.arange(50)[:, None] + np.zeros((1, 3)) == 7)
    assert (found.observed.estimate, found.expected.estimate) == (0.02, 0)
    assert np.isnan(found.ratio.estimate)


@pytest.mark.parametrize("share", [0.5, 0.25, 0.1])
def test_intervals_hold_however_few_items_pairs_share(share: float) -> None:
    """With the product of rates of the same few items the ratio went to 1 as answers went missing."""
    hits, estimates = 0, []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        hard = rng.random((300, 1)) < 0.3
        wrong, given = rng.random((300, 12)) < np.where(hard, 0.8, 0.2), rng.random((300, 12)) < share
        found = pair_failure(wrong & given, answered=given, fewest=2, seed=seed).ratio
        truth = (0.3 * 0.64 + 0.7 * 0.04) / 0.38**2
        hits += found.low < truth < found.high
        estimates.append(found.estimate)
    assert hits >= 0.9 * 60
    assert np.mean(estimates) == pytest.approx(truth, rel=0.05)


def test_models_that_answered_easy_items_alone_do_not_raise_the_ratio() -> None:
    hard = np.arange(4000) % 2 > 0
    wrong = np.random.default_rng(0).random((4000, 6)) < np.where(hard, 0.6, 0.1)[:, None]
    given = np.ones(wrong.shape, dtype=bool)
    given[np.ix_(hard, range(3, 6))] = False
    ratios = [pair_failure(wrong[np.ix_(rows, models)]).ratio.estimate for rows, models in [
        (np.ones(4000, dtype=bool), range(3)), (~hard, range(6))
    ]]  # fmt: skip
    assert ratios[1] < pair_failure(wrong & given, answered=given).ratio.estimate < ratios[0]


def test_leaving_a_block_out_is_what_it_says() -> None:
    wrong = failing([0.5, 0.3, 0.2], 6, 1)
    given = np.random.default_rng(2).random((6, 3)) < 0.8
    given[0] = True
    whole = pair_failure(wrong & given, answered=given, blocks=6, fewest=2)
    left = np.array([
        pair_failure((wrong & given)[rows], answered=given[rows], blocks=2, fewest=2).observed.estimate
        for rows in (np.delete(np.arange(6), i) for i in range(6))
    ])  # fmt: skip
    spread = np.sqrt(5 / 6 * ((left - left.mean()) ** 2).sum())
    assert whole.observed.high - whole.observed.estimate == pytest.approx(2.5705818 * spread)


@pytest.mark.parametrize("answered_by_first", [0.1, 0.5, 1.0])
def test_models_that_fail_independently_are_expected_to_whoever_answered(answered_by_first: float) -> None:
    rng, ratios = np.random.default_rng(0), []
    for seed in range(40):
        wrong = failing([0.9, 0.1, 0.1], 2000, seed)
        given = np.ones(wrong.shape, dtype=bool)
        given[:, 0] = rng.random(2000) < answered_by_first
        ratios.append(pair_failure(wrong & given, answered=given).ratio.estimate)
    assert np.mean(ratios) == pytest.approx(1, abs=0.05)


def test_intervals_of_the_ratio_hold() -> None:
    hits = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        hard = rng.random((400, 1)) < 0.3
        wrong = rng.random((400, 4)) < np.where(hard, 0.8, 0.2)
        found = pair_failure(wrong, seed=seed).ratio
        hits += found.low < (0.3 * 0.64 + 0.7 * 0.04) / 0.38**2 < found.high
    assert 0.92 <= hits / 300 <= 0.98
