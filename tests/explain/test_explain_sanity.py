"""A mixed-up model has other reasons, and the checks see it."""

from __future__ import annotations

import numpy as np
import pytest
from explained import numbers
from scipy.stats import spearmanr

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError, ShapeError
from polyculture.explain import Asked, model_check, randomised, rank_correlation, stability

RNG = np.random.default_rng(0)
OWN = list(RNG.normal(size=(60, 9)))


@pytest.mark.parametrize("ties", [False, True])
def test_rank_correlation_is_that_of_spearman(ties: bool) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        one, other = (rng.integers(4, size=12).astype(float) if ties else rng.normal(size=12) for _ in range(2))
        assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)


def test_what_orders_nothing_agrees_with_nothing() -> None:
    assert rank_correlation(np.ones(4), np.arange(4.0)) == 0.0
    with pytest.raises(ShapeError, match="same parts"):
        rank_correlation(np.ones(4), np.ones(3))


def test_reasons_that_follow_the_model_pass() -> None:
    mixed = [list(RNG.normal(size=(60, 9))) for _ in range(2)]
    found = model_check(OWN, mixed, [w + 0.3 * RNG.normal(size=9) for w in OWN])

    assert found["passes"]
    assert abs(found["randomised"]["estimate"]) < 0.15
    assert found["refit"]["low"] > 0.5


def test_reasons_that_only_follow_the_item_fail() -> None:
    assert not model_check(OWN, [OWN], OWN)["passes"]
    # and so do reasons that nobody finds again
    other = [list(RNG.normal(size=(60, 9))) for _ in range(2)]
    assert not model_check(OWN, other[:1], other[1])["passes"]


def test_two_parts_have_no_order_to_compare() -> None:
    with pytest.raises(DataError, match="three parts"):
        model_check([np.ones(2)], [[np.ones(2)]])


def test_a_mixed_up_model_has_the_same_numbers_in_other_places(of_texts: CrossDomainClassifier) -> None:
    before = {name: value.copy() for name, value in of_texts.merged_.items()}
    mixed = randomised(of_texts, seed=1)

    for name, value in mixed.merged_.items():
        assert np.sort(value.ravel()) == pytest.approx(np.sort(before[name].ravel()))
    assert not np.allclose(mixed.merged_["1.weight"], before["1.weight"])
    for name, family in mixed.families_.items():
        assert not np.allclose(family.weights_, of_texts.families_[name].weights_)
    # the model itself is as it was
    assert all((of_texts.merged_[name] == value).all() for name, value in before.items())


def test_a_mixed_up_model_answers_by_chance(of_numbers: CrossDomainClassifier) -> None:
    x, y, domain = numbers()
    right = (of_numbers.predict(x, domain=domain) == y).mean()
    mixed = [(randomised(of_numbers, seed=k).predict(x, domain=domain) == y).mean() for k in range(6)]

    assert right > 0.8
    assert abs(np.mean(mixed) - 0.5) < 0.2


def test_the_same_classes_are_asked_of_a_mixed_up_model(of_texts: CrossDomainClassifier) -> None:
    asked = Asked.of(of_texts, ["splendid film", "poor day"])

    assert (asked.with_model(randomised(of_texts)).predicted == asked.predicted).all()


def test_reasons_that_stay_are_steadier_than_random_ones() -> None:
    found = stability(OWN, [w + 0.01 for w in OWN], np.full(60, 0.1))

    assert found["margin"]["low"] > 0
    assert found["correlation"] == pytest.approx(1.0)
    # the change is 0.01 in each of nine places
    assert found["largest"] == pytest.approx(max(0.03 / np.linalg.norm(w) / 0.1 for w in OWN))


def test_reasons_that_are_dealt_anew_are_as_unsteady_as_random_ones() -> None:
    found = stability(OWN, [RNG.permutation(w) for w in OWN], np.full(60, 0.1))

    assert found["margin"]["low"] < 0 < found["margin"]["high"]
    with pytest.raises(DataError, match="no item has reasons"):
        stability([np.zeros(3)], [np.ones(3)], np.ones(1))
