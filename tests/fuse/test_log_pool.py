"""The logarithmic opinion pool with learnt weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from polyculture import store
from polyculture.errors import DataError
from polyculture.fuse import Combination, LogPool, Stacking, logit_ensemble
from polyculture.fuse.log_pool import _Task
from polyculture.fuse.score import score_probabilities
from polyculture.targets import Classes, Labels

SEEDS = st.integers(0, 2**31 - 1)


def members(seed, count, powers, classes=3):
    """Models that point at the truth, each as much as its power says; classes, and two domains."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, classes, count)
    logits = rng.normal(size=(len(powers), count, classes)) + np.multiply.outer(powers, np.eye(classes)[y])
    return Classes.answer(logits), y, np.tile(np.array(["a", "b"], dtype=object), count)[:count]


def labelled(seed, count=60):
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, (count, 3))
    logits = rng.normal(size=(2, count, 3)) + np.multiply.outer([2.0, 0.0], 2 * y - 1)
    return Labels.answer(logits), y, np.tile(np.array(["a", "b"], dtype=object), count)[:count]


def objective(pool, models, y, domain, weights, own, bias):
    """What the pool minimises, item by item, straight from its formula."""
    total = 0.0
    for i, name in enumerate(domain):
        u = own[pool.domains_.index(name)] if len(own) else weights
        if y.ndim == 2:
            z = bias + sum(w * np.log(p / (1 - p)) for w, p in zip(u, models[:, i], strict=True))
            total += np.log1p(np.exp(-z * (2 * y[i] - 1))).sum()
        else:
            z = np.exp(bias) * np.prod(models[:, i] ** u[:, None], axis=0)
            total -= np.log(z[y[i]] / z.sum())
    penalty = ((weights - 1 / len(weights)) ** 2).sum() + (((own - weights) / pool.own) ** 2).sum() + (bias**2).sum()
    return total + penalty / (2 * pool.strength)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, several=st.booleans(), domains=st.sampled_from([0, 2]))
def test_the_gradient_is_that_of_the_loss(seed, several, domains):
    models, y, where = labelled(seed, 12) if several else members(seed, 12, [1.0, 0.5])
    kind = Labels if several else Classes
    goal = (y if several else np.eye(3)[y]).astype(float)
    known = np.stack([where == name for name in "ab"[:domains]], axis=1) if domains else np.zeros((12, 0))
    task = _Task(kind, kind.raised(models), goal, known.astype(float), 5.0, 11.0 if domains else 0.0)
    point = task.start() + 0.3 * np.random.RandomState(seed).normal(size=len(task.start()))
    assert check_grad(lambda x: task(x)[0], lambda x: task(x)[1], point) < 1e-5


@settings(max_examples=6, deadline=None)
@given(seed=SEEDS, several=st.booleans())
def test_nothing_near_is_better(seed, several):
    models, y, where = labelled(seed) if several else members(seed, 60, [1.0, 0.5])
    pool = LogPool().fit(models, y, where)
    found = (pool.weights_, pool.own_, pool.bias_)
    best, rng = objective(pool, models, y, where, *found), np.random.RandomState(seed)
    for _ in range(5):
        w, own, bias = (x + 0.05 * rng.normal(size=x.shape) for x in found)
        assert objective(pool, models, y, where, np.maximum(w, 0), np.maximum(own, 0), bias) > best


def test_held_out_items_that_hardly_count_leave_the_plain_ensemble():
    models, y, where = members(0, 60, [1.0, 0.0, 2.0])
    pool = LogPool(strength=1e-7).fit(models, y, where)
    np.testing.assert_allclose(pool.predict_proba(models, where), logit_ensemble(models), atol=1e-4)


def test_the_order_of_models_does_not_matter():
    models, y, where = members(0, 200, [1.0, 0.0, 2.0])
    pool, turned = LogPool().fit(models, y, where), LogPool().fit(models[[2, 0, 1]], y, where)
    np.testing.assert_allclose(turned.weights_, pool.weights_[[2, 0, 1]], atol=1e-4)
    assert pool.weights_[2] > pool.weights_[0] > pool.weights_[1]


def test_a_model_that_says_the_opposite_has_no_weight():
    models, y, where = members(0, 300, [1.0, -2.0])
    pool = LogPool().fit(models, y, where)
    assert not pool.own_[:, 1].any()
    assert LogPool(own=0).fit(models, y, where).weights_[1] == 0


def test_each_domain_hears_the_model_that_knows_it_and_an_unknown_one_hears_the_common_weights():
    models, y, where = members(0, 600, [2.0, 2.0])
    noise = members(1, 600, [0.0])[0][0]
    models[0, where == "b"], models[1, where == "a"] = noise[where == "b"], noise[where == "a"]
    pool = LogPool().fit(models, y, where)
    assert pool.domains_ == ["a", "b"]
    assert pool.own_[0, 0] > 2 * pool.own_[0, 1]
    assert pool.own_[1, 1] > 2 * pool.own_[1, 0]
    assert score_probabilities(pool.predict_proba(models, where), y, where) < score_probabilities(
        LogPool(own=0).fit(models, y, where).predict_proba(models, where), y, where
    )
    rows = np.array(["new", None], dtype=object)
    common = np.exp(pool.bias_) * np.prod(models[:, :2] ** pool.weights_[:, None, None], axis=0)
    np.testing.assert_allclose(
        pool.predict_proba(models[:, :2], rows), common / common.sum(axis=1, keepdims=True), rtol=1e-6
    )


def test_the_only_domain_has_the_common_weights():
    models, y, where = members(0, 60, [1.0, 0.0])
    pool = LogPool().fit(models, y, np.repeat("a", 60))
    assert pool.own_.shape == (0, 2)
    np.testing.assert_array_equal(pool.predict_proba(models, where), pool.predict_proba(models, where[::-1]))


def test_many_classes_and_few_items_are_enough_where_stacking_needs_more():
    powers = [2.0, 1.5, 1.0, 0.0]
    models, y, where = members(0, 300, powers, classes=15)
    later, truth, place = members(1, 1000, powers, classes=15)
    losses = {"ensemble": score_probabilities(logit_ensemble(later), truth, place)}
    for learner in (LogPool(), Stacking()):
        found = learner.fit(models, y, where).predict_proba(later, place)
        losses[type(learner).__name__] = score_probabilities(found, truth, place)
    assert losses["LogPool"] < min(losses["ensemble"], losses["Stacking"]) - 0.02
    networks, families = {"experts": models[0]}, dict(zip("pqr", models[1:], strict=True))
    assert Combination("auto").fit(networks, families, y, where).method_ == "log_pool"


def test_out_of_fold_answers_come_from_fits_without_the_item_and_leave_the_pool_as_it_was():
    models, y, where = members(0, 50, [1.0, 0.5])
    pool = LogPool().fit(models, y, where)
    before, turned = pool.weights_.copy(), y.copy()
    held = pool.out_of_fold(models, y, where)
    np.testing.assert_array_equal(pool.weights_, before)
    turned[0] = (turned[0] + 1) % 3
    np.testing.assert_array_equal(pool.out_of_fold(models, turned, where)[0], held[0])


def test_a_class_with_one_held_out_item_or_none_is_answered_all_the_same():
    models, y, where = members(0, 40, [1.0, 0.5], classes=5)
    y = np.where(y > 2, 0, y)
    y[0] = 4
    held = LogPool().out_of_fold(models, y, where)
    assert (held > 0).all()
    np.testing.assert_allclose(held.sum(axis=1), 1)
    with pytest.raises(DataError, match="two held-out items of each class"):
        Stacking().out_of_fold(models, y, where)


def test_labels_are_pooled_by_their_log_odds():
    models, y, where = labelled(0, 300)
    later, truth, place = labelled(1, 300)
    found = LogPool().fit(models, y, where).predict_proba(later, place)
    assert score_probabilities(found, truth, place) < score_probabilities(logit_of_mean(later), truth, place) - 0.05


def logit_of_mean(models):
    return Labels.pool(models, np.full(len(models), 1 / len(models)))


@pytest.mark.parametrize("made", [lambda: members(0, 40, [1.0, 0.5]), lambda: labelled(0)])
def test_comes_back_from_its_state_bit_for_bit(made, tmp_path):
    models, y, where = made()
    fitted = LogPool(strength=2.0).fit(models, y, where)
    store.save(tmp_path / "p", fitted.state(), kind="log_pool", facts={})
    again = LogPool.from_state(store.load(tmp_path / "p", kind="log_pool"))
    where[0] = "new"
    np.testing.assert_array_equal(again.predict_proba(models, where), fitted.predict_proba(models, where))
    assert again.get_params() == fitted.get_params()
    assert again.predict_proba(models[:, :0], where[:0]).shape == (0, 3)


def test_too_few_items_and_values_are_errors():
    models, y, where = members(0, 40, [1.0, 0.5])
    with pytest.raises(DataError, match="log_pool needs held-out items of at least two classes"):
        LogPool().fit(models, np.zeros(40, dtype=int), where)
    with pytest.raises(DataError, match="at least two classes"):
        LogPool().fit(models[:, :0], y[:0], where[:0])
    with pytest.raises(DataError, match="at least 10 held-out items"):
        LogPool().out_of_fold(models[:, :9], y[:9], where[:9])
    values = np.linspace(0, 1, 40)
    for learn in (LogPool().fit, LogPool().out_of_fold):
        with pytest.raises(DataError, match="values have none; use stacking or logit_ensemble"):
            learn(models[:, :, :1], values, where)
    with pytest.raises(DataError, match="values have none"):
        Combination("log_pool").fit({"experts": models[0, :, :1]}, {}, values, where)
    assert "log_pool" not in Combination("auto").fit({"experts": models[0, :, :1]}, {}, values, where).losses_


def test_left_to_choose_it_tries_nothing_that_has_more_coefficients_than_held_out_items():
    rng = np.random.default_rng(0)
    for count, offered in ((60, False), (600, True)):
        y = rng.integers(0, 6, count)
        found = {name: rng.dirichlet(np.ones(6), count) for name in ("experts", "one", "two")}
        families = {name: found[name] for name in ("one", "two")}
        where = np.repeat("a", count)
        chosen = Combination("auto").fit({"experts": found["experts"]}, families, y, where)
        assert ("stacking" in chosen.losses_) == offered
        assert "log_pool" in chosen.losses_
        asked = Combination("stacking").fit({"experts": found["experts"]}, families, y, where)
        assert asked.method_ == "stacking"


@pytest.mark.parametrize("domains", [1, 3])
def test_coefficients_are_counted(domains):
    rng = np.random.default_rng(0)
    answers, y = rng.dirichlet(np.ones(4), (3, 120)), rng.integers(0, 4, 120)
    domain = np.array([f"d{i % domains}" for i in range(120)])
    pool, stack = LogPool().fit(answers, y, domain), Stacking().fit(answers, y, domain)
    count = stack.model_.coef_.size + stack.model_.intercept_.size
    assert Stacking.coefficients(answers.shape, domain, "classes") == count
    learnt = [value for value in pool.state().values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    assert LogPool.coefficients(answers.shape, domain, "classes") == sum(value.size for value in learnt)
