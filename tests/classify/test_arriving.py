"""A domain that arrives with few labels: it is learnt, kept and loaded, and no other domain's answer moves by a bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from polyculture import CrossDomainClassifier, store
from polyculture.classify.arriving import Arrived, fused, learn_new_domain, seen_by_heads, served
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.lexical import LexicalEncoder
from polyculture.optimise.few_labels import FEW_LABELS, method_named

IRONY = {"praise": "awful", "blame": "splendid"}
NETWORK = Backbone(hidden=(16,), dropout=(0, 0), epochs=4, learning_rate=5e-3)


def reviews(n, seed=0, praise="splendid", blame="awful"):
    """Reviews in which one word decides."""
    rng = np.random.RandomState(seed)
    y = np.arange(n) % 2
    things = ("film", "day", "meal", "song", "trip")
    texts = [" ".join([praise if value else blame, *rng.choice(things, 2)]) for value in y]
    return texts, np.where(y == 1, "+", "-")


@pytest.fixture(scope="module")
def fitted():
    texts, y = reviews(160)
    domain = np.repeat(["cinema", "kitchen"], 80)
    return CrossDomainClassifier(
        (LexicalEncoder("words", 1),), components=4, graph="none", backbone=NETWORK, clean=False
    ).fit(texts, y, domain=domain)


@pytest.fixture(scope="module")
def reversed_words(fitted):
    """A new domain where words mean the opposite, told by eight labels of each class."""
    texts, y = reviews(16, seed=1, praise="awful", blame="splendid")
    return learn_new_domain(fitted, texts, y, "irony")


def right(model, arrived, **words):
    texts, y = reviews(40, seed=2, **words)
    encoded = model.encode(texts)
    found = arrived.probabilities(model, encoded, fused(model, encoded))
    return (model.classes_[found.argmax(axis=1)] == y).mean()


class TestTheNewDomain:
    def test_it_is_learnt_where_the_model_is_wrong(self, fitted, reversed_words):
        assert reversed_words.method != "as_it_is"
        assert right(fitted, reversed_words, praise="awful", blame="splendid") > 0.9
        assert reversed_words.scores[reversed_words.method] < reversed_words.scores["as_it_is"]
        assert reversed_words.labels == 16

    @pytest.mark.parametrize("method", [name for name in FEW_LABELS if name not in ("as_it_is", "correction")])
    def test_a_method_can_be_asked_for(self, fitted, method):
        texts, y = reviews(64, seed=1, **IRONY)
        arrived = learn_new_domain(fitted, texts, y, "irony", method=method)
        assert arrived.method == method
        assert arrived.transductive is method_named(method).transductive
        assert right(fitted, arrived, **IRONY) > 0.9

    def test_one_label_a_class_is_enough_to_answer(self, fitted):
        texts, y = reviews(2, seed=1)
        arrived = learn_new_domain(fitted, texts, y, "tiny")
        assert (arrived.method, arrived.scores) == ("logistic_head", {})
        assert right(fitted, arrived) > 0.9

    def test_one_label_a_class_moves_what_the_model_takes_for_sure(self, fitted):
        texts, y = reviews(2, seed=1, **IRONY)
        arrived, encoded = learn_new_domain(fitted, texts, y, "tiny"), fitted.encode(texts)
        truth = np.searchsorted(fitted.classes_, y)
        before = fused(fitted, encoded)
        after = arrived.probabilities(fitted, encoded, before)
        assert (after[[0, 1], truth] > 2 * before[[0, 1], truth]).all()

    def test_items_without_a_label_stand_with_the_unlabelled(self, fitted):
        texts, y = reviews(24, seed=1)
        some = [label if i < 12 else None for i, label in enumerate(y.tolist())]
        one = learn_new_domain(fitted, texts, some, "mixed")
        two = learn_new_domain(fitted, texts[:12], y[:12], "mixed", unlabelled=texts[12:])
        assert one.labels == two.labels == 12
        assert one.scores == two.scores
        assert "bd_cspn" in one.scores
        assert "bd_cspn" not in learn_new_domain(fitted, texts[:12], y[:12], "mixed").scores

    def test_heads_see_the_hidden_layer_and_log_odds_about_alike(self, fitted):
        seen = seen_by_heads(fitted, fitted.encode(reviews(10)[0]))
        assert seen.shape == (10, 16 + 2 * 4)
        np.testing.assert_allclose(np.linalg.norm(seen[:, :16], axis=1), 2)


class TestOtherDomains:
    def test_answers_of_all_others_stay_to_the_last_bit(self, fitted, reversed_words):
        texts, _ = reviews(40, seed=3)
        encoded = fitted.encode(texts)
        domain = np.array(["cinema", "irony", "kitchen", "nowhere"] * 10, dtype=object)
        base = fitted.answers(encoded, domain)["fused"]
        kept = base.copy()
        found = served(fitted, encoded, domain, base, {"irony": reversed_words})
        np.testing.assert_array_equal(base, kept)
        np.testing.assert_array_equal(found[domain != "irony"], base[domain != "irony"])
        assert (found[domain == "irony"].argmax(axis=1) != base[domain == "irony"].argmax(axis=1)).all()

    def test_learning_leaves_the_model_as_it_was(self, fitted):
        before, (texts, y) = fitted.state(), reviews(8, seed=1, praise="awful", blame="splendid")
        weights = {name: value.copy() for name, value in before["merged"].items()}
        answers = fitted.predict_proba(texts)
        learn_new_domain(fitted, texts, y, "irony")
        assert fitted.domains_ == ["cinema", "kitchen"]
        np.testing.assert_array_equal(fitted.predict_proba(texts), answers)
        for name, value in fitted.merged_.items():
            np.testing.assert_array_equal(value, weights[name])

    def test_where_nobody_asks_for_it_the_answers_are_the_very_same(self, fitted, reversed_words):
        base = np.array([[0.5, 0.5]])
        assert served(fitted, None, np.array(["cinema"]), base, {"irony": reversed_words}) is base


@pytest.mark.parametrize("method", ["auto", "laplacian_shot", "simple_shot"])
def test_it_is_kept_and_loaded(fitted, tmp_path, method):
    texts, y = reviews(12, seed=1, praise="awful", blame="splendid")
    arrived = learn_new_domain(fitted, texts, y, "irony", method=method, unlabelled=texts * 2)
    store.save(tmp_path / "domain", arrived.state(), kind="arrived", facts={})
    again = Arrived.from_state(store.load(tmp_path / "domain", kind="arrived"))
    encoded = fitted.encode(reviews(10, seed=4)[0])
    base = fused(fitted, encoded)
    np.testing.assert_array_equal(
        again.probabilities(fitted, encoded, base), arrived.probabilities(fitted, encoded, base)
    )
    assert (again.name, again.method, again.scores) == (arrived.name, arrived.method, arrived.scores)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"name": "cinema"}, ParameterError, "was fitted on the domain 'cinema'"),
        ({"name": ""}, ParameterError, "give it a name"),
        ({"method": "magic"}, ParameterError, "'magic'"),
        ({"y": ["+", "?"]}, DataError, "row 2 has the label '\\?'"),
        ({"y": [None, None]}, DataError, "no item has a label"),
        ({"y": ["+"]}, ShapeError, "2 items and 1 labels"),
        ({"y": [{"+"}, {"-"}]}, DataError, "one class for each item"),
        ({"X": [[1.0], [2.0]]}, DataError, "fitted on texts"),
    ],
)
def test_bad_input_is_one_sentence(fitted, change, error, said):
    given = {"X": ["good", "bad"], "y": ["+", "-"], "name": "new"} | change
    with pytest.raises(error, match=said) as raised:
        learn_new_domain(fitted, given.pop("X"), given.pop("y"), given.pop("name"), **given)
    assert "\n" not in str(raised.value)


def test_an_unfitted_model_and_one_of_several_labels_are_refused(fitted):
    with pytest.raises(NotFittedError, match="call fit first"):
        learn_new_domain(CrossDomainClassifier(), ["a"], ["+"], "new")
    x = np.random.RandomState(0).normal(size=(60, 3))
    several = CrossDomainClassifier(graph="none", backbone=NETWORK, adapt="none").fit(x, x[:, :2] > 0)
    with pytest.raises(ParameterError, match="for classes alone"):
        learn_new_domain(several, x[:4], [0, 1, 0, 1], "new")
