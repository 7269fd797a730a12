"""Label shift: planted proportions are found, and answers follow Bayes' rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.adapt.label_shift import bbse, corrected, em_proportions, shifted
from polyculture.errors import DataError, ParameterError, ShapeError

MEANS = np.array([-1.0, 0.0, 1.5])


def drawn(n, q, seed):
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=q)
    return rng.normal(size=n) + MEANS[y], y


def by_bayes(x, q):
    density = np.exp(-0.5 * (x[:, None] - MEANS) ** 2) * q
    return density / density.sum(axis=1, keepdims=True)


EVEN, PLANTED = np.full(3, 1 / 3), np.array([0.6, 0.1, 0.3])


def test_planted_proportions_are_found_by_both():
    x, y = drawn(20000, EVEN, 0)
    z, _ = drawn(20000, PLANTED, 1)
    np.testing.assert_allclose(bbse(by_bayes(x, EVEN), y, by_bayes(z, EVEN)), PLANTED, atol=0.03)
    np.testing.assert_allclose(em_proportions(by_bayes(z, EVEN), EVEN), PLANTED, atol=0.03)


def test_confusion_is_undone_exactly():
    source = np.array([[0.8, 0.2], [0.3, 0.7]])
    target = 0.9 * source[:1] + 0.1 * source[1:]
    np.testing.assert_allclose(bbse(source, np.array([0, 1]), target), [0.9, 0.1])


def test_a_model_that_is_too_sure_misleads_likelihood_more_than_confusion():
    x, y = drawn(20000, EVEN, 0)
    z, _ = drawn(20000, PLANTED, 1)
    sure = [p**4 / (p**4).sum(axis=1, keepdims=True) for p in (by_bayes(x, EVEN), by_bayes(z, EVEN))]
    off = [np.abs(found - PLANTED).max() for found in (bbse(sure[0], y, sure[1]), em_proportions(sure[1], EVEN))]
    assert off[0] < 0.03
    assert off[1] > 0.05


def test_shifted_answers_are_those_of_bayes_rule():
    z, truth = drawn(3000, PLANTED, 1)
    np.testing.assert_allclose(shifted(by_bayes(z, EVEN), EVEN, PLANTED), by_bayes(z, PLANTED))
    x, y = drawn(5000, EVEN, 0)
    found = corrected(by_bayes(x, EVEN), y, by_bayes(z, EVEN))
    assert (found.argmax(axis=1) == truth).mean() > (by_bayes(z, EVEN).argmax(axis=1) == truth).mean() + 0.03


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999))
def test_proportions_are_proportions_and_the_order_of_classes_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    answers, y = rng.dirichlet(np.ones(3), 30), np.arange(30) % 3
    turned = [2, 0, 1]
    for found, again in (
        (bbse(answers, y, answers[:9]), bbse(answers[:, turned], np.argsort(turned)[y], answers[:9, turned])),
        (em_proportions(answers, EVEN), em_proportions(answers[:, turned], EVEN)),
    ):
        assert found.min() >= 0
        assert found.sum() == pytest.approx(1)
        np.testing.assert_allclose(again, found[turned], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_em_climbs_to_a_point_that_it_does_not_leave(seed):
    answers = np.random.default_rng(seed).dirichlet(np.ones(3), 20)
    found = em_proportions(answers, EVEN, rounds=5000)
    np.testing.assert_allclose(shifted(answers, EVEN, np.maximum(found, 1e-300)).mean(axis=0), found, atol=1e-5)


def test_where_no_class_is_left_the_answer_stays():
    np.testing.assert_array_equal(shifted(np.array([[1.0, 0.0]]), [0.5, 0.5], [0.0, 1.0]), [[1.0, 0.0]])


def test_bad_input_is_one_sentence():
    sure = np.eye(2)
    with pytest.raises(ParameterError, match="class 1 has no source item"):
        bbse(sure, np.array([0, 0]), sure)
    with pytest.raises(ShapeError, match="There are 2 columns for the source"):
        bbse(sure, np.array([0, 1]), np.eye(3))
    with pytest.raises(DataError, match="target_answers holds no distribution in row 1"):
        bbse(sure, np.array([0, 1]), np.array([[1, 0], [0.4, 0.4]]))
    with pytest.raises(ParameterError, match="pass 2 numbers above 0"):
        em_proportions(sure, [1.0, 0.0])
