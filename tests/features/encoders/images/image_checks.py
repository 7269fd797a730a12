"""What every encoder of images that is trained from scratch promises; the test files of each family run it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture.errors import DataError, ParameterError, ShapeError

SMALL = {"size": 12, "hidden": 16, "batch_size": 16, "epochs": 6}


def stripes(n, seed=0, side=12):
    """Noise with a bright bar, lying (0) or standing (1), of any colour and at any place."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 2, n)
    images = rng.randint(0, 60, (n, side, side, 3))
    for image, label, at in zip(images, y, rng.randint(1, side - 3, n), strict=True):
        bar = image[at : at + 3] if label == 0 else image[:, at : at + 3]
        bar += rng.randint(80, 190, 3)
    return images.astype(np.uint8), y


class TrainedImageEncoder:
    """Claims about one class; a family sets `kind` and may add to `params`."""

    kind: type
    params: dict = {}  # noqa: RUF012

    @classmethod
    def make(cls, **changes):
        return cls.kind(**{**SMALL, **cls.params, **changes})

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls):
        return cls.make(epochs=12).fit(*stripes(240))

    def test_learns_the_shape_that_decides(self, fitted):
        images, y = stripes(200, seed=1)
        assert (fitted.predict(images) == y).mean() > 0.9

    def test_vectors_separate_the_classes(self, fitted):
        images, y = stripes(150, seed=2)
        vectors = fitted.transform(images)
        assert vectors.dtype == np.float32
        assert vectors.shape == (150, fitted.hidden)
        centres = np.stack([vectors[y == value].mean(0) for value in (0, 1)])
        assert ((((vectors[:, None] - centres) ** 2).sum(2).argmin(1)) == y).mean() > 0.85

    def test_order_and_company_of_images_change_nothing(self, fitted):
        images, _ = stripes(300, seed=3)
        found = fitted.transform(images)
        np.testing.assert_allclose(found, fitted.transform(images[::-1])[::-1], atol=1e-5)
        np.testing.assert_allclose(
            found[:3], np.concatenate([fitted.transform(images[[i]]) for i in range(3)]), atol=1e-5
        )

    def test_brighter_light_changes_little(self, fitted):
        images, _ = stripes(50, seed=4)
        darker = (images // 2).astype(np.uint8)
        assert (fitted.predict(images) == fitted.predict(darker)).mean() > 0.9

    def test_images_of_any_size_are_read(self, fitted):
        images, y = stripes(100, seed=5, side=12)
        large = images.repeat(3, axis=1).repeat(3, axis=2)
        assert (fitted.predict(large) == y).mean() > 0.85

    def test_state_is_exact(self, fitted):
        images, _ = stripes(50, seed=4)
        again = self.kind.from_state(fitted.state())
        assert np.array_equal(again.transform(images), fitted.transform(images))
        assert np.array_equal(again.predict_proba(images), fitted.predict_proba(images))
        assert again.get_params() == fitted.get_params()
        assert len(again.history_) == len(fitted.history_)

    def test_a_state_is_a_copy(self, fitted):
        images, _ = stripes(20, seed=4)
        before = fitted.transform(images)
        for value in fitted.state()["weights"].values():
            value[...] = 0
        assert np.array_equal(fitted.transform(images), before)

    def test_same_seed_same_vectors(self):
        images, y = stripes(60)
        first, second = (self.make(epochs=2, mixup=0.2).fit(images, y).transform(images) for _ in range(2))
        assert np.array_equal(first, second)
        other = self.make(epochs=2, mixup=0.2, random_state=1).fit(images, y)
        assert not np.array_equal(first, other.transform(images))

    def test_augmentation_is_for_training_alone_and_can_be_left_out(self):
        images, y = stripes(60)
        changed, plain = (self.make(epochs=2, augment=names).fit(images, y) for names in (("noise", "invert"), ()))
        assert changed.history_[0].loss != plain.history_[0].loss
        assert np.array_equal(changed.transform(images), changed.transform(images))

    def test_leaves_global_random_numbers_alone(self):
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        fitted = self.make(epochs=1).fit(*stripes(40))
        self.kind.from_state(fitted.state())
        assert torch.equal(torch.rand(3), expected)

    def test_held_out_images_teach_nothing(self):
        images, y = stripes(60)
        held = np.arange(60) < 20
        fitted = self.make(epochs=2).fit(images, y, validation=held)
        others = np.where(held[:, None, None, None], 255 - images, images)
        other = self.make(epochs=2).fit(others, y, validation=held)
        assert [e.loss for e in other.history_] == [e.loss for e in fitted.history_]
        assert other.history_[0].validation_loss != fitted.history_[0].validation_loss

    def test_unlabelled_images_teach_nothing(self):
        images, y = stripes(60)
        more = np.concatenate([images, stripes(30, seed=9)[0]])
        plain = self.make(epochs=2).fit(images, y)
        other = self.make(epochs=2).fit(more, np.concatenate([y, np.full(30, -1)]))
        assert np.array_equal(plain.transform(images), other.transform(images))

    def test_patience_stops_early(self):
        images, y = stripes(60)
        fitted = self.make(epochs=60, patience=1, learning_rate=0.05).fit(images, y)
        assert len(fitted.history_) < 60
        assert np.isfinite(fitted.history_[0].validation_loss)

    def test_probabilities(self, fitted):
        proba = fitted.predict_proba(stripes(5)[0])
        assert proba.shape == (5, 2)
        np.testing.assert_allclose(proba.sum(1), 1)
        assert fitted.transform([]).shape == (0, fitted.hidden)

    def test_classes_keep_their_names(self):
        images, y = stripes(60)
        encoder = self.make(epochs=1).fit(images, np.where(y == 1, 7, 3))
        assert encoder.classes_.tolist() == [3, 7]
        assert set(encoder.predict(images)) <= {3, 7}

    def test_parameters_stay_as_given(self):
        encoder = self.make()
        assert clone(encoder).get_params() == encoder.get_params()

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            self.make().transform(stripes(1)[0])

    @pytest.mark.parametrize(
        ("images", "y", "error", "says"),
        [
            (np.zeros((2, 4, 4, 3), np.uint8), None, DataError, "give y"),
            (np.zeros((2, 4, 4, 3), np.uint8), [1, 1], DataError, "two classes"),
            (np.zeros((2, 4, 4, 3), np.uint8), [1, 0, 1], ShapeError, "2 images and 3 labels"),
            (np.zeros((2, 4, 4, 3), np.uint8), [0.5, 1.0], DataError, "whole number for each image"),
            (np.zeros((2, 4, 4, 3)), [0, 1], DataError, "got float64"),
            (np.zeros((2, 4, 4), np.uint8), [0, 1], DataError, "expected images"),
            ([np.zeros((4, 4, 3), np.uint8), np.zeros((5, 4, 3), np.uint8)], [0, 1], DataError, "differ in size"),
            (["a.png", "b.png"], [0, 1], DataError, "expected images"),
        ],
    )
    def test_bad_items(self, images, y, error, says):
        with pytest.raises(error, match=says):
            self.make().fit(images, y)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"size": 0}, "size is 0"),
            ({"epochs": 0}, "epochs is 0"),
            ({"patience": 0}, "patience is 0"),
            ({"dropout": 1.0}, "dropout is 1.0"),
            ({"mixup": -1.0}, "mixup is -1.0"),
            ({"augment": ("flop",)}, "no change of images named 'flop'"),
            ({"share": 0.0}, "share is 0.0"),
            ({"optimizer": "gradient"}, "no optimiser named"),
        ],
    )
    def test_bad_parameters(self, changes, says):
        with pytest.raises(ParameterError, match=says):
            self.make(**changes).fit(*stripes(20))
