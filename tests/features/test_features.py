"""Step 2 as one estimator: which encoders are fed to the network, and that items are encoded alike early and late."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture import store
from polyculture.errors import ParameterError
from polyculture.features.combine import Encoded, Features
from polyculture.features.encoders import ENCODERS
from polyculture.features.encoders.base import Encoder, held_out
from polyculture.features.encoders.lexical import LexicalEncoder
from polyculture.registry import Part, Registry


class Letters(Encoder):
    """Counts of letters, and which items it was fitted on."""

    family: ClassVar[str] = "letters"

    def __init__(self, letters: str = "abc", random_state: int = 0) -> None:
        self.letters = letters
        self.random_state = random_state

    def fit(self, X, y=None, *, validation=None):
        self.seen_ = list(X)
        self.labels_ = None if y is None else list(y)
        self.validation_ = validation
        return self

    def transform(self, X):
        return np.array([[text.count(letter) for letter in self.letters] for text in X], dtype=np.float32)

    def state(self):
        return {"params": self.get_params()}

    @classmethod
    def from_state(cls, state):
        return cls(**state["params"])


class Knowing(Letters):
    """The same, but one that learns labels."""

    family: ClassVar[str] = "knowing"
    learns_labels: ClassVar[bool] = True


TEXTS = ["a good day", "a bad day", "a good film", "a bad film", "cab", "aab b"] * 8
Y = np.array([1, 0, 1, 0, 1, 0] * 8)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    parts = {"letters": Part(f"{__name__}:Letters", ""), "knowing": Part(f"{__name__}:Knowing", "")}
    both = Registry("encoder", {name: ENCODERS[name] for name in ENCODERS} | parts)
    monkeypatch.setattr("polyculture.features.encoders.ENCODERS", both)
    monkeypatch.setattr("polyculture.features.combine.ENCODERS", both)


def same(a, b):
    return (a != b).nnz == 0 if sp.issparse(a) else np.array_equal(a, b)


def test_encoders_stand_side_by_side():
    features = Features(("lexical", "letters"), graph="none", components=4)
    encoded = features.fit_transform(TEXTS, Y)
    assert list(encoded.views) == ["lexical", "letters"]
    assert encoded.vectors.shape == (48, 4 + 3)
    assert encoded.vectors.dtype == np.float32
    one = Features(("letters",), graph="none").fit_transform(TEXTS, Y)
    np.testing.assert_array_equal(encoded.vectors[:, 4:], one.vectors)
    blocks = features.dense(encoded)
    np.testing.assert_array_equal(np.hstack(list(blocks.values())), encoded.vectors)


def test_names_objects_and_twins():
    features = Features(("letters", Letters("xyz"), LexicalEncoder(words=1)), graph="none").fit(TEXTS, Y)
    assert list(features.encoders_) == ["letters", "letters'", "lexical"]
    assert features.encoders_["letters'"].letters == "xyz"
    assert list(Features("letters", graph="none").fit(TEXTS, Y).encoders_) == ["letters"]


def test_encoders_given_as_objects_are_left_alone_and_get_the_seed():
    mine = Letters("ab", random_state=9)
    features = Features((mine,), graph="none", random_state=4).fit(TEXTS, Y)
    assert not hasattr(mine, "seen_")
    assert mine.random_state == 9
    assert features.encoders_["letters"].random_state == 4


class TestWhatTheNetworkIsFed:
    def test_encoders_that_learn_labels_are_not_by_default(self):
        features = Features(("letters", "knowing"), graph="none")
        encoded = features.fit_transform(TEXTS, Y)
        assert list(features.blocks_) == ["letters"]
        assert list(encoded.views) == ["letters", "knowing"]
        assert encoded.vectors.shape[1] == 3

    def test_all_are_if_all_learn_labels(self):
        assert list(Features(("knowing",), graph="none").fit(TEXTS, Y).blocks_) == ["knowing"]

    def test_those_that_are_named_are(self):
        features = Features(("letters", "knowing"), ("knowing", "letters"), graph="none").fit(TEXTS, Y)
        assert list(features.blocks_) == ["knowing", "letters"]

    def test_a_name_that_is_not_an_encoder_is_an_error(self):
        with pytest.raises(ParameterError, match="names 'cnn', which is not among the encoders"):
            Features(("letters",), ("cnn",), graph="none").fit(TEXTS, Y)

    @pytest.mark.parametrize("encoders", [(), []])
    def test_no_encoder_is_an_error(self, encoders):
        with pytest.raises(ParameterError, match="no encoder is named; use one or more of"):
            Features(encoders).fit(TEXTS, Y)


class TestWhatEncodersSee:
    @pytest.fixture
    def parts(self):
        held, copies = np.arange(48) % 6 == 0, np.arange(48) % 6 == 1
        features = Features(("letters", "knowing"), graph="none")
        features.fit(TEXTS, Y, validation=held, copies=copies)
        return features, held, copies

    def test_copies_teach_labels_and_no_vocabulary(self, parts):
        features, held, copies = parts
        quiet, knowing = features.encoders_.values()
        assert quiet.seen_ == [text for text, copy in zip(TEXTS, copies, strict=True) if not copy]
        np.testing.assert_array_equal(quiet.validation_, held[~copies])
        assert knowing.seen_ == TEXTS
        np.testing.assert_array_equal(knowing.validation_, held)
        assert knowing.labels_ == Y.tolist()

    def test_held_out_items_and_copies_teach_no_scale(self, parts):
        features, held, copies = parts
        wild = [t + " aaaa" * 50 if h or c else t for t, h, c in zip(TEXTS, held, copies, strict=True)]
        other = Features(("letters",), graph="none").fit(wild, Y, validation=held, copies=copies)
        np.testing.assert_array_equal(other.blocks_["letters"].mean_, features.blocks_["letters"].mean_)


@pytest.mark.parametrize("encoders", [("lexical",), ("lexical", "letters"), ("knowing",)])
def test_without_a_graph_later_items_are_encoded_as_fitted_ones(encoders):
    features = Features(encoders, graph="none", components=5)
    encoded = features.fit_transform(TEXTS, Y)
    again = features.transform(TEXTS)
    np.testing.assert_allclose(again.vectors, encoded.vectors, atol=1e-6)
    assert all(same(again.views[name], view) for name, view in encoded.views.items())
    alone = np.vstack([features.transform([text]).vectors for text in TEXTS[:6]])
    np.testing.assert_allclose(alone, encoded.vectors[:6], atol=1e-5)


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda texts: np.array(texts, dtype=object)])
def test_any_sequence_of_items_will_do(kind):
    expected = Features(("lexical",), graph="none", components=3).fit_transform(TEXTS, Y).vectors
    found = Features(("lexical",), graph="none", components=3).fit_transform(kind(TEXTS), Y)
    np.testing.assert_array_equal(found.vectors, expected)


@pytest.mark.parametrize("graph", ["none", "given", "words", "other", "same"])
def test_comes_back_from_its_state_bit_for_bit(tmp_path, graph):
    features = Features(("lexical", "letters"), graph=graph, hops=(1,), components=4, neighbours=3)
    edges = sp.csr_array((np.arange(48)[:, None] % 6 == np.arange(48) % 6).astype(float))
    features.fit(TEXTS, Y, graph=edges)
    store.save(tmp_path / "features", features.state(), kind="features", facts={})
    again = Features.from_state(store.load(tmp_path / "features", kind="features"))
    later, ties = ["a good cab", "", "film"], edges[:3] if graph == "given" else None
    one, two = (part.transform(later, edges=ties) for part in (again, features))
    np.testing.assert_array_equal(one.vectors, two.vectors)
    assert all(same(one.views[name], view) for name, view in two.views.items())
    assert again.spread_.kind_ == graph


def test_a_given_graph_is_taken_where_it_knows_the_label():
    rng = np.random.RandomState(0)
    y = rng.randint(0, 2, 120)
    texts = ["".join(rng.choice(list("abc"), 9)) for _ in y]
    edges = sp.csr_array(((y[:, None] == y) & (rng.random_sample((120, 120)) < 0.1)).astype(float))
    features = Features(("letters",)).fit(texts, y, graph=edges)
    assert features.spread_.kind_ == "given"


def test_items_may_be_picked():
    encoded = Encoded({"a": sp.csr_array(np.eye(4)), "b": np.arange(8).reshape(4, 2)}, np.arange(4)[:, None])
    for rows in (np.array([2, 0]), np.array([True, False, True, False])):
        part = encoded.take(rows)
        order = np.flatnonzero(rows) if rows.dtype == bool else rows
        assert len(part) == 2
        np.testing.assert_array_equal(part.vectors[:, 0], order)
        np.testing.assert_array_equal(part.views["a"].toarray(), np.eye(4)[order])
        np.testing.assert_array_equal(part.views["b"], np.arange(8).reshape(4, 2)[order])


class TestHeldOut:
    def test_a_given_part_is_respected_and_unlabelled_items_are_in_neither(self):
        y, validation = np.array([0, 1, -1, 0, 1, -1]), np.array([True, False, True, False, True, False])
        rows, stop = held_out(y, validation, share=0.5, seed=0)
        assert rows.tolist() == [1, 3]
        assert stop.tolist() == [0, 4]

    def test_else_a_share_of_each_class(self):
        y = np.repeat([0, 1, -1], [40, 20, 10])
        rows, stop = held_out(y, None, share=0.1, seed=0)
        assert np.bincount(y[stop]).tolist() == [4, 2]
        assert sorted([*rows, *stop]) == list(range(60))
        np.testing.assert_array_equal(held_out(y, None, share=0.1, seed=0)[1], stop)
        assert held_out(y, None, share=0.1, seed=1)[1].tolist() != stop.tolist()

    def test_no_labels_are_no_rows(self):
        assert [len(part) for part in held_out(np.full(5, -1), None, share=0.1, seed=0)] == [0, 0]
