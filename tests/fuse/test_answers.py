"""Fusion of answers: ensembles, stacking, the score that judges them and the choice among them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture import store
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.fuse import Combination, LogPool, Stacking, logit_ensemble
from polyculture.fuse.score import score, score_probabilities
from polyculture.fuse.stacking import cut

SEEDS = st.integers(0, 2**31 - 1)


def answers(rng, y, power, classes=2):
    """Probabilities that point at the truth, the more the larger `power`."""
    logits = rng.normal(size=(len(y), classes)) + power * np.eye(classes)[y]
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


def one_of(count, places, classes=2):
    return np.random.RandomState(0).dirichlet(np.ones(classes), size=(count, places))


class TestEnsemble:
    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, models=st.integers(1, 5), classes=st.integers(2, 5))
    def test_rows_sum_to_one_and_the_order_of_models_does_not_matter(self, seed, models, classes):
        rng = np.random.RandomState(seed)
        probabilities, weights = rng.dirichlet(np.ones(classes), size=(models, 7)), rng.random_sample(models) + 0.1
        found, turn = logit_ensemble(probabilities, weights=weights.tolist()), rng.permutation(models)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_allclose(logit_ensemble(probabilities[turn], weights=weights[turn].tolist()), found)

    def test_is_the_geometric_mean(self):
        p = one_of(3, 5)
        mean = np.exp(np.log(p).mean(axis=0))
        np.testing.assert_allclose(logit_ensemble(p), mean / mean.sum(axis=1, keepdims=True))

    def test_one_model_gives_itself_and_a_model_without_weight_is_not_heard(self):
        p = one_of(2, 5)
        np.testing.assert_allclose(logit_ensemble(p[:1]), p[0])
        np.testing.assert_allclose(logit_ensemble(p, weights=[0, 3]), p[1])

    def test_weights_are_powers(self):
        p = one_of(2, 5)
        raised = p[0] ** 0.75 * p[1] ** 0.25
        np.testing.assert_allclose(logit_ensemble(p, weights=[3, 1]), raised / raised.sum(axis=1, keepdims=True))

    def test_no_model_can_rule_a_class_out_alone(self):
        certain = np.array([[[1.0, 0.0]], [[1e-4, 1 - 1e-4]], [[1e-4, 1 - 1e-4]]])
        found = logit_ensemble(certain)
        assert np.isfinite(found).all()
        assert found[0, 1] > 0.5

    def test_bad_shape_and_weights(self):
        with pytest.raises(ShapeError, match=r"\(5, 2\), expected \(models, items, classes\)"):
            logit_ensemble(one_of(1, 5)[0])
        with pytest.raises(ParameterError, match="give 2 non-negative numbers"):
            logit_ensemble(one_of(2, 5), weights=[1, 1, 1])


class TestStacking:
    def test_weighs_the_good_model_and_not_the_random_one(self):
        rng = np.random.RandomState(0)
        y, where = rng.randint(0, 3, 300), np.repeat(["a", "b"], 150)
        models = np.stack([answers(rng, y, 2.0, 3), answers(rng, y, 0.0, 3)])
        found = Stacking().fit(models, y, where).predict_proba(models, where)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert score_probabilities(found, y, where) < score_probabilities(logit_ensemble(models), y, where) - 0.02

    def test_out_of_fold_tells_noise_from_knowledge_where_its_own_items_do_not(self):
        rng = np.random.RandomState(0)
        y, where = np.tile([0, 1], 20), np.repeat("a", 40)
        noise = rng.dirichlet(np.ones(2), size=(30, 40))
        stacking = Stacking(strength=100.0)
        outside = stacking.out_of_fold(noise, y, where)
        inside = stacking.fit(noise, y, where).predict_proba(noise, where)
        assert (inside.argmax(axis=1) == y).mean() > 0.95
        assert 0.2 < (outside.argmax(axis=1) == y).mean() < 0.8

    def test_an_unknown_domain_has_no_intercept_of_its_own(self):
        rng = np.random.RandomState(0)
        where = np.repeat(["a", "b"], 100)
        y = (rng.random_sample(200) < np.where(where == "a", 0.9, 0.1)).astype(int)
        flat = np.full((1, 200, 2), 0.5)
        stacking = Stacking().fit(flat, y, where)
        rows = np.array(["a", "b", "new", None], dtype=object)
        known_a, known_b, unknown, none = stacking.predict_proba(flat[:, :4], rows)[:, 1]
        assert known_a > 0.8
        assert known_b < 0.2
        assert unknown == none
        assert 0.4 < unknown < 0.6

    def test_a_class_that_no_held_out_item_has_gets_no_share(self):
        y, where = np.tile([0, 2], 10), np.repeat("a", 20)
        models = answers(np.random.RandomState(0), y, 1.0, 3)[None]
        stacking = Stacking()
        for found in (
            stacking.out_of_fold(models, y, where),
            stacking.fit(models, y, where).predict_proba(models, where),
        ):
            assert found.shape == (20, 3)
            assert not found[:, 1].any()

    @pytest.mark.parametrize("classes", [2, 3])
    def test_comes_back_from_its_state_bit_for_bit(self, tmp_path, classes):
        rng = np.random.RandomState(0)
        y, where = rng.randint(0, classes, 60), np.tile(["a", "b", "ü"], 20)
        models = np.stack([answers(rng, y, 1.0, classes)] * 2)
        fitted = Stacking(strength=2.0).fit(models, y, where)
        store.save(tmp_path / "s", fitted.state(), kind="stacking", facts={})
        again = Stacking.from_state(store.load(tmp_path / "s", kind="stacking"))
        where[0] = "new"
        np.testing.assert_array_equal(again.predict_proba(models, where), fitted.predict_proba(models, where))
        assert again.get_params() == fitted.get_params()

    def test_no_items_have_no_answers(self):
        y, where = np.tile([0, 1], 5), np.repeat("a", 10)
        fitted = Stacking().fit(one_of(2, 10), y, where)
        assert fitted.predict_proba(one_of(2, 0), where[:0]).shape == (0, 2)

    def test_too_few_items_are_an_error(self):
        models, where = one_of(2, 4), np.repeat("a", 4)
        with pytest.raises(DataError, match="at least two classes"):
            Stacking().fit(models, np.zeros(4, dtype=int), where)
        with pytest.raises(DataError, match="two held-out items of each class"):
            Stacking().out_of_fold(models, np.array([0, 0, 0, 1]), where)
        with pytest.raises(DataError, match="at least two classes"):
            Stacking().out_of_fold(models[:, :0], np.zeros(0, dtype=int), where[:0])
        with pytest.raises(DataError, match="at least two classes"):
            Stacking().out_of_fold(models, np.zeros(4, dtype=int), where)


class TestGroups:
    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, stratified=st.booleans(), count=st.integers(2, 9))
    def test_every_item_is_answered_once_and_no_group_is_on_both_sides(self, seed, stratified, count):
        rng = np.random.RandomState(seed)
        groups = np.concatenate([np.arange(count), rng.randint(0, count, 40)])
        y, seen = np.tile([0, 1], len(groups))[: len(groups)], []
        for rows, rest in cut(y, 4, 0, groups, stratified=stratified):
            assert len(rows)
            assert not set(groups[rows]) & set(groups[rest])
            seen += rest.tolist()
        assert sorted(seen) == list(range(len(groups)))

    @pytest.mark.parametrize("learner", [Stacking(strength=100.0), LogPool(strength=100.0)])
    def test_what_a_document_tells_of_itself_counts_only_without_groups(self, learner):
        """Four copies of each of twenty documents, and members that know nothing."""
        rng = np.random.RandomState(0)
        noise, groups = np.repeat(rng.dirichlet(np.ones(2), size=(30, 20)), 4, axis=1), np.repeat(np.arange(20), 4)
        y, where = np.repeat(np.tile([0, 1], 10), 4), np.repeat("a", 80)
        apart = score_probabilities(learner.out_of_fold(noise, y, where, groups), y, where)
        assert score_probabilities(learner.out_of_fold(noise, y, where), y, where) < apart - 0.1
        assert apart > 0.6

    @pytest.mark.parametrize("learner", [Stacking(), LogPool()])
    def test_one_group_alone_is_an_error(self, learner):
        y = np.tile([0, 1], 10)
        with pytest.raises(DataError, match="all held-out items are of one group"):
            learner.out_of_fold(one_of(2, 20), y, np.repeat("a", 20), np.zeros(20))

    def test_stacking_needs_each_class_in_two_groups(self):
        y = np.repeat([0, 1], 10)
        with pytest.raises(DataError, match="each class in two groups"):
            Stacking().out_of_fold(one_of(2, 20), y, np.repeat("a", 20), y)


class TestScore:
    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS, scale=st.floats(0.3, 3.0), shift=st.floats(-50, 50))
    def test_scale_and_shift_of_the_scores_do_not_matter(self, seed, scale, shift):
        rng = np.random.RandomState(seed)
        y, where = rng.randint(0, 3, 80), rng.choice(["a", "b"], 80)
        logits = rng.normal(size=(80, 3)) + 1.5 * np.eye(3)[y]
        assert score(scale * logits + shift, y, where) == pytest.approx(score(logits, y, where), abs=1e-5)

    @settings(max_examples=25, deadline=None)
    @given(seed=SEEDS)
    def test_order_of_items_and_of_classes_does_not_matter(self, seed):
        rng = np.random.RandomState(seed)
        y, where = rng.randint(0, 3, 40), rng.choice(["a", "b"], 40)
        logits = rng.normal(size=(40, 3))
        turn, classes = rng.permutation(40), rng.permutation(3)
        expected = score(logits, y, where)
        assert score(logits[turn], y[turn], where[turn]) == pytest.approx(expected, abs=1e-6)
        assert score(logits[:, classes], np.argsort(classes)[y], where) == pytest.approx(expected, abs=1e-6)

    def test_prefers_the_better_model(self):
        rng = np.random.RandomState(0)
        y, where = rng.randint(0, 2, 400), np.repeat(["a", "b"], 200)
        losses = [score_probabilities(answers(rng, y, power), y, where) for power in (0.0, 0.5, 1.0, 2.0)]
        assert losses == sorted(losses, reverse=True)

    def test_knowing_nothing_costs_the_logarithm_of_the_classes(self):
        y = np.array([0, 1, 2])
        assert score(np.zeros((3, 3)), y, np.repeat("a", 3)) == pytest.approx(np.log(3))

    def test_every_domain_has_the_same_say(self):
        rng = np.random.RandomState(0)
        y, where = rng.randint(0, 2, 110), np.repeat(["large", "small"], [100, 10])
        logits = rng.normal(size=(110, 2))
        # each item of the small domain a hundred times over, each of the large one ten times: temperature and loss stay
        rows = np.concatenate([np.repeat(np.arange(100), 10), np.repeat(np.arange(100, 110), 10)])
        assert score(logits[rows], y[rows], where[rows]) == pytest.approx(score(logits, y, where), abs=1e-6)
        good = np.where(where == "small", 5.0, 0.0)[:, None] * np.eye(2)[y]
        halves = score(good, y, where)
        assert halves == pytest.approx(np.log(2) / 2, abs=0.01)

    def test_no_items_have_no_score(self):
        assert np.isnan(score(np.zeros((0, 2)), np.zeros(0, dtype=int), np.zeros(0, dtype=object)))


class TestCombination:
    @pytest.fixture
    def held(self):
        """Held-out items, networks that know nothing and base models that know nothing."""
        rng = np.random.RandomState(0)
        y, where = rng.randint(0, 2, 300), np.repeat(["a", "b"], 150)
        networks = {name: answers(rng, y, 0.0) for name in ("experts", "merged", "backbone")}
        return rng, y, where, networks, {name: answers(rng, y, 0.0) for name in ("lexical", "cnn")}

    def test_where_experts_alone_know_no_other_is_heard(self, held):
        rng, y, where, networks, families = held
        networks["experts"] = answers(rng, y, 3.0)
        chosen = Combination("auto").fit(networks, families, y, where)
        # both say the same: the pool gives the others next to no weight
        assert chosen.method_ in {"experts", "log_pool"}
        weights = chosen.learnt_["log_pool"].weights_
        assert weights[0] > 3 * weights[1:].max()

    @pytest.mark.parametrize("best", ["merged", "backbone"])
    def test_auto_finds_the_one_network_that_knows(self, held, best):
        rng, y, where, networks, families = held
        networks[best] = answers(rng, y, 3.0)
        chosen = Combination("auto").fit(networks, families, y, where)
        assert chosen.method_ == best
        np.testing.assert_array_equal(chosen.predict_proba(networks, families, where), networks[best])

    def test_auto_finds_the_ensemble_where_labels_follow_it(self, held):
        rng, *_ = held
        together = rng.dirichlet([0.5, 0.5], size=(3, 60))
        y = (rng.random_sample(60) < Combination.ensemble(together)[:, 1]).astype(int)
        networks = {"experts": together[0], "backbone": answers(rng, y, 0.0)}
        chosen = Combination("auto").fit(
            networks, dict(zip("pq", together[1:], strict=True)), y, np.tile(list("abc"), 20)
        )
        assert chosen.method_ == "logit_ensemble"

    def test_auto_finds_the_stack_where_a_model_says_the_opposite(self, held):
        rng, y, where, networks, families = held
        families["cnn"] = answers(rng, 1 - y, 3.0)
        chosen = Combination("auto").fit(networks, families, y, where)
        assert chosen.method_ == "stacking"
        assert (chosen.predict_proba(networks, families, where).argmax(axis=1) == y).mean() > 0.9

    def test_auto_takes_the_smallest_loss(self, held):
        _, y, where, networks, families = held
        chosen = Combination("auto").fit(networks, families, y, where)
        assert set(chosen.losses_) == {"experts", "merged", "backbone", "logit_ensemble", "stacking", "log_pool"}
        assert chosen.losses_[chosen.method_] == min(chosen.losses_.values())

    @pytest.mark.parametrize("method", ["experts", "merged", "backbone", "logit_ensemble", "stacking", "log_pool"])
    def test_a_named_method_is_taken_whatever_it_costs(self, held, method):
        rng, y, where, networks, families = held
        networks = {name: answers(rng, 1 - y, 3.0) if name == method else p for name, p in networks.items()}
        chosen = Combination(method).fit(networks, families, y, where)
        assert chosen.method_ == method
        found = chosen.predict_proba(networks, families, where)
        together = np.stack([networks["experts"], *families.values()])
        if method in networks:
            np.testing.assert_array_equal(found, networks[method])
        elif method == "logit_ensemble":
            np.testing.assert_allclose(found, logit_ensemble(together, weights=[0.5, 0.25, 0.25]))
        else:
            learner = {"stacking": Stacking, "log_pool": LogPool}[method]()
            np.testing.assert_array_equal(found, learner.fit(together, y, where).predict_proba(together, where))

    def test_the_network_has_half_of_the_say(self):
        p = one_of(3, 4)
        np.testing.assert_allclose(Combination.ensemble(p), logit_ensemble(p, weights=[0.5, 0.25, 0.25]))
        np.testing.assert_allclose(Combination.ensemble(p[:1]), p[0])

    def test_an_unknown_name_is_an_error(self, held):
        _, y, where, networks, families = held
        with pytest.raises(ParameterError, match="no fusion named 'vote'; use one of auto, experts, merged, backbone"):
            Combination("vote").fit(networks, families, y, where)

    @pytest.mark.parametrize("name", ["stacking", "log_pool"])
    def test_too_few_held_out_items_leave_out_what_learns_weights(self, held, name):
        _, y, where, networks, families = held
        rows = np.array([int(np.flatnonzero(y == 0)[0]), *np.flatnonzero(y == 1)[:3]])
        few = [{name: p[rows] for name, p in part.items()} for part in (networks, families)]
        assert name not in Combination("auto").fit(*few, y[rows], where[rows]).losses_
        with pytest.raises(DataError, match=f"{name} needs"):
            Combination(name).fit(*few, y[rows], where[rows])

    def test_groups_reach_what_learns_weights(self, held):
        _, y, where, networks, families = held
        groups, together = np.arange(300) // 10, np.stack([networks["experts"], *families.values()])
        chosen = Combination("auto").fit(networks, families, y, where, groups=groups)
        for name, learner in (("stacking", Stacking()), ("log_pool", LogPool())):
            kept_apart = learner.out_of_fold(together, y, where, groups)
            assert chosen.losses_[name] == score_probabilities(kept_apart, y, where)

    def test_without_held_out_items_the_first_network_answers(self, held):
        _, y, where, networks, families = held
        none = [{name: p[:0] for name, p in part.items()} for part in (networks, families)]
        chosen = Combination("auto").fit(*none, y[:0], where[:0])
        assert chosen.method_ == "experts"

    @pytest.mark.parametrize("method", ["auto", "logit_ensemble", "stacking", "log_pool", "merged"])
    def test_comes_back_from_its_state_bit_for_bit(self, held, method, tmp_path):
        _, y, where, networks, families = held
        fitted = Combination(method).fit(networks, families, y, where)
        store.save(tmp_path / "c", fitted.state(), kind="combination", facts={})
        again = Combination.from_state(store.load(tmp_path / "c", kind="combination"))
        np.testing.assert_array_equal(
            again.predict_proba(networks, families, where), fitted.predict_proba(networks, families, where)
        )
        assert (again.method_, again.losses_) == (fitted.method_, fitted.losses_)
