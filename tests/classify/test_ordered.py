"""The same items in another order give the same model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import CrossDomainClassifier, CrossDomainRegressor
from polyculture.classify.ordered import contents, ordered, with_ids_kept
from polyculture.data import DomainData
from polyculture.errors import DataError
from polyculture.features.backbone import Backbone
from polyculture.preprocess import Preprocessor

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


def test_all_that_is_known_of_an_item_counts():
    texts, _ = _texts()
    whole = DomainData.of({"text": texts, "vector": np.zeros((N, 2))}, label=[None] * N)
    domain = DomainData.of({"text": texts, "vector": np.zeros((N, 2))}, domain=["all"] * (N - 1) + ["b"])
    lacking = DomainData.of(
        {"text": texts, "vector": np.zeros((N, 2))}, label=[None] * N, present={"vector": np.arange(N) < N - 1}
    )
    first = contents(whole)
    assert len(set(first.tolist())) == len(set(texts.tolist()))
    for other in (domain, lacking):
        found = contents(other)
        assert found[-1] != first[-1]
        np.testing.assert_array_equal(found[:-1], first[:-1])


def test_a_label_decides_between_items_that_are_the_same_otherwise():
    one, other = (ordered(DomainData.of(["a", "a", "b"], label=labels)) for labels in ([1, 2, 3], [2, 1, 3]))
    assert one.label.tolist() == other.label.tolist()
    assert one.ids.tolist() == other.ids.tolist()
    assert len(set(one.ids.tolist())) == 3


def test_a_further_domain_changes_nothing_that_others_hold_out():
    texts, y = _texts()
    step = Preprocessor(test=0.3, validation=0.2, near=None, random_state=0)
    data = DomainData.of(np.array([f"{t} own{i}" for i, t in enumerate(texts)]), label=y, domain=DOMAIN)
    few = data.take(DOMAIN == "a")
    parts = []
    for asked in (data, replace(few, ids=np.array([str(i) for i in range(len(few))], dtype=object))):
        found = with_ids_kept(asked, step.fit_transform)
        here = found.take(found.domain == "a")
        parts.append(dict(zip(here.texts.tolist(), here.split.tolist(), strict=True)))
    assert parts[0] == parts[1]


def test_ids_that_were_given_are_drawn_by_and_named():
    texts, y = _texts()
    step = Preprocessor(test=0.3, validation=0.2, near=None, random_state=0)
    ids = [f"r{i}" for i in range(N)]
    data = DomainData.of(np.array([f"{t} own{i}" for i, t in enumerate(texts)]), label=y, ids=ids)
    plain, kept = step.fit_transform(data), with_ids_kept(data, step.fit_transform)
    told = [dict(zip(each.ids.tolist(), each.split.tolist(), strict=True)) for each in (plain, kept)]
    assert told[0] == told[1]


def test_an_error_and_a_copy_bear_the_ids_that_were_given():
    data = DomainData.of(["one thing", "other thing", "one thing"], label=["+", "-", "+"])
    data = data.with_split(["train", "train", "test"])
    with pytest.raises(DataError, match=r"'0' as '2'|'2' as '0'"):
        with_ids_kept(data, Preprocessor(random_state=0).fit_transform)
    texts, y = _texts()
    many = DomainData.of(np.array([f"{t} own{i}" for i, t in enumerate(texts)]), label=y)
    found = with_ids_kept(many, Preprocessor(augment=0.5, near=None, random_state=0).fit_transform)
    assert {name.partition("~")[0] for name in found.ids.tolist()} == {str(i) for i in range(N)}
    assert len(found) > N


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


def test_a_fitted_model_knows_its_items_until_it_is_fitted_again():
    texts, y = _texts()
    model = CrossDomainClassifier(("lexical",), **SMALL).fit(texts, y)
    order = model.as_given(np.arange(N)).tolist()
    assert order != list(range(N))
    assert model.preprocess(texts, y).texts.tolist() == texts.tolist()
    with pytest.raises(DataError):
        model.fit(texts[:5], ["a"] * 5)
    assert model.as_given(np.arange(N)).tolist() == order
    assert model.as_given(np.array([-1, N + 3])).tolist() == [-1, N + 3]
