"""The heads that solve something: ridge, logistic regression from an offset, and the correction of answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, Ridge

from polyculture.errors import ParameterError
from polyculture.optimise.few_labels.correction import correction
from polyculture.optimise.few_labels.logistic_head import logistic_head
from polyculture.optimise.few_labels.ridge_head import left_out_errors, ridge_head
from polyculture.optimise.few_labels.solving import cross_entropy, pulled


def told(seed=0, n=30, d=3, classes=2):
    rng = np.random.default_rng(seed)
    x, p = rng.normal(size=(n, d)), rng.dirichlet(np.full(classes, 4.0), n)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    return x, y, p


def _free(x, y, p):
    return logistic_head(x, y, p, penalty=0.01)


def loss_of(head, x, y, p):
    return -np.log(head.answers(x, p)[np.arange(len(y)), y]).mean()


@pytest.mark.parametrize(("n", "d"), [(20, 4), (6, 12)])
@pytest.mark.parametrize("strength", [0.1, 3.0])
def test_left_out_errors_are_those_of_as_many_fits(n, d, strength):
    rng = np.random.default_rng(0)
    z, goal = rng.normal(size=(n, d)), rng.normal(size=(n, 2))
    extended = np.hstack([z, np.ones((n, 1))])
    penalty = strength * (extended**2).sum() / n
    found = left_out_errors(z, goal, [strength])[0]
    for i in range(n):
        others = np.arange(n) != i
        own = Ridge(alpha=penalty, fit_intercept=False).fit(extended[others], goal[others])
        np.testing.assert_allclose(found[i], goal[i] - own.predict(extended[i : i + 1])[0], atol=1e-8)


def test_ridge_takes_the_strength_that_leaves_out_best_and_solves_it():
    x, y, p = told(n=40)
    y = (x[:, 0] + 0.1 * x[:, 1] > 0).astype(int)
    z, goal = x - x.mean(axis=0), np.eye(2)[y] - 0.5
    z /= np.sqrt((z**2).sum(axis=1).mean())
    tried = (0.001, 0.1, 10.0)
    best = tried[int(np.argmin([(left_out_errors(z, goal, [s]) ** 2).sum() for s in tried]))]
    extended = np.hstack([z, np.ones((40, 1))])
    own = Ridge(alpha=best * (extended**2).sum() / 40, fit_intercept=False).fit(extended, goal)
    scores = 3.0 * 2 * own.predict(extended)
    expected = 1 / (1 + np.exp(scores[:, 0] - scores[:, 1]))
    np.testing.assert_allclose(ridge_head(x, y, p, strengths=tried).answers(x, p)[:, 1], expected, atol=1e-8)
    assert best < 10


def test_with_one_item_of_a_class_the_strength_is_one():
    x, y, p = told(n=5)
    y = np.array([0, 0, 0, 0, 1])
    found, fixed = (ridge_head(x, y, p, strengths=s).answers(x, p) for s in ((1e-6, 1e6), (1.0,)))
    np.testing.assert_array_equal(found, fixed)
    with pytest.raises(ParameterError, match="no strengths"):
        ridge_head(x, y, p, strengths=())


def test_a_logistic_head_without_trust_is_a_penalised_logistic_regression():
    x, y, p = told(n=40)
    y = (x[:, 0] + np.random.default_rng(1).normal(size=40) > 0).astype(int)
    z = x - x.mean(axis=0)
    design = np.hstack([z / np.sqrt((z**2).sum(axis=1).mean()), np.ones((40, 1))])
    # two rows of opposite weights cost half of what one row of their difference does
    own = LogisticRegression(C=2 / 3.0, fit_intercept=False, tol=1e-10, max_iter=1000).fit(design, y)
    found = logistic_head(x, y, p, penalty=3.0, trust=0.0).answers(x, p)
    np.testing.assert_allclose(found, own.predict_proba(design), atol=1e-4)


@pytest.mark.parametrize("head", [logistic_head, correction])
def test_a_large_penalty_leaves_the_model_and_a_smaller_one_fits_its_labels_better(head):
    x, y, p = told(classes=3)
    np.testing.assert_allclose(head(x, y, p, penalty=1e7).answers(x, p), p, atol=1e-4)
    losses = [loss_of(head(x, y, p, penalty=penalty), x, y, p) for penalty in (0.01, 1.0, 100.0, 1e7)]
    assert (np.diff(losses) > -1e-9).all()
    assert losses[0] < losses[-1] - 0.05


def test_a_logistic_head_with_one_label_moves_but_little():
    x, _, p = told(n=2)
    y = np.array([0, 1])
    change, freely = (np.abs(head.answers(x, p) - p).max() for head in (logistic_head(x, y, p), _free(x, y, p)))
    assert 0 < change < freely / 2


def test_a_correction_mends_the_proportions_of_classes_and_confidence():
    rng = np.random.default_rng(0)
    truth = (rng.random(400) < 0.8).astype(int)
    scores = 2 * (truth - 0.5) + rng.normal(size=400)
    p = 1 / (1 + np.exp(-4 * (scores + 1.0)))
    p = np.stack([1 - p, p], axis=1)
    head = correction(np.zeros((200, 1)), truth[:200], p[:200], penalty=1.0)
    later, y = p[200:], truth[200:]
    assert 0 < head.trust < 1
    before = -np.log(np.clip(later[np.arange(200), y], 1e-12, 1)).mean()
    assert loss_of(head, np.zeros((200, 1)), y, later) < before - 0.05


def test_answers_that_are_wrong_throughout_are_given_up_and_not_turned_round():
    y = np.array([0, 1] * 20)
    p = np.stack([np.where(y == 0, 0.1, 0.9), np.where(y == 0, 0.9, 0.1)], axis=1)
    assert correction(np.zeros((40, 1)), y, p, penalty=0.1).trust == 0.0


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), penalty=st.floats(0.1, 10.0))
def test_the_smallest_of_a_penalised_loss_has_no_slope_and_the_items_span_gives_the_same(seed, penalty):
    x, y, p = told(seed, n=6, d=9, classes=3)
    found = pulled(x, np.log(p), y, penalty)
    slope = cross_entropy(np.log(p) + x @ found.T, y)[1]
    np.testing.assert_allclose(slope.T @ x + penalty * found, 0, atol=1e-3)


def test_the_slope_of_cross_entropy_is_its_difference_quotient():
    _, y, p = told(n=3, classes=3)
    step = 1e-6
    for i in range(3):
        for k in range(3):
            moved = np.log(p)
            moved[i, k] += step
            rise = (cross_entropy(moved, y)[0] - cross_entropy(np.log(p), y)[0]) / step
            assert rise == pytest.approx(cross_entropy(np.log(p), y)[1][i, k], abs=1e-4)
