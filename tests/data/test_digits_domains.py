"""Digits under seven ways of taking a picture: the split by digit, and what each way does."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_digits

from polyculture.data import DomainData, load_dataset
from polyculture.data.digits_domains import PICTURES, drawn, grey_images
from polyculture.data.parts import parts_of
from polyculture.errors import ParameterError


@pytest.fixture(scope="module")
def data() -> DomainData:
    return load_dataset("digits-domains")


def brightness(data: DomainData, domain: str) -> np.ndarray:
    return data.items["image"][data.domain == domain][..., 0].astype(float) / 255


def number(data: DomainData) -> np.ndarray:
    return np.array([int(each.partition("/")[2]) for each in data.ids])


def test_every_digit_is_in_every_domain(data: DomainData) -> None:
    assert data.items["image"].shape == (7 * 1797, 32, 32, 3)
    assert data.items["image"].dtype == np.uint8
    assert set(Counter(data.domain).values()) == {1797}


def test_no_digit_is_in_two_parts(data: DomainData) -> None:
    parts: dict[int, set[str]] = {}
    for digit, part in zip(number(data), data.split, strict=True):
        parts.setdefault(digit, set()).add(part)
    assert len(parts) == 1797
    assert all(len(found) == 1 for found in parts.values())


def test_labels_are_those_of_the_digits(data: DomainData) -> None:
    _, label = load_digits(return_X_y=True)
    assert data.label.tolist() == label[number(data)].tolist()


def test_a_quarter_of_each_class_is_tested() -> None:
    _, label = load_digits(return_X_y=True)
    split = parts_of(label, seed=1998)
    for value in range(10):
        shares = {part: np.mean(split[label == value] == part) for part in ("test", "validation")}
        assert shares == pytest.approx({"test": 0.25, "validation": 0.15}, abs=0.01)


def test_two_calls_give_the_same_bytes(data: DomainData) -> None:
    again = load_dataset("digits-domains")
    assert np.array_equal(again.items["image"], data.items["image"])
    assert again.split.tolist() == data.split.tolist()


def test_each_digit_in_one_domain_alone(data: DomainData) -> None:
    once = load_dataset("digits-domains", once=True)
    assert sorted(number(once)) == list(range(1797))
    assert set(once.ids) < set(data.ids)
    assert {256, 257} <= set(Counter(once.domain).values()) <= set(range(252, 262))
    place = {each: row for row, each in enumerate(data.ids)}
    same = [place[each] for each in once.ids]
    assert np.array_equal(once.items["image"], data.items["image"][same])


def test_plain_pictures_hold_the_ink_of_the_cells(data: DomainData) -> None:
    cells = load_digits().images / 16
    middles = ndimage.zoom(brightness(data, "plain"), (1, 10 / 32, 10 / 32), order=1, grid_mode=True, mode="nearest")
    assert np.corrcoef(middles[:, 1:9, 1:9].ravel(), cells.ravel())[0, 1] > 0.95


def test_inverted_and_faint_are_linear_in_the_plain_picture(data: DomainData) -> None:
    plain = brightness(data, "plain")
    assert brightness(data, "inverted") == pytest.approx(1 - plain, abs=2 / 255)
    assert brightness(data, "faint") == pytest.approx(0.4 + 0.25 * plain, abs=2 / 255)


def test_a_blur_takes_sharpness_and_keeps_ink(data: DomainData) -> None:
    plain, blurred = brightness(data, "plain"), brightness(data, "blurred")
    assert blurred.sum((1, 2)) == pytest.approx(plain.sum((1, 2)), rel=0.1)
    assert np.abs(np.diff(blurred, axis=2)).sum() < 0.7 * np.abs(np.diff(plain, axis=2)).sum()


def test_thick_strokes_are_nowhere_thinner(data: DomainData) -> None:
    plain, thick = brightness(data, "plain"), brightness(data, "thick")
    assert (thick >= plain).all()
    assert thick.sum() > 1.2 * plain.sum()


def test_noise_has_the_deviation_that_is_documented() -> None:
    ink = np.full((50, 32, 32), 0.5)
    noisy = PICTURES["noisy"](ink, np.random.default_rng(0))
    assert np.std(noisy - ink) == pytest.approx(0.3, rel=0.02)


def test_turning_cuts_no_ink_off(data: DomainData) -> None:
    plain, rotated = brightness(data, "plain"), brightness(data, "rotated")
    assert rotated.sum((1, 2)) == pytest.approx(plain.sum((1, 2)), rel=0.1)


def test_a_bar_is_turned_by_15_to_45_degrees() -> None:
    bar = np.zeros((40, 33, 33))
    bar[:, 15:18, 4:29] = 1.0
    down, along = np.mgrid[-16:17, -16:17]
    angles = []
    for turned in PICTURES["rotated"](bar, np.random.default_rng(0)):
        spread = np.cov(np.vstack([along.ravel(), down.ravel()]), aweights=np.clip(turned, 0, 1).ravel())
        angles.append(np.degrees(0.5 * np.arctan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1])))
    assert np.abs(angles).min() >= 14
    assert np.abs(angles).max() <= 46
    assert min(angles) < 0 < max(angles)


@pytest.mark.parametrize("size", [8, 17, 64])
def test_other_sizes(size: int) -> None:
    ink = drawn(np.full((2, 8, 8), 1.0), size)
    assert ink.shape == (2, size, size)
    assert ink[:, size // 2, size // 2] == pytest.approx(1.0, abs=0.01)
    for take in PICTURES.values():
        assert grey_images(take(ink, np.random.default_rng(0))).shape == (2, size, size, 3)


@pytest.mark.parametrize("size", [7, 513, 0])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ParameterError, match="give 8 to 512 pixels"):
        load_dataset("digits-domains", size=size)


def test_an_option_that_is_not_known_is_named() -> None:
    with pytest.raises(ParameterError, match="digits-domains has no option 'classes'; it has size, once"):
        load_dataset("digits-domains", classes=3)
