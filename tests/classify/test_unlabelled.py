"""A domain without labels: it gets a network of its own where that helps, and others' answers stay as they are."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture import CrossDomainClassifier
from polyculture.features.backbone import Backbone

N = 150


def items(seed: int = 0):
    """Domains that tell classes a little by the first column, and better by one of their own."""
    rng = np.random.RandomState(seed)
    y, domain = rng.randint(0, 2, 3 * N), np.repeat(["here", "there", "new"], N)
    x = rng.normal(size=(3 * N, 6)).astype(np.float32)
    side = 2 * y - 1
    x[:, 0] += 1.2 * side
    for column, name in enumerate(("here", "there", "new"), start=1):
        x[:, column] += np.where(domain == name, 3.0, 0.0) * side
    return x, y, domain


def model(adapt: str) -> CrossDomainClassifier:
    return CrossDomainClassifier(adapt=adapt, fuse="regmean", backbone=Backbone(hidden=(16,), epochs=15))


@pytest.fixture(scope="module")
def fitted():
    x, y, domain = items()
    taught = np.where(domain == "new", -1, y)
    return {adapt: model(adapt).fit(x, taught, domain=domain) for adapt in ("fine_tune", "auto")}


def test_what_the_domain_itself_tells_is_learnt(fitted):
    x, y, domain = items(seed=1)
    new = domain == "new"
    found = {name: m.score(x[new], y[new], domain=domain[new]) for name, m in fitted.items()}
    assert found["fine_tune"] + 0.05 < found["auto"]
    own = fitted["auto"].own_["new"]
    assert own.method in ("self_training", "self_training_free")
    assert set(own.scores) == {"none", "self_training", "self_training_free"}
    assert own.scores[own.method] > own.scores["none"] + 0.02


def test_answers_for_other_domains_are_the_same(fitted):
    x, _, domain = items(seed=1)
    old = domain != "new"
    plain, adapted = (fitted[name].predict_proba(x[old], domain=domain[old]) for name in ("fine_tune", "auto"))
    np.testing.assert_array_equal(plain, adapted)
    nowhere = [fitted[name].predict_proba(x) for name in ("fine_tune", "auto")]
    np.testing.assert_array_equal(*nowhere)


def test_where_domains_do_not_differ_the_shared_parts_stay():
    rng = np.random.RandomState(1)
    y, domain = rng.randint(0, 2, 3 * N), np.repeat(["here", "there", "new"], N)
    x = rng.normal(size=(3 * N, 6)).astype(np.float32)
    x[:, 0] += 3.0 * (2 * y - 1)
    found = model("auto").fit(x, np.where(domain == "new", -1, y), domain=domain)
    assert found.own_ == {}


def test_it_is_kept_with_the_model(fitted, tmp_path):
    x, _, domain = items(seed=1)
    fitted["auto"].save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    np.testing.assert_allclose(again.predict_proba(x, domain=domain), fitted["auto"].predict_proba(x, domain=domain))
    assert again.own_["new"].method == fitted["auto"].own_["new"].method


def test_one_label_a_class_leaves_the_domain_to_the_shared_parts():
    x, y, domain = items()
    taught = np.full(len(y), -1)
    first = np.unique(y[domain == "here"], return_index=True)[1]
    taught[first] = y[first]
    found = model("auto").fit(x, taught, domain=domain)
    assert found.own_ == {}
    assert set(found.predict(x, domain=domain).tolist()) <= {0, 1}


def test_several_labels_are_left_to_the_shared_parts_and_that_is_said():
    x, _, domain = items()
    labels = (x[:, :2] > 0).astype(int)
    labels[domain == "new"] = -1
    found = model("auto").fit(x, labels, domain=domain)
    assert found.own_ == {}
    assert any("for classes, not labels" in sentence for sentence in found.notes_)
