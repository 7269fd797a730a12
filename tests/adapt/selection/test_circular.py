"""Circular validation, and the choice: by hand, and where it is deceived."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.adapt.selection import SELECTORS, Trial, choose, circular
from polyculture.errors import ParameterError


def trial(back, target=(0, 1, 1), y=(0, 0, 0, 1)):
    n, m = len(y), len(target)
    answers = np.tile([0.5, 0.5], (n, 1))
    return Trial(np.zeros((n, 1)), np.array(y), np.zeros((m, 1)), answers, np.eye(2)[list(target)], back)


def test_each_class_counts_alike_and_items_without_label_do_not():
    found = np.eye(2)[[0, 0, 1, 1]]
    assert circular(trial(lambda classes: found)) == pytest.approx((2 / 3 + 1) / 2)
    assert circular(trial(lambda classes: found, y=(0, -1, 0, 1))) == pytest.approx((1 / 2 + 1) / 2)


def test_the_way_back_is_taught_the_likeliest_classes():
    seen = []

    def back(classes):
        seen.append(classes.tolist())
        return np.eye(2)[[0, 0, 0, 1]]

    assert circular(trial(back, target=(1, 0, 1))) == 1
    assert seen == [[1, 0, 1]]


def test_one_class_for_all_is_chance():
    assert circular(trial(lambda classes: np.eye(2)[[0] * 4])) == 0.5


def test_a_trial_without_a_way_back_is_an_error():
    with pytest.raises(ParameterError, match="give the trial a `back`"):
        circular(trial(None))


def test_the_best_is_chosen_and_the_first_in_doubt():
    trials = {name: trial(None, target=(k,)) for k, name in enumerate(("first", "second"))}
    by = {id(t): score for t, score in zip(trials.values(), (0.5, 0.6), strict=True)}
    scorer = lambda t: by[id(t)]  # noqa: E731
    assert choose(trials, scorer).name == "second"
    assert choose(trials, scorer, margin=0.2).name == "first"
    assert choose(trials, lambda t: 1.0).name == "first"
    assert choose(trials, lambda t: np.nan if by[id(t)] > 0.5 else 0.0).name == "first"
    assert choose(trials, scorer).scores == {"first": 0.5, "second": 0.6}


def test_nothing_to_choose_from_is_an_error():
    with pytest.raises(ParameterError, match="There are 0 candidates"):
        choose({}, circular)
    with pytest.raises(ParameterError, match="the margin is -1"):
        choose({"a": trial(None)}, circular, margin=-1)


def test_every_criterion_scores_a_trial():
    rng = np.random.default_rng(0)
    x, p = rng.normal(size=(20, 2)), rng.dirichlet([1, 1], 20)
    full = Trial(x, np.arange(20) % 2, x, p, p, lambda classes: p)
    for name in SELECTORS:
        assert np.isfinite(SELECTORS.load(name)(full))
