"""WAV files to samples."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.data.audit_input.files import checked
from polyculture.errors import DataError, ParameterError

BYTES = 2**29
"""A file of more bytes (512 MiB: 50 minutes of stereo at 44.1 kHz and 16 bits) is refused."""
SAMPLES = 2**26
"""More samples than this in all channels, 512 MiB as they are given back, are not taken from a file at once."""
RATES = (1_000, 768_000)
"""Samples a second that a file may have."""
# what a sample of each type is divided by, and what it is moved by before
_SCALES = {"u1": (128.0, -128.0), "i2": (2.0**15, 0.0), "i4": (2.0**31, 0.0), "f4": (1.0, 0.0), "f8": (1.0, 0.0)}


def read_wav(path: str | Path, *, seconds: float | None = None) -> tuple[Floats, int]:
    """Samples of a WAV file, and how many there are in a second.

    PCM of 8, 16, 24 and 32 bits and floating point of 32 and 64 bits, read by SciPy. PCM is divided by its largest
    value, so that samples are in [-1, 1); floating point is taken as it is. Channels are averaged.

    Parameters
    ----------
    path : path
    seconds : float > 0, or None
        How much of it is read, from its beginning; None is all. Apart from PCM of 24 bits, what is not asked for is not
        brought into memory.

    Returns
    -------
    samples : float64 array of shape (n,), n >= 1
    rate : int

    Raises
    ------
    DataError
        If the file is missing, empty, too large, damaged, no WAV, holds no samples, more than
        67 million of them (name `seconds`), or some that are not finite.
    ParameterError
        If `seconds` is not above 0.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from scipy.io import wavfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wavfile.write(f"{folder}/a.wav", 8000, np.array([[0, 16384], [-32768, -32768]], dtype=np.int16))
    ...     read_wav(f"{folder}/a.wav")
    (array([ 0.25, -1.  ]), 8000)
    """
    if seconds is not None and not seconds > 0:
        raise ParameterError(f"seconds is {seconds}; give a number above 0, or None")
    (path,) = checked(path)
    if path.stat().st_size > BYTES:
        raise DataError(f"{path}: has {path.stat().st_size:,} bytes, more than {BYTES:,}; cut it into pieces")
    rate, stored = _stored(path)
    if not RATES[0] <= rate <= RATES[1]:
        raise DataError(f"{path}: has {rate:,} samples a second, expected {RATES[0]:,} to {RATES[1]:,}; write it again")
    kind = f"{stored.dtype.kind}{stored.dtype.itemsize}"
    if kind not in _SCALES or stored.ndim > 2:
        raise DataError(f"{path}: has samples of type {stored.dtype}, which are not read; save it as PCM of 16 bits")
    if stored.size == 0:
        raise DataError(f"{path}: holds no samples; record it again or take it away")
    if seconds is not None and seconds * rate < len(stored):
        stored = stored[: math.ceil(seconds * rate)]
    if stored.size > SAMPLES:
        raise DataError(f"{path}: holds {stored.size:,} samples, more than {SAMPLES:,}; read it with seconds=")
    scale, shift = _SCALES[kind]
    with np.errstate(invalid="ignore"):  # what is no number is refused next
        samples = (stored.astype(np.float64) + shift) / scale
    if not np.isfinite(samples).all():
        raise DataError(f"{path}: holds samples that are not finite; record it again or take it away")
    return (samples.mean(axis=1) if samples.ndim == 2 else samples), rate


def _on_disk(path: Path) -> tuple[int, Array]:
    """Rate and samples, left on the disk until they are used; of 24 bits, which no type of number has, in memory."""
    from scipy.io import wavfile

    try:
        return wavfile.read(path, mmap=True)  # type: ignore[no-any-return]
    except ValueError as error:
        if "mmap=True not compatible" not in str(error):
            raise
    return wavfile.read(path)  # type: ignore[no-any-return]


def _stored(path: Path) -> tuple[int, Array]:
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # a file that is cut short is refused; of chunks that are not sound (titles, cue points) nothing is needed
            warnings.filterwarnings("error", category=wavfile.WavFileWarning)
            warnings.filterwarnings("ignore", message="Chunk .* not understood")
            rate, stored = _on_disk(path)
    # at damaged headers it raises almost anything
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{path}: is no whole WAV ({reason}); save it as PCM of 16 bits") from error
    return int(rate), stored
