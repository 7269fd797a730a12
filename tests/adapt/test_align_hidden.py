"""Deep CORAL and deep MMD: experts for domains without labels, whose features are drawn to the source's."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.adapt.align import align, unlabelled
from polyculture.adapt.mmd import squared_mmd
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.backbone import Backbone


@pytest.fixture(scope="module")
def planted():
    """The target is the source, moved across the border between classes along a column that says nothing else."""
    rng = np.random.RandomState(0)
    truth, domain = np.arange(600) % 2, np.repeat(["source", "target"], 300)
    x = rng.normal(size=(600, 4)).astype(np.float32) * 0.5
    x[:, 0] += np.where(truth, 1.0, -1.0)
    x[:, 1] += np.where(truth, 1.0, -1.0)
    x[domain == "target"] += np.array([1.5, 0.0, 0.0, 2.0], dtype=np.float32)
    y = np.where(domain == "source", truth, -1)
    backbone = Backbone(hidden=(16,), dropout=(0, 0), learning_rate=0.01, epochs=15).fit(x, y, classes=2)
    return backbone, x, y, domain, truth


def accuracy(planted, weights):
    backbone, x, _, domain, truth = planted
    rows = domain == "target"
    return (backbone.logits(x[rows], weights).argmax(axis=1) == truth[rows]).mean()


@pytest.mark.parametrize(("penalty", "weight"), [("coral", 1.0), ("mmd", 5.0)])
def test_features_come_nearer_and_answers_no_worse(planted, penalty, weight):
    backbone, x, y, domain, _ = planted
    expert = align(backbone, x, y, domain, penalty=penalty, weight=weight, learning_rate=0.01)["target"]
    assert accuracy(planted, expert) >= accuracy(planted, None)

    def apart(weights):
        hidden = backbone.last_hidden(x, weights)
        sides = hidden[domain == "source"], hidden[domain == "target"]
        if penalty == "mmd":
            return squared_mmd(*sides)
        return np.linalg.norm(np.cov(sides[0].T) - np.cov(sides[1].T)) / np.linalg.norm(np.cov(sides[0].T))

    plain = align(backbone, x, y, domain, penalty=penalty, weight=0.0, learning_rate=0.01)["target"]
    assert apart(expert) < 0.8 * apart(plain)


def test_mmd_undoes_a_planted_move(planted):
    backbone, x, y, domain, _ = planted
    expert = align(backbone, x, y, domain, penalty="mmd", weight=5.0, learning_rate=0.01)["target"]
    assert accuracy(planted, expert) > accuracy(planted, None) + 0.05


def test_only_domains_without_labels_have_experts_of_the_backbones_shape(planted):
    backbone, x, y, domain, _ = planted
    some = y.copy()
    some[-1] = 1
    assert align(backbone, x, some, domain, epochs=1) == {}
    expert = align(backbone, x, y, domain, epochs=1)["target"]
    assert {n: w.shape for n, w in expert.items()} == {n: w.shape for n, w in backbone.weights_.items()}


def test_the_same_again_and_the_backbone_left_alone(planted):
    backbone, x, y, domain, _ = planted
    before = {name: value.copy() for name, value in backbone.weights_.items()}
    one, two = (align(backbone, x, y, domain, epochs=2)["target"] for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert all(np.array_equal(before[name], backbone.weights_[name]) for name in before)


def test_labels_of_target_items_are_not_there_to_be_looked_at(planted):
    assert unlabelled(planted[2], planted[3])["target"].tolist() == list(range(300, 600))


def test_bad_input_is_one_sentence(planted):
    backbone, x, y, domain, _ = planted
    with pytest.raises(ParameterError, match=r"penalty is 'ot' and weight 1\.0; use coral or mmd"):
        align(backbone, x, y, domain, penalty="ot")
    with pytest.raises(ShapeError, match="one name for each of the 600 items"):
        align(backbone, x, y, domain[:3])
