from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture import CrossDomainClassifier
from polyculture.classify.lacking import by_pattern, having, patterns
from polyculture.explain import Asked, modality_shares
from polyculture.features.modality_backbone import ModalityBackbone
from polyculture.features.modality_network import FUSIONS

RNG = np.random.default_rng(0)
N, LEARNT = 900, 700
Y = RNG.integers(0, 2, N)
DOMAIN = np.where(RNG.random(N) < 0.5, "shop", "library")
SAID = np.where(RNG.random(N) < 0.85, Y, 1 - Y)
WIDE = RNG.normal(size=(N, 3)) + 1.5 * Y[:, None]
TRAIN, TEST = np.arange(N) < LEARNT, np.arange(N) >= LEARNT


def items(rows, *, lacking=()):
    count = int(rows.sum())
    titles = [f"{'good' if SAID[i] else 'bad'} w{i % 30}" for i in np.flatnonzero(rows)]
    return {
        "title": [None] * count if "title" in lacking else titles,
        "size": np.full((count, 3), np.nan) if "size" in lacking else WIDE[rows],
    }


@pytest.fixture(scope="module")
def model():
    chosen = CrossDomainClassifier({"title": "lexical:words"}, graph="none", components=4)
    return chosen.fit(items(TRAIN), Y[TRAIN], domain=DOMAIN[TRAIN])


def test_several_modalities_get_a_network_that_fuses_them(model):
    assert isinstance(model.backbone_, ModalityBackbone)
    assert model.backbone_.columns == {"title": [[0, 4]], "size": [[4, 7]]}
    assert model.backbone_.fusion_ in FUSIONS


def test_each_pattern_has_a_choice_of_its_own_whose_members_know_the_items(model):
    assert set(model.lacking_) == {("title",), ("size",)}
    assert model.lacking_[("title",)].static.members_ == ["merged", "title/lexical:words"]
    assert model.lacking_[("size",)].static.members_ == ["merged", "size/vectors"]


@pytest.mark.parametrize(("gone", "left"), [("size", "title/lexical:words"), ("title", "size/vectors")])
def test_without_one_modality_it_is_about_as_good_as_the_other_alone(model, gone, left):
    encoded = model.encode(items(TEST, lacking=(gone,)))
    answers = model.answers(encoded, DOMAIN[TEST])
    right = {name: (answer.argmax(axis=1) == Y[TEST]).mean() for name, answer in answers.items()}
    assert right["fused"] > right[f"encoder:{left}"] - 0.02
    assert model.score(items(TEST), Y[TEST], domain=DOMAIN[TEST]) > right["fused"]


def test_lacking_everything_all_items_get_one_answer(model):
    found = model.predict_proba(items(TEST, lacking=("title", "size")))
    np.testing.assert_allclose(found, np.tile(found[0], (len(found), 1)), atol=1e-6)


def test_where_training_items_lack_something_complete_ones_have_a_choice_too():
    lacking = items(TRAIN)
    lacking["title"] = [None if i % 3 == 0 else t for i, t in enumerate(lacking["title"])]
    found = CrossDomainClassifier({"title": "lexical:words"}, graph="none", components=4)
    found.fit(lacking, Y[TRAIN], domain=DOMAIN[TRAIN])
    assert set(found.lacking_) == {("title",), ("size",), ("title", "size")}
    assert found.score(items(TEST), Y[TEST]) > 0.88


def test_kept_and_loaded_it_answers_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    for lacking in ((), ("title",), ("size",)):
        given_items = items(TEST, lacking=lacking)
        np.testing.assert_array_equal(model.predict_proba(given_items), again.predict_proba(given_items))
    assert again.backbone_.fusion_ == model.backbone_.fusion_


def test_a_network_that_is_given_is_kept():
    network = ModalityBackbone("gated", hidden=(8,), epochs=10, learning_rate=0.01)
    settings = {"graph": "none", "components": 4, "backbone": network, "fuse": "regmean"}
    found = CrossDomainClassifier({"title": "lexical:words"}, **settings)
    found.fit(items(TRAIN), Y[TRAIN], domain=DOMAIN[TRAIN])
    assert (found.backbone_.fusion_, found.merges_[0].method) == ("gated", "regmean")
    assert found.score(items(TEST, lacking=("size",)), Y[TEST]) > 0.75


def test_what_an_item_lacks_has_no_share_in_its_answer(model):
    several = items(np.arange(N) >= N - 6)
    several["title"][2] = None
    found = modality_shares(Asked.of(model, several))
    np.testing.assert_allclose(found.shares.sum(axis=1), found.whole - found.nothing, atol=1e-9)
    assert found.shares[2, 0] == pytest.approx(0, abs=1e-9)
    assert (np.abs(np.delete(found.shares[:, 0], 2)) > 1e-3).all()


@given(st.integers(1, 6))
def test_patterns_differ_and_end_with_all(count):
    names = [f"m{i}" for i in range(count)]
    found = patterns(names)
    assert len(set(found)) == len(found)
    assert found[-1] == tuple(names)
    assert count > 4 or len(found) == 2**count - 1


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_every_item_is_of_one_pattern(rows):
    there = dict(zip("abc", np.array(rows).T, strict=True))
    found = list(by_pattern(there))
    assert sorted(np.concatenate([places for _, places in found]).tolist()) == list(range(len(rows)))
    for has, places in found:
        assert all(tuple(name for name, given_ in zip("abc", rows[i], strict=True) if given_) == has for i in places)


def test_only_views_that_are_there_say_what_items_have(model):
    encoded = model.encode(items(TEST, lacking=("title",)))
    assert list(having(encoded.only(["size/vectors"]), model.features_.reads_)) == ["size"]
