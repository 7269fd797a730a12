"""DANN: the gradient is turned round, the judge learns, the features hide the domain."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from polyculture.adapt.dann import Adversarial, dann, reverse_gradient
from polyculture.adapt.mmd import squared_mmd
from polyculture.errors import ParameterError
from polyculture.features.backbone import Backbone


@pytest.fixture(scope="module")
def planted():
    """The domain stands in a column that says something of the class in the source, and nothing in the target."""
    rng = np.random.RandomState(0)
    truth, domain = np.arange(500) % 2, np.repeat(["source", "target"], 250)
    x = rng.normal(size=(500, 3)).astype(np.float32) * 0.6
    x[:, 0] += np.where(truth, 1.0, -1.0)
    x[:, 1] += np.where(domain == "source", np.where(truth, 1.0, -1.0), 2.5)
    y = np.where(domain == "source", truth, -1)
    backbone = Backbone(hidden=(16,), dropout=(0, 0), learning_rate=0.01, epochs=15).fit(x, y, classes=2)
    return backbone, x, y, domain, truth


@pytest.fixture(scope="module")
def expert(planted):
    backbone, x, y, domain, _ = planted
    return dann(backbone, x, y, domain, learning_rate=0.01, epochs=30)["target"]


def test_forwards_nothing_changes_and_backwards_the_sign_does():
    x = torch.tensor([1.0, -2.0], requires_grad=True)
    assert torch.equal(reverse_gradient(x, 0.3), x)
    (reverse_gradient(x, 0.3) * torch.tensor([1.0, 10.0])).sum().backward()
    assert torch.allclose(x.grad, torch.tensor([-0.3, -3.0]))


def test_one_step_teaches_the_judge_and_unteaches_the_features():
    torch.manual_seed(0)
    network = Adversarial(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)))
    source, target = torch.randn(50, 2), torch.randn(50, 2) + 2

    def loss():
        body = network.network[:-1]
        return network.told_apart(body(source), body(target), 1.0)

    for part, better in ((network.judge, True), (network.network[0], False)):
        network.zero_grad()
        before = loss()
        before.backward()
        with torch.no_grad():
            for weights in part.parameters():
                weights.sub_(0.05 * weights.grad)
        assert (loss() < before.detach()) == better


def test_hidden_features_of_both_sides_come_nearer_than_by_training_alone(planted, expert):
    backbone, x, y, domain, _ = planted

    def apart(weights):
        hidden = backbone.last_hidden(x, weights)
        return squared_mmd(hidden[domain == "source"], hidden[domain == "target"])

    plain = dann(backbone, x, y, domain, weight=0.0, learning_rate=0.01, epochs=30)["target"]
    assert apart(expert) < 0.5 * apart(plain)
    assert apart(expert) < 0.5 * apart(None)


def test_the_target_is_served_better(planted, expert):
    backbone, x, _, domain, truth = planted
    rows = domain == "target"
    before, after = ((backbone.logits(x[rows], w).argmax(axis=1) == truth[rows]).mean() for w in (None, expert))
    assert after > before + 0.1


def test_weights_have_the_backbones_names_and_the_same_again_gives_the_same(planted):
    backbone, x, y, domain, _ = planted
    one, two = (dann(backbone, x, y, domain, epochs=1)["target"] for _ in range(2))
    assert list(one) == list(backbone.weights_)
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_negative_weight_is_an_error(planted):
    with pytest.raises(ParameterError, match="weight is -1; pass 0 or more"):
        dann(*planted[:4], weight=-1)
