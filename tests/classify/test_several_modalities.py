from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError
from polyculture.features.backbone import Backbone

RNG = np.random.default_rng(0)
N = 240
Y = RNG.integers(0, 2, N)
DOMAIN = np.where(RNG.random(N) < 0.5, "shop", "library")
SAID = np.where(RNG.random(N) < 0.85, Y, 1 - Y)
TITLES = [f"{'good' if said else 'bad'} w{RNG.integers(5)}" for said in SAID]
SIZES = RNG.normal(size=(N, 3)) + Y[:, None]
TRAIN, TEST = np.arange(N) < 160, np.arange(N) >= 160


def items(rows, *, titles=True, sizes=True):
    found = {}
    if titles:
        found["title"] = [TITLES[i] for i in np.flatnonzero(rows)]
    if sizes:
        found["size"] = SIZES[rows]
    return found


@pytest.fixture(scope="module")
def model():
    lacking = items(TRAIN)
    lacking["title"] = [None if i % 7 == 0 else t for i, t in enumerate(lacking["title"])]
    lacking["size"] = np.where((np.arange(160) % 5 == 0)[:, None], np.nan, lacking["size"])
    network = Backbone(hidden=(16,), epochs=20, learning_rate=0.01)
    chosen = CrossDomainClassifier({"title": "lexical:words"}, graph="none", components=4, backbone=network)
    return chosen.fit(lacking, Y[TRAIN], domain=DOMAIN[TRAIN])


def test_each_modality_has_its_encoder(model):
    assert model.features_.reads_ == {"title/lexical:words": "title", "size/vectors": "size"}


def test_both_together_are_better_than_chance(model):
    assert model.score(items(TEST), Y[TEST]) > 0.72


def test_a_base_model_says_the_same_of_all_it_knows_nothing_of(model):
    encoded = model.encode(items(TEST, sizes=False))
    answers = model.answers(encoded)["encoder:size/vectors"]
    np.testing.assert_array_equal(answers, np.tile(answers[0], (len(answers), 1)))
    assert not np.isclose(model.answers(encoded)["encoder:title/lexical:words"][:, 0].std(), 0)


def test_what_is_lacking_in_one_item_changes_no_other(model):
    whole = items(TEST)
    lacking = items(TEST)
    lacking["title"][3] = None
    one, two = (model.predict_proba(each) for each in (whole, lacking))
    same = np.arange(TEST.sum()) != 3
    np.testing.assert_allclose(one[same], two[same], rtol=1e-5)


def test_kept_and_loaded_it_answers_the_same(model, tmp_path):
    model.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    for given in (items(TEST), items(TEST, titles=False)):
        np.testing.assert_array_equal(model.predict_proba(given), again.predict_proba(given))


def test_one_modality_given_bare_is_refused(model):
    with pytest.raises(DataError, match="the model was fitted on title, size; give a mapping"):
        model.predict(SIZES)
