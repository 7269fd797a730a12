"""A model without a part of it is the model where the part did nothing, and another where it did."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.data import DomainData
from polyculture.errors import ParameterError
from polyculture.evaluation.ablation import relearnt
from polyculture.features.combine import Encoded


@pytest.fixture(scope="module")
def fitted() -> tuple[CrossDomainClassifier, Encoded, DomainData]:
    rng = np.random.default_rng(0)
    words, y = np.array([*"abcdefg", "good", "bad", "fine", "poor"]), np.arange(120) % 2
    texts = [" ".join([*rng.choice(words[:7], 4), rng.choice(words[7 + label :: 2])]) for label in y]
    model = CrossDomainClassifier(("lexical:words", "lexical:characters"), components=8, graph="none")
    prepared = model.preprocess(texts, y.tolist(), domain=np.repeat(["x", "y"], 60))
    encoded = model.encode_fit(prepared)
    return model.learn(encoded, prepared), encoded, prepared


def test_nothing_changed_gives_the_same_answers(fitted) -> None:
    model, encoded, prepared = fitted
    for anew in (False, True):
        other = relearnt(model, encoded, prepared, anew=anew)
        own, found = (m.answers(encoded, prepared.domain)["fused"] for m in (model, other))
        assert found == pytest.approx(own, abs=1e-6)


def test_what_is_left_out_is_not_there_and_the_model_stays_as_it_is(fitted) -> None:
    model, encoded, prepared = fitted
    before = model.answers(encoded, prepared.domain)["fused"]
    other = relearnt(model, encoded.only(["lexical:words"]), prepared, adapt="none", fuse="backbone")
    backbone = model.answers(encoded, prepared.domain)["backbone"]

    assert list(other.families_) == ["lexical:words"]
    assert not other.experts_
    found = other.answers(encoded.only(["lexical:words"]), prepared.domain)["fused"]
    assert np.array_equal(found.argmax(axis=1), backbone.argmax(axis=1))
    assert np.array_equal(model.answers(encoded, prepared.domain)["fused"], before)


def test_a_loaded_model_is_refused_in_one_sentence(fitted, tmp_path) -> None:
    model, encoded, prepared = fitted
    model.save(tmp_path / "model")
    with pytest.raises(ParameterError, match="the model was loaded"):
        relearnt(CrossDomainClassifier.load(tmp_path / "model"), encoded, prepared, adapt="none")
