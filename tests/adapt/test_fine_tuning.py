"""Experts: from the backbone's weights, to what each domain asks for, and no further than its own labels carry."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.adapt import fine_tune
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone

SETTINGS = {"learning_rate": 0.01, "epochs": 12}


@pytest.fixture(scope="module")
def planted():
    """Two domains with opposite rules, a third with three labels, a fourth with one class, a fifth with no label."""
    rng = np.random.RandomState(0)
    domain = np.repeat(np.array(["plus", "minus", "few", "one", "none"], dtype=object), [150, 150, 3, 20, 10])
    x = rng.normal(size=(len(domain), 4)).astype(np.float32)
    y = ((x[:, 0] > 0) ^ (domain == "minus")).astype(int)
    y[np.flatnonzero(domain == "few")] = [0, 1, 0]
    y[domain == "one"], y[domain == "none"] = 1, -1
    held = rng.random_sample(len(y)) < 0.3
    held[domain == "few"] = False
    backbone = Backbone(hidden=(8, 6), dropout=(0, 0), learning_rate=0.01, epochs=5).fit(x, y, validation=held)
    return backbone, x, y, domain, held


@pytest.fixture(scope="module")
def experts(planted):
    backbone, x, y, domain, held = planted
    return fine_tune(backbone, x, y, domain, validation=held, **SETTINGS)


def loss(backbone, x, y, weights):
    logits = backbone.logits(x, weights)
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(y)), y]))


def same(a, b):
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)


def test_experts_beat_the_backbone_where_domains_follow_opposite_rules(planted, experts):
    backbone, *_ = planted
    x = np.random.RandomState(1).normal(size=(400, 4)).astype(np.float32)
    rule = (x[:, 0] > 0).astype(int)
    for name, truth in (("plus", rule), ("minus", 1 - rule)):
        pooled, own = ((backbone.logits(x, w).argmax(axis=1) == truth).mean() for w in (None, experts[name]))
        assert own > 0.9
        assert own > pooled + 0.2


def test_every_domain_with_a_label_has_an_expert_of_the_backbones_shape(planted, experts):
    backbone, *_ = planted
    assert sorted(experts) == ["few", "minus", "one", "plus"]
    shapes = {name: (w.shape, w.dtype) for name, w in backbone.weights_.items()}
    assert all({name: (w.shape, w.dtype) for name, w in e.items()} == shapes for e in experts.values())


@pytest.mark.parametrize("name", ["few", "one"])
def test_too_few_labels_keep_the_backbones_weights(planted, experts, name):
    assert same(experts[name], planted[0].weights_)


def test_enough_is_what_least_says(planted):
    backbone, x, y, domain, _ = planted
    rows = np.isin(domain, ["few", "plus"])
    found = fine_tune(backbone, x[rows], y[rows], domain[rows], least=3, **SETTINGS)
    assert not same(found["few"], backbone.weights_)


def test_no_expert_is_worse_than_the_backbone_on_its_held_out_items(planted, experts):
    backbone, x, y, domain, held = planted
    for name in ("plus", "minus", "one"):
        rows = held & (domain == name)
        assert loss(backbone, x[rows], y[rows], experts[name]) <= loss(backbone, x[rows], y[rows], None) + 1e-6


def test_steps_that_only_harm_are_not_taken(planted, experts):
    backbone, x, y, domain, held = planted
    start = Backbone.from_state(backbone.state() | {"weights": experts["plus"]})
    found = fine_tune(start, x, np.where(held, y, 1 - y), np.where(y < 0, "none", domain), validation=held, epochs=4)
    assert same(found["plus"], experts["plus"])


@pytest.mark.parametrize(("layers", "free"), [("all", 3), ("upper", 2), ("head", 1)])
def test_only_the_layers_asked_for_change(planted, layers, free):
    backbone, x, y, domain, held = planted
    expert = fine_tune(backbone, x, y, domain, validation=held, layers=layers, **SETTINGS)["minus"]
    linear = list(dict.fromkeys(name.partition(".")[0] for name in expert))
    for layer in linear[:-free]:
        for part in ("weight", "bias"):
            np.testing.assert_array_equal(expert[f"{layer}.{part}"], backbone.weights_[f"{layer}.{part}"])
    for layer in linear[-free:]:
        assert not np.array_equal(expert[f"{layer}.weight"], backbone.weights_[f"{layer}.weight"])


@pytest.mark.parametrize("layers", ["all", "upper", "head"])
def test_a_linear_backbone_has_a_head_alone(layers):
    x = np.random.RandomState(0).normal(size=(60, 3)).astype(np.float32)
    y, domain = (x[:, 0] > 0).astype(int), np.repeat("a", 60)
    backbone = Backbone(hidden=(), epochs=1).fit(x, y)
    expert = fine_tune(backbone, x, 1 - y, domain, layers=layers, **SETTINGS)["a"]
    assert not same(expert, backbone.weights_)


def test_other_domains_have_no_say_in_an_expert(planted, experts):
    backbone, x, y, domain, held = planted
    others = domain != "minus"
    rng = np.random.RandomState(5)
    x = np.where(others[:, None], rng.normal(size=x.shape), x).astype(np.float32)
    y = np.where(others & (y >= 0), rng.randint(0, 2, len(y)), y)
    changed = fine_tune(backbone, x, y, domain, validation=held, **SETTINGS)
    assert same(changed["minus"], experts["minus"])


def test_held_out_labels_choose_the_epoch_and_teach_nothing(planted, experts):
    backbone, x, y, domain, held = planted
    turned = np.where(held & (domain == "minus"), 1 - y, y)
    found = fine_tune(backbone, x, turned, domain, validation=held, **SETTINGS)
    # by the turned labels every step is one away: the expert stays where it started
    rows = held & (domain == "minus")
    assert loss(backbone, x[rows], y[rows], found["minus"]) > loss(backbone, x[rows], y[rows], experts["minus"]) + 0.1
    assert same(found["plus"], experts["plus"])


def test_the_backbone_is_left_alone(planted):
    backbone, x, y, domain, held = planted
    before = {name: value.copy() for name, value in backbone.weights_.items()}
    fine_tune(backbone, x, y, domain, validation=held, **SETTINGS)
    assert same(backbone.weights_, before)


def test_the_same_again_gives_the_same(planted, experts):
    backbone, x, y, domain, held = planted
    again = fine_tune(backbone, x, y, domain, validation=held, **SETTINGS)
    assert all(same(again[name], experts[name]) for name in experts)


def test_unknown_layers_are_an_error(planted):
    backbone, x, y, domain, _ = planted
    with pytest.raises(ParameterError, match="layers is 'lower'; use one of all, upper, head"):
        fine_tune(backbone, x, y, domain, layers="lower")
