"""Distillation: the loss by hand, what the student learns, with labels and without, and for every kind of target."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.backbone import Backbone
from polyculture.fuse.distil import distil, imitation
from polyculture.targets import Classes, Labels, Values

RNG = np.random.RandomState(0)
X = RNG.randn(240, 4).astype("float32")


def objective_at(scores, teacher, kind, y=None, **settings):
    """The loss of fixed scores."""
    held = torch.tensor(scores)
    alike = imitation(lambda rows: (held[rows],), teacher, kind, y, **{"temperature": 1.0, "labels": 0.0, **settings})
    return alike(torch.nn.Identity(), torch.arange(len(scores)))


def softmax(z):
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


class TestLoss:
    scores, teacher = RNG.randn(6, 3), 2 * RNG.randn(6, 3)

    def by_hand(self, temperature):
        student = np.log(softmax(self.scores / temperature))
        return -(temperature**2) * (softmax(self.teacher / temperature) * student).sum(axis=1).mean()

    @pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
    def test_is_that_of_the_paper(self, temperature):
        loss, _, count = objective_at(self.scores, self.teacher, Classes, temperature=temperature)
        assert float(loss) == pytest.approx(self.by_hand(temperature), rel=1e-6)
        assert count == 6

    def test_labels_have_their_say_where_there_are_some(self):
        y = np.array([0, -1, 2, -1, -1, 1])
        known = y >= 0
        hard = -np.log(softmax(self.scores))[known, y[known]].mean()
        loss, *_ = objective_at(self.scores, self.teacher, Classes, y, temperature=2.0, labels=0.6)
        assert float(loss) == pytest.approx(self.by_hand(2.0) + 0.6 * 0.5 * hard, rel=1e-6)

    def test_right_is_what_agrees_with_the_teacher(self):
        _, right, _ = objective_at(self.scores, self.teacher, Classes)
        assert right == (self.scores.argmax(axis=1) == self.teacher.argmax(axis=1)).sum()

    def test_labels_of_several_at_once(self):
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        s, t = sigmoid(self.scores / 2), sigmoid(self.teacher / 2)
        by_hand = -4 * (t * np.log(s) + (1 - t) * np.log(1 - s)).mean()
        loss, right, _ = objective_at(self.scores, self.teacher, Labels, temperature=2.0)
        assert float(loss) == pytest.approx(by_hand, rel=1e-5)
        assert right == ((self.scores >= 0) == (self.teacher >= 0)).all(axis=1).sum()

    def test_values_are_the_same_at_every_temperature(self):
        one, two = (objective_at(self.scores[:, :1], self.teacher[:, :1], Values, temperature=t)[0] for t in (1.0, 4.0))
        assert float(one) == pytest.approx(((self.scores - self.teacher)[:, 0] ** 2).mean() / 2, rel=1e-6)
        assert float(two) == pytest.approx(float(one), rel=1e-5)


@pytest.fixture(scope="module")
def backbone():
    return Backbone(hidden=(16,), dropout=(0.0, 0.0), epochs=2).fit(X, (X[:, 0] > 0).astype(int))


def teaches(column):
    return 3 * np.stack([-X[:, column], X[:, column]], axis=1)


def agreement(backbone, weights, column):
    return float((backbone.logits(X, weights).argmax(axis=1) == (X[:, column] > 0)).mean())


class TestStudent:
    def test_learns_what_no_label_says(self, backbone):
        student = distil(backbone, X, teaches(1), learning_rate=0.02, epochs=30)
        assert agreement(backbone, student, 1) > 0.9 > agreement(backbone, backbone.weights_, 1)

    def test_labels_outweigh_a_teacher_if_told_to(self, backbone):
        y = (X[:, 2] > 0).astype(int)
        student = distil(backbone, X, teaches(1), y, labels=50.0, learning_rate=0.02, epochs=30)
        assert agreement(backbone, student, 2) > 0.9

    def test_the_backbone_and_its_random_numbers_stay_as_they_were(self, backbone):
        before = {name: value.copy() for name, value in backbone.weights_.items()}
        torch.manual_seed(3)
        expected = torch.rand(1)
        torch.manual_seed(3)
        student = distil(backbone, X, teaches(1), epochs=1)
        assert torch.rand(1) == expected
        assert {name: value.shape for name, value in student.items()} == {n: v.shape for n, v in before.items()}
        for name, value in before.items():
            np.testing.assert_array_equal(backbone.weights_[name], value)

    def test_starts_where_it_is_told_to(self, backbone):
        start = {name: value + 1 for name, value in backbone.weights_.items()}
        student = distil(backbone, X, teaches(1), start=start, epochs=0)
        for name, value in start.items():
            np.testing.assert_array_equal(student[name], value)

    def test_the_same_seed_gives_the_same(self, backbone):
        one, two = (distil(backbone, X, teaches(1), epochs=2) for _ in range(2))
        for name, value in one.items():
            np.testing.assert_array_equal(two[name], value)

    def test_values_are_learnt_too(self):
        backbone = Backbone(hidden=(16,), dropout=(0.0, 0.0), epochs=1, target="values").fit(X, X[:, 0], classes=1)
        student = distil(backbone, X, X[:, 1:2], learning_rate=0.02, epochs=40)
        assert np.corrcoef(backbone.answers(X, student)[:, 0], X[:, 1])[0, 1] > 0.9


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"temperature": 0.0}, ParameterError, r"temperature is 0.0; give a number in \(0, inf\)"),
        ({"labels": -1.0}, ParameterError, r"labels is -1.0; give a number in \[0, inf\)"),
        ({"teacher": teaches(1)[:9]}, ShapeError, r"240 items and answers of shape \(9, 2\); give \(240, 2\)"),
        ({"y": np.zeros(3, dtype=int)}, ShapeError, "and 3 labels"),
        ({"teacher": np.where(np.arange(240)[:, None] == 4, np.nan, 0.0) * [1, 1]}, DataError, "for item 5 is no"),
    ],
)
def test_what_does_not_fit_is_one_sentence(backbone, given, error, says):
    with pytest.raises(error, match=says):
        distil(backbone, X, **{"teacher": teaches(1), **given})
