"""What every method for few labels promises: distributions, no unit, saved and loaded, one sentence for bad input."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture import store
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.optimise.few_labels import FEW_LABELS, Method, method_named
from polyculture.optimise.few_labels.chosen import Beside, Chosen
from polyculture.optimise.few_labels.heads import LinearHead
from polyculture.optimise.few_labels.inputs import class_means, unit, without_items

NAMES = sorted(FEW_LABELS)
METRIC = ("prototypes", "simple_shot", "bd_cspn", "laplacian_shot", "ridge_head")


def drawn(seed=0, a_class=4, classes=3, d=5, asked=12, apart=4.0):
    """Clouds around one point a class, and answers of a model that knows little."""
    rng = np.random.default_rng(seed)
    centres = apart * rng.normal(size=(classes, d))
    y, truth = np.repeat(np.arange(classes), a_class), rng.integers(0, classes, asked)
    support, query = (centres[c] + rng.normal(size=(len(c), d)) for c in (y, truth))
    prior, later = (rng.dirichlet(np.ones(classes), len(c)) for c in (y, truth))
    return support, y, prior, query, later, truth


@pytest.mark.parametrize("name", NAMES)
class TestEveryMethod:
    def test_answers_are_distributions_and_one_row_an_item(self, name):
        support, y, prior, query, later, _ = drawn()
        found = FEW_LABELS.load(name)(support, y, prior).answers(query, later)
        assert found.shape == later.shape
        assert (found >= 0).all()
        np.testing.assert_allclose(found.sum(axis=1), 1)

    def test_clouds_that_lie_apart_are_told_apart_by_whatever_looks_at_vectors(self, name):
        support, y, prior, query, later, truth = drawn(apart=9.0, a_class=8, asked=60)
        found = FEW_LABELS.load(name)(support, y, prior).answers(query, later).argmax(axis=1)
        right, before = (found == truth).mean(), (later.argmax(axis=1) == truth).mean()
        assert right > 0.9 if name in METRIC else right >= before - 0.1

    def test_neither_the_unit_nor_the_order_of_labelled_items_matters(self, name):
        support, y, prior, query, later, _ = drawn(1)
        method, order = FEW_LABELS.load(name), np.random.default_rng(2).permutation(len(y))
        found = method(support, y, prior).answers(query, later)
        np.testing.assert_allclose(method(7 * support, y, prior).answers(7 * query, later), found, atol=1e-4)
        again = method(support[order], y[order], prior[order]).answers(query, later)
        np.testing.assert_allclose(again, found, atol=1e-4)

    def test_only_transductive_answers_depend_on_what_is_asked_together(self, name):
        support, y, prior, query, later, _ = drawn(3, apart=1.0)
        head = FEW_LABELS.load(name)(support, y, prior)
        alone = np.vstack([head.answers(query[i : i + 1], later[i : i + 1]) for i in range(len(query))])
        same = np.allclose(alone, head.answers(query, later))
        assert same is not method_named(name).transductive
        assert head.transductive is method_named(name).transductive

    def test_it_is_kept_and_answers_the_same_to_the_last_bit(self, name, tmp_path):
        support, y, prior, query, later, _ = drawn(4)
        head = FEW_LABELS.load(name)(support, y, prior)
        chosen = Chosen(name, {"a": 1.0}, head, {name: 0.5}, Beside(query[:3], later[:3]))
        store.save(tmp_path / "kept", chosen.state(), kind="few labels", facts={})
        again = Chosen.from_state(store.load(tmp_path / "kept", kind="few labels"))
        np.testing.assert_array_equal(again.answers(query, later), chosen.answers(query, later))
        assert (again.name, again.settings, again.losses) == (name, {"a": 1.0}, {name: 0.5})

    def test_nothing_asked_gives_nothing(self, name):
        support, y, prior, query, later, _ = drawn()
        assert FEW_LABELS.load(name)(support, y, prior).answers(query[:0], later[:0]).shape == (0, 3)

    def test_what_is_tried_are_parameters_it_has(self, name):
        known = inspect.signature(FEW_LABELS.load(name)).parameters
        assert all(set(tried) <= set(known) for tried in method_named(name).tried)

    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            ({"support": np.full((12, 5), np.nan)}, DataError, "row 1"),
            ({"y": np.full(12, 3)}, DataError, "class 3"),
            ({"y": np.zeros(5, dtype=int)}, ShapeError, "one whole number a row"),
            ({"prior": np.full((12, 3), 0.5)}, DataError, "sum to 1"),
            ({"prior": np.full((3, 3), 1 / 3)}, ShapeError, "12 row"),
            ({"support": np.zeros(12)}, ShapeError, "one row an item"),
        ],
    )
    def test_bad_input_is_one_sentence(self, name, change, error, said):
        support, y, prior, *_ = drawn()
        with pytest.raises(error, match=said) as raised:
            FEW_LABELS.load(name)(**({"support": support, "y": y, "prior": prior} | change))
        assert "\n" not in str(raised.value)

    def test_a_query_of_another_width_is_refused(self, name):
        support, y, prior, query, later, _ = drawn()
        with pytest.raises(ShapeError, match="4 columns"):
            FEW_LABELS.load(name)(support, y, prior).answers(query[:, :4], later)


@pytest.mark.parametrize("name", METRIC)
@pytest.mark.parametrize("change", [{"sharpness": 0.0}, {"sharpness": np.inf}, {"trust": -1.0}])
def test_parameters_out_of_range_are_refused(name, change):
    support, y, prior, *_ = drawn()
    with pytest.raises(ParameterError, match=next(iter(change))):
        FEW_LABELS.load(name)(support, y, prior, **change)


@pytest.mark.parametrize("name", ["prototypes", "simple_shot", "bd_cspn", "laplacian_shot"])
def test_a_class_without_items_is_ruled_out(name):
    support, y, prior, query, later, _ = drawn()
    seen = y < 2
    found = FEW_LABELS.load(name)(support[seen], y[seen], prior[seen], trust=1.0).answers(query, later)
    assert found[:, 2].max() < 1e-12


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), shift=st.floats(-20, 20), name=st.sampled_from(["prototypes", "ridge_head"]))
def test_where_the_origin_lies_does_not_matter(seed, shift, name):
    support, y, prior, query, later, _ = drawn(seed)
    found = FEW_LABELS.load(name)(support, y, prior).answers(query, later)
    moved = FEW_LABELS.load(name)(support + shift, y, prior).answers(query + shift, later)
    np.testing.assert_allclose(moved, found, atol=1e-6)


def test_vectors_that_say_nothing_leave_the_model_where_it_is_trusted():
    _, y, prior, _, later, _ = drawn()
    for name in ("prototypes", "simple_shot"):
        found = FEW_LABELS.load(name)(np.zeros((12, 5)), y, prior, trust=1.0).answers(np.zeros((12, 5)), later)
        np.testing.assert_allclose(found, later, atol=1e-9)


def test_a_linear_head_is_its_formula():
    rng = np.random.default_rng(0)
    w, b, c, q, p = (rng.normal(size=s) for s in ((3, 4), 3, 4, (5, 4), (5, 3)))
    p = np.exp(p) / np.exp(p).sum(axis=1, keepdims=True)
    z = (q - c) / np.sqrt(((q - c) ** 2).sum(axis=1, keepdims=True))
    scores = np.exp(0.5 * np.log(p) + z @ w.T + b)
    found = LinearHead(w, b, c, 0.5, unit=True).answers(q, p)
    np.testing.assert_allclose(found, scores / scores.sum(axis=1, keepdims=True))


def test_a_registry_of_methods_with_their_facts():
    assert [name for name in FEW_LABELS if method_named(name).transductive] == ["bd_cspn", "laplacian_shot"]
    assert all(isinstance(FEW_LABELS[name], Method) and FEW_LABELS[name].summary for name in FEW_LABELS)
    with pytest.raises(ParameterError, match="no method for few labels named 'one_shot'"):
        method_named("one_shot")


def test_small_parts():
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1.0, 0.0]])
    np.testing.assert_array_equal(unit(x), [[0.6, 0.8], [0, 0], [1, 0]])
    np.testing.assert_array_equal(class_means(x, np.array([0, 0, 2]), 4), [[1.5, 2], [0, 0], [1, 0], [0, 0]])
    np.testing.assert_array_equal(without_items(np.array([0, 2]), 3) < -1, [False, True, False])
