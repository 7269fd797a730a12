"""Terms that count by how much more often they stand in one class than in the others."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt
import pytest
import scipy.sparse as sp
from sklearn.naive_bayes import MultinomialNB

from polyculture.features.base_model import BaseModel
from polyculture.features.term_ratio import term_ratios


@pytest.fixture
def terms() -> tuple[sp.csr_array, np.ndarray]:
    """Few telling terms among many that say nothing, in 600 items of three classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    shares = np.full((3, 3000), 0.05)
    for k in range(3):
        shares[k, 10 * k : 10 * k + 10] = 0.2
    return sp.csr_array((rng.random((600, 3000)) < shares[y]).astype(np.float32)), y


def test_two_classes_are_naive_bayes(terms: tuple) -> None:
    X, y = terms[0], (terms[1] > 0).astype(int)
    bayes = MultinomialNB(alpha=1.0).fit(X, y)
    found = np.abs(bayes.feature_log_prob_[1] - bayes.feature_log_prob_[0])
    npt.assert_allclose(term_ratios(X, y, 2), found, rtol=1e-5)


def test_how_often_a_term_stands_in_an_item_does_not_matter(terms: tuple) -> None:
    X, y = terms
    npt.assert_array_equal(term_ratios(sp.csr_array(X * 3), y, 3), term_ratios(X, y, 3))


def test_telling_terms_count_most_and_absent_classes_nothing(terms: tuple) -> None:
    X, y = terms
    ratios = term_ratios(X, y, 3)
    assert ratios[:30].mean() > np.quantile(ratios[30:], 0.95)
    npt.assert_array_equal(term_ratios(X, y, 4), ratios)


def test_the_base_model_takes_ratios_where_they_help_and_its_weights_hold_them(terms: tuple) -> None:
    X, y = terms
    held = np.arange(600) % 3 == 0
    model, plain = (BaseModel(ratios=r).fit(X, y, validation=held, classes=3) for r in (True, False))
    assert model.by_ratio_
    assert not plain.by_ratio_
    assert model.score(X[held], y[held]) > plain.score(X[held], y[held])
    again = BaseModel.from_state(model.state())
    npt.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    more = model.refitted(X, y)
    assert more.by_ratio_
    assert not np.array_equal(more.weights_, model.weights_)


def test_dense_items_and_values_have_no_ratios(terms: tuple) -> None:
    X, y = terms
    assert not BaseModel().fit(X.toarray(), y).by_ratio_
    assert not BaseModel(target="values").fit(X, y.astype(float)).by_ratio_


def test_a_stored_zero_is_no_term(terms: tuple) -> None:
    X, y = terms
    padded = X.tolil()
    padded[0, 5] = 7.0
    padded = sp.csr_array(padded)
    padded.data[padded.data == 7.0] = 0.0
    clean = padded.copy()
    clean.eliminate_zeros()
    npt.assert_array_equal(term_ratios(padded, y, 3), term_ratios(clean, y, 3))


def test_numbers_below_zero_and_nothing_held_out_leave_terms_as_they_come(terms: tuple) -> None:
    X, y = terms
    assert not BaseModel().fit(-X, y, validation=np.arange(600) % 3 == 0, classes=3).by_ratio_
    alone = BaseModel().fit(X, y, validation=np.zeros(600, dtype=bool), classes=3)
    assert (alone.by_ratio_, alone.strength_) == (False, 2.0)


def test_what_was_chosen_is_kept(terms: tuple) -> None:
    X, y = terms
    model = BaseModel().fit(X, y, validation=np.arange(600) % 3 == 0, classes=3)
    again = BaseModel.from_state(model.state())
    assert (again.by_ratio_, again.strength_) == (model.by_ratio_, model.strength_)
    npt.assert_array_equal(again.refitted(X, y).weights_, model.refitted(X, y).weights_)
