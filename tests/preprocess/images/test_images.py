"""Changes of images: what each does, that it is seeded, and what it never does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import DataError, ParameterError
from polyculture.preprocess.images import CHANGES, KEEPING, STYLES, Augmentation, augment_images, mixup
from polyculture.preprocess.images.geometry import crop, flip, rotate
from polyculture.preprocess.images.light import brightness, colour, noise
from polyculture.preprocess.images.style import channels, contrast, edges, grey, texture


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(n=6, side=12, seed=0):
    return torch.rand(n, 3, side, side, generator=generator(seed))


@pytest.mark.parametrize("name", list(CHANGES))
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(1, 4), height=st.integers(2, 9), width=st.integers(2, 9))
def test_every_change_keeps_shape_and_range_and_does_the_same_again(name, seed, n, height, width):
    images = torch.rand(n, 3, height, width, generator=generator(seed))
    before = images.clone()
    first, second = (CHANGES[name](images, generator(seed)) for _ in range(2))
    assert first.shape == images.shape
    assert torch.equal(first, second)
    assert torch.equal(images, before)
    assert first.min() >= -1e-5
    assert first.max() <= 1 + 1e-5
    assert torch.isfinite(first).all()


@pytest.mark.parametrize("name", [n for n in CHANGES if n not in ("flip", "grey", "invert", "edges")])
def test_images_of_a_batch_are_changed_each_in_its_own_way(name):
    images = random_images(1).expand(8, 3, 12, 12).contiguous()
    changed = CHANGES[name](images, generator())
    assert len(torch.unique(changed, dim=0)) > 1


def test_nothing_that_may_change_a_label_is_done_unasked():
    assert "flip" not in KEEPING
    assert not set(STYLES) & set(KEEPING)
    assert set(KEEPING) | set(STYLES) | {"flip"} == set(CHANGES)


def test_a_flip_undoes_itself():
    images = random_images()
    assert torch.equal(flip(flip(images, generator()), generator()), images)


def test_a_crop_shows_a_part_of_a_ramp():
    ramp = torch.linspace(0, 1, 64).expand(50, 3, 64, 64)
    cut = crop(ramp, generator())
    span = cut[:, 0, 0, -1] - cut[:, 0, 0, 0]
    assert (span > 0.65).all()
    assert (span < 1.0).all()
    assert span.std() > 0.02


@pytest.mark.parametrize(("height", "width"), [(33, 33), (33, 65)])
def test_a_rotation_keeps_the_middle_and_turns_a_line(height, width):
    images = torch.zeros(20, 3, height, width)
    images[:, :, :, width // 2] = 1
    turned = rotate(images, generator())
    assert (turned[:, 0, height // 2, width // 2] > 0.5).all()
    places = turned[:, 0, 2].argmax(1) - width // 2
    # 15 degrees over 14 rows from the middle is under four columns
    assert 1 < places.abs().max() <= 4


def test_colours_change_and_shapes_stay():
    images = random_images()
    jittered = colour(images, generator())
    assert not torch.allclose(jittered, images, atol=0.05)
    both = torch.stack([brightness(images).flatten(), brightness(jittered).flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.7


def test_noise_is_as_large_as_it_says():
    images = torch.full((400, 3, 16, 16), 0.5)
    found = (noise(images, generator()) - 0.5).flatten(1).std(1)
    assert found.max() < 0.11
    assert abs(float(found.mean()) - 0.05) < 0.01


def test_grey_has_one_value_in_all_channels():
    found = grey(random_images(), generator())
    assert torch.equal(found[:, 0], found[:, 1])
    assert torch.allclose(found[:, :1], brightness(random_images()))


def test_contrast_keeps_the_order_of_light():
    images = random_images()
    for before, after in zip(images, contrast(images, generator()), strict=True):
        order = before.flatten().argsort()
        assert (after.flatten()[order].diff() >= 0).all()


def test_edges_are_dark_where_something_ends():
    images = torch.ones(1, 3, 12, 12)
    images[:, :, :, 6:] = 0.2
    lines = edges(images, generator())[0, 0]
    assert (lines[:, 5:7] < 0.1).all()
    assert (lines[:, :4] > 0.99).all()
    assert (lines[:, 8:] > 0.99).all()


def test_edges_of_nothing_are_white():
    assert torch.allclose(edges(torch.full((1, 3, 4, 4), 0.3), generator()), torch.ones(1, 3, 4, 4))


def test_channels_hold_the_same_numbers():
    images = random_images()
    found = channels(images, generator())
    assert torch.allclose(found.sort(1).values, images.sort(1).values)


def test_texture_brings_back_mean_and_spread():
    images = 0.5 + 0.05 * (random_images(side=32) - 0.5)
    found = texture(images, generator())
    assert torch.allclose(found.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-3)
    assert torch.allclose(found.std((1, 2, 3)), images.std((1, 2, 3)), rtol=0.05)


class TestAugmentation:
    def test_each_image_is_changed_with_its_share(self):
        changed = Augmentation(["invert"], share=0.25, seed=0)(torch.zeros(2000, 3, 1, 1))
        assert abs(float(changed.mean()) - 0.25) < 0.04

    def test_each_batch_is_drawn_anew_and_all_again_from_the_seed(self):
        images = random_images()
        change = Augmentation(seed=3)
        first, second = change(images), change(images)
        assert not torch.equal(first, second)
        again = Augmentation(seed=3)
        assert torch.equal(again(images), first)
        assert torch.equal(again(images), second)

    def test_leaves_what_it_is_given_and_global_random_numbers_alone(self):
        images = random_images()
        before = images.clone()
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        Augmentation(list(CHANGES), share=1.0)(images)
        assert torch.equal(torch.rand(3), expected)
        assert torch.equal(images, before)

    def test_no_method_changes_nothing(self):
        images = random_images()
        assert Augmentation([])(images) is images

    @pytest.mark.parametrize(
        ("methods", "share", "says"), [(["flop"], 0.5, "no change of images named 'flop'"), ([], 0.0, "share is 0.0")]
    )
    def test_bad_parameters(self, methods, share, says):
        with pytest.raises(ParameterError, match=says):
            Augmentation(methods, share=share)


class TestArrays:
    def test_bytes_in_and_out(self):
        images = np.random.RandomState(0).randint(0, 256, (5, 6, 7, 3)).astype(np.uint8)
        found = augment_images(images, ["flip"], share=1.0, batch=2)
        assert found.dtype == np.uint8
        assert np.array_equal(found, images[:, :, ::-1])

    def test_none(self):
        assert augment_images(np.zeros((0, 4, 4, 3), np.uint8)).shape == (0, 4, 4, 3)

    @pytest.mark.parametrize("images", [np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 4), np.uint8)])
    def test_other_arrays(self, images):
        with pytest.raises(DataError, match="expected uint8"):
            augment_images(images)

    def test_no_batch(self):
        with pytest.raises(ParameterError, match="batch is 0"):
            augment_images(np.zeros((1, 4, 4, 3), np.uint8), batch=0)


class TestMixtures:
    def test_are_what_they_say(self):
        images = random_images()
        mixed, partner, share = mixup(images, generator(), alpha=1.0)
        along = share[:, None, None, None]
        assert torch.allclose(mixed, along * images + (1 - along) * images[partner])
        assert sorted(partner.tolist()) == list(range(6))

    def test_shares_follow_the_beta_distribution(self):
        _, _, share = mixup(torch.zeros(4000, 1), generator(), alpha=1.0)
        assert share.min() >= 0.5
        assert abs(float(share.mean()) - 0.75) < 0.02
        _, _, small = mixup(torch.zeros(4000, 1), generator(), alpha=0.1)
        assert small.mean() > 0.9

    def test_bad_alpha(self):
        with pytest.raises(ParameterError, match="alpha is 0"):
            mixup(random_images(), generator(), alpha=0)
