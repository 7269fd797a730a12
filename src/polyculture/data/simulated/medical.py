"""Scans of several hospitals: one anatomy, several scanners, lesions whose place is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from polyculture.arrays import Array, Floats, Mask
from polyculture.data.dataset import DomainData
from polyculture.data.simulated.plan import Simulated, in_range, simulate

CLASSES = ("healthy", "nodule", "ring")
# brightness of skull, tissue, ventricles and lesions in a scan without faults
_SKULL, _TISSUE, _FLUID, _LESION = 0.85, 0.5, 0.2, 0.95


@dataclass(frozen=True)
class Scanner:
    """What a scanner does to a slice: see `hospital_scans`.

    Parameters
    ----------
    gain : float
        What the brightness is multiplied by.
    gamma : float
        The power that brightness in [0, 1] is raised to first: another contrast between tissues.
    field : float
        Largest logarithm of the uneven field.
    blur : float
        Standard deviation of the point spread in hundredths of the width.
    noise : float
        Standard deviation of each channel of the receiver.
    """

    gain: float = 1.0
    gamma: float = 1.0
    field: float = 0.0
    blur: float = 0.6
    noise: float = 0.02


HOSPITALS = {
    "north": Scanner(),
    "south": Scanner(gain=0.7, noise=0.09),
    "east": Scanner(gain=0.8, field=0.6, blur=1.2, noise=0.03),
    "west": Scanner(gain=0.9, gamma=1.8, blur=2.0, noise=0.04),
}
"""The domains and their scanners."""


def hospital_scans(
    n: int = 400, *, size: int = 48, hospitals: Sequence[str] | None = None, random_state: int = 0
) -> Simulated:
    r"""Simulated slices of heads: healthy, with a nodule, or with a ring, from four scanners.

    A slice :math:`s` is made of ellipses (skull, tissue with smooth texture, two ventricles) whose axes, places and
    tilt vary from patient to patient. A lesion, if there is one, lies in the tissue, with a radius of 5 to 12 % of the
    width: a nodule is a bright disc, a ring the rim of one. A scanner makes of it

    .. math:: m = \left| g\, e^{f b(x, y)}\, (k_σ * s^γ) + ε_1 + i ε_2 \right|,

    with gain :math:`g`, contrast :math:`γ`, a smooth field :math:`b` in [−1, 1] of strength :math:`f` (a quadratic
    polynomial drawn anew for each slice), point spread :math:`k_σ`, and noise of the two channels of the receiver, so
    that :math:`m` is Rician, as in magnetic resonance. What is shown is :math:`m` clipped to [0, 1].

    Parameters
    ----------
    n : int, 3 to 100,000
        Slices of each hospital, each of another patient, a third of each class.
    size : int, 16 to 256
        Height and width in pixels.
    hospitals : sequence of {"north", "south", "east", "west"}, or None for all
    random_state : int

    Returns
    -------
    Simulated
        ``data.items["image"]`` uint8 of shape (n × hospitals, size, size, 3), split within each hospital; ``where``
        marks the pixels of the lesion.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Shepp & Logan 1974, The Fourier reconstruction of a head section, IEEE Transactions on Nuclear Science 21(3).
    .. [2] Gudbjartsson & Patz 1995, The Rician distribution of noisy MRI data, Magnetic Resonance in Medicine 34(6).

    Examples
    --------
    >>> scans = hospital_scans(6, size=32)
    >>> scans.data.items["image"].shape, scans.data.classes
    ((24, 32, 32, 3), ['healthy', 'nodule', 'ring'])
    >>> scans.where.any(axis=(1, 2))[:3].tolist()
    [False, True, True]
    """
    in_range("size", size, 16, 256)
    made, columns = simulate(
        list(HOSPITALS), hospitals, CLASSES, n, random_state, lambda name: partial(_slice, HOSPITALS[name], size)
    )
    grey = np.stack([image for image, _ in made])
    data = DomainData.of(
        {"image": np.repeat(grey[..., None], 3, axis=-1)}, **columns, source="simulated hospital scans"
    )
    return Simulated(data, np.stack([where for _, where in made]))


def _slice(scanner: Scanner, size: int, label: str, rng: np.random.Generator) -> tuple[Array, Mask]:
    anatomy, where = head(label, size, rng)
    return np.rint(255.0 * scan(anatomy, scanner, rng)).astype(np.uint8), where


def head(label: str, size: int, rng: np.random.Generator) -> tuple[Floats, Mask]:
    """A slice without faults, brightness in [0, 1], and the pixels of its lesion."""
    tilt, wide, tall = rng.uniform(-0.3, 0.3), rng.uniform(0.62, 0.72), rng.uniform(0.78, 0.9)
    centre = rng.uniform(-0.06, 0.06, 2)
    x, y = _turned(size, centre, tilt)
    radius = np.hypot(x / wide, y / tall)
    image = np.where(radius < 1.0, _SKULL, 0.0)
    image[radius < 0.88] = _TISSUE
    texture = ndimage.gaussian_filter(rng.normal(size=(size, size)), size / 16)
    image[radius < 0.88] += 0.06 * (texture / texture.std())[radius < 0.88]
    for side in (-1.0, 1.0):
        away = side * rng.uniform(0.12, 0.18)
        image[np.hypot((x - away) / 0.08, (y - 0.05) / rng.uniform(0.22, 0.34)) < 1.0] = _FLUID
    where = np.zeros((size, size), dtype=bool)
    if label != "healthy":
        where = _lesion(label, x / wide, y / tall, rng)
        image[where] = _LESION
    return np.clip(image, 0.0, 1.0), where


def _lesion(label: str, across: Floats, down: Floats, rng: np.random.Generator) -> Mask:
    """The disc or the rim of a lesion between the ventricles and the skull, in units of the head's axes."""
    angle, away, radius = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.5, 0.66), rng.uniform(0.18, 0.28)
    apart = np.hypot(across - away * np.cos(angle), down - away * np.sin(angle))
    place: Mask = (apart < radius) & (apart > (0.55 * radius if label == "ring" else -1.0))
    return place


def _turned(size: int, centre: Floats, tilt: float) -> tuple[Floats, Floats]:
    """Places of the pixels in [-1, 1], seen from a centre under a tilt."""
    down, along = (np.mgrid[:size, :size] + 0.5) * (2.0 / size) - 1.0
    along, down = along - centre[0], down - centre[1]
    return along * np.cos(tilt) + down * np.sin(tilt), down * np.cos(tilt) - along * np.sin(tilt)


def scan(anatomy: Floats, scanner: Scanner, rng: np.random.Generator) -> Floats:
    """What a scanner shows of a slice, brightness in [0, 1]."""
    size = len(anatomy)
    seen = ndimage.gaussian_filter(anatomy**scanner.gamma, scanner.blur * size / 100.0)
    down, along = np.mgrid[-1.0 : 1.0 : size * 1j, -1.0 : 1.0 : size * 1j]
    weights = rng.normal(size=5)
    uneven = np.tensordot(weights, np.stack([along, down, along * down, along**2 - 0.5, down**2 - 0.5]), axes=1)
    seen = scanner.gain * np.exp(scanner.field * uneven / np.abs(uneven).max()) * seen
    real, imaginary = rng.normal(0.0, scanner.noise, (2, size, size))
    shown: Floats = np.clip(np.hypot(seen + real, imaginary), 0.0, 1.0)
    return shown
