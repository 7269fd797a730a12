"""Items that are numbers: every form of them, and scikit-learn's own tools around the model."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from polyculture.classify import CrossDomainClassifier, CrossDomainRegressor
from polyculture.data import DomainData
from polyculture.errors import DataError
from polyculture.evaluation import evaluate
from polyculture.features.backbone import Backbone

NETWORK = Backbone(hidden=(16,), dropout=(0, 0), epochs=12, learning_rate=0.02)


def planted(n=160, seed=0):
    """Two columns matter; the sign of the first is the class in one domain and the opposite in the other."""
    rng = np.random.RandomState(seed)
    X, domain = rng.normal(size=(n, 3)), rng.permutation(np.repeat(["plus", "minus"], n // 2))
    y = np.where((X[:, 0] > 0) == (domain == "plus"), "yes", "no")
    return X, y, domain


def make(kind=CrossDomainClassifier, **changes):
    return kind(**{"backbone": NETWORK, "fine_tune_epochs": 1} | changes)


@pytest.fixture(scope="module")
def fitted():
    X, y, domain = planted()
    return make().fit(X, y, domain=domain)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def test_opposite_rules_are_learnt(fitted):
    X, y, domain = planted(seed=1)
    assert fitted.score(X, y, domain=domain) > 0.7 > fitted.score(X, y) + 0.1


FORMS = {
    "list": np.ndarray.tolist,
    "float32": lambda X: X.astype(np.float32).astype(np.float64),
    "polars": lambda X: pl.DataFrame(X, schema=["a", "b", "c"]),
    "pandas": lambda X: pd.DataFrame(X, columns=["a", "b", "c"], index=range(7, 7 + len(X))),
    "csr": sp.csr_array,
    "coo": sp.coo_matrix,
    "dok": sp.dok_array,
    "fortran": np.asfortranarray,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_matrix_gives_the_same(fitted, name):
    X, y, domain = planted()
    given = FORMS[name](X)
    model = make().fit(given, y, domain=domain)
    np.testing.assert_allclose(
        model.predict_proba(given, domain=domain), fitted.predict_proba(X, domain=domain), atol=1e-3
    )
    assert model.n_features_in_ == 3


@pytest.mark.parametrize("frame", [pl.DataFrame, pd.DataFrame])
def test_names_of_columns_are_kept_and_compared(frame, tmp_path):
    X, y, _ = planted()
    model = make().fit(frame(X, **{"schema" if frame is pl.DataFrame else "columns": ["a", "b", "c"]}), y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    other = frame(X, **{"schema" if frame is pl.DataFrame else "columns": ["a", "c", "b"]})
    with pytest.raises(DataError, match="feature names should match"):
        model.predict(other)
    model.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    assert again.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.raises(DataError, match="feature names should match"):
        again.predict(other)


def test_a_wide_sparse_matrix_stays_sparse():
    rng = np.random.RandomState(0)
    y = rng.randint(0, 2, 200)
    X = sp.random_array((200, 600), density=0.02, rng=0, format="csr")
    X = sp.csr_array(sp.hstack([X, sp.csr_array(y[:, None] * rng.rand(200, 5))]))
    model = make(components=20).fit(X, y)
    assert sp.issparse(model.features_.encoders_["vectors"].transform(X))
    assert model.features_.blocks_["vectors"].directions_.shape == (605, 20)
    assert model.score(X, y) > 0.8


def test_a_column_of_texts_in_a_table_is_texts():
    texts = ["good day", "bad day", "good meal", "bad meal", "a good one", "a bad one"] * 10
    model = make(encoders="lexical", components=4).fit(pl.DataFrame({"text": texts}), ["+", "-"] * 30)
    assert model.predict(pd.DataFrame({"text": ["good day", "bad day"]})).tolist() == ["+", "-"]
    assert not hasattr(model, "n_features_in_")


def test_numbers_are_evaluated_by_domain(fitted):
    X, y, domain = planted()
    found = evaluate(fitted, DomainData.of(X, label=y, domain=domain))
    assert found.accuracy["fused"]["accuracy"]["mean"] == pytest.approx(100 * fitted.score(X, y, domain=domain), abs=3)


def test_encoders_that_suit_the_items_are_taken():
    X, y, _ = planted(60)
    assert list(make().fit(X, y).features_.encoders_) == ["vectors"]
    assert "lexical:words" in make(adapt="none").fit(["good day", "bad day"] * 20, ["+", "-"] * 20).features_.encoders_


class TestToolsOfScikitLearn:
    def test_a_pipeline_is_told_the_domains(self, routing):
        X, y, domain = planted()
        model = make().set_fit_request(domain=True).set_predict_request(domain=True).set_score_request(domain=True)
        pipeline = make_pipeline(StandardScaler(), model).fit(X, y, domain=domain)
        assert pipeline.score(X, y, domain=domain) > 0.75
        assert (pipeline.predict(X, domain=domain) == y).mean() > 0.75

    def test_cross_validation_is_told_the_domains(self, routing):
        X, y, domain = planted()
        model = make().set_fit_request(domain=True).set_score_request(domain=True)
        told = cross_val_score(model, X, y, params={"domain": domain}, cv=3)
        assert told.shape == (3,)
        assert told.mean() > cross_val_score(make(), X, y, cv=3).mean() + 0.05

    def test_a_grid_is_searched_with_domains(self, routing):
        X, y, domain = planted()
        model = make().set_fit_request(domain=True).set_score_request(domain=True)
        search = GridSearchCV(model, {"fuse": ["none", "backbone"]}, cv=2).fit(X, y, domain=domain)
        assert search.best_params_ == {"fuse": "none"}
        assert search.score(X, y, domain=domain) > 0.75

    def test_texts_are_cross_validated(self):
        texts = ["good day", "bad day", "good meal", "bad meal"] * 15
        model = make(encoders=("lexical",), components=4)
        assert cross_val_score(model, np.array(texts, dtype=object), ["+", "-"] * 30, cv=2).mean() > 0.9

    def test_a_grid_may_reach_into_the_network(self):
        X, y, _ = planted(80)
        search = GridSearchCV(make(graph="none"), {"backbone__hidden": [(4,), (8,)]}, cv=2).fit(X, y)
        assert search.best_params_["backbone__hidden"] in [(4,), (8,)]

    def test_other_processes_can_fit_it(self):
        X, y, domain = planted(80)
        here = make().fit(X, y, domain=domain).predict_proba(X, domain=domain)
        one = joblib.Parallel(n_jobs=2, backend="loky")(
            joblib.delayed(_fit_and_answer)(make(), X, y, domain) for _ in range(2)
        )
        for found in one:
            np.testing.assert_allclose(found, here, atol=1e-6)

    @pytest.mark.parametrize("kind", [CrossDomainClassifier, CrossDomainRegressor])
    def test_it_can_be_pickled(self, kind):
        X, _, domain = planted(80)
        y = (X[:, 1] > 0).astype(int)
        model = make(kind).fit(X, y, domain=domain)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))  # noqa: S301

    def test_a_clone_is_fitted_to_the_same(self, fitted):
        X, y, domain = planted()
        again = clone(fitted).fit(X, y, domain=domain)
        np.testing.assert_array_equal(again.predict_proba(X, domain=domain), fitted.predict_proba(X, domain=domain))

    def test_a_kept_model_answers_as_before(self, fitted, tmp_path):
        X, _, domain = planted()
        fitted.save(tmp_path / "model")
        again = CrossDomainClassifier.load(tmp_path / "model")
        np.testing.assert_array_equal(again.predict_proba(X, domain=domain), fitted.predict_proba(X, domain=domain))
        assert repr(again) == repr(fitted)
        assert again.n_features_in_ == 3


def _fit_and_answer(model, X, y, domain):
    return model.fit(X, y, domain=domain).predict_proba(X, domain=domain)
