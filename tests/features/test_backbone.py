"""The backbone: learns, is the same for the same seed, and gives back exactly what it was given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture import store
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.backbone import Backbone, build, load_weights, weights_of
from polyculture.targets.classes import softmax

SMALL = {"hidden": (8, 6), "dropout": (0.1, 0.2), "learning_rate": 0.02, "epochs": 6, "patience": 9}


def planted(n=120, seed=0, classes=2):
    x = np.random.RandomState(seed).normal(size=(n, 5)).astype(np.float32)
    return x, np.argmax(x[:, :classes], axis=1)


def same(a, b):
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def fitted():
    return Backbone(**SMALL).fit(*planted())


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("hidden", [(), (16,), (16, 8)])
def test_learns(classes, hidden):
    settings = {**SMALL, "hidden": hidden, "dropout": (0, 0), "epochs": 60, "learning_rate": 0.03}
    backbone = Backbone(**settings).fit(*planted(300, classes=classes))
    held, truth = planted(200, seed=1, classes=classes)
    assert backbone.score(held, truth) > 0.85
    np.testing.assert_allclose(backbone.predict_proba(held).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(backbone.predict(held), backbone.predict_proba(held).argmax(axis=1))


def test_the_same_seed_gives_the_same_weights_and_another_others(fitted):
    torch.rand(7)  # whatever happened before
    assert same(Backbone(**SMALL).fit(*planted()).weights_, fitted.weights_)
    assert not same(Backbone(**SMALL, random_state=1).fit(*planted()).weights_, fitted.weights_)


def test_leaves_global_random_numbers_alone(fitted):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Backbone(**SMALL).fit(*planted()).predict_proba(planted()[0])
    assert torch.equal(torch.rand(3), expected)


def test_unlabelled_rows_are_not_learnt(fitted):
    x, y = planted()
    noise = np.full((40, 5), 1e6, dtype=np.float32)
    held = np.arange(160) % 4 == 0
    plain = Backbone(**SMALL).fit(x, y, validation=held[:120])
    more = Backbone(**SMALL).fit(np.vstack([x, noise]), np.concatenate([y, np.full(40, -1)]), validation=held)
    assert same(more.weights_, plain.weights_)


def test_held_out_rows_choose_the_epoch_and_teach_nothing():
    x, y = planted()
    held = np.arange(120) >= 90
    turned = np.where(held, 1 - y, y)
    one, two = (Backbone(**SMALL).fit(x, labels, validation=held) for labels in (y, turned))
    # the loss of every epoch is the same: no label of a held-out row has moved a weight
    assert [epoch.loss for epoch in one.history_] == [epoch.loss for epoch in two.history_]
    assert [epoch.validation_loss for epoch in one.history_] != [epoch.validation_loss for epoch in two.history_]
    assert not same(one.weights_, two.weights_)


def test_a_tenth_is_held_out_where_none_is_given(fitted):
    assert np.isfinite(fitted.history_[0].validation_loss)


def test_a_class_without_items_has_its_column():
    x, y = planted()
    assert Backbone(**SMALL).fit(x, y, classes=4).predict_proba(x).shape == (120, 4)


def test_layer_inputs_are_what_each_layer_receives(fitted):
    x, _ = planted()
    found = fitted.layer_inputs(x)
    assert [value.shape for value in found.values()] == [(120, 5), (120, 8), (120, 6), (120, 2)]
    first, second, head, logits = found
    np.testing.assert_array_equal(found[first], x)
    for name, following in ((first, second), (second, head)):
        w = fitted.weights_
        by_hand = np.maximum(found[name] @ w[f"{name}.weight"].T + w[f"{name}.bias"], 0)
        np.testing.assert_allclose(found[following], by_hand, atol=1e-5)
    np.testing.assert_allclose(
        found[logits], found[head] @ fitted.weights_[f"{head}.weight"].T + fitted.weights_[f"{head}.bias"], atol=1e-5
    )
    np.testing.assert_array_equal(fitted.logits(x), found["logits"])


def test_logits_under_given_weights_are_those_of_a_network_with_them(fitted):
    x, _ = planted()
    other = Backbone(**SMALL, random_state=3).fit(*planted(seed=2))
    np.testing.assert_array_equal(fitted.logits(x, other.weights_), other.logits(x))
    np.testing.assert_array_equal(fitted.logits(x, fitted.weights_), fitted.logits(x))
    with torch.no_grad():
        by_hand = load_weights(build(5, (8, 6), 2, (0, 0)), other.weights_)(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(fitted.logits(x, other.weights_), by_hand)


def test_weights_are_copies(fitted):
    network = build(5, (8,), 2, (0, 0))
    taken = weights_of(network)
    for value in taken.values():
        value[...] = 7
    assert not any((tensor == 7).all() for tensor in network.state_dict().values())
    load_weights(network, taken)
    taken["1.weight"][...] = 0
    assert (network[1].weight == 7).all()


@pytest.mark.parametrize("frozen", [0, 1, 2, 3])
def test_frozen_layers_stay_and_training_goes_on_from_the_start(fitted, frozen):
    x, y = planted(seed=4)
    rows = np.arange(120)
    before = {name: value.copy() for name, value in fitted.weights_.items()}
    weights, history = fitted.trained(fitted.weights_, x, y, rows[:90], rows[90:0], frozen=min(frozen, 2), epochs=2)
    assert len(history) == 2
    layers = list(dict.fromkeys(name.partition(".")[0] for name in weights))
    for place, layer in enumerate(layers):
        kept = np.array_equal(weights[f"{layer}.weight"], before[f"{layer}.weight"])
        assert kept == (place < min(frozen, 2))
    assert same(fitted.weights_, before)


def test_no_learning_rate_moves_nothing(fitted):
    x, y = planted()
    weights, _ = fitted.trained(fitted.weights_, x, y, np.arange(120), np.arange(0), learning_rate=0.0, epochs=1)
    assert same(weights, fitted.weights_)


def test_comes_back_from_its_state_bit_for_bit(fitted, tmp_path):
    x, y = planted(seed=6)
    store.save(tmp_path / "b", fitted.state(), kind="backbone", facts={})
    again = Backbone.from_state(store.load(tmp_path / "b", kind="backbone"))
    np.testing.assert_array_equal(again.predict_proba(x), fitted.predict_proba(x))
    assert again.get_params() == fitted.get_params()
    assert same(clone(again).fit(x, y).weights_, clone(fitted).fit(x, y).weights_)


@pytest.mark.parametrize(
    ("y", "validation"),
    [
        ([1, 1, 1, 1], None),
        ([0, 0, -1, -1], None),
        ([-1] * 4, None),
        ([0, 1, 1, 1], [True, False, False, False]),
        ([0, 1, 0, 1], [True] * 4),
    ],
)
def test_fewer_than_two_classes_to_train_on_are_an_error(y, validation):
    held = None if validation is None else np.array(validation)
    with pytest.raises(DataError, match="training needs at least two classes"):
        Backbone(**SMALL).fit(np.zeros((4, 2), dtype=np.float32), np.array(y), validation=held)


def test_an_unknown_optimiser_is_an_error():
    with pytest.raises(ParameterError, match="no optimiser named 'newton'"):
        Backbone(**SMALL, optimizer="newton").fit(*planted())


def test_not_fitted():
    with pytest.raises(NotFittedError):
        Backbone().predict(np.zeros((1, 2)))


def test_softmax_is_safe_and_blind_to_a_shift():
    logits = np.array([[1e4, 0.0, -1e4], [1.0, 2.0, 3.0]])
    found = softmax(logits)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[0], [1, 0, 0])
    np.testing.assert_allclose(softmax(logits + 5.0), found)


def kept(state, folder):
    store.save(folder / "b", state, kind="backbone", facts={})
    return store.load(folder / "b", kind="backbone")


class TestLabelsOfAnyForm:
    @pytest.mark.parametrize("nothing", [None, float("nan"), ""])
    def test_words(self, nothing):
        x, y = planted()
        words = np.array(["no", "yes"], dtype=object)[y]
        words[::5] = nothing
        backbone = Backbone(**SMALL).fit(x, words)
        assert backbone.classes_.tolist() == ["no", "yes"]
        assert set(backbone.predict(x)) <= {"no", "yes"}
        assert backbone.score(x[1::5], words[1::5]) > 0.8

    def test_several_at_once(self, tmp_path):
        x, _ = planted()
        both = (x[:, :2] > 0).astype(int)
        backbone = Backbone(**SMALL, target="labels").fit(x, both)
        assert backbone.predict_proba(x).shape == both.shape
        assert (backbone.predict(x) == both).mean() > 0.8
        again = Backbone.from_state(kept(backbone.state(), tmp_path))
        np.testing.assert_array_equal(again.predict(x), backbone.predict(x))

    def test_values(self, tmp_path):
        x, _ = planted()
        backbone = Backbone(**SMALL, target="values").fit(x, 100 + 5 * x[:, 0])
        assert backbone.score(x, 100 + 5 * x[:, 0]) > 0.6
        assert not hasattr(backbone, "predict_proba")
        again = Backbone.from_state(kept(backbone.state(), tmp_path))
        np.testing.assert_array_equal(again.predict(x), backbone.predict(x))

    def test_labels_of_another_kind(self):
        x, y = planted()
        with pytest.raises(ShapeError, match="y holds classes and target is 'labels'; set target='classes'"):
            Backbone(**SMALL, target="labels").fit(x, y)
        with pytest.raises(ParameterError, match="target is 'ranks'"):
            Backbone(**SMALL, target="ranks").fit(x, y)


def test_arrays_that_may_not_be_written_to(fitted):
    x, y = planted()
    x.flags.writeable = y.flags.writeable = False
    np.testing.assert_array_equal(Backbone(**SMALL).fit(x, y).predict_proba(x), fitted.predict_proba(x))
