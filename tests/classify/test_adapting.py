"""A model learns one domain more, by the word that is a setting too."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError, ParameterError
from polyculture.features.backbone import Backbone

N = 120


def drawn(seed: int, shift: float):
    """Two classes; `shift` moves them both along the column that tells them."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, N)
    x = rng.normal(size=(N, 4)).astype(np.float32)
    x[:, 0] += 3.0 * (2 * y - 1) + shift
    return x, y


@pytest.fixture
def fitted():
    parts = [drawn(0, 0.0), drawn(1, 0.5)]
    x, y = np.vstack([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    model = CrossDomainClassifier(backbone=Backbone(hidden=(16,), epochs=10))
    return model.fit(x, y, domain=np.repeat(["a", "b"], N)), x, np.repeat(["a", "b"], N)


def test_few_labels_serve_the_new_domain_and_leave_the_others(fitted):
    model, x, where = fitted
    new, truth = drawn(2, 5.0)
    before = model.predict_proba(x, domain=where)
    poor = model.score(new, truth, domain=["new"] * N)
    rows = np.concatenate([np.flatnonzero(truth == k)[:16] for k in (0, 1)])
    assert model.adapt(new[rows], truth[rows], domain="new") is model
    assert model.score(new, truth, domain=["new"] * N) > poor + 0.1
    np.testing.assert_array_equal(model.predict_proba(x, domain=where), before)
    assert model.known_domains == ["a", "b", "new"]


def test_nobody_is_warned_of_a_domain_that_has_arrived(fitted, caplog):
    model, _, _ = fitted
    new, truth = drawn(2, 5.0)
    model.predict(new[:2], domain=["new"] * 2)
    assert "has not seen (new)" in caplog.text
    caplog.clear()
    model.adapt(new[:20], truth[:20], domain="new").predict(new[:2], domain=["new"] * 2)
    assert caplog.text == ""


def test_it_is_kept_with_the_model(fitted, tmp_path):
    model, _, _ = fitted
    new, truth = drawn(2, 5.0)
    model.adapt(new[:20], truth[:20], domain="new").save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    found = again.predict_proba(new, domain=["new"] * N)
    np.testing.assert_allclose(found, model.predict_proba(new, domain=["new"] * N), atol=1e-6)


def test_the_word_stays_a_setting(fitted):
    model, _, _ = fitted
    assert model.adapt == "fine_tune"
    assert clone(model).get_params()["adapt"] == "fine_tune"
    assert type(model.get_params()["adapt"]) is str
    assert clone(model).set_params(adapt="none").adapt == "none"
    assert pickle.loads(pickle.dumps(model)).adapt == "fine_tune"  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("labels", "settings", "error", "said"),
    [
        ([-1] * 4, {}, DataError, "no item has a label"),
        ([0, 1, 0, 7], {}, DataError, "the label 7"),
        ([0, 1, 0, 1], {"domain": "a"}, ParameterError, "was fitted on the domain 'a'"),
        ([0, 1, 0, 1], {"domain": ""}, ParameterError, "no empty text"),
        ([0, 1, 0, 1], {"method": "magic"}, ParameterError, "magic"),
    ],
)
def test_what_cannot_be_learnt_is_said(fitted, labels, settings, error, said):
    model, x, _ = fitted
    with pytest.raises(error, match=said):
        model.adapt(x[:4], labels, **settings)


def test_an_unfitted_model_cannot_be_adapted():
    with pytest.raises(ValueError, match="not fitted"):
        CrossDomainClassifier().adapt([[1.0]], [0])
