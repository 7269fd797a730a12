"""One question, all kinds of reasons that apply, and one sentence where one does not."""

from __future__ import annotations

import json
from copy import copy

import numpy as np
import pytest
import scipy.sparse as sp
from explained import SMALL, numbers, sentences

from polyculture import CrossDomainClassifier
from polyculture.classify import CrossDomainRegressor
from polyculture.errors import ParameterError, PolycultureError
from polyculture.explain import Asked, explain, judge, patches, predictor, word_reasons

TEXTS = ["film splendid street day", "song poor meal"]


def test_texts_get_every_kind_that_applies(of_texts: CrossDomainClassifier) -> None:
    known = sentences()
    found = explain(of_texts, TEXTS, domain=["a", "nowhere"], known=known, most=3)

    assert [e.predicted for e in found] == ["+", "-"]
    for e, text in zip(found, TEXTS, strict=True):
        assert [w["word"] for w in e.words] == text.split()
        assert len(e.neighbours) == 3
        assert list(e.domains) == ["a", "b"]
        assert list(e.modalities) == ["lexical:words", "lexical:characters"]
        assert {p["class"] for p in e.prototypes} == {"+", "-"}
        assert (e.features, e.edges) == (None, None)
        assert json.loads(json.dumps(e.to_dict()))["predicted"] == e.predicted
    assert max(found[0].words, key=lambda w: w["weight"])["word"] == "splendid"
    assert found[0].prototypes[0]["class"] == "+"


def test_the_probability_and_words_are_those_of_the_model(of_texts: CrossDomainClassifier) -> None:
    found = explain(of_texts, TEXTS, domain=["a", "b"], kinds=["words"])
    p = of_texts.predict_proba(TEXTS, domain=["a", "b"])
    plain = copy(of_texts)
    # the temperature of calibration changes no order, and may make every answer certain
    plain.temperature_ = 1.0
    words = word_reasons(predictor(plain), TEXTS, np.array(["a", "b"], dtype=object))

    for e, row, reasons in zip(found, p, words, strict=True):
        assert e.probability == pytest.approx(row.max())
        assert [w["weight"] for w in e.words] == pytest.approx(reasons.weights.tolist())
        assert (e.neighbours, e.domains) == (None, None)


def test_numbers_get_features_by_name(of_numbers: CrossDomainClassifier) -> None:
    pd = pytest.importorskip("pandas")
    x, y, domain = numbers()
    frame = pd.DataFrame(x, columns=["size", "age", "c", "d", "e"])
    model = CrossDomainClassifier(graph="none", backbone=SMALL).fit(frame, y, domain=domain)
    found = explain(model, frame.iloc[:2], domain=["a", "a"], most=2)

    assert all({f["name"] for f in e.features} <= set(frame.columns) for e in found)
    assert all(len(e.features) == 2 and e.words is None for e in found)


def test_patches_are_features_of_an_image() -> None:
    rng = np.random.default_rng(0)
    y, images = np.arange(120) % 2, rng.normal(size=(120, 6, 6))
    images[:, :3, :3] += np.where(y == 1, 2.0, -2.0)[:, None, None]
    x = images.reshape(120, 36)
    model = CrossDomainClassifier(graph="none", backbone=SMALL).fit(x, y)
    found = explain(model, x[:10], groups=patches(6, 6, 3))

    assert all(e.features[0]["name"] == "rows 0-2, columns 0-2" for e in found)


def test_given_edges_give_neighbours() -> None:
    x, y, domain = numbers(80)
    graph = sp.csr_array(y[:, None] == y).astype(float)
    model = CrossDomainClassifier(graph="given", hops=(1,), backbone=SMALL).fit(x, y, domain=domain, graph=graph)
    e = explain(model, x[:1], edges=graph[[0]], kinds=["neighbours"], most=5)[0]

    assert len(e.neighbours) == 5
    assert all(y[n["item"]] == y[0] for n in e.neighbours)


def test_labels_are_explained_by_the_most_probable_one() -> None:
    x = np.random.default_rng(0).normal(size=(120, 3))
    model = CrossDomainClassifier(graph="none", backbone=SMALL).fit(x, x[:, :2] > 0)
    e = explain(model, np.array([[9.0, -9.0, 0.0]]))[0]

    assert e.predicted == model.target_.names[0]
    assert e.features[0]["name"] == "0"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kinds": ["word"]}, "no reasons named 'word'"),
        ({"kinds": []}, "use auto"),
        ({"kinds": ["features"]}, "ask for words"),
        ({"kinds": ["edges"]}, "no layers over one graph"),
        ({"kinds": ["prototypes"]}, "known labelled items"),
        ({"most": 0}, "at least 1"),
        ({"domain": ["a"]}, "2 items but 1 domains"),
        ({"edges": sp.csr_array((1, 120))}, "rows of edges"),
        ({"known": (["a"], ["?"])}, "no known item"),
    ],
)
def test_what_cannot_be_is_one_sentence(of_texts: CrossDomainClassifier, settings: dict, says: str) -> None:
    with pytest.raises(PolycultureError, match=says):
        explain(of_texts, TEXTS, **settings)


def test_values_have_no_classes_to_speak_for() -> None:
    x = np.random.default_rng(0).normal(size=(80, 2))
    model = CrossDomainRegressor(graph="none", backbone=SMALL).fit(x, x[:, 0])

    with pytest.raises(ParameterError, match="explain a classifier"):
        explain(model, x[:1])


def test_every_kind_is_put_to_the_test(of_texts: CrossDomainClassifier) -> None:
    texts, _ = sentences(24)
    asked = Asked.of(of_texts, texts, domain=np.repeat(["a", "b"], 12))
    words = judge(asked, "words", again=of_texts, mixes=2)

    assert words["deletion"]["margin"]["low"] > 0
    assert words["stability"]["correlation"] > 0.5
    assert words["model"]["refit"]["estimate"] == pytest.approx(1.0)
    for kind in ("neighbours", "domains", "modalities"):
        found = judge(asked, kind, mixes=1)
        assert set(found) >= {"deletion", "insertion", "comprehensiveness", "sufficiency", "model"}
    with pytest.raises(ParameterError, match="cannot be judged"):
        judge(asked, "prototypes")


def test_features_are_put_to_the_test(of_numbers: CrossDomainClassifier) -> None:
    x, _, domain = numbers()
    rows = np.arange(0, 240, 8)
    found = judge(Asked.of(of_numbers, x[rows], domain=domain[rows]), "features", mixes=2)

    assert found["deletion"]["margin"]["low"] > 0
    assert found["stability"]["margin"]["low"] > 0
