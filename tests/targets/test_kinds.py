"""Kinds of targets: labels to arrays and back, losses beside torch's, and what every kind promises."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from polyculture.errors import ParameterError
from polyculture.targets import KINDS, Classes, Labels, Values, kind_named, kind_of, read_labels

RNG = np.random.RandomState(0)
SCORES = RNG.normal(size=(40, 3))
TRUTHS = {
    "classes": RNG.randint(0, 3, 40),
    "labels": RNG.randint(0, 2, (40, 3)),
    "values": RNG.normal(size=40),
}


def scores_of(name):
    return SCORES[:, :1] if name == "values" else SCORES


@pytest.mark.parametrize("name", KINDS)
class TestEveryKind:
    def test_arrays_say_their_kind(self, name):
        assert kind_of(TRUTHS[name]) is KINDS[name] is kind_named(name)

    def test_the_loss_of_a_network_is_the_loss_of_arrays(self, name):
        kind, scores, y = KINDS[name], scores_of(name), TRUTHS[name]
        found = kind.loss(torch.from_numpy(scores.astype(np.float32)), kind.tensor(y), 0.0)
        assert float(found) == pytest.approx(kind.losses(scores, y).mean(), rel=1e-5)

    def test_answers_go_back_to_scores(self, name):
        kind, scores = KINDS[name], scores_of(name)
        again = kind.answer(kind.raised(kind.answer(scores)))
        np.testing.assert_allclose(again, kind.answer(scores), rtol=1e-9)

    def test_one_model_pooled_is_itself(self, name):
        answers = KINDS[name].answer(scores_of(name))
        np.testing.assert_allclose(KINDS[name].pool(answers[None], np.ones(1)), answers, rtol=1e-9)
        both = np.stack([answers, answers])
        np.testing.assert_allclose(KINDS[name].pool(both, np.array([0.3, 0.7])), answers, rtol=1e-9)

    def test_a_temperature_does_not_make_it_worse(self, name):
        kind, scores, y = KINDS[name], 5 * scores_of(name), TRUTHS[name]
        best = kind.temperature(scores, y)
        assert kind.losses(scores / best, y).mean() <= kind.losses(scores, y).mean() + 1e-6
        assert (best == 1) == (name == "values")

    def test_no_label_is_none(self, name):
        kind, y = KINDS[name], TRUTHS[name]
        bare = kind.blank(y, np.arange(40) < 10)
        np.testing.assert_array_equal(kind.labelled(bare), np.arange(40) < 10)
        assert (kind.strata(bare)[10:] == -1).all()
        assert (kind.strata(bare)[:10] >= 0).all()

    def test_what_does_not_differ_does_not_vary(self, name):
        kind, y = KINDS[name], TRUTHS[name]
        assert kind.varies(y)
        assert not kind.varies(np.repeat(y[:1], 5, axis=0))
        assert not kind.varies(kind.blank(y, np.zeros(40, dtype=bool)))

    def test_a_linear_model_learns(self, name):
        kind, y = KINDS[name], TRUTHS[name]
        X = np.hstack([kind.goal(y, 3), 0.1 * RNG.normal(size=(40, 2))])
        weights, bias = kind.linear(X, y, 10.0, scores_of(name).shape[1])
        assert weights.shape == (scores_of(name).shape[1], X.shape[1])
        assert kind.losses(X @ weights.T + bias, y).mean() < kind.losses(np.zeros_like(scores_of(name)), y).mean() / 2

    def test_it_comes_back_from_its_state(self, name):
        target = KINDS[name].coded(3)
        again = KINDS[name].from_state(target.state())
        answers = KINDS[name].answer(scores_of(name))
        np.testing.assert_array_equal(again.decode(answers), target.decode(answers))


def test_kinds_by_an_unknown_name():
    with pytest.raises(ParameterError, match="target is 'ranks'; use one of classes, labels, values"):
        kind_named("ranks")


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_classes_come_back_as_they_were(values):
    labels, target = read_labels(values)
    codes = target.encode(labels)
    known = [i for i, value in enumerate(values) if value is not None]
    assert [i for i, code in enumerate(codes) if code >= 0] == known
    if known:
        again = target.decode(np.eye(target.width)[codes[known]])
        assert again.tolist() == [values[i] for i in known]


@given(st.lists(st.sets(st.sampled_from("abcd")), min_size=2, max_size=20))
@settings(max_examples=40, deadline=None)
def test_sets_come_back_as_rows(sets):
    names = sorted(set().union(*sets))
    if not names:
        return
    labels, target = read_labels(sets)
    rows = target.encode(labels)
    assert [{n for n, there in zip(names, row, strict=True) if there} for row in rows] == sets
    np.testing.assert_array_equal(target.decode(rows.astype(float)), rows)


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=20))
@settings(max_examples=60, deadline=None)
def test_values_come_back_as_they_were(values):
    labels, target = read_labels(values, values=True)
    z = target.encode(labels)
    assert np.isfinite(z).all()
    np.testing.assert_allclose(target.decode(z[:, None]), values, rtol=1e-6, atol=1e-9 * max(map(abs, values)))


def test_values_are_shared_out_by_fifths():
    y = RNG.permutation(np.arange(100.0))
    np.testing.assert_array_equal(np.bincount(Values.strata(y)), [20] * 5)
    assert set(Values.strata(np.array([1.0, 1.0, 1.0, 2.0]))) == {0, 1}


def test_labels_are_shared_out_by_the_rarest():
    y = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 0, 1], [0, 0, 0]])
    assert Labels.strata(y).tolist() == [1, 0, 2, 2, 3]


def test_a_label_that_all_have_needs_no_columns():
    weights, bias = Labels.linear(np.eye(4), np.array([[1, 0]] * 4), 1.0, 2)
    assert not weights.any()
    assert bias[0] > 2 > -2 > bias[1]


def test_labels_are_one_logistic_regression_each():
    rng = np.random.RandomState(1)
    X, y = rng.normal(size=(80, 4)), rng.randint(0, 2, (80, 2))
    weights, bias = Labels.linear(X, y, 0.5, 2)
    one = LogisticRegression(C=0.5, max_iter=300).fit(X, y[:, 1])
    # the model stops at a thousandth
    np.testing.assert_allclose(weights[1], one.coef_[0], atol=5e-3)
    assert bias[1] == pytest.approx(one.intercept_[0], abs=5e-3)


def test_measures_beside_those_of_scikit_learn():
    truth, said = RNG.randint(0, 2, (30, 3)), RNG.randint(0, 2, (30, 3))
    found = Labels.judge(truth, said)
    assert found["micro_f1"] == f1_score(truth, said, average="micro")
    assert found["accuracy"] == (truth == said).all(axis=1).mean()
    words = np.array(["no", "yes"])
    classes = Classes.judge(words[truth[:, 0]].astype(object), words[said[:, 0]])
    assert classes["accuracy"] == (truth[:, 0] == said[:, 0]).mean()
    assert classes["macro_f1"] == pytest.approx(f1_score(truth[:, 0], said[:, 0], average="macro"))
    weights = RNG.random_sample(30)
    assert Classes.judge(truth[:, 0], said[:, 0], weights)["accuracy"] == pytest.approx(
        np.average(truth[:, 0] == said[:, 0], weights=weights)
    )


class TestReading:
    @pytest.mark.parametrize(
        "y",
        [["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"], index=[4, 5]), np.array([["a"], ["b"]])],
    )
    @pytest.mark.filterwarnings("ignore:A column-vector y")
    def test_forms_of_a_column(self, y):
        labels, target = read_labels(y)
        assert labels.tolist() == target.names.tolist() == ["a", "b"]

    def test_names_of_columns_name_the_labels(self):
        assert read_labels(pd.DataFrame({"red": [0, 1], "new": [1, 1]}))[1].names.tolist() == ["red", "new"]

    def test_few_decimal_numbers_are_classes(self):
        assert read_labels([0.5, 1.5] * 5)[1].names.tolist() == [0.5, 1.5]

    @pytest.mark.parametrize("form", [list, lambda rows: read_labels(rows)[0]])
    def test_rows_may_be_missing(self, form):
        labels, target = read_labels(form([(0, 1), None, (1, 1)]))
        assert target.encode(labels).tolist() == [[0, 1], [-1, -1], [1, 1]]

    def test_lists_of_names_are_sets(self):
        labels, target = read_labels([["red"], [], None, ["new", "red"]])
        assert target.names.tolist() == ["new", "red"]
        assert labels.tolist() == [(0, 1), (0, 0), None, (1, 1)]


def test_rows_of_labels_in_an_array_of_objects_are_labels():
    rows = [(0, 1), (1, 0), (1, 1)]
    held = np.empty(3, dtype=object)
    held[:] = rows
    for found in (held, rows, np.array(rows)):
        labels, target = read_labels(found)
        assert isinstance(target, Labels)
        assert labels.tolist() == rows
