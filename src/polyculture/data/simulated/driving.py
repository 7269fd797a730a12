"""Street scenes from a moving car: what is ahead, under several weathers and cameras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import ndimage

from polyculture.arrays import Array, Floats, Mask
from polyculture.data.dataset import DomainData
from polyculture.data.simulated.plan import Simulated, in_range, simulate

CLASSES = ("free", "car", "pedestrian", "cyclist")
_HORIZON, _CAMERA_METRES, _FOCAL = 0.45, 1.4, 1.1
_FARTHEST = 120.0


def street_scenes(
    n: int = 400, *, size: int = 48, cameras: Sequence[str] | None = None, random_state: int = 0
) -> Simulated:
    r"""Simulated views of a road: free, or with a car, a pedestrian or a cyclist ahead, in six domains.

    A camera 1.4 m above a flat road sees a point of the road at distance :math:`d` by :math:`1.1 · 1.4 / d` of the
    height below its horizon. What is ahead stands 4 to 10 m away, at its size in metres seen from there (a car 1.8 by
    1.5, a pedestrian 0.55 by 1.75, a cyclist 0.7 by 1.8 with two wheels), in a colour that is drawn. The domains:

    ====== ============================================================================================
    day    as it is
    night  a ninth of the light and bluer; the beam of the own lamps falls with the distance; noise
    fog    :math:`J t + 0.8 (1 - t)`, :math:`t = e^{-d / 18\text{m}}` (Koschmieder's law)
    rain   streaks, less contrast, and a blur
    snow   white specks and a white road
    lens   another camera: wide-angle distortion, darker corners, a warmer colour
    ====== ============================================================================================

    Parameters
    ----------
    n : int, 4 to 100,000
        Scenes of each domain, a quarter of each class.
    size : int, 16 to 256
        Height and width in pixels.
    cameras : sequence of {"day", "night", "fog", "rain", "snow", "lens"}, or None for all
    random_state : int

    Returns
    -------
    Simulated
        ``data.items["image"]`` uint8 of shape (n × domains, size, size, 3), split within each domain; ``where`` marks
        the pixels of what is ahead.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Narasimhan & Nayar 2002, Vision and the atmosphere, International Journal of Computer Vision 48(3).

    Examples
    --------
    >>> scenes = street_scenes(4, size=32, cameras=("day", "fog"))
    >>> scenes.data.items["image"].shape, scenes.data.label[:4].tolist()
    ((8, 32, 32, 3), ['free', 'car', 'pedestrian', 'cyclist'])
    """
    in_range("size", size, 16, 256)
    made, columns = simulate(
        list(CAMERAS), cameras, CLASSES, n, random_state, lambda name: partial(_view, CAMERAS[name], size)
    )
    images = np.stack([image for image, _ in made])
    data = DomainData.of({"image": images}, **columns, source="simulated street scenes")
    return Simulated(data, np.stack([where for _, where in made]))


Camera = Callable[[Floats, Floats, Mask, np.random.Generator], tuple[Floats, Mask]]
"""Colours (h, w, 3), metres (h, w) and what is ahead (h, w) to what is seen of them."""


def _view(camera: Camera, size: int, label: str, rng: np.random.Generator) -> tuple[Array, Mask]:
    seen, where = camera(*road(label, size, rng), rng)
    return np.rint(255.0 * np.clip(seen, 0.0, 1.0)).astype(np.uint8), where


def road(label: str, size: int, rng: np.random.Generator) -> tuple[Floats, Floats, Mask]:
    """Colours in [0, 1], metres to each pixel, and the pixels of what is ahead, by day."""
    down, along = (np.mgrid[:size, :size] + 0.5) / size
    along = along - 0.5
    below = np.maximum(down - _HORIZON, 1e-6)
    metres = np.minimum(_FOCAL * _CAMERA_METRES / below, _FARTHEST)
    image = np.empty((size, size, 3))
    image[:] = np.array([0.55, 0.7, 0.9]) * rng.uniform(0.85, 1.1)
    ground = down > _HORIZON
    image[ground] = np.array([0.3, 0.5, 0.25]) * rng.uniform(0.7, 1.2)
    aside = (along * metres / _FOCAL) - rng.uniform(-0.6, 0.6)
    image[ground & (np.abs(aside) < 3.5)] = rng.uniform(0.32, 0.45)
    dashes = (metres + rng.uniform(0.0, 6.0)) % 6.0 < 3.0
    image[ground & (np.abs(np.abs(aside) - 1.75) < 0.12) & dashes] = 0.9
    image[~ground] *= 1.0 - 0.2 * _houses(size, rng)[~ground][:, None]
    if label == "free":
        return image, metres, np.zeros((size, size), dtype=bool)
    away, side = rng.uniform(4.0, 10.0), rng.uniform(-1.2, 1.2)
    # metres beside and above the foot of what is ahead, seen from where the camera is
    beside, above = along * away / _FOCAL - side, (_HORIZON - down) * away / _FOCAL + _CAMERA_METRES
    where = _THINGS[label](image, beside, above, rng)
    metres[where] = away
    return image, metres, where


def _houses(size: int, rng: np.random.Generator) -> Floats:
    """Where houses stand before the sky, 0 or 1."""
    tops = np.repeat(rng.uniform(0.1, 0.42, 8), -(-size // 8))[:size]
    stand: Floats = (np.mgrid[:size, :size][0] / size > tops).astype(np.float64)
    return stand


def _car(image: Floats, beside: Floats, above: Floats, rng: np.random.Generator) -> Mask:
    body = (np.abs(beside) < 0.9) & (above > 0.2) & (above < 0.9)
    cabin = (np.abs(beside) < 0.9 - 0.45 * (above - 0.9)) & (above >= 0.9) & (above < 1.5)
    wheels = (np.abs(np.abs(beside) - 0.7) < 0.15) & (above > 0.0) & (above <= 0.2)
    image[body] = rng.uniform(0.1, 0.9, 3)
    image[cabin], image[wheels] = 0.15, 0.05
    ahead: Mask = body | cabin | wheels
    return ahead


def _pedestrian(image: Floats, beside: Floats, above: Floats, rng: np.random.Generator) -> Mask:
    head = np.hypot(beside, above - 1.6) < 0.15
    coat = (np.abs(beside) < 0.27) & (above > 0.8) & (above < 1.45)
    legs = (np.abs(np.abs(beside) - 0.13) < 0.1) & (above > 0.0) & (above <= 0.8)
    image[coat], image[legs] = rng.uniform(0.1, 0.9, 3), rng.uniform(0.05, 0.4, 3)
    image[head] = np.array([0.85, 0.65, 0.5]) * rng.uniform(0.5, 1.1)
    ahead: Mask = head | coat | legs
    return ahead


def _cyclist(image: Floats, beside: Floats, above: Floats, rng: np.random.Generator) -> Mask:
    wheels = np.abs(np.hypot(np.abs(beside) - 0.52, above - 0.34) - 0.28) < 0.09
    frame = (np.abs(beside) < 0.5) & (np.abs(above - 0.6) < 0.08)
    coat = (np.abs(beside - 0.25 * (above - 1.1)) < 0.2) & (above > 0.65) & (above < 1.5)
    head = np.hypot(beside - 0.12, above - 1.65) < 0.15
    image[wheels | frame] = 0.08
    image[coat] = rng.uniform(0.1, 0.9, 3)
    image[head] = np.array([0.85, 0.65, 0.5]) * rng.uniform(0.5, 1.1)
    ahead: Mask = wheels | frame | coat | head
    return ahead


_THINGS = {"car": _car, "pedestrian": _pedestrian, "cyclist": _cyclist}


def _day(image: Floats, _metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    return image + rng.normal(0.0, 0.01, image.shape), where


def _night(image: Floats, metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    lamps = 0.6 * np.minimum(1.0, (7.0 / metres) ** 2)[..., None]
    dark = image * (np.array([0.09, 0.1, 0.14]) + lamps)
    return dark + rng.normal(0.0, 0.03, image.shape), where


def _fog(image: Floats, metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    through = np.exp(-metres / 18.0)[..., None]
    return image * through + 0.8 * (1.0 - through) + rng.normal(0.0, 0.01, image.shape), where


def _rain(image: Floats, _metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    size = len(where)
    drops = (rng.random((size, size)) < 0.02).astype(np.float64)
    streaks = ndimage.convolve1d(drops, np.ones(max(3, size // 8)), axis=0, mode="constant")
    wet = ndimage.gaussian_filter(0.25 + 0.5 * image, (size / 80, size / 80, 0))
    return wet + 0.3 * np.minimum(streaks, 1.0)[..., None], where


def _snow(image: Floats, metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    lying = np.where((metres < _FARTHEST) & ~where, 0.6, 0.0)[..., None]
    flakes = ndimage.gaussian_filter((rng.random(where.shape) < 0.025).astype(np.float64), 0.5)
    return image * (1.0 - lying) + 0.9 * lying + np.minimum(1.5 * flakes, 0.9)[..., None], where


def _lens(image: Floats, _metres: Floats, where: Mask, rng: np.random.Generator) -> tuple[Floats, Mask]:
    size = len(where)
    down, along = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    bent = 1.0 + 0.6 * (down**2 + along**2)
    places = np.stack([(down * bent + 0.5) * size - 0.5, (along * bent + 0.5) * size - 0.5])
    seen = np.stack([ndimage.map_coordinates(image[..., c], places, order=1, mode="nearest") for c in range(3)], -1)
    ahead = ndimage.map_coordinates(where.astype(np.float64), places, order=1, mode="nearest") > 0.5
    corners = 1.0 - 1.1 * (down**2 + along**2)
    return seen * corners[..., None] * np.array([1.15, 0.95, 0.7]) + rng.normal(0.0, 0.02, seen.shape), ahead


CAMERAS: dict[str, Camera] = {
    "day": _day,
    "night": _night,
    "fog": _fog,
    "rain": _rain,
    "snow": _snow,
    "lens": _lens,
}
"""The domains, and what is seen in each."""
