"""Scores by domain, leads, and what few labels keep."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from polyculture.evaluation.accuracy import averaged, by_domain, lead, lead_over_seeds, macro_f1
from polyculture.evaluation.comparison import few


def test_macro_f1_equals_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    for classes in (2, 3, 7):
        truth, said = rng.integers(0, classes, 200), rng.integers(0, classes, 200)

        assert macro_f1(truth, said) == pytest.approx(f1_score(truth, said, average="macro"))


def test_a_class_that_is_never_right_counts_as_nothing_and_one_that_never_occurs_not_at_all() -> None:
    assert macro_f1(np.array([0, 0, 1]), np.array([0, 0, 0])) == pytest.approx(0.4)
    assert macro_f1(np.array([0, 0]), np.array([0, 2])) == pytest.approx(2 / 3)
    assert np.isnan(macro_f1(np.array([], dtype=int), np.array([], dtype=int)))


def test_every_domain_has_the_same_say_and_the_worst_is_named() -> None:
    truth = np.array([0, 1] * 50 + [0, 1])
    said = np.array([0, 1] * 50 + [1, 0])
    found = by_domain(truth, said, np.array(["large"] * 100 + ["small"] * 2))

    assert found["accuracy"] == {"mean": 50.0, "worst": 0.0, "by_domain": {"large": 100.0, "small": 0.0}}


def test_averages_are_over_seeds_and_the_worst_is_each_seeds_own() -> None:
    first = by_domain(np.array([0, 1, 0, 1]), np.array([0, 1, 1, 0]), np.array(["a", "a", "b", "b"]))
    second = by_domain(np.array([0, 1, 0, 1]), np.array([1, 0, 0, 1]), np.array(["a", "a", "b", "b"]))
    mean = averaged([first, second])["accuracy"]

    assert mean == {"mean": 50.0, "worst": 0.0, "by_domain": {"a": 50.0, "b": 50.0}}


def test_a_lead_covers_nothing_for_equal_models_and_excludes_it_for_a_better_one() -> None:
    rng = np.random.default_rng(1)
    truth, domain = rng.integers(0, 2, 400), np.repeat(["a", "b"], 200)
    worse = np.where(rng.random(400) < 0.3, 1 - truth, truth)

    assert lead(truth, worse, worse, domain, samples=50)["mean"] == {"estimate": 0.0, "low": 0.0, "high": 0.0}
    ahead = lead(truth, truth, worse, domain, samples=200)
    assert ahead["mean"]["low"] > 20
    assert ahead["worst"]["estimate"] >= ahead["mean"]["estimate"]


def test_a_lead_over_seeds_is_students() -> None:
    runs = [
        [{"macro_f1": {"mean": v, "worst": v}} for v in values] for values in ([81.0, 82.0, 83.0], [80.0, 80.0, 80.0])
    ]
    found = lead_over_seeds(*runs)["mean"]

    assert found["estimate"] == pytest.approx(2.0)
    assert found["high"] - 2.0 == pytest.approx(4.302653 / np.sqrt(3), rel=1e-4)


def test_few_labels_are_so_many_in_each_class_and_domain_and_the_same_for_a_seed() -> None:
    rng = np.random.default_rng(2)
    y, domain, held = rng.integers(0, 2, 1000), rng.choice(["a", "b", "c"], 1000), rng.random(1000) < 0.2
    kept = few(y, domain, held, 16, seed=0)

    for d in "abc":
        for k in (0, 1):
            here = (domain == d) & (kept == k)
            assert (here & ~held).sum() == 12
            assert (here & held).sum() == 4
    assert (kept[kept >= 0] == y[kept >= 0]).all()
    assert (few(y, domain, held, 16, seed=0) == kept).all()
    assert (few(y, domain, held, 16, seed=1) != kept).any()
