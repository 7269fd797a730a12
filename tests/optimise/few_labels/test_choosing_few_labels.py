"""The choice: what is surely better, judged on items that are held out, with the model as it is where in doubt."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.errors import ParameterError
from polyculture.optimise.few_labels import FEW_LABELS
from polyculture.optimise.few_labels.as_it_is import as_it_is
from polyculture.optimise.few_labels.choose import choose
from polyculture.optimise.few_labels.chosen import Beside
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.held_out import folds_of, held_out_losses
from polyculture.optimise.few_labels.prototypes import prototypes


def clouds(n=40, apart=5.0, seed=0, sure=0.5):
    """Two clouds, and a model that gives the right class about this probability."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.normal(size=(n, 6)) + apart * y[:, None]
    odds = np.log(sure / (1 - sure)) + rng.normal(size=n)
    right = 1 / (1 + np.exp(-odds))[:, None]
    return x, y, np.where(np.arange(2) == y[:, None], right, 1 - right)


class TestTheChoice:
    def test_what_tells_classes_apart_is_taken_where_the_model_does_not(self):
        x, y, p = clouds()
        found = choose(x, y, p)
        assert found.name != "as_it_is"
        later, truth, own = clouds(seed=1)
        assert (found.answers(later, own).argmax(axis=1) == truth).mean() > 0.95
        assert found.losses[found.name] == min(found.losses.values()) < found.losses["as_it_is"]

    def test_a_model_that_means_what_it_says_stays_where_vectors_say_nothing(self):
        rng = np.random.default_rng(0)
        x, right = rng.normal(size=(60, 6)), rng.random(60)
        y, p = (rng.random(60) < right).astype(int), np.stack([1 - right, right], axis=1)
        found = choose(x, y, p)
        assert found.name == "as_it_is"
        np.testing.assert_array_equal(found.answers(x, p), p)

    def test_doubt_keeps_the_model_where_the_gain_is_within_its_error(self):
        x, y, p = clouds(n=8, apart=1.0, sure=0.7, seed=3)
        assert choose(x, y, p, doubt=0.0).name != "as_it_is"
        assert choose(x, y, p, doubt=50.0).name == "as_it_is"

    def test_on_labels_without_a_rule_it_seldom_leaves_the_model(self):
        left = 0
        for seed in range(6):
            rng = np.random.default_rng(seed)
            x, y, p = rng.normal(size=(24, 6)), np.arange(24) % 2, np.full((24, 2), 0.5)
            left += choose(x, y, p).name != "as_it_is"
        assert left <= 2

    def test_one_method_alone_has_its_setting_chosen(self):
        x, y, p = clouds(apart=9.0)
        found = choose(x, y, p, methods=["prototypes"])
        assert found.name == "prototypes"
        assert found.settings["sharpness"] == 10.0
        again = prototypes(x, y, p, **found.settings)
        np.testing.assert_array_equal(found.answers(x, p), again.answers(x, p))

    def test_the_same_seed_gives_the_same(self):
        x, y, p = clouds(n=60, apart=1.0)
        one, two = choose(x, y, p, seed=5), choose(x, y, p, seed=5)
        assert (one.name, one.losses) == (two.name, two.losses)


class TestOneLabelAClass:
    def test_the_default_is_a_logistic_head(self):
        x, y, p = clouds(n=2)
        found = choose(x, y, p)
        assert (found.name, found.settings, found.losses) == ("logistic_head", {}, {})

    @pytest.mark.parametrize(("methods", "taken"), [(["as_it_is", "prototypes"], "as_it_is"), (["bd_cspn"], "bd_cspn")])
    def test_or_what_of_it_is_allowed(self, methods, taken):
        x, y, p = clouds(n=2)
        assert choose(x, y, p, methods=methods).name == taken


class TestUnlabelledItems:
    def test_transductive_methods_are_tried_with_them_alone(self):
        x, y, p = clouds(n=12)
        assert not {"bd_cspn", "laplacian_shot"} & set(choose(x, y, p).losses)
        assert set(choose(x, y, p, unlabelled=x, unlabelled_prior=p).losses) == set(FEW_LABELS)

    def test_a_transductive_head_is_asked_together_with_them(self):
        x, y, p = clouds(n=8, apart=1.0)
        u, _, up = clouds(n=50, seed=4)
        found = choose(x, y, p, methods=["bd_cspn"], unlabelled=u, unlabelled_prior=up)
        alone = found.head.answers(x[:1], p[:1])
        together = found.head.answers(np.vstack([x[:1], u]), np.vstack([p[:1], up]))[:1]
        np.testing.assert_array_equal(found.answers(x[:1], p[:1]), together)
        assert not np.allclose(alone, together)

    def test_of_very_many_a_sample_is_kept_and_of_none_that_a_linear_head_needs(self):
        x, y, p = clouds(n=8, apart=1.0)
        u, _, up = clouds(n=700)
        found = choose(x, y, p, methods=["bd_cspn"], unlabelled=u, unlabelled_prior=up)
        assert len(found.beside.vectors) == 500
        linear = choose(x, y, p, methods=["prototypes"], unlabelled=u, unlabelled_prior=up)
        assert len(linear.state()["beside"]["vectors"]) == 0


def test_no_head_is_judged_by_items_it_was_fitted_on():
    x, y, p = clouds(n=10)
    seen = []

    def fit(support, labels, prior):
        seen.append({float(row[0]) for row in support})
        return as_it_is(support, labels, prior)

    part = folds_of(y, 4, 0)
    held_out_losses(fit, x, y, p, part, Beside(x[:0], p[:0]))
    for fold, kept in enumerate(seen):
        assert kept == {float(row[0]) for row in x[part != fold]}


def test_losses_are_cross_entropies_of_the_left_out():
    x, y, _ = clouds(n=4)
    p = np.where(np.arange(2) == y[:, None], 0.8, 0.2)
    found = held_out_losses(as_it_is, x, y, p, folds_of(y, 10, 0), Beside(x[:0], p[:0]))
    np.testing.assert_allclose(found, -np.log(0.8))


def test_each_part_has_each_class():
    y = np.repeat([0, 1, 2], [40, 20, 20])
    part = folds_of(y, 10, 3)
    for fold in range(10):
        assert np.bincount(y[part == fold]).tolist() == [4, 2, 2]
    assert folds_of(y[:7], 10, 3).tolist() == list(range(7))


def test_linear_heads_do_not_change_with_what_is_beside_them():
    head = LinearHead(np.eye(2), np.zeros(2), np.zeros(2))
    q, p = np.ones((1, 2)), np.array([[0.5, 0.5]])
    np.testing.assert_array_equal(Beside(q, p).answers(head, q, p), head.answers(q, p))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"methods": ["magic"]}, "magic"),
        ({"methods": []}, "at least one"),
        ({"methods": "prototypes"}, "list"),
        ({"folds": 1}, "folds is 1"),
        ({"doubt": -1.0}, "doubt"),
        ({"unlabelled": np.zeros((2, 6))}, "together"),
    ],
)
def test_bad_parameters_are_one_sentence(change, said):
    x, y, p = clouds(n=6)
    with pytest.raises(ParameterError, match=said):
        choose(x, y, p, **change)


def shifted_domain(n, seed):
    """A class is told by two columns; the model knows the first, and of the second only that it exists."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.normal(size=(n, 8))
    x[:, 0] += 1.2 * (y - 0.5)
    x[:, 1] += 2.5 * (y - 0.5)
    right = 1 / (1 + np.exp(-1.2 * x[:, 0]))
    return x, y, np.stack([1 - right, right], axis=1)


def test_the_curve_starts_at_the_model_and_rises_with_labels():
    asked, truth, own = shifted_domain(400, 99)
    before = (own.argmax(axis=1) == truth).mean()
    curve, alone = {}, {}
    for shots in (1, 4, 16, 64):
        gains, specialist = [], []
        for seed in range(3):
            x, y, p = shifted_domain(2 * shots, seed)
            gains.append((choose(x, y, p).answers(asked, own).argmax(axis=1) == truth).mean() - before)
            even = np.full(p.shape, 0.5), np.full(own.shape, 0.5)
            found = prototypes(x, y, even[0]).answers(asked, even[1])
            specialist.append((found.argmax(axis=1) == truth).mean() - before)
        curve[shots], alone[shots] = np.mean(gains), np.mean(specialist)
    assert min(curve.values()) > -0.03
    assert curve[64] > max(curve[1], 0.0) + 0.05
    assert curve[1] >= alone[1]
