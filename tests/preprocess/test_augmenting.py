"""Augmentation: training items only, labels kept, and every copy can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data import DomainData
from polyculture.errors import DataError, ParameterError
from polyculture.preprocess import METHODS, augment, augmented, character_noise, span_shuffling, token_dropout

Method = Callable[[str, np.random.Generator], str]
CHINESE = "这部电影非常好看我很喜欢"


def made() -> DomainData:
    texts = [f"this is the text of item number {i} in full" for i in range(40)]
    return DomainData.of(
        {"text": texts, "vector": np.arange(80.0).reshape(40, 2)},
        label=["+", "-"] * 20,
        split=["train"] * 20 + ["validation"] * 10 + ["test"] * 10,
        graph=sp.csr_array(np.eye(40, k=1) + np.eye(40, k=-1)),
    )


@pytest.mark.parametrize("method", METHODS.values())
@given(text=st.text(), seed=st.integers(0, 99))
def test_any_text_can_be_changed_and_never_vanishes(method: Method, text: str, seed: int) -> None:
    changed = method(text, np.random.default_rng(seed))
    assert bool(changed.strip()) == bool(text.strip())


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize("text", ["a good film that I liked a lot", CHINESE])
def test_texts_with_and_without_spaces_are_changed(method: Method, text: str) -> None:
    changed = {method(text, np.random.default_rng(seed)) for seed in range(20)}
    assert len(changed - {text}) > 3


def test_dropout_leaves_out_whole_tokens_and_keeps_their_order() -> None:
    words = ["a", "good", "film", "that", "I", "liked", "a", "lot"]
    left = iter(words)
    changed = token_dropout(" ".join(words), np.random.default_rng(0)).split(" ")
    assert len(changed) < len(words)
    assert all(word in left for word in changed), "what stays is in order"


def test_noise_moves_letters_within_words_only() -> None:
    text = "a good film, 2 hours"
    changed = character_noise(text, np.random.default_rng(0))
    assert changed != text
    assert Counter(changed) == Counter(text)
    assert [len(word) for word in changed.split(" ")] == [len(word) for word in text.split(" ")]


def test_shuffling_keeps_all_tokens() -> None:
    text = "one two three four five six"
    assert sorted(span_shuffling(text, np.random.default_rng(0)).split(" ")) == sorted(text.split(" "))
    assert Counter(span_shuffling(CHINESE, np.random.default_rng(0))) == Counter(CHINESE)


def test_only_training_items_are_copied_with_their_label_edges_and_vectors() -> None:
    data = made()
    more = augment(data, share=0.5, seed=0)
    copies = np.flatnonzero(augmented(more))
    assert copies.tolist() == list(range(40, 50))
    for copy in copies:
        origin = int(np.flatnonzero(data.ids == more.ids[copy].split("~")[0])[0])
        assert np.asarray(data.split)[origin] == "train"
        assert np.asarray(more.split)[copy] == "train"
        assert more.label[copy] == data.label[origin]
        assert more.texts[copy] != data.texts[origin]
        np.testing.assert_array_equal(more.items["vector"][copy], data.items["vector"][origin])
        assert more.graph is not None
        assert data.graph is not None
        np.testing.assert_array_equal(more.graph[[copy]].toarray()[0, :40], data.graph[[origin]].toarray()[0])
    assert (abs(more.graph - more.graph.T) > 0).nnz == 0, "an undirected graph stays undirected"


def test_the_items_themselves_stay_first_and_as_they_were() -> None:
    data = made()
    more = augment(data, seed=0)
    assert more.texts[:40].tolist() == data.texts.tolist()
    assert more.ids[:40].tolist() == data.ids.tolist()


def test_the_same_seed_gives_the_same_copies() -> None:
    first, again, other = (augment(made(), seed=seed).texts.tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_augmenting_again_adds_copies_of_originals_with_new_names() -> None:
    once = augment(made(), share=1, seed=0)
    twice = augment(once, share=1, seed=1)
    assert not any(str(key).count("~") > 1 for key in twice.ids)
    assert len(twice) > len(once)


def test_no_share_is_off() -> None:
    data = made()
    assert augment(data, share=0, seed=0) is data


def test_texts_that_cannot_change_are_not_copied() -> None:
    data = DomainData.of(["1", "2"], label=["+", "-"], split=["train", "train"])
    assert len(augment(data, share=1, seed=0)) == 2


def test_parameters_outside_their_range_are_refused() -> None:
    with pytest.raises(ParameterError, match="use some of token_dropout"):
        augment(made(), methods=["synonyms"], seed=0)
    with pytest.raises(ParameterError, match="share=4"):
        augment(made(), share=4, seed=0)
    with pytest.raises(DataError, match="split it before"):
        augment(DomainData.of(["a", "b"]), seed=0)
