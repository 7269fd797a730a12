"""Step 5: probabilities that mean what they say, thresholds, a last fine-tuning, further heads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from polyculture import store
from polyculture.errors import DataError, ParameterError
from polyculture.features.backbone import Backbone
from polyculture.optimise import (
    TaskHead,
    best_threshold,
    expected_calibration_error,
    fine_tune_merged,
    sharpen,
    temperature,
)
from polyculture.targets.classes import softmax

SEEDS = st.integers(0, 2**31 - 1)


def drawn(n=20_000, classes=3, seed=0):
    """Scores, and labels drawn from the probabilities they stand for."""
    rng = np.random.RandomState(seed)
    logits = 2 * rng.normal(size=(n, classes))
    cut = softmax(logits).cumsum(axis=1)
    return logits, np.minimum((rng.random_sample((n, 1)) > cut).sum(axis=1), classes - 1)


class TestCalibration:
    def test_by_hand(self):
        p = np.array([[0.95, 0.05], [0.95, 0.05], [0.6, 0.4], [0.3, 0.7]])
        y = np.array([0, 1, 0, 1])
        # bins of width 1/10: two items at 0.95, one right; one at 0.6, right; one at 0.7, right
        expected = (abs(1 - 1.9) + abs(1 - 0.6) + abs(1 - 0.7)) / 4
        assert expected_calibration_error(p, y, bins=10) == pytest.approx(expected)
        # one bin: three of four right at a mean confidence of 0.8
        assert expected_calibration_error(p, y, bins=1) == pytest.approx(0.05)

    def test_certainty_falls_into_the_last_bin(self):
        p = np.array([[1.0, 0.0], [0.0, 1.0]])
        assert expected_calibration_error(p, np.array([0, 1])) == 0
        assert expected_calibration_error(p, np.array([1, 0])) == 1

    def test_is_near_zero_where_labels_follow_the_probabilities_and_large_where_they_do_not(self):
        logits, y = drawn()
        assert expected_calibration_error(softmax(logits), y) < 0.015
        assert expected_calibration_error(softmax(4 * logits), y) > 0.1

    @settings(max_examples=20, deadline=None)
    @given(seed=SEEDS)
    def test_lies_between_0_and_1_and_order_does_not_matter(self, seed):
        rng = np.random.RandomState(seed)
        p, y, turn = rng.dirichlet(np.ones(4), size=30), rng.randint(0, 4, 30), rng.permutation(30)
        found = expected_calibration_error(p, y)
        assert 0 <= found <= 1
        assert expected_calibration_error(p[turn], y[turn]) == pytest.approx(found)

    def test_no_items_and_no_bins(self):
        assert np.isnan(expected_calibration_error(np.zeros((0, 2)), np.zeros(0, int)))
        with pytest.raises(ParameterError, match="bins is 0"):
            expected_calibration_error(np.ones((1, 2)) / 2, np.array([0]), bins=0)

    @pytest.mark.parametrize("planted", [0.4, 1.0, 2.5, 6.0])
    def test_the_planted_temperature_is_found_and_mends_the_error(self, planted):
        logits, y = drawn()
        found = temperature(planted * logits, y)
        assert found == pytest.approx(planted, rel=0.1)
        assert expected_calibration_error(softmax(planted * logits / found), y) < 0.015


class TestSharpening:
    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, by=st.floats(0.2, 5.0))
    def test_is_the_softmax_at_that_temperature_and_keeps_the_order(self, seed, by):
        logits = 2 * np.random.RandomState(seed).normal(size=(9, 4))
        found = sharpen(softmax(logits), by)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_array_equal(found.argmax(axis=1), logits.argmax(axis=1))
        direct = softmax(logits / by)
        np.testing.assert_allclose(found[direct > 1e-4], direct[direct > 1e-4], rtol=0.05)

    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS)
    def test_by_one_changes_nothing(self, seed):
        p = np.random.RandomState(seed).dirichlet(np.ones(3) * 5, size=9)
        np.testing.assert_allclose(sharpen(p, 1.0), p, rtol=1e-4, atol=1e-5)

    def test_below_one_sharpens_and_above_softens(self):
        p = np.array([[0.7, 0.3]])
        assert sharpen(p, 0.5)[0, 0] > 0.8
        assert sharpen(p, 3.0)[0, 0] < 0.6

    def test_certainty_stays_finite(self):
        assert np.isfinite(sharpen(np.array([[1.0, 0.0]]), 0.05)).all()


class TestThreshold:
    @pytest.fixture
    def rare(self):
        """One item in ten is of the second class, and probabilities never reach one half."""
        rng = np.random.RandomState(0)
        y = (rng.random_sample(1000) < 0.1).astype(int)
        p = np.clip(0.1 + 0.2 * y + 0.05 * rng.normal(size=1000), 0, 0.49)
        return np.stack([1 - p, p], axis=1), y

    @pytest.mark.parametrize("metric", ["f1", "macro_f1", "balanced_accuracy"])
    def test_finds_rare_items_that_one_half_misses(self, rare, metric):
        p, y = rare
        chosen = best_threshold(p, y, metric=metric)
        assert 0.13 < chosen < 0.27
        assert f1_score(y, p[:, 1] >= 0.5, zero_division=0) == 0
        assert f1_score(y, p[:, 1] >= chosen) > 0.8

    def test_no_other_candidate_does_better(self, rare):
        p, y = rare
        chosen = f1_score(y, p[:, 1] >= best_threshold(p, y, metric="f1"))
        assert all(f1_score(y, p[:, 1] >= t, zero_division=0) <= chosen for t in np.linspace(0.01, 0.99, 99))

    def test_of_equal_ones_the_nearest_to_one_half_wins(self):
        p = np.array([0.1, 0.9])
        assert best_threshold(np.stack([1 - p, p], axis=1), np.array([0, 1])) == pytest.approx(0.5)

    def test_bad_metric_and_more_than_two_classes(self):
        with pytest.raises(ParameterError, match=r"no metric named 'accuracy' .* use one of f1, macro_f1"):
            best_threshold(np.ones((2, 2)) / 2, np.array([0, 1]), metric="accuracy")
        with pytest.raises(ParameterError, match="for two classes, there are 3"):
            best_threshold(np.ones((2, 3)) / 3, np.array([0, 1]))


@pytest.fixture(scope="module")
def fitted():
    x = np.random.RandomState(0).normal(size=(200, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    return Backbone(hidden=(6,), dropout=(0, 0), learning_rate=0.01, epochs=3).fit(x, y), x, y


ROWS, STOP = np.arange(140), np.arange(140, 200)


class TestFineTuning:
    def loss(self, backbone, x, y, weights):
        p = softmax(backbone.logits(x, weights))
        return -np.log(p[np.arange(len(y)), y]).mean()

    def test_held_out_items_gain(self, fitted):
        backbone, x, y = fitted
        tuned = fine_tune_merged(backbone, backbone.weights_, x, y, rows=ROWS, stop=STOP, learning_rate=0.01)
        before, after = (self.loss(backbone, x[STOP], y[STOP], w) for w in (backbone.weights_, tuned))
        assert after < before

    def test_where_they_do_not_the_weights_stay(self, fitted):
        backbone, x, y = fitted
        turned = np.where(np.arange(200) < 140, 1 - y, y)
        tuned = fine_tune_merged(backbone, backbone.weights_, x, turned, rows=ROWS, stop=STOP, learning_rate=0.05)
        for name, value in backbone.weights_.items():
            np.testing.assert_array_equal(tuned[name], value)

    @pytest.mark.parametrize("off", [{"epochs": 0}, {"stop": STOP[:0]}])
    def test_nothing_to_do_gives_the_weights_back(self, fitted, off):
        backbone, x, y = fitted
        tuned = fine_tune_merged(backbone, backbone.weights_, x, y, **{"rows": ROWS, "stop": STOP, **off})
        assert list(tuned) == list(backbone.weights_)
        for name, value in backbone.weights_.items():
            np.testing.assert_array_equal(tuned[name], value)


class TestTaskHead:
    def planted(self, seed=0):
        x = np.random.RandomState(seed).normal(size=(240, 5))
        return x, x[:, :3].argmax(axis=1), np.array(["calm", "angry", "sad"], dtype=object)

    def test_learns_a_further_label(self):
        x, y, names = self.planted()
        held = np.arange(240) % 5 == 0
        head = TaskHead().fit(x, names[y], validation=held)
        x, y, _ = self.planted(1)
        found = head.predict_proba(x)
        assert found.shape == (240, 3)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        assert (head.classes_[found.argmax(axis=1)] == names[y]).mean() > 0.85

    def test_comes_back_from_its_state_bit_for_bit(self, tmp_path):
        x, y, names = self.planted()
        head = TaskHead((0.1,), random_state=3).fit(x, names[y])
        store.save(tmp_path / "h", head.state(), kind="head", facts={})
        again = TaskHead.from_state(store.load(tmp_path / "h", kind="head"))
        np.testing.assert_array_equal(again.predict_proba(x), head.predict_proba(x))
        assert again.classes_.tolist() == head.classes_.tolist()
        assert again.get_params() == head.get_params()

    def test_one_class_is_an_error(self):
        x, y, names = self.planted()
        with pytest.raises(DataError, match="at least two classes"):
            TaskHead().fit(x, names[np.zeros_like(y)])
