"""Things that are struck, heard through several microphones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import signal

from polyculture.arrays import Floats
from polyculture.data.audio.files import as_pictures
from polyculture.data.audio.log_mel import Spectrum
from polyculture.data.dataset import DomainData
from polyculture.data.simulated.plan import in_range, simulate

MODES = {"string": (1.0, 2.0, 3.0, 4.0), "bar": (1.0, 2.756, 5.404, 8.933), "membrane": (1.0, 1.593, 2.136, 2.296)}
"""Classes, and the pitches of their modes over that of the first: an ideal string, a free bar, a round membrane."""
SPECTRUM = Spectrum(rate=16_000, seconds=0.5, mels=48, window=512, hop=160)
"""How the sounds become pictures."""


def struck_sounds(
    n: int = 300,
    *,
    microphones: Sequence[str] | None = None,
    spectrum: Spectrum = SPECTRUM,
    random_state: int = 0,
) -> DomainData:
    r"""Simulated strokes on a string, a bar or a membrane, heard through five microphones.

    A stroke is a sum of damped oscillations, the free response of a linear body,

    .. math:: x(t) = \sum_k a_k e^{-t / τ_k} \sin(2π f_1 r_k t), \quad τ_k = τ_1 / (1 + 0.5 (r_k - 1)),

    with the ratios :math:`r_k` of its class, :math:`f_1` from 150 to 600 Hz, :math:`τ_1` from 0.05 to 0.3 s, and
    amplitudes that fall with k. The domains: ``studio`` (as it is), ``phone`` (300 to 3400 Hz), ``hall`` (a room whose
    echo fades in 0.4 s), ``street`` (noise with the power of :math:`1/f` ten decibels below), ``cheap`` (a resonance at
    1.8 kHz, and clipped).

    Parameters
    ----------
    n : int, 3 to 100,000
        Strokes for each microphone, a third of each class.
    microphones : sequence of {"studio", "phone", "hall", "street", "cheap"}, or None for all
    spectrum : Spectrum
    random_state : int

    Returns
    -------
    DomainData
        ``items["audio"]`` uint8 of shape (n × microphones, mels, frames, 3), split within each domain.

    Raises
    ------
    ParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Fletcher & Rossing 1998, The Physics of Musical Instruments, Springer, chapters 2 and 3. The ratios.

    Examples
    --------
    >>> data = struck_sounds(3, microphones=["studio", "phone"])
    >>> data.items["audio"].shape, data.classes
    ((6, 48, 51, 3), ['bar', 'membrane', 'string'])
    """
    sounds, columns = simulate(
        list(MICROPHONES), microphones, list(MODES), n, random_state,
        lambda name: partial(_heard, MICROPHONES[name], spectrum),
    )  # fmt: skip
    return DomainData.of({"audio": as_pictures(sounds, spectrum.rate, spectrum)}, **columns, source="simulated strokes")


Microphone = Callable[[Floats, int, np.random.Generator], Floats]
"""A sound and its rate to what is heard of it."""


def _heard(microphone: Microphone, spectrum: Spectrum, label: str, rng: np.random.Generator) -> Floats:
    first, lasting = np.exp(rng.uniform(np.log(150.0), np.log(600.0))), rng.uniform(0.05, 0.3)
    sound = stroke(MODES[label], first, lasting, spectrum.samples, spectrum.rate, rng.uniform(0.5, 1.0, 4))
    quiet = sound + rng.normal(0.0, 1e-3, len(sound))
    return microphone(quiet, spectrum.rate, rng)


def stroke(
    ratios: Sequence[float], first: float, lasting: float, samples: int, rate: int, force: Sequence[float] | Floats
) -> Floats:
    """The sound of a stroke; modes above half the rate are not heard.

    Raises
    ------
    ParameterError
        If the pitch or the time is not positive.
    """
    in_range("first", first, 1e-3, rate / 2)
    in_range("lasting", lasting, 1e-6, 1e3)
    time = np.arange(samples) / rate
    ratio = np.asarray(ratios, dtype=np.float64)[:, None]
    size = (np.asarray(force, dtype=np.float64) / np.arange(1, len(force) + 1))[:, None] * (first * ratio < rate / 2)
    sound: Floats = (
        size * np.exp(-time * (1.0 + 0.5 * (ratio - 1.0)) / lasting) * np.sin(2.0 * np.pi * first * ratio * time)
    ).sum(axis=0)
    return sound


def _studio(sound: Floats, _rate: int, _rng: np.random.Generator) -> Floats:
    return sound


def _phone(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    band: Floats = signal.sosfilt(signal.butter(4, (300.0, 3400.0), "bandpass", fs=rate, output="sos"), sound)
    return band + rng.normal(0.0, 0.01, len(sound))


def _hall(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    time = np.arange(int(0.4 * rate)) / rate
    # after 0.4 s an echo is 60 dB down
    echo = rng.normal(size=len(time)) * np.exp(-time * np.log(1000.0) / 0.4)
    echo *= 0.7 / np.sqrt((echo**2).sum())
    heard: Floats = sound + signal.fftconvolve(sound, echo)[: len(sound)]
    return heard


def _street(sound: Floats, _rate: int, rng: np.random.Generator) -> Floats:
    bins = np.fft.rfft(rng.normal(size=len(sound)))
    noise = np.fft.irfft(bins / np.sqrt(np.maximum(np.arange(len(bins)), 1.0)), len(sound))
    level: Floats = noise * np.sqrt(0.1 * (sound**2).mean() / (noise**2).mean())
    return sound + level


def _cheap(sound: Floats, rate: int, rng: np.random.Generator) -> Floats:
    b, a = signal.iirpeak(1800.0, 3.0, fs=rate)
    loud = sound + 3.0 * signal.lfilter(b, a, sound)
    heard: Floats = np.clip(loud, -0.4, 0.4) + rng.normal(0.0, 0.01, len(sound))
    return heard


MICROPHONES: dict[str, Microphone] = {
    "studio": _studio,
    "phone": _phone,
    "hall": _hall,
    "street": _street,
    "cheap": _cheap,
}
"""The domains, and what is heard in each."""
