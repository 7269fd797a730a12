"""Terms by naive Bayes' ratio: what tells nothing apart is left out, and pseudo-labels sharpen what does."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.adapt.linear import logistic
from polyculture.adapt.ratio_weighted import ratio_weighted
from polyculture.adapt.self_training import self_train
from polyculture.errors import DataError
from polyculture.features.term_ratio import term_ratios

FIT = partial(logistic, classes=2)


def reviews(n, seed, often, own):
    """Two words of each class that both domains use, two that one domain uses, and forty that say nothing."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    shared = (rng.random((n, 2)) < often) * np.eye(2)[y]
    told = (rng.random((n, 2)) < own) * np.eye(2)[y]
    return sp.csr_array(np.hstack([shared, told, rng.random((n, 40)) < 0.3]).astype(float)), y


def accuracy(model, z, truth):
    return (model(z).argmax(axis=1) == truth).mean()


def test_it_is_the_fit_on_weighted_rows_of_length_one():
    x, y = reviews(80, 0, 0.7, 0.2)
    plain = x.toarray() * term_ratios(x, y, 2)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(ratio_weighted(FIT)(x, y)(x), FIT(plain, y)(plain), atol=1e-3)


def test_how_often_a_term_stands_in_an_item_does_not_matter():
    x, y = reviews(80, 0, 0.7, 0.2)
    model = ratio_weighted(FIT)(x, y)
    np.testing.assert_allclose(model(x * 7.0), model(x))
    stored = sp.csr_array((np.r_[x.data, 0.0], np.r_[x.indices, 3], np.r_[x.indptr, x.indptr[-1] + 1]), shape=(81, 44))
    np.testing.assert_allclose(model(stored)[:80], model(x))


def test_it_gains_by_self_training_where_the_target_has_words_of_its_own():
    x, y = reviews(200, 0, 0.8, 0.0)
    z, truth = reviews(600, 1, 0.5, 0.8)
    before, after = (
        accuracy(self_train(ratio_weighted(FIT), x, y, z, rounds=r, share=0.4, proportions="source"), z, truth)
        for r in (0, 5)
    )
    assert before < 0.85
    assert after > before + 0.08


def test_words_that_say_nothing_cost_it_less_than_a_plain_model():
    x, y = reviews(60, 0, 0.6, 0.0)
    asked, truth = reviews(2000, 1, 0.6, 0.0)
    assert accuracy(ratio_weighted(FIT)(x, y), asked, truth) > accuracy(FIT(x, y), asked, truth)


def test_probabilities_and_rows_without_label():
    x, y = reviews(80, 0, 0.8, 0.0)
    hard = ratio_weighted(FIT)(x, y)(x)
    np.testing.assert_allclose(ratio_weighted(FIT)(x, np.eye(2)[y])(x), hard, atol=1e-3)
    some = np.where(np.arange(80) < 60, y, -1)
    np.testing.assert_allclose(ratio_weighted(FIT)(x, some)(x), ratio_weighted(FIT)(x[:60], y[:60])(x), atol=1e-3)
    with pytest.raises(DataError, match="no label to learn from"):
        ratio_weighted(FIT)(x, np.full(80, -1))
