"""Reviews of books teach sentiment about kitchenware: self-training helps, and is chosen without labels there."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
import scipy.sparse as sp
from sklearn.datasets import load_svmlight_file
from sklearn.feature_extraction.text import TfidfTransformer

from polyculture.adapt.automatic import METHODS, automatic
from polyculture.adapt.linear import logistic
from polyculture.adapt.term_committee import by_term_committee

FIT = partial(logistic, classes=2, strength=10.0)


@pytest.fixture(scope="module")
def reviews():
    folder = os.environ.get("POLYCULTURE_DATA")
    if not folder:
        pytest.skip("POLYCULTURE_DATA names no folder")
    parts = []
    for name in ("books_train", "kitchen_train", "kitchen_test"):
        path = Path(folder) / "amazon_svmlight" / f"{name}.svmlight.gz"
        parts.append(load_svmlight_file(str(path), n_features=5000, zero_based=True))
    words = TfidfTransformer(sublinear_tf=True).fit(sp.vstack([parts[0][0], parts[1][0]]))
    return [(sp.csr_array(words.transform(x)), (y > 0).astype(int)) for x, y in parts]


@pytest.mark.data
def test_what_is_chosen_without_target_labels_serves_the_target(reviews):
    (x, y), (z, _), (asked, truth) = reviews
    methods = {name: METHODS[name] for name in ("none", "self_training")}
    found = automatic(FIT, x, y, z, methods=methods)
    before, after = ((answer(asked).argmax(axis=1) == truth).mean() for answer in (FIT(x, y), found.answer))
    assert found.name == "self_training"
    assert after > before + 0.03


@pytest.mark.data
def test_a_committee_learns_more_than_self_training_alone(reviews):
    (x, y), (z, _), (asked, truth) = reviews
    methods = METHODS["none"], METHODS["self_training"], by_term_committee
    none, alone, together = ((method(FIT, x, y, z).answer(asked).argmax(axis=1) == truth).mean() for method in methods)
    assert none + 0.02 < alone
    assert alone + 0.005 < together
