"""Effective numbers against spectra and the Vendi score; intervals that cover what they claim to."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.testing as npt
import pytest
from vendi_score import vendi

from polyculture.measure import effective_models, error_correlation_matrix
from polyculture.measure.outcome import numbers
from polyculture.measure.outcome.pairs import OutcomePairs, outcome_pairs


def failures(n: int, m: int, rng: np.random.Generator, *, hard: float = 0.2) -> np.ndarray:
    high, low = np.linspace(0.7, 0.8, m), np.linspace(0.1, 0.2, m)
    return rng.random((n, m)) < np.where(rng.random((n, 1)) < hard, high, low)


def true_correlations(m: int, hard: float = 0.2) -> np.ndarray:
    high, low = np.linspace(0.7, 0.8, m), np.linspace(0.1, 0.2, m)
    rates = hard * high + (1 - hard) * low
    both = hard * np.outer(high, high) + (1 - hard) * np.outer(low, low)
    found = (both - np.outer(rates, rates)) / np.sqrt(np.outer(rates * (1 - rates), rates * (1 - rates)))
    np.fill_diagonal(found, 1)
    return found


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.filterwarnings("ignore:Please import `csr_matrix`")
def test_spectral_entropy_is_the_vendi_score_of_the_errors(rng: np.random.Generator) -> None:
    wrong = failures(300, 7, rng)
    expected = vendi.score_K(error_correlation_matrix(wrong))
    assert effective_models(wrong, definition="spectral_entropy") == pytest.approx(expected, rel=1e-10)


@pytest.mark.filterwarnings("ignore:Please import `csr_matrix`")
def test_participation_ratio_is_the_vendi_score_of_order_two(rng: np.random.Generator) -> None:
    correlations = error_correlation_matrix(failures(300, 7, rng))
    found = effective_models(failures(300, 7, np.random.default_rng(0)), definition="participation_ratio")
    assert found == pytest.approx(vendi.score_K(correlations, q=2), rel=1e-10)
    # vendi-score 0.0.3 forgets the order when it is given vectors.
    vectors = np.linalg.cholesky(correlations)
    assert vendi.score_X(vectors, q=2) == pytest.approx(vendi.score_K(correlations, q=1), rel=1e-6)


@pytest.mark.parametrize("definition", ["kish", "participation_ratio", "spectral_entropy"])
def test_independent_and_identical_models(definition: str) -> None:
    every_pattern = np.array(list(itertools.product([0, 1], repeat=5)))
    assert effective_models(every_pattern, definition=definition) == pytest.approx(5)
    assert effective_models(np.repeat(every_pattern[:, :1], 5, axis=1), definition=definition) == pytest.approx(1)
    twice = np.repeat(every_pattern, 2, axis=1)
    assert effective_models(twice, definition=definition) == pytest.approx(5)
    with_constants = np.column_stack([np.zeros(32), every_pattern, np.ones(32)])
    assert effective_models(with_constants, definition=definition) == pytest.approx(5)
    assert np.isnan(effective_models(with_constants[:, :2], definition=definition))


def test_errors_that_exclude_each_other_cancel_for_kish_alone() -> None:
    opposite = [[0, 1], [1, 0]]
    assert effective_models(opposite) == np.inf
    assert effective_models(opposite, definition="participation_ratio") == pytest.approx(1)
    assert effective_models(opposite, definition="spectral_entropy") == pytest.approx(1)


def measured(wrong: np.ndarray, **options: int) -> OutcomePairs:
    return outcome_pairs(~wrong, **options)


def test_many_models_take_the_short_way_to_nearly_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = failures(3000, 40, np.random.default_rng(1))
    wrong[:, 3] = False
    exact = measured(wrong).effective
    monkeypatch.setattr(numbers, "SPECTRA", 10)
    short = measured(wrong).effective
    for name, interval in exact.items():
        width = interval.high - interval.low
        npt.assert_allclose([short[name].low, short[name].high], [interval.low, interval.high], atol=0.02 * width)


def test_few_items_do_not_pass_for_few_models() -> None:
    # Thirty independent models, a hundred items: scatter alone makes correlations of ±0.1.
    wrong = np.random.default_rng(0).random((100, 30)) < 0.5
    assert effective_models(wrong, definition="participation_ratio") < 24
    found = measured(wrong).effective
    assert found["participation_ratio"].low < 30 < found["participation_ratio"].high
    for name in ("participation_ratio", "spectral_entropy"):
        assert found[name].estimate == pytest.approx(effective_models(wrong, definition=name))
        assert found[name].low <= found[name].estimate < 0.97 * 30
        assert found[name].high > 0.97 * 30
    assert found["kish"].estimate == effective_models(wrong)


def test_missing_answers_and_models_that_share_nothing() -> None:
    rng = np.random.default_rng(0)
    wrong, answered = failures(400, 4, rng), rng.random((400, 4)) < 0.9
    answered[:200, 0] = answered[200:, 1] = False
    found = outcome_pairs(~wrong & answered, answered=answered)
    assert np.isnan(found.measures["error_correlation"].estimate[0, 1])
    for interval in found.effective.values():
        assert 1 < interval.low < interval.estimate < interval.high < 6


@pytest.mark.parametrize(("n", "m"), [(300, 6), (600, 12)])
def test_intervals_cover_the_true_values(n: int, m: int) -> None:
    correlations = true_correlations(m)
    spectrum = np.linalg.eigvalsh(correlations / m)
    high, low = np.linspace(0.7, 0.8, m)[:2], np.linspace(0.1, 0.2, m)[:2]
    rates, joint = 0.2 * high + 0.8 * low, 0.2 * high.prod() + 0.8 * low.prod()
    disagreed = rates.sum() - 2 * rates.prod()
    true = {
        "kish": m / (1 + (m - 1) * correlations[~np.eye(m, dtype=bool)].mean()),
        "participation_ratio": 1 / (spectrum**2).sum(),
        "spectral_entropy": np.exp(-(spectrum * np.log(spectrum)).sum()),
        "error_consistency": 1 - (rates.sum() - 2 * joint) / disagreed,
        "error_correlation": correlations[0, 1],
        "joint_failure": joint,
    }
    hits, trials = dict.fromkeys(true, 0), 400
    for seed in range(trials):
        found = measured(failures(n, m, np.random.default_rng(seed)), seed=seed)
        for name, interval in found.effective.items():
            hits[name] += interval.low <= true[name] <= interval.high
        for name, pair in found.measures.items():
            hits[name] += bool(pair.low[0, 1] <= true[name] <= pair.high[0, 1])
    # 95 % of 400 is 380, give or take 4.4.
    assert all(367 <= hit <= 393 for hit in hits.values()), hits


@pytest.mark.parametrize(("n", "m", "missing"), [(200, 10, 0.0), (200, 30, 0.0), (200, 50, 0.0), (250, 30, 0.2)])
def test_intervals_cover_the_number_of_independent_models(n: int, m: int, missing: float) -> None:
    hits, trials = dict.fromkeys(numbers.DEFINITIONS, 0), 60
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        wrong, answered = rng.random((n, m)) < np.linspace(0.2, 0.6, m), rng.random((n, m)) >= missing
        found = outcome_pairs(~wrong & answered, answered=answered, seed=seed).effective
        for name, interval in found.items():
            hits[name] += interval.low <= m <= interval.high
    # 95 % of 60 is 57, give or take 1.7.
    assert all(hit >= 54 for hit in hits.values()), hits


def test_intervals_cover_the_true_agreement() -> None:
    # Two wrong answers in three are the tempting one; the models are right or wrong independently of each other.
    def answers(rng: np.random.Generator) -> np.ndarray:
        wrong = np.where(rng.random((300, 6)) < 0.5, 1, rng.integers(1, 4, (300, 6)))
        return np.where(rng.random((300, 6)) < 0.4, wrong, 0)

    same = (2 / 3) ** 2 + 2 * (1 / 6) ** 2
    agreed, chance = 0.6**2 + 0.4**2 * same, 0.6**2 + 0.4**2 / 3
    true = {"agreement": agreed, "agreement_both_wrong": same, "capa": (agreed - chance) / (1 - chance)}
    hits, low_p = dict.fromkeys(true, 0), 0
    pairs = ([0, 2, 4], [1, 3, 5])
    for seed in range(134):
        given = answers(np.random.default_rng(seed))
        options = {"answers": given, "labels": np.zeros(300, int), "option_counts": np.full(300, 4)}
        found = outcome_pairs(None, blocks=30, seed=seed, **options).measures
        for name, value in true.items():
            hits[name] += int(((found[name].low[pairs] <= value) & (value <= found[name].high[pairs])).sum())
        # What tempts all models is no finding about two of them.
        low_p += int((found["agreement_both_wrong"].p[pairs] < 0.05).sum())
    # 95 % of 402 is 382, give or take 4.4.
    assert all(367 <= hit <= 395 for hit in hits.values()), hits
    assert 7 <= low_p <= 33


@pytest.mark.parametrize("models", [8, 210])
def test_pairs_that_share_few_items_are_no_part_of_any_effective_number(models: int) -> None:
    rng = np.random.default_rng(0)
    right = rng.random((120, models)) < np.where(rng.random((120, 1)) < 0.4, 0.3, 0.8)
    given = np.ones(right.shape, dtype=bool)
    given[9:60, -1] = given[60:, :-1] = False
    of = {}
    for seed in range(2):
        # what is changed is known of pairs with the last model alone
        changed = right.copy()
        changed[:9, -1] = np.random.default_rng(seed).random(9) < 0.5
        of[seed] = outcome_pairs(changed & given, answered=given, blocks=10)
    phi = of[0].measures["error_correlation"].estimate[:-1, :-1]
    mean = np.nanmean(phi[np.triu_indices(models - 1, 1)])
    assert of[0].effective["kish"].estimate == pytest.approx(models / (1 + (models - 1) * mean))
    assert of[0].effective["kish"] == of[1].effective["kish"]
    assert outcome_pairs(right & given, answered=given, blocks=10, fewest=9).effective != of[0].effective
