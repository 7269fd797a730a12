"""WAV files to samples."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.data.audit_input.files import checked
from polyculture.errors import DataError

BYTES = 2**29
"""A file of more bytes (512 MiB: 48 minutes of stereo at 44.1 kHz and 32 bits) is refused."""
RATES = (1_000, 768_000)
"""Samples a second that a file may have."""
# what a sample of each type is divided by, and what it is moved by before
_SCALES = {"u1": (128.0, -128.0), "i2": (2.0**15, 0.0), "i4": (2.0**31, 0.0), "f4": (1.0, 0.0), "f8": (1.0, 0.0)}


def read_wav(path: str | Path) -> tuple[Floats, int]:
    """Samples of a WAV file, and how many there are in a second.

    PCM of 8, 16, 24 and 32 bits and floating point of 32 and 64 bits, read by SciPy. PCM is divided by its largest
    value, so that samples are in [-1, 1); floating point is taken as it is. Channels are averaged.

    Returns
    -------
    samples : float64 array of shape (n,), n >= 1
    rate : int

    Raises
    ------
    DataError
        If the file is missing, empty, too large, damaged, no WAV, holds no samples or holds some that are not finite.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from scipy.io import wavfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wavfile.write(f"{folder}/a.wav", 8000, np.array([[0, 16384], [-32768, -32768]], dtype=np.int16))
    ...     read_wav(f"{folder}/a.wav")
    (array([ 0.25, -1.  ]), 8000)
    """
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
    scale, shift = _SCALES[kind]
    samples = (stored.astype(np.float64) + shift) / scale
    if not np.isfinite(samples).all():
        raise DataError(f"{path}: holds samples that are not finite; record it again or take it away")
    return (samples.mean(axis=1) if samples.ndim == 2 else samples), rate


def _stored(path: Path) -> tuple[int, Array]:
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            # a file that is cut short is refused; of chunks that are not sound (titles, cue points) nothing is needed
            warnings.filterwarnings("error", category=wavfile.WavFileWarning)
            warnings.filterwarnings("ignore", message="Chunk .* not understood")
            rate, stored = wavfile.read(io.BytesIO(path.read_bytes()))
    # at damaged headers it raises almost anything
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DataError(f"{path}: is no whole WAV ({reason}); save it as PCM of 16 bits") from error
    return int(rate), stored
