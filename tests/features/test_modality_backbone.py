from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from polyculture.adapt import fine_tune
from polyculture.adapt.align import align
from polyculture.adapt.dann import dann
from polyculture.errors import ParameterError
from polyculture.features.backbones import BACKBONES
from polyculture.features.modality_backbone import ModalityBackbone
from polyculture.features.modality_network import FUSIONS
from polyculture.fuse import gram_sums, merge

COLUMNS = {"said": [(0, 3)], "seen": [(3, 6)]}
RNG = np.random.default_rng(0)
Y = np.tile([0, 1], 200)
X = (RNG.normal(size=(400, 6)) + (2 * Y[:, None] - 1) * np.array([1, 0, 0, 1, 0, 0])).astype(np.float32)
DOMAIN = np.repeat(["a", "b"], 200)
HELD = np.arange(400) % 5 == 0


def made(fusion="concatenation", **changes):
    return ModalityBackbone(
        fusion, **{"columns": COLUMNS, "hidden": (8, 6), "dropout": (0.0, 0.1), "learning_rate": 0.01, **changes}
    )


@pytest.fixture(scope="module", params=FUSIONS)
def fitted(request):
    return made(request.param).fit(X, Y, validation=HELD)


def lacking(name):
    changed = X.copy()
    for start, end in COLUMNS[name]:
        changed[:, start:end] = 0
    return changed


def test_either_modality_alone_still_answers(fitted):
    assert fitted.score(X[HELD], Y[HELD]) > 0.85
    for name in COLUMNS:
        # one modality alone is right in 84 of 100 items at best
        assert fitted.score(lacking(name)[HELD], Y[HELD]) > 0.7


def test_dropping_modalities_makes_up_for_one_that_is_lacking():
    # the second modality is weak: without dropping, the network leans on the first
    y = np.tile([0, 1], 1000)
    x = (RNG.normal(size=(2000, 6)) + (2 * y[:, None] - 1) * np.array([3, 0, 0, 1, 0, 0])).astype("f4")
    without = x.copy()
    without[:, :3] = 0
    losses = []
    for share in (0.0, 0.5):
        answers = made(modality_dropout=share, hidden=(16,)).fit(x[:1000], y[:1000]).predict_proba(without[1000:])
        losses.append(-np.log(answers[np.arange(1000), y[1000:]]).mean())
    assert losses[1] < losses[0] - 0.02


def test_of_all_fusions_the_one_that_loses_least_on_held_out_items_is_taken():
    # the class is whether two signs are alike, which no sum of two opinions holds
    x = RNG.normal(size=(1200, 6)).astype("f4")
    y = (x[:, 0] * x[:, 3] > 0).astype(int)
    held = np.arange(1200) % 3 == 0
    chosen = made("auto", hidden=(8,), modality_dropout=0.0).fit(x, y, validation=held)
    assert set(chosen.losses_) == set(FUSIONS)
    assert chosen.fusion_ == min(chosen.losses_, key=chosen.losses_.get)
    alone = made(chosen.fusion_, hidden=(8,), modality_dropout=0.0).fit(x, y, validation=held)
    np.testing.assert_array_equal(chosen.predict_proba(x), alone.predict_proba(x))
    again = ModalityBackbone.from_state(chosen.state())
    np.testing.assert_array_equal(again.predict_proba(x), alone.predict_proba(x))


def test_what_layers_receive_gives_what_they_say(fitted):
    received = fitted.layer_inputs(X[:9])
    logits = received.pop("logits")
    last, hidden = list(received.items())[-1]
    assert last == "5"
    head = fitted.weights_["5.weight"], fitted.weights_["5.bias"]
    np.testing.assert_allclose(hidden @ head[0].T + head[1], logits, atol=1e-5)
    for name, x in received.items():
        assert x.shape == (9, fitted.weights_[f"{name}.weight"].shape[1])
    np.testing.assert_array_equal(fitted.last_hidden(X[:9]), hidden)
    np.testing.assert_allclose(fitted.gram_sums(X[:9])["5"], gram_sums({"5": hidden})["5"])


def test_every_matrix_is_of_a_layer_that_a_merge_by_regression_knows(fitted):
    matrices = {name for name in fitted.weights_ if name.endswith("weight")}
    assert {f"{name}.weight" for name in fitted.gram_sums(X[:9])} == matrices


@pytest.mark.parametrize(("layers", "changed"), [("head", {"5"}), ("upper", {"2", "5"})])
def test_layers_that_are_kept(fitted, layers, changed):
    # without held-out items the last weights stay, better or not
    none = np.empty(0, dtype=int)
    kept = fitted.frozen_layers(layers)
    expert, _ = fitted.trained(fitted.weights_, X, Y, np.arange(400), none, epochs=1, frozen=kept)
    moved = {n.rpartition(".")[0] for n, v in expert.items() if not np.array_equal(v, fitted.weights_[n])}
    assert moved == changed


def test_experts_leave_it_and_are_merged_again(fitted):
    experts = fine_tune(fitted, X, Y, DOMAIN, validation=HELD, epochs=2)
    rows, stop = np.flatnonzero(~HELD), np.flatnonzero(HELD)
    for found in merge(fitted, experts, X, Y, DOMAIN, rows=rows, stop=stop):
        assert (fitted.logits(X[stop], found.weights).argmax(1) == Y[stop]).mean() > 0.85


def test_it_can_be_aligned_with_a_domain_without_labels(fitted):
    y = np.where(DOMAIN == "b", -1, Y)
    for adapt in (align, dann):
        weights = adapt(fitted, X, y, DOMAIN, validation=HELD, epochs=1)["b"]
        assert set(weights) == set(fitted.weights_)
        assert (fitted.logits(X, weights).argmax(1) == Y).mean() > 0.8


def test_kept_and_rebuilt_it_answers_the_same(fitted):
    again = BACKBONES.load("modalities").from_state(fitted.state())
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert again.get_params()["columns"] == COLUMNS


def test_the_same_seed_gives_the_same_weights(fitted):
    again = clone(fitted).fit(X, Y, validation=HELD)
    for name, value in fitted.weights_.items():
        np.testing.assert_array_equal(value, again.weights_[name])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fusion": "sum"}, "no fusion of modalities named 'sum'; use auto, "),
        ({"columns": None}, "columns is not given"),
        ({"columns": {"said": [(0, 3)], "seen": [(2, 6)]}}, "each of the 6 must be of one modality"),
        ({"columns": {"said": [(0, 3)]}}, "each of the 6 must be of one modality"),
        ({"modality_dropout": 1.0}, "a share in"),
        ({"rank": 0}, "a rank from 1"),
        ({"hidden": ()}, "at least one hidden layer"),
    ],
)
def test_parameters_out_of_range_are_refused(changes, said):
    with pytest.raises(ParameterError, match=said):
        made(**changes).fit(X, Y)


def test_an_unknown_choice_of_layers_is_refused(fitted):
    with pytest.raises(ParameterError, match="layers is 'some'"):
        fitted.frozen_layers("some")
