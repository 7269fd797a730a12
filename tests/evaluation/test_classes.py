from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from polyculture.evaluation.classes import by_class

RNG = np.random.default_rng(3)
TRUTH, FOUND = RNG.integers(0, 3, 200), RNG.integers(0, 3, 200)
DOMAIN = np.array(["ward", "clinic"], dtype=object)[RNG.integers(0, 2, 200)]
NAMES = ["well", "ill", "unsure"]


def test_rates_are_those_of_scikit_learn():
    precision, recall, _, count = precision_recall_fscore_support(TRUTH, FOUND)
    others = [precision_recall_fscore_support(code != TRUTH, code != FOUND, average="binary")[1] for code in range(3)]
    for code, rates in enumerate(by_class(TRUTH, FOUND, DOMAIN, NAMES).values()):
        assert rates["items"] == count[code]
        assert rates["sensitivity"]["estimate"] == pytest.approx(100 * recall[code])
        assert rates["precision"]["estimate"] == pytest.approx(100 * precision[code])
        assert rates["specificity"]["estimate"] == pytest.approx(100 * others[code])


def test_the_worst_domain_is_the_one_where_least_is_found():
    worst = by_class(TRUTH, FOUND, DOMAIN, NAMES)["ill"]["worst"]
    each = {d: 100 * np.mean(FOUND[(TRUTH == 1) & (d == DOMAIN)] == 1) for d in ("ward", "clinic")}
    assert worst["domain"] == min(each, key=each.get)
    assert worst["sensitivity"] == pytest.approx(min(each.values()))


def test_a_class_that_does_not_occur_has_no_sensitivity():
    rates = by_class(np.zeros(4, dtype=int), np.zeros(4, dtype=int), np.repeat("a", 4), ["well", "ill"])["ill"]
    assert np.isnan(rates["sensitivity"]["estimate"])
    assert np.isnan(rates["precision"]["estimate"])
    assert rates["specificity"]["estimate"] == 100
    assert rates["worst"]["domain"] is None


def test_intervals_are_wilsons():
    rates = by_class(TRUTH, FOUND, DOMAIN, NAMES)["well"]["sensitivity"]
    right, count = int(((TRUTH == 0) & (FOUND == 0)).sum()), int((TRUTH == 0).sum())
    z = 1.959963984540054
    middle = (right + z * z / 2) / (count + z * z)
    half = z / (count + z * z) * np.sqrt(right * (count - right) / count + z * z / 4)
    assert (rates["low"], rates["high"]) == pytest.approx((100 * (middle - half), 100 * (middle + half)))


def test_classes_are_told_apart_as_strings_and_every_item_counts_as_labelled():
    found = by_class(np.array([-1, -1, 0, 1]), np.array([1, 1, 0, 1]), np.repeat("a", 4), ["x", "y"])
    assert found["y"]["specificity"]["estimate"] == pytest.approx(100 / 3)
    assert list(by_class(np.array([0, 1]), np.array([0, 0]), np.repeat("a", 2), [1, "1"])) == ["1"]
