"""Several labels at once, and values: the same five steps."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.metrics import mean_absolute_error, r2_score

from polyculture.classify import FUSE, CrossDomainClassifier, CrossDomainRegressor
from polyculture.data import DomainData
from polyculture.errors import ParameterError, StoreError
from polyculture.evaluation import evaluate
from polyculture.features.backbone import Backbone

NETWORK = Backbone(hidden=(32,), dropout=(0, 0), epochs=20, learning_rate=0.02)


def make(kind, **changes):
    return kind(**{"backbone": NETWORK, "graph": "none"} | changes)


def planted(n=240, seed=0):
    """The first column means the opposite in the second domain; the second column means the same in both."""
    rng = np.random.RandomState(seed)
    X, domain = rng.normal(size=(n, 3)), np.tile(["here", "there"], n // 2)
    turned = X[:, 0] * np.where(domain == "here", 1, -1)
    return X, turned, domain


def labels_of(X, turned):
    return np.stack([turned > 0, X[:, 1] > 0.5, X[:, 2] > -0.5], axis=1).astype(int)


@pytest.fixture(scope="module")
def labelled():
    X, turned, domain = planted()
    return make(CrossDomainClassifier).fit(X, labels_of(X, turned), domain=domain)


@pytest.fixture(scope="module")
def valued():
    X, turned, domain = planted()
    return make(CrossDomainRegressor).fit(X, 50 + 10 * turned + X[:, 1], domain=domain)


class TestLabels:
    @pytest.mark.parametrize("fuse", FUSE)
    def test_every_fusion_learns_them(self, fuse):
        X, turned, domain = planted()
        model = make(CrossDomainClassifier, fuse=fuse).fit(X, labels_of(X, turned), domain=domain)
        later, turned, where = planted(seed=1)
        truth, found = labels_of(later, turned), model.predict_proba(later, domain=where)
        assert found.shape == truth.shape
        assert ((found >= 0) & (found <= 1)).all()
        assert ((found >= 0.5) == truth)[:, 1:].mean() > 0.85
        measures = model.measures(later, truth, domain=where)
        assert list(measures) == ["accuracy", "micro_f1", "macro_f1"]
        assert model.score(later, truth, domain=where) == measures["accuracy"]

    def test_experts_serve_a_label_that_means_the_opposite(self, labelled):
        X, turned, domain = planted(seed=1)
        told, not_told = (labelled.predict(X, domain=where)[:, 0] == (turned > 0) for where in (domain, None))
        assert told.mean() > not_told.mean() + 0.1

    def test_sets_of_names(self):
        X, turned, domain = planted()
        names = np.array(["big", "new", "red"])
        sets = [set(names[row > 0].tolist()) for row in labels_of(X, turned)]
        model = make(CrossDomainClassifier).fit(X, sets, domain=domain)
        assert model.classes_.tolist() == ["big", "new", "red"]
        assert model.score(X, sets, domain=domain) > 0.6
        # whoever judges by sets in which a name is missing means the same columns
        few = [s - {"red"} for s in sets[:20]]
        assert model.measures(X[:20], few, domain=domain[:20])["micro_f1"] < 1

    @pytest.mark.parametrize("form", [np.asarray, sp.csr_array, np.ndarray.tolist, pl.DataFrame])
    def test_every_form_of_a_matrix(self, labelled, form):
        X, turned, domain = planted()
        model = make(CrossDomainClassifier).fit(X, form(labels_of(X, turned)), domain=domain)
        np.testing.assert_array_equal(model.predict(X, domain=domain), labelled.predict(X, domain=domain))

    def test_a_row_of_minus_one_is_an_item_without_labels(self):
        X, turned, domain = planted()
        Y = labels_of(X, turned)
        Y[::3] = -1
        model = make(CrossDomainClassifier).fit(X, Y, domain=domain)
        judged = model.measures(X, Y, domain=domain)
        assert judged == model.measures(X[Y[:, 0] >= 0], Y[Y[:, 0] >= 0], domain=domain[Y[:, 0] >= 0])
        assert (model.predict(X, domain=domain)[::3] == labels_of(X, turned)[::3]).mean() > 0.8

    def test_probabilities_are_calibrated_by_one_temperature(self, labelled):
        assert labelled.temperature_ != 1
        assert 0 <= labelled.calibration_["after"] <= 1

    def test_a_label_that_nobody_has_is_never_predicted(self):
        X, turned, _ = planted()
        Y = np.column_stack([labels_of(X, turned), np.zeros(len(X), dtype=int)])
        assert not make(CrossDomainClassifier).fit(X, Y).predict(X)[:, 3].any()

    def test_they_are_judged_by_measures(self, labelled):
        with pytest.raises(ParameterError, match="ask the model's measures"):
            evaluate(labelled, DomainData.of(planted()[0], label=["a", "b"] * 120))

    def test_a_threshold_is_refused(self):
        X, turned, _ = planted()
        model = make(CrossDomainClassifier, threshold="f1")
        for y in (labels_of(X, turned), np.arange(len(X)) % 3):
            with pytest.raises(ParameterError, match="a threshold is for two classes"):
                model.fit(X, y)
            # before the work, not after it
            assert not hasattr(model, "backbone_")

    def test_a_kept_model_answers_as_before(self, labelled, tmp_path):
        X, _, domain = planted(seed=1)
        labelled.save(tmp_path / "model")
        again = CrossDomainClassifier.load(tmp_path / "model")
        np.testing.assert_array_equal(again.predict_proba(X, domain=domain), labelled.predict_proba(X, domain=domain))

    def test_a_further_task_is_one_of_classes(self, labelled):
        X, turned, domain = planted()
        model = make(CrossDomainClassifier).fit(X, labels_of(X, turned), domain=domain)
        model.add_task("sign", X, np.where(X[:, 1] > 0, "up", "down"), domain=domain)
        assert (model.predict(X, task="sign", domain=domain) == np.where(X[:, 1] > 0, "up", "down")).mean() > 0.85
        with pytest.raises(ParameterError, match="a further head learns one class an item"):
            model.add_task("both", X, labels_of(X, turned))

    def test_texts_have_several_labels_too(self):
        texts = ["good day", "bad day", "good meal", "bad meal"] * 20
        sets = [{word for word in text.split() if word != "bad"} for text in texts]
        model = make(CrossDomainClassifier, encoders="lexical", components=4, augment=0.25).fit(texts, sets)
        assert model.classes_.tolist() == ["day", "good", "meal"]
        assert model.predict(["good meal", "bad day"]).tolist() == [[0, 1, 1], [1, 0, 0]]


class TestValues:
    def test_what_pools_probabilities_is_refused_before_work(self):
        X, turned, domain = planted()
        with pytest.raises(ParameterError, match="values have none"):
            make(CrossDomainRegressor, fuse="log_pool").fit(X, turned, domain=domain)

    @pytest.mark.parametrize("fuse", [fuse for fuse in FUSE if fuse != "log_pool"])
    def test_every_fusion_learns_them(self, fuse):
        X, turned, domain = planted()
        y = 50 + 10 * X[:, 1] + turned
        model = make(CrossDomainRegressor, fuse=fuse).fit(X, y, domain=domain)
        later, turned, where = planted(seed=1)
        truth = 50 + 10 * later[:, 1] + turned
        found = model.predict(later, domain=where)
        assert r2_score(truth, found) > 0.75
        assert model.score(later, truth, domain=where) == pytest.approx(r2_score(truth, found))
        assert model.measures(later, truth, domain=where)["mae"] == pytest.approx(mean_absolute_error(truth, found))
        assert model.temperature_ == 1

    def test_experts_serve_a_rule_that_is_turned_round(self, valued):
        X, turned, domain = planted(seed=1)
        truth = 50 + 10 * turned + X[:, 1]
        backbone = valued.answers(valued.encode(X), domain)["backbone"]
        pooled = valued.target_.decode(backbone)
        assert valued.score(X, truth, domain=domain) > r2_score(truth, pooled) + 0.3

    def test_another_unit_changes_nothing_but_the_unit(self, valued):
        X, turned, domain = planted()
        y = 50 + 10 * turned + X[:, 1]
        other = make(CrossDomainRegressor).fit(X, 1000 * y - 7, domain=domain)
        np.testing.assert_allclose(
            other.predict(X, domain=domain), 1000 * valued.predict(X, domain=domain) - 7, rtol=1e-3
        )

    @pytest.mark.parametrize("nothing", [np.nan, None])
    def test_items_without_a_value(self, nothing):
        X, _, domain = planted()
        truth = 50 + 10 * X[:, 1]
        y = truth.astype(object)
        y[::4] = nothing
        model = make(CrossDomainRegressor).fit(X, y, domain=domain)
        assert r2_score(truth[::4], model.predict(X, domain=domain)[::4]) > 0.75
        assert model.score(X, y, domain=domain) > 0.75

    def test_minus_one_is_a_value(self):
        X, _, _ = planted()
        y = np.where(X[:, 1] > 0, 1.0, -1.0)
        model = make(CrossDomainRegressor).fit(X, y)
        assert model.predict(X)[y < 0].mean() < -0.5

    def test_a_graph_is_chosen_by_fifths_of_the_values(self):
        rng = np.random.RandomState(0)
        y = np.repeat(np.arange(6.0), 30)
        friends = sp.csr_array((y[:, None] == y).astype(float))
        noisy = y[:, None] + 4 * rng.normal(size=(180, 2))
        model = make(CrossDomainRegressor, graph="auto").fit(noisy, y, graph=friends)
        assert model.features_.spread_.kind_ == "given"

    def test_a_kept_model_answers_as_before(self, valued, tmp_path):
        X, _, domain = planted(seed=1)
        valued.save(tmp_path / "model")
        again = CrossDomainRegressor.load(tmp_path / "model")
        np.testing.assert_array_equal(again.predict(X, domain=domain), valued.predict(X, domain=domain))
        with pytest.raises(StoreError):
            CrossDomainClassifier.load(tmp_path / "model")

    def test_the_log_says_what_no_one_can_choose(self, caplog):
        X, _, _ = planted(2)
        with caplog.at_level(logging.WARNING, "polyculture"):
            make(CrossDomainRegressor).fit(np.vstack([X, X]), [0.0, 1.0, 2.0, 3.0])
        assert "nothing is held out" in caplog.text
