"""Fusion of models that give several labels at once, or values."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from polyculture import store
from polyculture.adapt import fine_tune
from polyculture.errors import DataError
from polyculture.features.backbone import Backbone
from polyculture.features.closed_form import ridge_head
from polyculture.fuse import Combination, Stacking, merge
from polyculture.fuse.columns import Columns
from polyculture.fuse.score import score, score_probabilities
from polyculture.optimise import expected_calibration_error, fine_tune_merged
from polyculture.targets import Labels, Values

N = 90
WHERE = np.tile(["a", "b", "c"], N // 3).astype(object)


def labels(seed=0):
    """Two models of three labels: one that is right, one that guesses."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, (N, 3))
    return np.stack(
        [np.clip(y * 0.6 + 0.2 + 0.1 * rng.normal(size=y.shape), 0.01, 0.99), rng.random_sample(y.shape)]
    ), y


def values(seed=0):
    rng = np.random.RandomState(seed)
    y = rng.normal(size=N)
    return np.stack([y[:, None] + 0.1 * rng.normal(size=(N, 1)), rng.normal(size=(N, 1))]), y


BOTH = pytest.mark.parametrize("made", [labels, values])


class TestStacking:
    @BOTH
    def test_the_better_model_is_believed(self, made):
        models, y = made()
        stacking = Stacking(strength=10.0)
        held = stacking.out_of_fold(models, y, WHERE)
        assert held.shape == models.shape[1:]
        assert score_probabilities(held, y, WHERE) < score_probabilities(models[1], y, WHERE) / 2
        later, truth = made(1)
        found = stacking.fit(models, y, WHERE).predict_proba(later, WHERE)
        assert score_probabilities(found, truth, WHERE) < score_probabilities(later[1], truth, WHERE) / 2

    @BOTH
    def test_it_comes_back_from_its_state(self, made, tmp_path):
        models, y = made()
        fitted = Stacking().fit(models, y, WHERE)
        store.save(tmp_path / "s", fitted.state(), kind="stacking", facts={})
        again = Stacking.from_state(store.load(tmp_path / "s", kind="stacking"))
        np.testing.assert_array_equal(again.predict_proba(models, WHERE), fitted.predict_proba(models, WHERE))

    @BOTH
    def test_too_few_held_out_items(self, made):
        models, y = made()
        with pytest.raises(DataError, match="at least 10 held-out items"):
            Stacking().out_of_fold(models[:, :9], y[:9], WHERE[:9])
        with pytest.raises(DataError, match="stacking needs held-out items of"):
            Stacking().fit(models[:, :0], y[:0], WHERE[:0])

    def test_no_items_have_no_answers(self):
        models, y = labels()
        assert Stacking().fit(models, y, WHERE).predict_proba(models[:, :0], WHERE[:0]).shape == (0, 3)


def test_columns_are_one_linear_model_each():
    rng = np.random.RandomState(0)
    inputs, y = [rng.normal(size=(N, 2)) for _ in range(3)], labels()[1]
    fitted = Columns.fit(inputs, y, 0.7)
    one = LogisticRegression(C=0.7, max_iter=300).fit(inputs[2], y[:, 2])
    np.testing.assert_allclose(fitted.scores(inputs)[:, 2], one.decision_function(inputs[2]), atol=1e-2)
    value = values()[1]
    ridge = Ridge(alpha=2.0).fit(inputs[0], value)
    np.testing.assert_allclose(
        Columns.fit(inputs[:1], value, 0.5).scores(inputs[:1])[:, 0], ridge.predict(inputs[0]), rtol=1e-5
    )


class TestCombination:
    @BOTH
    @pytest.mark.parametrize("method", ["auto", "logit_ensemble", "stacking"])
    def test_it_answers_and_comes_back(self, made, method, tmp_path):
        models, y = made()
        networks, families = {"experts": models[0], "backbone": models[1]}, {"lexical": models[1]}
        chosen = Combination(method).fit(networks, families, y, WHERE)
        found = chosen.predict_proba(networks, families, WHERE)
        assert found.shape == models.shape[1:]
        assert score_probabilities(found, y, WHERE) < score_probabilities(models[1], y, WHERE)
        store.save(tmp_path / "c", chosen.state(), kind="combination", facts={})
        again = Combination.from_state(store.load(tmp_path / "c", kind="combination"))
        np.testing.assert_array_equal(again.predict_proba(networks, families, WHERE), found)

    def test_an_ensemble_of_values_is_their_weighted_mean(self):
        models, _ = values()
        np.testing.assert_allclose(Combination.ensemble(models, Values), models.mean(axis=0))
        three = np.concatenate([models, models[:1]])
        np.testing.assert_allclose(
            Combination.ensemble(three, Values), 0.5 * three[0] + 0.25 * three[1] + 0.25 * three[2]
        )

    def test_an_ensemble_of_labels_is_the_mean_of_log_odds(self):
        models, _ = labels()
        odds = np.log(models / (1 - models)).mean(axis=0)
        np.testing.assert_allclose(Combination.ensemble(models, Labels), 1 / (1 + np.exp(-odds)))


def test_the_score_of_values_is_half_the_squared_error_of_each_domain():
    models, y = values()
    halves = [((models[0, d == WHERE, 0] - y[d == WHERE]) ** 2).mean() / 2 for d in "abc"]
    assert score(models[0], y, WHERE) == pytest.approx(np.mean(halves))


def test_calibration_of_labels_counts_every_decision():
    assert expected_calibration_error(np.array([[0.8, 0.8]] * 5), np.array([[1, 1]] * 4 + [[0, 0]])) == pytest.approx(0)
    assert np.isnan(expected_calibration_error(*(values()[i][0] if i == 0 else values()[1] for i in range(2))))


class TestSteps:
    @pytest.mark.parametrize("target", ["labels", "values"])
    def test_experts_merges_and_fine_tuning(self, target):
        rng = np.random.RandomState(0)
        X = rng.normal(size=(N, 4)).astype("float32")
        y = (X[:, :2] > 0).astype(int) if target == "labels" else X[:, 0].astype(float)
        held = np.arange(N) % 3 == 0
        rows, stop = np.flatnonzero(~held), np.flatnonzero(held)
        backbone = Backbone(hidden=(8,), dropout=(0, 0), epochs=20, learning_rate=0.02, target=target)
        backbone.fit(X, y, validation=held, classes=2 if target == "labels" else 1)
        experts = fine_tune(backbone, X, y, WHERE, validation=held, epochs=2)
        assert sorted(experts) == ["a", "b", "c"]
        found = merge(backbone, experts, X, y, WHERE, rows=rows, stop=stop)
        assert all(np.isfinite(m.loss) for m in found)
        assert found[0].loss <= score(backbone.logits(X[stop], experts["a"]), y[stop], WHERE[stop]) + 0.1
        tuned = fine_tune_merged(backbone, found[0].weights, X, y, rows=rows, stop=stop, epochs=1)
        assert score(backbone.logits(X[stop], tuned), y[stop], WHERE[stop]) < 0.35

    def test_a_head_for_values_is_ridge_regression(self):
        rng = np.random.RandomState(0)
        X, y = rng.normal(size=(N, 3)), rng.normal(size=N)
        head = ridge_head(X, y, 1, ridge=1e-12)
        least = np.linalg.lstsq(np.hstack([X, np.ones((N, 1))]), y, rcond=None)[0]
        np.testing.assert_allclose(head[0], least, rtol=1e-6)
