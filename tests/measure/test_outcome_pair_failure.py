"""How often two models drawn at random fail, beside independence."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from polyculture.measure import pair_failure


def failing(rates: list[float], n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, len(rates))) < rates


def test_is_the_mean_over_pairs_and_over_items() -> None:
    wrong = failing([0.5, 0.3, 0.2, 0.7], 200, 0)
    found = pair_failure(wrong)
    pairs = list(combinations(range(4), 2))
    rates = wrong.mean(axis=0)
    assert found.observed.estimate == pytest.approx(np.mean([(wrong[:, a] & wrong[:, b]).mean() for a, b in pairs]))
    assert found.expected.estimate == pytest.approx(np.mean([rates[a] * rates[b] for a, b in pairs]))
    assert found.ratio.estimate == pytest.approx(found.observed.estimate / found.expected.estimate)
    assert found.difference.estimate == pytest.approx(found.observed.estimate - found.expected.estimate)


def test_leaving_a_block_out_is_what_it_says() -> None:
    wrong = failing([0.5, 0.3, 0.2], 6, 1)
    given = np.random.default_rng(2).random((6, 3)) < 0.8
    given[0] = True
    whole = pair_failure(wrong & given, answered=given, blocks=6)
    left = np.array([
        pair_failure((wrong & given)[rows], answered=given[rows], blocks=2).observed.estimate
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
