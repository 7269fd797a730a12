"""The same items in another order give the same model."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import CrossDomainClassifier, CrossDomainRegressor
from polyculture.classify.ordered import order_of, ordered, with_ids_kept
from polyculture.data import DomainData
from polyculture.errors import DataError
from polyculture.features.backbone import Backbone

RNG = np.random.default_rng(0)
N = 120
DOMAIN = np.array(["a", "b"])[RNG.integers(0, 2, N)]
NUMBERS = np.where(RNG.random((N, 5)) < 0.3, 0, RNG.normal(size=(N, 5)))
SHUFFLED = RNG.permutation(N)
SMALL = {"backbone": Backbone(hidden=(8,), epochs=3), "validation": 0.3}


def _texts():
    words = np.array(["good great lovely", "bad awful dull"], dtype=object)
    return np.array([f"{words[i % 2]} thing{i % 7} w{i % 11}" for i in range(N)], dtype=object), np.arange(N) % 2


def _answers(x, y, rows, asked, **settings):
    model = CrossDomainClassifier(**SMALL, **settings)
    return model.fit(x[rows], y[rows], domain=DOMAIN[rows]).predict_proba(asked)


def test_texts_in_another_order_give_the_same_answers():
    texts, y = _texts()
    found = [_answers(texts, y, rows, texts, encoders=("lexical",)) for rows in (np.arange(N), SHUFFLED)]
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, np.float32])
def test_numbers_in_another_order_give_the_same_answers(form):
    y = (NUMBERS[:, 0] > 0).astype(int)
    x = form(NUMBERS)
    found = [_answers(x, y, rows, x) for rows in (np.arange(N), SHUFFLED)]
    np.testing.assert_array_equal(*found)


def test_images_in_another_order_give_the_same_answers():
    y = np.arange(N) % 2
    images = (RNG.integers(0, 60, (N, 8, 8)) + 100 * y[:, None, None]).astype(np.uint8)
    found = [_answers(images, y, rows, images) for rows in (np.arange(N), SHUFFLED)]
    np.testing.assert_array_equal(*found)


def test_values_and_sets_of_labels_too():
    value, many = NUMBERS[:, 0] * 2, (NUMBERS[:, :2] > 0).astype(int)
    for kind, y in ((CrossDomainRegressor, value), (CrossDomainClassifier, many)):
        found = [
            kind(**SMALL).fit(NUMBERS[r], y[r], domain=DOMAIN[r]).predict(NUMBERS) for r in (slice(None), SHUFFLED)
        ]
        np.testing.assert_array_equal(*found)


def test_what_is_not_known_of_an_item_counts_for_its_place():
    texts, _ = _texts()
    one = DomainData.of(texts, label=[None] * N)
    other = DomainData.of(texts, label=[None] * (N - 1) + ["+"])
    assert sorted(order_of(one)) == list(range(N))
    assert order_of(one).tolist() != order_of(other).tolist()


def test_a_given_graph_leaves_items_where_they_are():
    data = DomainData.of(["b", "a", "c"], graph=sp.csr_array((3, 3)), ids=["x", "y", "z"])
    assert ordered(data) is data
    assert with_ids_kept(data, lambda items: items.take([1])).ids.tolist() == ["y"]


def test_an_error_names_the_row_that_was_given():
    texts, y = _texts()
    split = np.where(np.arange(N) == 40, "test", "train")
    with pytest.raises(DataError, match="row 41 is a test item"):
        CrossDomainClassifier(("lexical",)).fit(texts, y, split=split)


def test_neighbours_are_named_by_where_they_were_given(tmp_path):
    texts, y = _texts()
    texts = np.array([f"{text} own{i}" for i, text in enumerate(texts)], dtype=object)
    told = []
    for rows in (np.arange(N), SHUFFLED):
        model = CrossDomainClassifier(("lexical",), graph="same", hops=(1,), neighbours=3, components=4, **SMALL)
        model.fit(texts[rows], y[rows], domain=DOMAIN[rows]).save(tmp_path / "model")
        for each in (model, CrossDomainClassifier.load(tmp_path / "model")):
            (found,) = each.explain([texts[0]], kinds=("neighbours",))
            told.append([(texts[rows][of["item"]], of["effect"]) for of in found.neighbours])
            assert each.places_among_fitted(texts[rows]) == {place: place for place in range(N)}
    assert len(told[0]) > 1
    assert told == [told[0]] * 4


def test_steps_that_are_called_one_by_one_leave_items_where_they_are():
    texts, y = _texts()
    model = CrossDomainClassifier(("lexical",), **SMALL).fit(texts, y)
    assert model.preprocess(texts, y).texts.tolist() == texts.tolist()
    assert model.as_given(np.array([-1, 5])).tolist() == [-1, 5]
