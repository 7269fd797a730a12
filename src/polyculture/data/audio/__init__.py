"""Sounds as they are kept: WAV to log-mel spectrograms, which encoders of images read."""

from __future__ import annotations

from polyculture.data.audio.files import as_pictures, read_audio_folder, read_sounds
from polyculture.data.audio.log_mel import Spectrum, log_mel
from polyculture.data.audio.wav import read_wav

__all__ = ["Spectrum", "as_pictures", "log_mel", "read_audio_folder", "read_sounds", "read_wav"]
