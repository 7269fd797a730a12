"""Motions of people as an accelerometer feels them that is worn in several places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.spatial.transform import Rotation

from polyculture.arrays import Floats
from polyculture.data.dataset import DomainData
from polyculture.data.simulated.plan import in_range, simulate

GRAVITY = 9.81
"""Metres per second squared."""


@dataclass(frozen=True)
class Motion:
    """Steps (or turns of the pedals) a second, and how strongly they push upwards, forwards and sideways, in m/s²."""

    rate: tuple[float, float]
    push: tuple[float, float, float]
    shake: float


@dataclass(frozen=True)
class Place:
    """How a device sits: its turn in degrees about three axes, how far that varies, what it feels and its own swing."""

    turn: tuple[float, float, float]
    vary: float
    felt: float
    swing: float
    noise: float


MOTIONS = {
    "still": Motion((0.2, 0.35), (0.05, 0.03, 0.03), 0.03),
    "walking": Motion((1.5, 2.2), (2.5, 1.2, 0.8), 0.25),
    "running": Motion((2.4, 3.2), (8.0, 3.0, 2.0), 0.6),
    "cycling": Motion((1.0, 1.7), (0.5, 1.0, 0.4), 0.9),
}
"""The classes."""
PLACES = {
    "waist": Place((0.0, 0.0, 0.0), 5.0, 1.0, 0.0, 0.1),
    "pocket": Place((90.0, 20.0, 0.0), 15.0, 1.2, 0.4, 0.2),
    "wrist": Place((0.0, 70.0, 30.0), 30.0, 0.7, 1.6, 0.2),
    "bag": Place((180.0, 10.0, 60.0), 20.0, 0.6, 0.2, 0.4),
}
"""The domains."""


def worn_motions(
    n: int = 300, *, steps: int = 128, rate: float = 50.0, places: Sequence[str] | None = None, random_state: int = 0
) -> DomainData:
    r"""Simulated accelerations of people who are still, walk, run or cycle, worn in four places.

    In the body's axes (forwards, sideways, up), with :math:`f` the rate of steps,

    .. math:: a(t) = (0, 0, g) + F \sum_{k=1}^{3} k^{-1} p \odot \sin(2π k f t + φ_k)
                     + s\, q \sin(π f t + ψ) + ε(t),

    where :math:`p` is the push of the motion, :math:`F` how much of it the place feels, :math:`s` the swing of the
    place in proportion to the push (of an arm: once in two steps), :math:`q` a direction near the forward one, and
    :math:`ε` white noise of the motion's shaking and the device's own. The device turns these axes by the angles of
    its place, which vary from person to person.

    Parameters
    ----------
    n : int, 4 to 100,000
        Recordings in each place, a quarter of each class.
    steps : int, 8 to 10,000
        Samples of a recording.
    rate : float, 10 to 1,000
        Samples a second.
    places : sequence of {"waist", "pocket", "wrist", "bag"}, or None for all
    random_state : int

    Returns
    -------
    DomainData
        ``items["series"]`` float32 of shape (n × places, steps, 3) in m/s², split within each domain.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Anguita et al. 2013, A public domain dataset for human activity recognition using smartphones, ESANN. A real
       set of this form.

    Examples
    --------
    >>> data = worn_motions(4, steps=64)
    >>> data.items["series"].shape, data.domains
    ((16, 64, 3), ['bag', 'pocket', 'waist', 'wrist'])
    """
    in_range("steps", steps, 8, 10_000)
    in_range("rate", rate, 10.0, 1_000.0)
    time = np.arange(steps) / rate
    series, columns = simulate(
        list(PLACES), places, list(MOTIONS), n, random_state, lambda name: partial(_felt, PLACES[name], time)
    )
    return DomainData.of({"series": np.stack(series).astype(np.float32)}, **columns, source="simulated motions")


def _felt(place: Place, time: Floats, label: str, rng: np.random.Generator) -> Floats:
    motion = MOTIONS[label]
    person = rng.uniform(0.8, 1.2)
    rate = rng.uniform(*motion.rate)
    body = place.felt * person * pushes(motion, rate, time, rng) + np.array([0.0, 0.0, GRAVITY])
    way = np.array([1.0, 0.0, 0.0]) + rng.normal(0.0, 0.2, 3)
    swing = place.swing * person * motion.push[1] * np.sin(np.pi * rate * time + rng.uniform(0.0, 2.0 * np.pi))
    body += swing[:, None] * way + rng.normal(0.0, np.hypot(motion.shake, place.noise), (len(time), 3))
    turn = Rotation.from_euler("xyz", np.asarray(place.turn) + rng.normal(0.0, place.vary, 3), degrees=True)
    turned: Floats = turn.apply(body)
    return turned


def pushes(motion: Motion, rate: float, time: Floats, rng: np.random.Generator) -> Floats:
    """Accelerations by the steps alone, in the body's axes (forwards, sideways, up), shape (steps, 3)."""
    up, forwards, sideways = motion.push
    harmonics = np.arange(1, 4)[:, None, None]
    phases = rng.uniform(0.0, 2.0 * np.pi, (3, 1, 3))
    waves = np.sin(2.0 * np.pi * harmonics * rate * time[None, :, None] + phases) / harmonics
    pushed: Floats = waves.sum(axis=0) * np.array([forwards, sideways, up])
    return pushed
