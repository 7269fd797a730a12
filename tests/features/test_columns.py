"""Blocks, base models and heads in closed form: what turns vectors into columns and columns into answers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from polyculture import store
from polyculture.errors import DataError
from polyculture.features import sampling
from polyculture.features.base_model import BaseModel
from polyculture.features.blocks import Block
from polyculture.features.closed_form import held_out_hits, ridge_head
from polyculture.optimise.calibrate import temperature

SEEDS = st.integers(0, 2**31 - 1)


def kept(state, folder):
    store.save(folder / "part", state, kind="part", facts={})
    return store.load(folder / "part", kind="part")


class TestBlock:
    @settings(max_examples=20, deadline=None)
    @given(seed=SEEDS, scale=st.floats(0.1, 1e3), shift=st.floats(-10, 10))
    def test_scale_and_place_of_a_view_do_not_matter(self, seed, scale, shift):
        x = np.random.RandomState(seed).normal(size=(30, 4))
        np.testing.assert_allclose(
            Block().fit(scale * x + shift).transform(scale * x + shift),
            Block().fit(x).transform(x),
            rtol=0.02,
            atol=0.3,
        )

    @pytest.mark.parametrize("width", [4, 64, 512])
    def test_every_view_has_the_same_say_whatever_its_width(self, width):
        x = np.random.RandomState(0).normal(size=(400, width)) * 3 + 1
        found = Block().fit(x).transform(x)
        assert found.dtype == np.float32
        assert (found**2).sum(axis=1).mean() == pytest.approx(256, rel=0.01)

    def test_only_the_rows_named_teach_the_scale(self):
        x = np.random.RandomState(0).normal(size=(40, 3))
        rows = np.arange(40) < 20
        wild = np.where(rows[:, None], x, 1e6)
        np.testing.assert_array_equal(Block().fit(wild, rows=rows).transform(x), Block().fit(x[:20]).transform(x))

    def test_a_constant_column_becomes_zero(self):
        x = np.column_stack([np.arange(5.0), np.full(5, 7.0)])
        assert not Block().fit(x).transform(x)[:, 1].any()

    def test_of_many_sparse_rows_a_sample_of_those_named_teaches_directions_and_scale(self, monkeypatch):
        rng = np.random.RandomState(0)
        x = sp.csr_array((rng.normal(size=(600, 3)) @ rng.normal(size=(3, 12))) * (rng.random_sample((600, 12)) < 0.5))
        rows = np.arange(600) < 500
        whole = Block(components=3).fit(x, rows=rows)
        monkeypatch.setattr(sampling, "MANY", 400)
        few = Block(components=3).fit(x, rows=rows)
        assert not np.array_equal(few.directions_, whole.directions_)
        # the same plane, but for what a sample of four in five turns it
        overlap = np.linalg.svd(few.directions_.T @ whole.directions_, compute_uv=False)
        assert overlap.min() > 0.9
        np.testing.assert_array_equal(few.transform(x), Block(components=3).fit(x, rows=rows).transform(x))
        wild = x.copy()
        wild[500:] *= 1e6
        np.testing.assert_array_equal(Block(components=3).fit(wild, rows=rows).directions_, few.directions_)
        dense = x.toarray()
        np.testing.assert_allclose(Block().fit(dense, rows=rows).mean_, dense[:500].mean(axis=0), atol=1e-6)

    @pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
    def test_vectors_that_are_encoded_stay_as_they_are(self, form):
        x = form(np.random.RandomState(0).normal(size=(30, 4)).astype(np.float32))
        before = x.copy()
        block = Block(components=3).fit(x)
        block.transform(x)
        assert (x != before).sum() == 0

    def test_sparse_views_are_reduced_to_their_leading_directions(self):
        rng = np.random.RandomState(0)
        low = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 40))
        x = sp.csr_array(np.where(np.abs(low) > 1, low, 0))
        found = Block(components=5).fit(x).transform(x)
        assert found.shape == (60, 5)
        np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
        directions = Block(components=5).fit(x).directions_
        np.testing.assert_allclose(directions.T @ directions, np.eye(5), atol=1e-4)

    @pytest.mark.parametrize(("shape", "width"), [((1, 6), 6), ((3, 6), 2), ((9, 2), 1), ((9, 1), 1)])
    def test_sparse_views_smaller_than_the_number_of_directions(self, shape, width):
        x = sp.csr_array(np.random.RandomState(0).random_sample(shape))
        found = Block(components=5).fit(x).transform(x)
        assert found.shape == (shape[0], width)
        assert np.isfinite(found).all()

    @pytest.mark.parametrize("sparse", [False, True])
    def test_comes_back_from_its_state_bit_for_bit(self, tmp_path, sparse):
        x = np.random.RandomState(0).random_sample((20, 6))
        x = sp.csr_array(x) if sparse else x
        fitted = Block(3).fit(x)
        np.testing.assert_array_equal(
            Block.from_state(kept(fitted.state(), tmp_path)).transform(x), fitted.transform(x)
        )


def planted(seed=0, n=200, classes=2):
    x = np.random.RandomState(seed).normal(size=(n, 6))
    return x, np.argmax(x[:, :classes], axis=1)


class TestBaseModel:
    @pytest.mark.parametrize("classes", [2, 3])
    @pytest.mark.parametrize("form", [np.asarray, lambda x: sp.csr_array(np.maximum(x, 0))])
    def test_learns_from_dense_and_sparse_vectors(self, classes, form):
        x, y = planted(classes=classes)
        held, truth = planted(1, classes=classes)
        found = BaseModel().fit(form(x), y).predict_proba(form(held))
        assert (found.argmax(axis=1) == truth).mean() > 0.8
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)

    def test_unlabelled_rows_and_the_labels_of_held_out_rows_teach_no_weight(self):
        x, y = planted()
        held = np.arange(200) % 5 == 0
        plain = BaseModel((0.01,)).fit(x, y, validation=held)
        turned = BaseModel((0.01,)).fit(x, np.where(held, 1 - y, y), validation=held)
        np.testing.assert_array_equal(turned.weights_, plain.weights_)
        assert turned.temperature_ > plain.temperature_
        more = BaseModel((0.01,)).fit(
            np.vstack([x, np.full((9, 6), 99.0)]), np.r_[y, np.full(9, -1)], validation=np.r_[held, np.zeros(9, bool)]
        )
        np.testing.assert_array_equal(more.weights_, plain.weights_)

    def test_held_out_items_choose_the_strength(self):
        rng = np.random.RandomState(0)
        y = rng.randint(0, 2, 300)
        noise = rng.normal(size=(300, 200))
        held = np.arange(300) >= 60
        weak, strong = (BaseModel((c,)).fit(noise, y, validation=held) for c in (1e-6, 10.0))
        both = BaseModel((10.0, 1e-6)).fit(noise, y, validation=held)
        np.testing.assert_array_equal(both.weights_, weak.weights_)
        assert np.abs(strong.weights_).max() > 100 * np.abs(weak.weights_).max()

    def test_a_class_without_training_items_is_ruled_out(self):
        x, y = planted()
        found = BaseModel().fit(x, 2 * y, classes=4).predict_proba(x)
        assert found.shape == (200, 4)
        assert found[:, [1, 3]].max() < 1e-9
        assert (found.argmax(axis=1) == 2 * y).mean() > 0.9

    @pytest.mark.parametrize("sparse", [False, True])
    def test_comes_back_from_its_state_bit_for_bit(self, tmp_path, sparse):
        x, y = planted(classes=3)
        x = sp.csr_array(np.maximum(x, 0)) if sparse else x
        fitted = BaseModel((0.5,), random_state=4).fit(x, y)
        again = BaseModel.from_state(kept(fitted.state(), tmp_path))
        np.testing.assert_array_equal(again.predict_proba(x), fitted.predict_proba(x))
        np.testing.assert_array_equal(again.dense(x), fitted.dense(x))
        assert again.get_params() == fitted.get_params()

    def test_dense_inputs_keep_inner_products(self):
        x = sp.random_array((30, 5000), density=0.02, rng=np.random.default_rng(0), format="csr")
        model, exact = BaseModel().fit(x, np.arange(30) % 2), (x @ x.T).toarray()
        dense = model.dense(x, most=2000)
        assert dense.shape == (30, 2000)
        assert np.abs(dense @ dense.T - exact).max() < 0.2 * np.diag(exact).max()
        np.testing.assert_array_equal(model.dense(x[:, :100]), x[:, :100].toarray())

    @pytest.mark.parametrize("y", [[1] * 6, [-1] * 6, [0, 0, 0, -1, -1, -1]])
    def test_fewer_than_two_classes_are_an_error(self, y):
        with pytest.raises(DataError, match="at least two classes"):
            BaseModel().fit(np.zeros((6, 2)), np.array(y))


class TestTemperature:
    @pytest.mark.parametrize("planted", [0.2, 0.7, 1.0, 3.0, 9.0])
    def test_recovers_the_temperature_that_labels_were_drawn_at(self, planted):
        rng = np.random.RandomState(0)
        logits = rng.normal(size=(20_000, 4)) * 2
        raised = np.exp(logits)
        cut = (raised / raised.sum(axis=1, keepdims=True)).cumsum(axis=1)
        y = np.minimum((rng.random_sample((20_000, 1)) > cut).sum(axis=1), 3)
        assert temperature(logits * planted, y) == pytest.approx(planted, rel=0.1)

    def test_stays_within_its_bounds(self):
        right = np.array([[9.0, 0.0]] * 5)
        assert 0.05 <= temperature(right, np.zeros(5, int)) < 0.3
        assert temperature(right, np.ones(5, int)) == pytest.approx(20.0, rel=0.01)


class TestRidgeHead:
    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, n=st.integers(3, 30), d=st.integers(1, 12))
    def test_is_the_ridge_regression_of_scikit_learn(self, seed, n, d):
        rng = np.random.RandomState(seed)
        x, y = rng.normal(size=(n, d)), rng.randint(0, 3, n)
        extended = np.hstack([x, np.ones((n, 1))])
        floor = 0.1 * (extended**2).sum() / (d + 1)
        fitted = Ridge(alpha=floor, fit_intercept=False, solver="cholesky").fit(extended, np.eye(3)[y] - 1 / 3)
        np.testing.assert_allclose(ridge_head(x, y, 3, ridge=0.1), fitted.coef_, atol=1e-8)

    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, n=st.integers(2, 25))
    def test_few_and_many_items_take_two_ways_to_one_solution(self, seed, n):
        rng = np.random.RandomState(seed)
        x, y, start = rng.normal(size=(n, 9)), rng.randint(0, 2, n), rng.normal(size=(2, 10))
        found = ridge_head(x, y, 2, ridge=0.05, start=start)
        # the same items twice over have twice the Gram matrix and twice the floor: nothing changes
        twice = ridge_head(np.vstack([x] * 12), np.tile(y, 12), 2, ridge=0.05, start=start)
        np.testing.assert_allclose(found, twice, atol=1e-8)

    def test_a_strong_ridge_stays_at_the_start(self):
        start = np.arange(6.0).reshape(2, 3)
        found = ridge_head(np.ones((4, 2)), np.array([0, 1, 0, 1]), 2, ridge=1e12, start=start)
        np.testing.assert_allclose(found, start, atol=1e-9)


class TestHeldOutHits:
    def test_tells_features_that_know_from_those_that_do_not(self):
        rng = np.random.RandomState(0)
        y = rng.randint(0, 2, 400)
        asked = np.arange(300, 400)
        knows = np.column_stack([y + 0.1 * rng.normal(size=400), rng.normal(size=400)])
        assert held_out_hits(knows, y, asked).mean() > 0.95
        assert 0.3 < held_out_hits(rng.normal(size=(400, 5)), y, asked).mean() < 0.7

    @pytest.mark.parametrize("asked", [np.arange(60), np.arange(45, 60), np.arange(0, 60, 2)])
    def test_an_item_does_not_judge_itself(self, asked):
        """A feature that names the item (and so its label, once seen) says nothing about items that were left out."""
        y = np.arange(60) % 2
        assert held_out_hits(np.eye(60), y, asked).mean() < 0.7

    def test_unlabelled_items_neither_teach_nor_judge(self):
        rng = np.random.RandomState(0)
        y, x = np.r_[rng.randint(0, 2, 100), np.full(50, -1)], rng.normal(size=(150, 3))
        changed = np.where(np.arange(150)[:, None] < 100, x, 1e9)
        asked = np.arange(20)
        np.testing.assert_array_equal(held_out_hits(x, y, asked), held_out_hits(changed, y, asked))

    def test_the_same_seed_gives_the_same_hits(self):
        rng = np.random.RandomState(0)
        y, x = rng.randint(0, 2, 90), rng.normal(size=(90, 3))
        one, two = (held_out_hits(x, y, np.arange(90), seed=3) for _ in range(2))
        np.testing.assert_array_equal(one, two)
