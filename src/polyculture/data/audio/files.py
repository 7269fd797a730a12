"""Sounds of many files to one array, or of a tree of folders whose names say domain and class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.data.audio.log_mel import Spectrum, log_mel
from polyculture.data.audio.wav import read_wav
from polyculture.data.dataset import DomainData
from polyculture.data.each_file import each_file
from polyculture.data.file_tree import file_tree
from polyculture.errors import DataError

ENDINGS = (".wav", ".wave")


def read_sounds(paths: Sequence[str | Path], spectrum: Spectrum | None = None) -> Array:
    """WAV files as log-mel spectrograms in the form of images.

    Parameters
    ----------
    paths : sequence of n paths
        See `read_wav`.
    spectrum : Spectrum, or None for the defaults
        See `log_mel`; all sounds are brought to its rate and its length.

    Returns
    -------
    uint8 array of shape (n, mels, frames, 3), grey repeated

    Raises
    ------
    DataError
        If a file cannot be read; the sentence names it.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from scipy.io import wavfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wavfile.write(f"{folder}/a.wav", 8000, np.zeros(4000, dtype=np.int16))
    ...     read_sounds([f"{folder}/a.wav"]).shape
    (1, 64, 63, 3)
    """
    if isinstance(paths, str | Path):
        raise DataError(f"{paths}: a single path was given; give a list of paths, even of one")
    spectrum = spectrum or Spectrum()
    read = partial(_picture, spectrum=spectrum)
    return each_file([Path(path) for path in paths], read, (spectrum.mels, spectrum.frames, 3), source="the sounds")[0]


def read_audio_folder(
    path: str | Path,
    spectrum: Spectrum | None = None,
    *,
    levels: Sequence[str] = ("domain", "class"),
    unreadable: str = "raise",
) -> DomainData:
    """Sounds of a tree ``domain/class/file.wav``.

    Parameters
    ----------
    path : path
    spectrum : Spectrum, or None for the defaults
        See `log_mel`.
    levels, unreadable
        See `polyculture.data.images.read_image_folder`.

    Returns
    -------
    DomainData
        ``items["audio"]`` uint8 of shape (n, mels, frames, 3); ids are the paths in the folder.

    Raises
    ------
    DataError
        If the folder has another form or no sounds, or a file cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile, numpy as np
    >>> from scipy.io import wavfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pathlib.Path(folder, "hall", "bell").mkdir(parents=True)
    ...     wavfile.write(f"{folder}/hall/bell/1.wav", 8000, np.zeros(4000, dtype=np.int16))
    ...     data = read_audio_folder(folder, Spectrum(mels=32))
    >>> data.items["audio"].shape, data.ids.tolist()
    ((1, 32, 63, 3), ['hall/bell/1.wav'])
    """
    spectrum, tree = spectrum or Spectrum(), file_tree(path, levels, ENDINGS)
    shape = (spectrum.mels, spectrum.frames, 3)
    read = partial(_picture, spectrum=spectrum)
    sounds, kept = each_file(tree.files, read, shape, unreadable=unreadable, source=str(tree.root), root=tree.root)
    return tree.data({"audio": sounds}, kept)


def as_pictures(sounds: Sequence[Floats], rate: float, spectrum: Spectrum | None = None) -> Array:
    """Samples of n sounds as uint8 of shape (n, mels, frames, 3); see `log_mel`.

    Examples
    --------
    >>> import numpy as np
    >>> as_pictures([np.zeros(8000)], 8000, Spectrum(mels=32)).shape
    (1, 32, 63, 3)
    """
    return np.stack([_three(log_mel(samples, rate, spectrum)) for samples in sounds])


def _picture(path: Path, spectrum: Spectrum) -> Array:
    return _three(log_mel(*read_wav(path, seconds=spectrum.reach), spectrum))


def _three(grey: Array) -> Array:
    return np.repeat(grey[..., None], 3, axis=-1)
