"""Sounds to pictures of how much of each pitch there is when."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real

import numpy as np
from scipy import signal

from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ParameterError

_LINEAR_HERTZ, _LINEAR_MELS = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0


@dataclass(frozen=True)
class Spectrum:
    """How a sound becomes a picture.

    Parameters
    ----------
    rate : int, 1,000 to 96,000
        Samples a second that every sound is brought to.
    seconds : float > 0, at most 600
        Length that every sound is brought to: a longer one loses its end, a shorter one is followed by silence.
    mels : int, 4 to 512
        Rows of the picture.
    window : int, 16 to 65,536
        Samples in a frame, under a Hann window.
    hop : int, 1 to window
        Samples from one frame to the next.
    low, high : float
        Pitches of the lowest and the highest row in hertz; None is half the rate.
    floor : float < 0
        Decibels below the loudest point of a sound that are shown as 0.

    Raises
    ------
    ParameterError
        If one is out of its range.

    Examples
    --------
    >>> from polyculture.data.audio import Spectrum
    >>> spectrum = Spectrum(rate=8000, seconds=2.0, hop=128)
    >>> spectrum.samples, spectrum.frames, spectrum.top
    (16000, 126, 4000.0)
    """

    rate: int = 16_000
    seconds: float = 1.0
    mels: int = 64
    window: int = 512
    hop: int = 256
    low: float = 0.0
    high: float | None = None
    floor: float = -80.0

    def __post_init__(self) -> None:
        for name in ("rate", "mels", "window", "hop"):
            if not isinstance(getattr(self, name), Integral):
                raise ParameterError(f"{name} is {getattr(self, name)!r}; give a whole number")
        if self.high is not None and not 0.0 < self.high <= self.rate / 2:
            raise ParameterError(f"high is {self.high}; give more than 0 and at most half the rate, {self.rate / 2:g}")
        ranges = {
            "rate": (1_000, 96_000), "seconds": (1e-3, 600.0), "mels": (4, 512), "window": (16, 65_536),
            "hop": (1, self.window), "low": (0.0, self.top - 1e-9), "floor": (-400.0, -1.0),
        }  # fmt: skip
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ParameterError(f"{name} is {value}; give {least:g} to {most:g}")

    @property
    def top(self) -> float:
        """Pitch of the highest row in hertz."""
        return self.rate / 2 if self.high is None else self.high

    @property
    def reach(self) -> float:
        """Seconds of a sound that its picture can depend on."""
        return self.seconds + 1.0

    @property
    def samples(self) -> int:
        """Samples of every sound once it is cut or filled."""
        return max(1, round(self.seconds * self.rate))

    @property
    def frames(self) -> int:
        """Columns of the picture."""
        return 1 + self.samples // self.hop


def log_mel(samples: Floats, rate: float, spectrum: Spectrum | None = None) -> Array:
    r"""A sound as a picture: rows are pitches from low (top row) to high, columns are times.

    The sound is brought to the rate by a polyphase filter, cut or followed by silence, and its ends are mirrored by
    half a window. With :math:`S_{ft}` its short-time Fourier transform under a Hann window and :math:`M` Slaney's mel
    filters (triangles of equal area, linear below 1 kHz and logarithmic above),

    .. math:: P = M |S|^2, \qquad L = 10 \log_{10} (P / \max P),

    and the picture is :math:`255\,(1 - L / \text{floor})`, with what is below the floor at 0. Loudness is thus relative
    to the loudest point of the sound. Silence is 0 throughout.

    Parameters
    ----------
    samples : float array of shape (n,), n >= 1
        In [-1, 1], though a louder one gives the same picture.
    rate : whole number >= 1
        Samples a second.
    spectrum : Spectrum, or None for the defaults

    Returns
    -------
    uint8 array of shape (mels, frames)

    Raises
    ------
    DataError
        If there are no samples, or some are not finite.
    ParameterError
        If the rate is no whole number from 1.

    References
    ----------
    .. [1] Slaney 1998, Auditory Toolbox, Interval Technical Report 1998-010.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> picture = log_mel(tone, 16000)
    >>> picture.shape, int(picture[:, 30].argmax())
    ((64, 63), 21)
    """
    spectrum = spectrum or Spectrum()
    rate, samples = _whole(rate), np.asarray(samples, dtype=np.float64)
    if samples.ndim != 1 or samples.size == 0 or not np.isfinite(samples).all():
        raise DataError(f"samples of shape {samples.shape} are no sound; give one row of finite numbers")
    # what lies a second behind the end does not reach into what is shown
    near = samples[: int(spectrum.reach * rate)]
    power = mel_power(_in_time(_at_rate(near, rate, spectrum.rate), spectrum.samples), spectrum)
    if power.max() < np.finfo(np.float64).tiny:
        return np.zeros(power.shape, dtype=np.uint8)
    level = 10.0 * np.log10(np.maximum(power / power.max(), 10.0 ** (spectrum.floor / 10.0)))
    shown: Array = np.rint(255.0 * (1.0 - level / spectrum.floor)).astype(np.uint8)
    return shown


def mel_power(samples: Floats, spectrum: Spectrum) -> Floats:
    """Power of each pitch in each frame, shape (mels, frames)."""
    # of an odd window the longer half is behind its middle
    half = spectrum.window // 2, spectrum.window - spectrum.window // 2
    # a sound shorter than half a window has nothing to mirror
    mirrored = np.pad(samples, half, mode="reflect" if len(samples) > half[1] else "symmetric")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, spectrum.window)[:: spectrum.hop][: spectrum.frames]
    bins = np.fft.rfft(frames * signal.get_window("hann", spectrum.window), axis=1)
    power: Floats = mel_filters(spectrum) @ (np.abs(bins) ** 2).T
    return power


def mel_filters(spectrum: Spectrum) -> Floats:
    """Triangles of equal area over the bins of a Fourier transform, shape (mels, window // 2 + 1)."""
    bins = np.fft.rfftfreq(spectrum.window, 1.0 / spectrum.rate)
    edges = hertz(np.linspace(mel(spectrum.low), mel(spectrum.top), spectrum.mels + 2))
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    height = 2.0 / (edges[2:] - edges[:-2])
    return np.maximum(0.0, np.minimum(rise, fall)) * height[:, None]


def mel(pitch: float | Floats) -> Floats:
    """Slaney's mel of a pitch in hertz: a step is 66.7 Hz below 1 kHz and 6.9 % above."""
    pitch = np.asarray(pitch, dtype=np.float64)
    above = _LINEAR_MELS + np.log(np.maximum(pitch, _LINEAR_HERTZ) / _LINEAR_HERTZ) / _LOG_STEP
    return np.where(pitch < _LINEAR_HERTZ, pitch * _LINEAR_MELS / _LINEAR_HERTZ, above)


def hertz(mels: Floats) -> Floats:
    """The pitch of a mel; the inverse of `mel`."""
    above = _LINEAR_HERTZ * np.exp(_LOG_STEP * (np.maximum(mels, _LINEAR_MELS) - _LINEAR_MELS))
    return np.where(mels < _LINEAR_MELS, mels * _LINEAR_HERTZ / _LINEAR_MELS, above)


def _whole(rate: object) -> int:
    if not isinstance(rate, Real) or float(rate) % 1 or float(rate) < 1:
        raise ParameterError(f"rate is {rate!r}; give the samples a second, a whole number from 1")
    return int(float(rate))


def _at_rate(samples: Floats, rate: int, wanted: int) -> Floats:
    if rate == wanted:
        return samples
    ratio = Fraction(wanted, rate)
    # a ratio of large numbers, such as 16000/44101, would ask for a filter of millions of taps
    ratio = ratio if max(ratio.numerator, ratio.denominator) <= 1000 else ratio.limit_denominator(1000)
    resampled: Floats = signal.resample_poly(samples, ratio.numerator, ratio.denominator)
    return resampled


def _in_time(samples: Floats, wanted: int) -> Floats:
    return np.pad(samples[:wanted], (0, max(0, wanted - len(samples))))
