"""The lexical family: the TF-IDF of scikit-learn, with words for scripts without spaces, kept exactly."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from polyculture import store
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders import lexical as module
from polyculture.features.encoders import make_encoder
from polyculture.features.encoders.lexical import WORD, LexicalEncoder

ENGLISH = ["A good film, really good :)", "a bad film!", "the film was good", "nothing was bad", "it's a film"] * 12
CHINESE = ["这部电影很好看", "这部电影不好看", "天气很好 good"]


@pytest.fixture(scope="module")
def fitted():
    return LexicalEncoder().fit(ENGLISH)


def terms(encoder):
    return [set(v.get_feature_names_out()) for v in encoder.vectorizers_]


@pytest.mark.parametrize("texts", [ENGLISH, CHINESE * 20])
@pytest.mark.parametrize("words", [1, 2])
@pytest.mark.parametrize("characters", [2, 4])
def test_is_the_feature_union_of_scikit_learn(texts, words, characters):
    shared = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
    union = FeatureUnion(
        [
            ("words", TfidfVectorizer(token_pattern=WORD, ngram_range=(1, words), **shared)),
            ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, characters), **shared)),
        ]
    ).fit(texts)
    later = [*texts[:5], "an unseen good thing", "电影"]
    found = LexicalEncoder(words=words, characters=characters).fit(texts).transform(later)
    assert isinstance(found, sp.csr_array)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.toarray(), union.transform(later).toarray())


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(alphabet="aбB電1 .-)\t\u0301\u3042İ", max_size=12), min_size=1, max_size=6),
    words=st.integers(1, 3),
    characters=st.integers(2, 6),
    most=st.none() | st.integers(1, 8),
)
def test_is_the_feature_union_of_scikit_learn_for_any_text(texts, words, characters, most):
    shared = {"sublinear_tf": True, "max_features": most, "dtype": np.float32}
    kinds = [
        TfidfVectorizer(token_pattern=WORD, ngram_range=(1, words), **shared),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, characters), **shared),
    ]
    try:
        expected = [kind.fit(texts) for kind in kinds]
    except ValueError:
        with pytest.raises(DataError, match="too few words"):
            LexicalEncoder(words=words, characters=characters, most_terms=most).fit(texts)
        return
    found = LexicalEncoder(words=words, characters=characters, most_terms=most).fit(texts)
    names = [kind.get_feature_names_out().tolist() for kind in expected]
    assert [kind.get_feature_names_out().tolist() for kind in found.vectorizers_] == names
    for ours, theirs in zip(found.vectorizers_, expected, strict=True):
        np.testing.assert_array_equal(ours.idf_, theirs.idf_)
    later = [*texts[::-1], "a b", "電電 1"]
    union = np.hstack([kind.transform(later).toarray() for kind in expected])
    np.testing.assert_array_equal(found.transform(later).toarray(), union)


def test_batches_and_what_is_remembered_change_nothing(monkeypatch):
    texts = [f"{first} {second}!" for first in ("good", "bad", "fine") for second in "abcdefgh"] * 3
    whole = LexicalEncoder().fit(texts)
    expected = whole.transform(texts)
    monkeypatch.setattr(module, "BATCH", 5)
    monkeypatch.setattr(module, "REMEMBERED", 3)
    found = LexicalEncoder().fit(texts)
    assert terms(found) == terms(whole)
    np.testing.assert_array_equal(found.transform(texts).toarray(), expected.toarray())


def test_two_processes_count_as_one(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 20)
    one, two = (LexicalEncoder(n_jobs=jobs).fit(ENGLISH).transform(ENGLISH) for jobs in (1, 2))
    np.testing.assert_array_equal(one.toarray(), two.toarray())


def test_of_very_many_texts_some_teach_terms_and_all_are_counted(monkeypatch):
    texts = [f"common word{i % 400}" for i in range(800)]
    assert len(terms(LexicalEncoder("words", 1).fit(texts))[0]) == 401
    monkeypatch.setattr(module, "TAUGHT_BY", 200)
    found = LexicalEncoder("words", 1).fit(texts)
    assert "common" in terms(found)[0]
    assert len(terms(found)[0]) < 200
    assert (found.transform(texts).sum(axis=1) > 0).all()


def test_each_kind_of_term_has_length_one():
    encoder = LexicalEncoder().fit(ENGLISH)
    found, cut = encoder.transform(ENGLISH), len(terms(encoder)[0])
    for part in (found[:, :cut], found[:, cut:]):
        np.testing.assert_allclose(part.multiply(part).sum(axis=1), 1, rtol=1e-5)


def test_a_chinese_character_is_a_word_and_so_is_a_run_of_signs():
    words, _ = terms(LexicalEncoder().fit([*CHINESE, "fine :-) 3.5", "ひらがな"]))
    assert {"这", "电", "电 影", "good", ":-)", "3", "ひ"} <= words
    assert "电影" not in words


def test_held_out_texts_teach_no_term_and_no_weight():
    held = np.arange(len(ENGLISH) + 3) >= len(ENGLISH)
    plain = LexicalEncoder().fit(ENGLISH)
    more = LexicalEncoder().fit([*ENGLISH, "zebra zebra", "zebra", "good good"], validation=held)
    assert terms(more) == terms(plain)
    np.testing.assert_array_equal(more.transform(ENGLISH).toarray(), plain.transform(ENGLISH).toarray())
    assert "zebra" in terms(LexicalEncoder().fit([*ENGLISH, "zebra zebra", "zebra"]))[0]


def test_labels_teach_nothing():
    plain, labelled = LexicalEncoder().fit(ENGLISH), LexicalEncoder().fit(ENGLISH, np.arange(60) % 2)
    np.testing.assert_array_equal(plain.transform(ENGLISH).toarray(), labelled.transform(ENGLISH).toarray())
    assert not LexicalEncoder.learns_labels


def test_texts_without_a_known_term_are_rows_of_zeros():
    encoder = LexicalEncoder().fit(ENGLISH)
    found = encoder.transform(["", "   ", "ЖЖЖ", "good"])
    assert np.diff(found.indptr).astype(bool).tolist() == [False, False, False, True]
    assert encoder.transform([]).shape == (0, encoder.n_terms_)


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=8), seed=st.integers(0, 999))
def test_order_and_company_do_not_matter(fitted, texts, seed):
    turn = np.random.RandomState(seed).permutation(len(texts))
    together = fitted.transform(texts).toarray()
    np.testing.assert_array_equal(fitted.transform([texts[i] for i in turn]).toarray(), together[turn])
    alone = np.vstack([fitted.transform([text]).toarray() for text in texts])
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("params", [{}, {"terms": "words"}, {"terms": "characters"}, {"most_terms": 20}, {"least": 1}])
@pytest.mark.parametrize("texts", [ENGLISH, CHINESE])
def test_comes_back_from_its_state_bit_for_bit(tmp_path, params, texts):
    fitted = LexicalEncoder(**params).fit(texts)
    store.save(tmp_path / "lexical", fitted.state(), kind="lexical", facts={})
    again = LexicalEncoder.from_state(store.load(tmp_path / "lexical", kind="lexical"))
    later = [*texts, "an unseen 电影", ""]
    found, expected = again.transform(later), fitted.transform(later)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    assert again.get_params() == fitted.get_params()
    assert again.n_terms_ == fitted.n_terms_


def test_rare_terms_are_left_out_where_there_are_enough_texts():
    texts = [*ENGLISH, "unicorn film"]
    assert "unicorn" not in terms(LexicalEncoder().fit(texts))[0]
    assert "unicorn" in terms(LexicalEncoder(least=1).fit(texts))[0]
    assert "unicorn" in terms(LexicalEncoder(least=5).fit(texts[-9:]))[0]


def test_at_most_so_many_terms_of_each_kind():
    assert [len(kind) for kind in terms(LexicalEncoder(most_terms=7).fit(ENGLISH))] == [7, 7]


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda texts: np.array(texts, dtype=object)])
def test_any_sequence_of_texts_will_do(kind):
    expected = LexicalEncoder().fit(ENGLISH).transform(ENGLISH).toarray()
    np.testing.assert_array_equal(LexicalEncoder().fit(kind(ENGLISH)).transform(kind(ENGLISH)).toarray(), expected)


@pytest.mark.parametrize("texts", [["", "  "], [], ["\n"] * 60])
def test_texts_without_a_word_are_an_error(texts):
    with pytest.raises(DataError, match="too few words to learn from"):
        LexicalEncoder().fit(texts)


@pytest.mark.parametrize(
    ("items", "says"),
    [("one text", "got one string"), (["a", None], "item 1 is of type NoneType"), (np.ones((3, 2)), "of type ndarray")],
)
def test_what_is_no_text_is_an_error(items, says):
    with pytest.raises(DataError, match=says):
        LexicalEncoder().fit(items)
    with pytest.raises(DataError, match=says):
        LexicalEncoder().fit(ENGLISH).transform(items)


@pytest.mark.parametrize("params", [{"words": 0}, {"characters": 1}, {"terms": "none"}])
def test_terms_that_there_cannot_be_are_a_bad_parameter(params):
    with pytest.raises(ParameterError, match="use"):
        LexicalEncoder(**params).fit(ENGLISH)


def test_one_kind_of_term_by_name():
    both = LexicalEncoder().fit(ENGLISH)
    for place, name in enumerate(("words", "characters")):
        assert terms(make_encoder(f"lexical:{name}").fit(ENGLISH)) == [terms(both)[place]]


def test_it_survives_a_copy_to_another_process(fitted):
    again = deepcopy(fitted)
    np.testing.assert_array_equal(again.transform(ENGLISH).toarray(), fitted.transform(ENGLISH).toarray())


def test_not_fitted():
    with pytest.raises(NotFittedError):
        LexicalEncoder().transform(["a"])
