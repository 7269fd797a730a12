"""What items lack, read by one rule whether they have several modalities or one."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders import make_encoder

RNG = np.random.default_rng(0)
N = 80
Y = np.arange(N) % 2
DOMAIN = np.where(np.arange(N) % 4 < 2, "a", "b")
SAID = [f"{'good fine' if k else 'bad poor'} w{RNG.integers(5)}" for k in Y]
NUMBERS = RNG.normal(size=(N, 4)) + 2 * Y[:, None]
NOTHING = np.full((N, 4), np.nan)
IMAGES = RNG.integers(0, 90, (N, 8, 8, 3)).astype(np.uint8)
IMAGES[Y == 1, :4] += 120
FEW = make_encoder("image-cnn").set_params(epochs=2, size=8)


def fitted(items, encoders="auto", **settings):
    network = settings.pop("backbone", Backbone(hidden=(8,), epochs=3))
    chosen = {"p": [FEW]} if isinstance(items, dict) and "p" in items else encoders
    if isinstance(chosen, dict) and "t" in items:
        chosen["t"] = "lexical:words"
    model = CrossDomainClassifier(chosen, graph="none", components=4, backbone=network, **settings)
    return model.fit(items, Y, domain=DOMAIN)


def test_a_modality_that_nobody_has_is_left_out():
    for nothing in (NOTHING, [None] * N):
        model = fitted({"t": SAID, "n": nothing}, {"t": "lexical:words"})
        assert "the modality 'n' is left out: no item to learn from has it" in model.notes_
        assert list(model.features_.modalities_) == ["t"]
        without = model.predict_proba({"t": SAID})
        np.testing.assert_array_equal(model.predict_proba({"t": SAID, "n": NUMBERS}), without)


def test_images_that_nobody_has_are_left_out_with_their_encoder():
    model = fitted({"t": SAID, "p": [None] * N})
    assert list(model.features_.reads_.values()) == ["t"]
    assert model.score({"t": SAID, "p": [None] * N}, Y) > 0.9


@pytest.mark.parametrize("what", ["n", "p"])
def test_a_modality_of_one_class_is_left_out(what, tmp_path):
    one = np.where(Y[:, None] == 0, np.nan, NUMBERS) if what == "n" else [IMAGES[i] if Y[i] else None for i in range(N)]
    model = fitted({"t": SAID, what: one}, {"t": "lexical:words"})
    assert any(f"{what!r} is left out: the items to learn from that have it are of fewer" in s for s in model.notes_)
    given = {"t": SAID, what: one}
    model.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(given), model.predict_proba(given))
    with pytest.raises(DataError, match=f"{what} was left out when the model was fitted; give t"):
        again.predict({what: one})


def test_an_encoder_that_is_fed_to_the_network_is_left_out_with_its_modality():
    model = fitted({"t": SAID, "p": [None] * N}, network_encoders=["p/image-cnn", "t/lexical:words"])
    assert list(model.features_.columns_) == ["t"]


def test_where_nothing_is_left_it_is_refused():
    with pytest.raises(DataError, match="nothing to learn from: the modality 'n' is left out: no item"):
        fitted({"n": NOTHING})
    with pytest.raises(DataError, match="'n' is left out: the items to learn from that have it are of fewer than two"):
        fitted({"n": np.where(Y[:, None] == 0, np.nan, NUMBERS)})


def test_a_modality_that_two_items_of_two_classes_have_is_kept():
    few = [x if i < 3 else None for i, x in enumerate(IMAGES)]
    assert fitted({"t": SAID, "p": few}).score({"t": SAID, "p": few}, Y) > 0.9


@pytest.fixture(scope="module")
def pictured():
    return fitted({"t": SAID, "p": IMAGES})


def test_a_list_of_none_is_a_modality_that_all_lack(pictured):
    without = pictured.predict_proba({"t": SAID[:2]})
    np.testing.assert_array_equal(pictured.predict_proba({"t": SAID[:2], "p": [None, None]}), without)


def test_no_items_get_no_answers():
    model = fitted({"t": SAID, "n": NUMBERS}, backbone=None)
    assert model.predict_proba({"t": [], "n": np.empty((0, 4))}).shape == (0, 2)
    assert model.predict_proba({"t": []}).shape == (0, 2)


def test_of_an_item_that_lacks_everything_the_answer_is_how_often_classes_occur():
    y = np.array([0, 0, 0, 1] * 20)
    network = Backbone(hidden=(8,), epochs=3)
    model = CrossDomainClassifier("lexical:words", graph="none", components=4, backbone=network)
    rare = [f"{'good' if k else 'bad'} w{i % 5}" for i, k in enumerate(y)]
    network = Backbone(hidden=(8,), epochs=3)
    both = CrossDomainClassifier({"t": "lexical:words"}, graph="none", components=4, backbone=network)
    both.fit({"t": rare, "n": NUMBERS}, y, domain=DOMAIN)
    model.fit({"t": [None if i % 9 == 4 else t for i, t in enumerate(rare)]}, y, domain=DOMAIN)
    for found in (
        both.predict_proba({"t": [None, SAID[0]]}, domain=["a", "a"]),
        both.predict_proba({"n": [[np.nan] * 4, [0.0] * 4]}),
        model.predict_proba({"t": ["", "good"]}),
    ):
        np.testing.assert_allclose(found[0], [0.75, 0.25], atol=0.06)
        assert not np.allclose(found[1], found[0], atol=0.02)


def test_one_modality_in_a_mapping_may_be_lacking_too():
    some = np.where((np.arange(N) % 7 == 0)[:, None], np.nan, NUMBERS)
    model = fitted({"n": some})
    assert model.score({"n": some[1:7]}, Y[1:7]) > 0.8
    np.testing.assert_array_equal(model.predict_proba({"n": NUMBERS[:3]}), model.predict_proba(NUMBERS[:3]))
    with pytest.raises(DataError, match="modality 'other' was not there when the model was fitted; it knows n"):
        model.predict({"other": NUMBERS[:3]})
    with pytest.raises(DataError, match="of shape"):
        model.predict(NUMBERS[:3, :2])


def test_bare_numbers_may_not_be_lacking():
    with pytest.raises(DataError, match="contains NaN"):
        fitted(np.where((np.arange(N) % 7 == 0)[:, None], np.nan, NUMBERS))


def test_images_may_be_a_list_with_or_without_a_name():
    some = [None if i % 7 == 0 else x for i, x in enumerate(IMAGES)]
    named, bare = fitted({"p": some}), fitted(some, [FEW])
    for model in (named, bare):
        found = model.predict_proba(some[:3])
        np.testing.assert_allclose(found, model.predict_proba([None, IMAGES[1], IMAGES[2]]), rtol=1e-5)
        assert model.predict_proba([None, None]).shape == (2, 2)
    np.testing.assert_array_equal(named.predict_proba({"p": some[:3]}), named.predict_proba(some[:3]))
    with pytest.raises(DataError, match="fitted on images; numbers were given"):
        bare.predict(NUMBERS)
    with pytest.raises(DataError, match="item 1 is of shape"):
        bare.predict([IMAGES[0], IMAGES[0, :4]])


def test_an_empty_text_is_lacking_named_or_not():
    some = [None if i % 7 == 0 else text for i, text in enumerate(SAID)]
    bare, named = (fitted(each, "lexical:words") for each in (some, {"said": some}))
    np.testing.assert_array_equal(bare.predict_proba(some), named.predict_proba({"said": some}))
    assert list(bare.encode(some).present) == ["lexical:words"]
