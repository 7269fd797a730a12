"""Reasons by patch: exact where the model is known, at the planted spot where it is learnt, gone with the weights."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.explain import (
    PatchReasons,
    faithful,
    gradient_patch_reasons,
    image_predictor,
    localisation,
    patch_reasons,
    planted_lesions,
)
from polyculture.explain.patches import kept_patches
from polyculture.features.encoders.images.cnn import ImageCNNEncoder

SIZE = 8


@pytest.fixture(scope="module")
def learnt():
    planted = planted_lesions(160, seed=1)
    encoder = ImageCNNEncoder(width=8, stages=2, stride=2, hidden=16, epochs=10, batch_size=16, augment=("noise",))
    return encoder.fit(planted.images, planted.label)


@pytest.fixture(scope="module")
def held():
    """Images that were not trained on; those with a spot."""
    planted = planted_lesions(60, seed=2)
    with_spot = planted.label == 1
    return planted, planted.images[with_spot], planted.where[with_spot]


def mixed_up(encoder, seed=0):
    """The same network with the numbers of every tensor in random order."""
    rng, state = np.random.default_rng(seed), encoder.state()
    for name, value in state["weights"].items():
        state["weights"][name] = rng.permutation(value.ravel()).reshape(value.shape)
    return type(encoder).from_state(state)


def found_at(reasons, where):
    return localisation(np.stack([r.map(*where.shape[1:]) for r in reasons]), where).mean()


def test_the_model_learnt_the_spot(learnt, held):
    planted, _, _ = held
    assert (learnt.predict(planted.images) == planted.label).mean() > 0.95


def test_covered_patches_find_the_planted_spot_and_mixed_up_weights_do_not(learnt, held):
    _, images, where = held
    ones = np.ones(len(images), dtype=int)
    assert found_at(patch_reasons(image_predictor(learnt), images, size=SIZE, predicted=ones), where) >= 0.9
    others = [
        found_at(patch_reasons(image_predictor(mixed_up(learnt, s)), images, size=SIZE, predicted=ones), where)
        for s in range(5)
    ]
    # a mixed-up network may react to a bright spot by accident, in either direction
    assert np.mean(others) < 0.75


def test_integrated_gradients_find_it_too(learnt, held):
    pytest.importorskip("captum")
    _, images, where = held
    ones = np.ones(len(images), dtype=int)
    assert found_at(gradient_patch_reasons(learnt, images, size=SIZE, predicted=ones), where) >= 0.9


def test_integrated_gradients_sum_up_to_the_change_of_the_answer(learnt, held):
    pytest.importorskip("captum")
    from polyculture.explain.odds import log_odds

    _, images, _ = held
    plain = np.rint(images.mean(axis=(1, 2), keepdims=True)).astype(np.uint8) + np.zeros_like(images)
    reasons = gradient_patch_reasons(learnt, images[:5], size=SIZE, steps=128, predicted=np.ones(5, dtype=int))
    odds = [log_odds(learnt.predict_proba(x)[:, 1]) for x in (images[:5], plain[:5])]
    change = odds[0] - odds[1]
    summed = np.array([r.weights.sum() for r in reasons])
    assert np.corrcoef(summed, change)[0, 1] > 0.9
    np.testing.assert_allclose(summed, change, rtol=0.25, atol=1.0)


def test_reasons_are_faithful(learnt, held):
    _, images, _ = held
    predict = image_predictor(learnt)
    reasons = patch_reasons(predict, images, size=SIZE)
    found = faithful(kept_patches(predict, images, reasons), [r.weights.ravel() for r in reasons], samples=200)
    assert found["deletion"]["margin"]["low"] > 0


def bright_corner(images, domain):
    """Log-odds are ten times the brightness of the corner; what a domain adds does not depend on the image."""
    z = 10 * images[:, :2, :2].mean(axis=(1, 2, 3)) / 255 - 5 + np.array([d == "b" for d in domain])
    p = 1 / (1 + np.exp(-z))
    return np.stack([1 - p, p], axis=1)


def test_weights_are_the_change_of_the_log_odds():
    images = np.zeros((2, 5, 7, 3), np.uint8)
    images[:, :2, :2] = 255
    first, second = patch_reasons(bright_corner, images, np.array(["a", "b"]), size=2, predicted=np.array([1, 0]))
    assert first.weights.shape == (3, 4)
    share = np.rint(255 * 4 / 35) / 255
    assert first.weights[0, 0] == pytest.approx(10 * (1 - share))
    assert second.weights[0, 0] == pytest.approx(-10 * (1 - share))
    assert np.abs(np.delete(first.weights.ravel(), 0)).max() == 0
    assert first.map(5, 7).shape == (5, 7)


def test_more_around_a_patch_covers_its_neighbours():
    images = np.zeros((1, 6, 6, 3), np.uint8)
    images[:, :2, :2] = 255
    wide = patch_reasons(bright_corner, images, size=2, around=1)[0].weights
    assert (wide[:2, :2] != 0).all()
    assert wide[2].max() == 0


def test_one_patch_for_a_small_image():
    reasons = patch_reasons(bright_corner, np.full((1, 3, 3, 3), 9, np.uint8), size=8)[0]
    assert reasons.weights.shape == (1, 1)
    assert reasons.map(3, 3).shape == (3, 3)


def test_planted_spots_are_where_they_are_said_to_be():
    planted = planted_lesions(20, size=24, patch=6, seed=3)
    grey = planted.images[..., 0].astype(float)
    for image, where, label in zip(grey, planted.where, planted.label, strict=True):
        assert where.any() == label
        if label:
            assert image[where].mean() > image[~where].mean() + 80


def test_localisation():
    where = np.zeros((2, 2, 2), dtype=bool)
    where[0, 0, 0] = True
    found = localisation(np.arange(8.0).reshape(2, 2, 2), where)
    assert found[0] == 0
    assert np.isnan(found[1])
    with pytest.raises(ShapeError):
        localisation(np.zeros((1, 2, 2)), where)


@pytest.mark.parametrize("settings", [{"size": 0}, {"around": -1}])
def test_bad_parameters(settings):
    with pytest.raises(ParameterError, match="use a whole number from"):
        patch_reasons(bright_corner, np.zeros((1, 4, 4, 3), np.uint8), **settings)


def test_other_items():
    with pytest.raises(DataError, match="expected uint8"):
        patch_reasons(bright_corner, np.zeros((1, 4, 4, 3)))
    with pytest.raises(ParameterError, match="divides the size"):
        planted_lesions(10, size=30, patch=8)


def test_a_patch_that_does_not_fill_the_image_has_no_gradients(learnt):
    with pytest.raises(ParameterError, match="divisor of 32"):
        gradient_patch_reasons(learnt, np.zeros((1, 4, 4, 3), np.uint8), size=5)


def test_maps_hold_each_weight_once_a_pixel():
    assert PatchReasons(np.array([[3.0]]), 4, 0).map(2, 2).tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_domains_and_classes_may_be_lists():
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[:, :2, :2] = 255
    listed = patch_reasons(bright_corner, images, ["a", "b"], size=2, predicted=[1, 0])
    arrays = patch_reasons(bright_corner, images, np.array(["a", "b"]), size=2, predicted=np.array([1, 0]))
    for one, two in zip(listed, arrays, strict=True):
        np.testing.assert_array_equal(one.weights, two.weights)
    keep = kept_patches(bright_corner, images, listed, ["a", "b"])
    assert keep(np.array([1]), [np.ones(4, dtype=bool)]).shape == (1,)


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"size": 2.5}, ParameterError, "size is 2.5; use a whole number from 1"),
        ({"around": -1}, ParameterError, "around is -1; use a whole number from 0"),
        ({"predicted": [0]}, ShapeError, "one whole number for each of 2 images"),
        ({"predicted": [0, 0.5]}, ShapeError, "predicted is float64"),
        ({"predicted": [0, 2]}, ParameterError, "predicted is 2 for image 1; use 0 to 1"),
        ({"domain": ["a"]}, ShapeError, "domain is of shape .1,.; give one for each of 2 images"),
    ],
)
def test_what_patches_cannot_be_covered_by_is_refused(settings, error, says):
    with pytest.raises(error, match=says):
        patch_reasons(bright_corner, np.zeros((2, 4, 4, 3), np.uint8), **settings)
