"""What cannot be worked with is said in one sentence, as an error that scikit-learn expects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
from polyculture.errors import PolycultureError
from polyculture.features.backbone import Backbone
from polyculture.features.encoders.lexical import LexicalEncoder

RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(20, 3)), np.array([0, 1] * 10)
TEXTS = ["good day", "bad day"] * 10


def with_one(value, at=(4, 1)):
    changed = X.copy()
    changed[at] = value
    return changed


def make(kind=CrossDomainClassifier, **changes):
    return kind(**{"backbone": Backbone(hidden=(4,), epochs=1), "fine_tune_epochs": 0} | changes)


WRONG_ITEMS = {
    "no items": ([], [], "no items to learn from"),
    "no rows": (np.zeros((0, 3)), [], "0 sample"),
    "no columns": (np.zeros((20, 0)), Y, "0 feature"),
    "one item": (X[:1], [1], "1 sample"),
    "NaN": (with_one(np.nan), Y, "Input X contains NaN; fill it in, or leave out the row or the column$"),
    "infinity": (with_one(np.inf), Y, "Input X contains infinity"),
    "images of real numbers": (np.zeros((20, 3, 3, 3)), Y, "give images as uint8 of shape"),
    "images of four colours": (np.zeros((20, 3, 3, 4), dtype=np.uint8), Y, "give images as uint8 of shape"),
    "a series with NaN": (np.full((20, 3, 3), np.nan), Y, "item 0 holds a number that is not finite"),
    "one axis of numbers": (X[:, 0], Y, "Expected 2D array, got 1D array"),
    "a single number": (np.float64(3.0), [1], "single value"),
    "complex numbers": (X * 1j, Y, "Complex data not supported"),
    "one string": ("good day", ["+"], "put it in a list"),
    "texts and numbers": (["good day", 3] * 10, Y, "item 2 is of type int, expected text"),
    "numbers and texts": ([3, "good day"] * 10, Y, "got 1D array of int"),
    "rows of unequal length": ([[1.0, 2.0], [1.0]] * 10, Y, "inhomogeneous"),
    "a table of both": (pl.DataFrame({"t": TEXTS, "n": range(20)}), Y, "the column 't' holds texts"),
    "a lazy table": (pl.DataFrame({"t": TEXTS}).lazy(), Y, "not a table in memory"),
    "a word among numbers": (pd.DataFrame({"a": [1.0] * 19 + ["x"], "b": range(20)}), Y, "'a' holds texts|could not"),
    "no modality": ({}, Y, "no modality was given"),
    "modalities of other lengths": ({"text": TEXTS, "vector": X[:19]}, Y, "'text': 20, 'vector': 19"),
    "a modality with one NaN": ({"text": TEXTS, "vector": with_one(np.nan)}, Y, "item 4 lacks some of its numbers"),
    "a modality that is one string": ({"text": "good day", "vector": X}, Y, "modality 'text': expected a list"),
    "images of two sizes": (
        {"text": TEXTS[:2], "image": [np.zeros((2, 2), np.uint8), np.zeros((3, 2), np.uint8)]},
        [0, 1],
        "item 1 is of shape",
    ),
    "texts without words": ([""] * 20, Y, "nothing to learn from"),
}

WRONG_LABELS = {
    "none at all": (None, "requires y to be passed"),
    "fewer": (Y[:-1], "20 items and 19 labels"),
    "one class": (np.ones(20), "only the class 1"),
    "all without a label": (np.full(20, -1), "no labels"),
    "all NaN": (np.full(20, np.nan), "no labels"),
    "infinity": (np.array([np.inf] * 20), "Input y contains infinity"),
    "words and numbers": (np.array(["a", 1] * 10, dtype=object), "mixed type"),
    "measurements": (X[:, 0], "Unknown label type: continuous"),
    "three axes": (np.zeros((20, 2, 2)), "shape"),
    "a matrix of other numbers": (np.arange(40).reshape(20, 2), "row 2 of y holds other numbers|other numbers"),
    "a matrix of words": (np.array([["a", "b"]] * 20), "matrix of words"),
    "rows that are the same": (np.tile([1, 0], (20, 1)), "learning needs"),
    "rows of unequal length": ([(0, 1), None, (1,)] + [(1, 1)] * 17, "rows of y differ in length"),
    "rows without labels": (np.full((20, 2), -1), "no labels"),
    "dictionaries": ([{"a": 1}] * 20, "Unknown label type"),
    "sets of nothing": ([set()] * 20, "all sets of y are empty"),
    "one string": ("yes", "1d array|labels"),
}

WRONG_COMPANIONS = {
    "fewer domains": ({"domain": ["a"] * 19}, "20 items but 19 domains"),
    "domain a string": ({"domain": "shop"}, "domain is a str"),
    "domain of two axes": ({"domain": np.full((20, 1), "a")}, "domain is a ndarray"),
    "a domain missing": ({"domain": ["a"] * 19 + [None]}, "row 20 has no domain"),
    "an unknown split": ({"split": ["train"] * 19 + ["later"]}, "later"),
    "fewer splits": ({"split": ["train"] * 19}, "20 items but 19 splits"),
    "a test item": ({"split": ["train"] * 19 + ["test"]}, "row 20 is a test item"),
    "a graph of another shape": ({"graph": sp.eye_array(19)}, r"graph is \(19, 19\)"),
    "a graph that is none": ({"graph": "knn"}, "graph is str"),
}

WRONG_PARAMETERS = {
    "hops": ({"hops": (0, -1)}, "hops"),
    "graph": ({"graph": "web"}, "no graph named 'web'"),
    "given graph": ({"graph": "given"}, "no edges were"),
    "propagation": ({"propagation": "walk"}, "no propagation named 'walk'"),
    "encoder": ({"encoders": ("vektors",)}, "did you mean vectors"),
    "encoder of a wrong kind": ({"encoders": 3}, "encoders is a int|not iterable"),
    "no encoder": ({"encoders": ()}, "no encoder is named"),
    "encoder of texts": ({"encoders": (LexicalEncoder(),)}, "LexicalEncoder.* reads none of the modalities: vector"),
    "encoders of another modality": ({"encoders": {"picture": ("image-cnn",)}}, "names the modality 'picture'"),
    "network_encoders": ({"network_encoders": ("lexical",)}, "not among the encoders"),
    "adapt": ({"adapt": "dann"}, "adapt is 'dann'"),
    "fuse": ({"fuse": "vote"}, "fuse is 'vote'"),
    "threshold": ({"threshold": "recall"}, "threshold is 'recall'"),
    "validation": ({"validation": 1.0}, "validation is 1.0"),
    "augment": ({"augment": 0.5}, "copies are made of texts alone"),
    "components": ({"components": 0}, "components is 0"),
    "neighbours": ({"neighbours": 1.5}, "neighbours is 1.5"),
    "random_state": ({"random_state": None}, "random_state is None"),
    "negative random_state": ({"random_state": -1}, "random_state is -1"),
    "backbone": ({"backbone": "mlp"}, "backbone is a str"),
    "n_jobs": ({"n_jobs": 0}, "jobs is 0"),
}


def refused(says, call, *arguments, **settings):
    with pytest.raises(PolycultureError, match=says) as caught:
        call(*arguments, **settings)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).strip()
    return caught.value


@pytest.mark.parametrize("name", WRONG_ITEMS)
def test_items(name):
    items, labels, says = WRONG_ITEMS[name]
    encoders = "lexical" if name == "texts without words" else "auto"
    refused(says, make(encoders=encoders).fit, items, labels)


@pytest.mark.parametrize("name", WRONG_LABELS)
def test_labels(name):
    labels, says = WRONG_LABELS[name]
    refused(says, make().fit, X, labels)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (None, "requires y"),
        (["a"] * 20, "no number"),
        (np.full(20, np.nan), "no labels"),
        (np.full(20, 3.0), "only one"),
        (np.full(20, np.inf), "infinity in row 1"),
        (X, "1d array"),
        (X[:19, 0], "20 items and 19 labels"),
    ],
)
def test_values(values, says):
    refused(says, make(CrossDomainRegressor).fit, X, values)


@pytest.mark.parametrize("name", WRONG_COMPANIONS)
def test_domains_splits_and_graphs(name):
    settings, says = WRONG_COMPANIONS[name]
    refused(says, make().fit, X, Y, **settings)


@pytest.mark.parametrize("name", WRONG_PARAMETERS)
def test_parameters(name):
    changes, says = WRONG_PARAMETERS[name]
    if name == "n_jobs":
        pytest.importorskip("torch")
        refused(says, make(encoders=("lexical", "cnn"), graph="none", **changes).fit, TEXTS, Y)
        return
    refused(says, make(**changes).fit, X, Y)


@pytest.fixture(scope="module")
def fitted():
    return make().fit(X, Y, domain=["a", "b"] * 5 + ["b", "a"] * 5)


@pytest.fixture(scope="module")
def reader():
    return make(encoders="lexical", components=2, graph="none").fit(TEXTS, Y)


@pytest.mark.parametrize(
    ("items", "settings", "says"),
    [
        (X[:, :2], {}, "X has 2 features, but CrossDomainClassifier is expecting 3"),
        (with_one(np.nan), {}, "contains NaN"),
        (X[0], {}, "Reshape your data"),
        (["good day"], {}, "fitted on 3 numbers an item; texts were given"),
        (X, {"domain": ["a"]}, "20 items but 1 domain"),
        (X, {"domain": "a"}, "domain is a str"),
        (X, {"task": "mood"}, "no task named 'mood'"),
        ([], {}, "fitted on 3 numbers"),
    ],
)
def test_items_that_arrive_later(fitted, items, settings, says):
    refused(says, fitted.predict, items, **settings)


def test_numbers_for_a_model_of_texts(reader):
    refused("fitted on texts; numbers were given", reader.predict, X)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (Y[:3], "20 items and 3 labels"),
        (np.full(20, -1), "no item has a label"),
        (np.eye(20), "y holds labels, and the model was fitted on classes"),
        (None, "requires y"),
    ],
)
def test_labels_to_judge_by(fitted, labels, says):
    refused(says, fitted.score, X, labels)


@pytest.mark.parametrize("kind", [CrossDomainClassifier, CrossDomainRegressor])
@pytest.mark.parametrize("call", ["predict", "encode", "save"])
def test_a_model_that_is_not_fitted(kind, call):
    error = refused("not fitted yet; call fit first", getattr(make(kind), call), X)
    assert isinstance(error, NotFittedError)


def test_a_wrong_type_is_a_type_error_too():
    items = X.astype(object)
    items[0, 0] = {"a": 1}
    assert isinstance(refused("must be", make().fit, items, Y), TypeError)


def test_a_failed_fit_of_a_fitted_model_is_said_and_another_fit_works():
    model = make().fit(X, Y)
    refused("contains NaN", model.fit, with_one(np.nan), Y)
    assert model.fit(X, Y).predict(X).shape == (20,)
