"""Agreement of answers against lm-sim and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.testing as npt
import pytest
from lmsim.metrics import CAPA, EC
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from polyculture.errors import DataError, ShapeError
from polyculture.measure import error_consistency, error_correlation_matrix
from polyculture.measure.outcome.capa import agreement_both_wrong, agreement_both_wrong_expected, capa
from polyculture.measure.outcome.pairs import outcome_pairs
from polyculture.measure.registry import MEASURES


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def answered(rng: np.random.Generator, n: int = 200, options: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels = rng.integers(options, size=n)
    return tuple(np.where(rng.random(n) < right, labels, rng.integers(options, size=n)) for right in (0.3, 0.6, 1.0))


def softmax(rng: np.random.Generator, answers: np.ndarray, options: int = 4) -> np.ndarray:
    logits = rng.normal(size=(len(answers), options)) + 2 * np.eye(options)[answers]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_answers_as_lm_sim_compares_them(rng: np.random.Generator) -> None:
    for _ in range(5):
        a, b, labels = answered(rng)
        hot = [list(np.eye(4)[answers]) for answers in (a, b)]
        assert capa(a, b, labels) == pytest.approx(CAPA(prob=False).compute_k(*hot, list(labels)), abs=1e-12)
        assert error_consistency(a == labels, b == labels) == pytest.approx(
            EC().compute_k(*hot, list(labels)), abs=1e-12
        )


def test_probabilities_as_lm_sim_compares_them(rng: np.random.Generator) -> None:
    for _ in range(5):
        a, b, labels = answered(rng)
        tables = [softmax(rng, answers) for answers in (a, b)]
        expected = CAPA().compute_k(*map(list, tables), list(labels))
        assert capa(*tables, labels) == pytest.approx(expected, abs=1e-12)


def test_items_with_different_numbers_of_options_as_lm_sim_compares_them(rng: np.random.Generator) -> None:
    counts = rng.integers(2, 5, 150)
    labels, a, b = (rng.integers(0, counts) for _ in range(3))
    hot = [[np.eye(count)[answer] for count, answer in zip(counts, answers, strict=True)] for answers in (a, b)]
    expected = CAPA(prob=False).compute_k(*hot, list(labels))
    assert capa(a, b, labels, options=counts) == pytest.approx(expected, abs=1e-12)


def test_all_pairs_as_lm_sim_compares_them(rng: np.random.Generator) -> None:
    labels = rng.integers(4, size=120)
    answers = np.column_stack([np.where(rng.random(120) < 0.5, labels, rng.integers(4, size=120)) for _ in range(4)])
    tables = [softmax(rng, given) for given in answers.T]
    found = outcome_pairs(
        None, answers=answers, labels=labels, option_counts=np.full(120, 4), probabilities=tables
    ).measures
    for a, b in itertools.combinations(range(4), 2):
        hot = [list(np.eye(4)[answers[:, j]]) for j in (a, b)]
        given = [list(tables[j]) for j in (a, b)]
        assert found["capa"].estimate[a, b] == pytest.approx(CAPA(prob=False).compute_k(*hot, labels), abs=1e-9)
        assert found["capa_probabilistic"].estimate[a, b] == pytest.approx(CAPA().compute_k(*given, labels), abs=1e-9)
        assert found["error_consistency"].estimate[a, b] == pytest.approx(EC().compute_k(*hot, labels), abs=1e-9)


def test_two_perfect_models_are_undefined_where_lm_sim_divides_by_zero() -> None:
    labels = np.arange(8) % 4
    hot = list(np.eye(4)[labels])
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(CAPA().compute_k(hot, hot, list(labels)))
    assert np.isnan(capa(labels, labels, labels))
    found = outcome_pairs(None, answers=np.column_stack([labels] * 2), labels=labels, option_counts=np.full(8, 4))
    assert np.isnan(found.measures["capa"].estimate).all()
    assert "chance alone" in found.measures["capa"].reason


def test_probabilities_in_half_precision_are_compared_where_lm_sim_stops(rng: np.random.Generator) -> None:
    a, b, labels = answered(rng)
    tables = [softmax(rng, answers) for answers in (a, b)]
    rough = [table.astype(np.float16) for table in tables]
    with pytest.raises(AssertionError, match="softmax"):
        CAPA().compute_k(*map(list, rough), list(labels))
    assert capa(*rough, labels) == pytest.approx(capa(*tables, labels), abs=1e-3)


def test_two_options_leave_cohens_kappa(rng: np.random.Generator) -> None:
    a, b, labels = answered(rng, options=2)
    assert capa(a, b, labels) == pytest.approx(cohen_kappa_score(a == labels, b == labels), abs=1e-12)


def test_correlation_of_errors_is_matthews(rng: np.random.Generator) -> None:
    a, b, labels = answered(rng)
    found = error_correlation_matrix(np.column_stack([a == labels, b == labels]))
    assert found[0, 1] == pytest.approx(matthews_corrcoef(a == labels, b == labels), abs=1e-12)


def test_unsure_models_do_not_agree_with_themselves_entirely(rng: np.random.Generator) -> None:
    a, _, labels = answered(rng)
    table = softmax(rng, a)
    assert 0 < capa(table, table, labels) < 1
    assert capa(a, a, labels) == 1


def test_different_mistakes_are_told_from_the_same_ones() -> None:
    labels = np.zeros(4, int)
    a, same, other = [0, 0, 1, 2], [0, 0, 1, 2], [0, 0, 2, 1]
    assert capa(a, same, labels) > capa(a, other, labels)
    assert error_consistency(np.equal(a, 0), np.equal(same, 0)) == error_consistency(np.equal(a, 0), np.equal(other, 0))
    assert agreement_both_wrong(a, same, labels) == 1
    assert agreement_both_wrong(a, other, labels) == 0


def test_agreement_when_both_are_wrong_by_counting(rng: np.random.Generator) -> None:
    a, b, labels = answered(rng)
    wrong = [(x, y) for x, y, z in zip(a, b, labels, strict=True) if z not in (x, y)]
    assert agreement_both_wrong(a, b, labels) == pytest.approx(np.mean([x == y for x, y in wrong]))
    counts = rng.integers(4, 9, len(labels))
    both = (a != labels) & (b != labels)
    assert agreement_both_wrong_expected(a, b, labels, options=counts) == pytest.approx((1 / (counts[both] - 1)).mean())
    assert np.isnan(agreement_both_wrong(labels, b, labels))
    assert np.isnan(agreement_both_wrong_expected(labels, b, labels))


def test_answers_that_are_no_option_agree_with_nothing() -> None:
    assert agreement_both_wrong([-1, -1, 1], [-1, -1, 1], [0, 0, 0]) == pytest.approx(1 / 3)
    npt.assert_allclose(capa([-1, 0], [-1, 0], [0, 0], options=3), (0.5 - 0.375) / (1 - 0.375))


def test_answers_that_are_no_option_can_agree_less_than_opposites() -> None:
    outside, labels = [-1] * 9 + [0], [0] * 10
    # 0.1 agreed, 0.1² + 0.9² expected.
    assert capa(outside, outside, labels, options=2) == pytest.approx((0.1 - 0.82) / (1 - 0.82)) == -4
    assert MEASURES["capa"].bounds == (-np.inf, 1)


def test_without_options_the_value_depends_on_which_answers_occur() -> None:
    labels = np.zeros(8, int)
    few, more = ([0, 0, 0, 0, wrong, wrong, 1, 1] for wrong in (1, 2))
    assert capa(few, few[::-1], labels, options=4) == capa(more, more[::-1], labels, options=4)
    assert capa(few, few[::-1], labels) < capa(more, more[::-1], labels)


def test_errors_say_what_to_do(rng: np.random.Generator) -> None:
    labels = [0, 1]
    with pytest.raises(ShapeError, match="a has 2 axes and b has 1"):
        capa([[0.5, 0.5]] * 2, labels, labels)
    with pytest.raises(ShapeError, match="a column for each option"):
        capa([[0.5, 0.5]] * 2, [[0.5, 0.5, 0]] * 2, labels)
    with pytest.raises(DataError, match="apply a softmax"):
        capa([[3.0, -1.0]] * 2, [[0.5, 0.5]] * 2, labels)
    with pytest.raises(DataError, match="labels holds 2, but there are 2 options"):
        capa([[0.5, 0.5]] * 2, [[0.5, 0.5]] * 2, [0, 2])
    with pytest.raises(DataError, match="labels holds -1 in row 1"):
        capa(labels, labels, [0, -1])
    with pytest.raises(ShapeError, match="pass one number of options"):
        capa(labels, labels, labels, options=[2, 2, 2])
    with pytest.raises(DataError, match="has 1 options"):
        capa(labels, labels, labels, options=1)
    with pytest.raises(ShapeError, match="a has shape"):
        agreement_both_wrong([[1, 0]] * 2, [[1, 0]] * 2, labels)
