"""Sounds to pictures: against SciPy's transform and a published implementation's numbers, and what is no sound."""

from __future__ import annotations

import io
import logging
import struct
import tracemalloc
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from scipy.io import wavfile

from polyculture.data.audio import Spectrum, as_pictures, log_mel, read_audio_folder, read_sounds, read_wav
from polyculture.data.audio.log_mel import hertz, mel, mel_filters, mel_power
from polyculture.errors import DataError, ParameterError, PolycultureError

RATE = 16_000


def tone(pitch: float, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    wavfile.write(buffer, rate, samples)
    return buffer.getvalue()


def test_the_transform_is_that_of_scipy() -> None:
    spectrum = Spectrum(window=256, hop=64)
    samples = np.random.default_rng(0).normal(size=spectrum.samples)
    _, _, bins = signal.stft(
        np.pad(samples, 128, mode="reflect"), RATE, "hann", 256, 192, boundary=None, padded=False, scaling="spectrum"
    )
    expected = mel_filters(spectrum) @ np.abs(bins * signal.get_window("hann", 256).sum()) ** 2
    assert mel_power(samples, spectrum) == pytest.approx(expected[:, : spectrum.frames], rel=1e-9)


def test_numbers_are_those_of_librosa() -> None:
    # feature.melspectrogram of librosa 0.11.0: sr=22050, n_fft=256, hop_length=64, n_mels=8, pad_mode="reflect"
    expected = [2.09286194e00, 1.39426137e01, 3.24550514e-01, 1.83067842e-06,
                2.02017082e-07, 3.17089025e-01, 5.87122741e-02, 1.61004535e-10]  # fmt: skip
    time = np.arange(441)
    samples = np.sin(0.2 * time) + 0.3 * np.cos(1.1 * time)
    power = mel_power(samples, Spectrum(rate=22_050, mels=8, window=256, hop=64, seconds=0.02))
    assert power[:, 3] == pytest.approx(expected, rel=1e-6)


def test_filters_are_triangles_of_equal_area_that_add_up() -> None:
    spectrum = Spectrum(window=65_536, mels=40)
    filters = mel_filters(spectrum)
    area = filters.sum(axis=1) * RATE / spectrum.window
    assert area == pytest.approx(np.ones(40), rel=1e-3)
    assert (filters >= 0).all()
    peaks = filters.argmax(axis=1) * RATE / spectrum.window
    assert mel(peaks) == pytest.approx(np.linspace(mel(0.0), mel(8000.0), 42)[1:-1], abs=0.01)


def test_mels_are_those_of_slaney() -> None:
    assert mel(np.array([0.0, 500.0, 1000.0, 6400.0])) == pytest.approx([0.0, 7.5, 15.0, 42.0])


@given(st.floats(0, 48_000))
def test_a_mel_goes_back_to_its_pitch(pitch: float) -> None:
    assert hertz(mel(pitch)) == pytest.approx(pitch, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("pitch", [300.0, 1000.0, 3000.0, 6000.0])
def test_a_tone_is_a_line_at_its_pitch(pitch: float) -> None:
    centres = hertz(np.linspace(mel(0.0), mel(8000.0), 66)[1:-1])
    picture = log_mel(tone(pitch), RATE)
    assert abs(int(picture[:, 30].argmax()) - int(np.abs(mel(centres) - mel(pitch)).argmin())) <= 1
    assert picture.max() == 255


def test_loudness_does_not_matter_and_what_is_below_the_floor_is_black() -> None:
    samples = tone(1000.0)
    assert np.array_equal(log_mel(samples, RATE), log_mel(1e-3 * samples, RATE))
    assert (log_mel(samples, RATE, Spectrum(floor=-20.0)) == 0).mean() > 0.9


def test_ten_decibels_are_the_same_step_everywhere() -> None:
    samples = np.concatenate([tone(1000.0, 0.5), tone(1000.0, 0.5) * 10**-1.5])
    picture = log_mel(samples, RATE).max(axis=0).astype(int)
    assert picture[10] - picture[50] == pytest.approx(255 * 30 / 80, abs=2)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 44_101, 48_000])
def test_other_rates_give_the_same_line(rate: int) -> None:
    same = log_mel(tone(1000.0), RATE)
    other = log_mel(tone(1000.0, rate=rate), rate)
    assert other.shape == same.shape
    assert abs(int(other[:, 30].argmax()) - int(same[:, 30].argmax())) <= 1


def test_a_long_sound_loses_its_end_and_a_short_one_is_followed_by_silence() -> None:
    assert np.array_equal(log_mel(tone(1000.0, 3.0), RATE)[:, :60], log_mel(tone(1000.0), RATE)[:, :60])
    short = log_mel(tone(1000.0, 0.3), RATE)
    assert short.shape == (64, 63)
    assert (short[:, 30:] == 0).all()


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.zeros(1)])
def test_silence_is_black(samples: np.ndarray) -> None:
    assert (log_mel(samples, RATE) == 0).all()


@given(st.integers(1, 3000), st.sampled_from([8_000, 11_025, 16_000, 48_000]), st.sampled_from([0.001, 0.05, 0.2]))
@settings(deadline=None, max_examples=30)
def test_every_length_gives_the_frames_that_are_promised(n: int, rate: int, seconds: float) -> None:
    spectrum = Spectrum(seconds=seconds, mels=8)
    assert log_mel(np.random.default_rng(n).normal(size=n), rate, spectrum).shape == (8, spectrum.frames)


LEVELS = np.array([-1.0, -0.5, 0.0, 0.5])


@pytest.mark.parametrize(
    "stored",
    [
        (128 + 128 * LEVELS).astype(np.uint8),
        (2**15 * LEVELS).astype(np.int16),
        (2**31 * LEVELS).astype(np.int32),
        LEVELS.astype(np.float32),
        LEVELS,
    ],
)
def test_every_kind_of_sample_is_scaled_to_one(tmp_path: Path, stored: np.ndarray) -> None:
    (tmp_path / "a.wav").write_bytes(wav(stored))
    samples, rate = read_wav(tmp_path / "a.wav")
    assert samples.tolist() == LEVELS.tolist()
    assert rate == RATE


def test_24_bits(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(b"".join(int(2**23 * level).to_bytes(3, "little", signed=True) for level in LEVELS))
    assert read_wav(tmp_path / "a.wav")[0].tolist() == LEVELS.tolist()


def test_channels_are_averaged(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(np.stack([LEVELS, -LEVELS, LEVELS], axis=1)))
    assert read_wav(tmp_path / "a.wav")[0] == pytest.approx(LEVELS / 3)


def test_a_chunk_that_is_not_sound_is_passed_over(tmp_path: Path) -> None:
    data = wav(LEVELS.astype(np.float32)) + b"junk" + struct.pack("<I", 4) + b"abcd"
    (tmp_path / "a.wav").write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    assert read_wav(tmp_path / "a.wav")[0].tolist() == LEVELS.tolist()


WHOLE = wav((2**14 * LEVELS).astype(np.int16).repeat(100))
BAD = {
    "empty": (b"", "is empty"),
    "text": (b"hello", "is no whole WAV"),
    "mp3": (b"ID3\x04" + b"\0" * 200, "is no whole WAV"),
    "flac": (b"fLaC" + b"\0" * 200, "is no whole WAV"),
    "another riff": (b"RIFF" + struct.pack("<I", 4) + b"AVI ", "is no whole WAV"),
    "header alone": (WHOLE[:44], "is no whole WAV"),
    "half": (WHOLE[:500], "is no whole WAV"),
    "half a header": (WHOLE[:30], "is no whole WAV"),
    "no samples": (wav(np.zeros(0, np.int16)), "holds no samples|is no whole WAV"),
    "not a number": (wav(np.array([0.0, np.nan])), "not finite"),
    "infinite": (wav(np.array([0.0, np.inf], np.float32)), "not finite"),
    "no rate": (WHOLE[:24] + struct.pack("<I", 0) + WHOLE[28:], "0 samples a second|is no whole WAV"),
    "compressed": (WHOLE[:20] + struct.pack("<H", 85) + WHOLE[22:], "is no whole WAV"),
    "no channels": (WHOLE[:22] + struct.pack("<H", 0) + WHOLE[24:], "is no whole WAV"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_is_one_sentence_that_names_the_file(tmp_path: Path, name: str) -> None:
    data, says = BAD[name]
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(DataError, match=says) as caught:
        read_sounds([tmp_path / "a.wav"])
    assert str(caught.value).startswith(f"{tmp_path / 'a.wav'}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_large_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_wav(tmp_path / "gone.wav")
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(b"RIFF")
        file.truncate(2**29 + 1)
    with pytest.raises(DataError, match="cut it into pieces"):
        read_wav(tmp_path / "a.wav")


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_damage_is_a_sound_or_one_sentence(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    damaged = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, 50), min_size=1, max_size=6)):
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "a.wav"
    path.write_bytes(damaged)
    try:
        outcome = str(read_wav(path)[0].ndim)
    except PolycultureError as error:
        outcome = str(error)
    assert outcome.startswith(("1", f"{path}: "))


def test_a_tree_of_sounds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, pitch in (("hall/bell/1.wav", 1000.0), ("hall/bell/2.WAV", 2000.0), ("yard/dog/1.wav", 300.0)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(tone(pitch).astype(np.float32)))
    (tmp_path / "yard" / "dog" / "2.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"2\.wav: is empty"):
        read_audio_folder(tmp_path)
    with caplog.at_level(logging.WARNING, "polyculture"):
        data = read_audio_folder(tmp_path, Spectrum(mels=32), unreadable="skip")
    assert data.items["audio"].shape == (3, 32, 63, 3)
    assert data.items["audio"].dtype == np.uint8
    assert data.label.tolist() == ["bell", "bell", "dog"]
    assert "1 of 4 files cannot be read" in caplog.text
    assert np.array_equal(data.items["audio"][2], as_pictures([tone(300.0)], RATE, Spectrum(mels=32))[0])


@pytest.mark.parametrize(
    "options",
    [{"rate": 10}, {"seconds": 0.0}, {"mels": 2}, {"window": 8}, {"hop": 0}, {"hop": 513}, {"low": 9000.0},
     {"high": 9000.0}, {"floor": 0.0}, {"low": -1.0}, {"seconds": float("nan")}],
)  # fmt: skip
def test_parameters_out_of_range(options: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(options))} is"):
        Spectrum(**options)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros((2, 2)), np.array([np.nan])])
def test_arrays_that_are_no_sound(samples: np.ndarray) -> None:
    with pytest.raises(DataError, match="are no sound"):
        log_mel(samples, RATE)


@pytest.mark.parametrize(("window", "hop"), [(255, 160), (255, 100), (17, 1), (33, 16), (512, 256)])
def test_odd_windows_give_the_frames_that_are_promised_too(window: int, hop: int) -> None:
    spectrum = Spectrum(window=window, hop=hop, mels=8, seconds=0.1)
    assert log_mel(tone(1000.0, 0.1), RATE, spectrum).shape == (8, spectrum.frames)
    assert log_mel(np.ones(1), RATE, spectrum).shape == (8, spectrum.frames)


def test_files_are_read_with_an_odd_window(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone(1000.0).astype(np.float32)))
    assert read_sounds([tmp_path / "a.wav"], Spectrum(window=255, hop=160)).shape == (1, 64, 101, 3)


def test_a_rate_is_a_whole_number_of_samples() -> None:
    assert np.array_equal(log_mel(tone(1000.0, rate=44_100), 44_100.0), log_mel(tone(1000.0, rate=44_100), 44_100))
    for rate in (0, -1, 0.5, "8000", float("nan"), float("inf")):
        with pytest.raises(ParameterError, match=r"rate is .*whole number from 1"):
            log_mel(tone(1000.0), rate)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"high": 0}, "high is 0; give more than 0"),
        ({"high": 9000.0}, "high is 9000"),
        ({"low": 4000.0, "high": 3000.0}, "low is 4000"),
        ({"mels": 64.5}, "mels is 64.5; give a whole number"),
        ({"rate": 16_000.5}, "rate is 16000.5"),
    ],
)
def test_a_setting_out_of_its_range_is_the_one_that_is_named(settings: dict[str, float], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        Spectrum(**settings)  # type: ignore[arg-type]


def peak(call: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_of_a_long_file_only_what_is_shown_is_brought_into_memory(tmp_path: Path) -> None:
    (tmp_path / "long.wav").write_bytes(wav(np.full(2**23, 200, dtype=np.uint8), 8000))
    assert peak(lambda: read_sounds([tmp_path / "long.wav"])) < 2**23
    samples, rate = read_wav(tmp_path / "long.wav", seconds=0.5)
    assert (len(samples), rate) == (4000, 8000)
    assert np.array_equal(samples, read_wav(tmp_path / "long.wav")[0][:4000])


@pytest.mark.parametrize("seconds", [0.0001, 0.25, 1.0, 99.0])
def test_24_bits_are_read_in_part_as_well(tmp_path: Path, seconds: float) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(3)
        file.setframerate(8000)
        file.writeframes(np.random.default_rng(0).integers(0, 256, 6 * 8000, dtype=np.uint8).tobytes())
    whole, _ = read_wav(tmp_path / "a.wav")
    part, _ = read_wav(tmp_path / "a.wav", seconds=seconds)
    assert np.array_equal(part, whole[: max(1, round(min(seconds, 1.0) * 8000))])


def test_too_many_samples_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyculture.data.audio.wav.SAMPLES", 4000)
    (tmp_path / "a.wav").write_bytes(wav(np.zeros((2001, 2), dtype=np.int16), 8000))
    with pytest.raises(DataError, match="holds 4,002 samples, more than 4,000; read it with seconds="):
        read_wav(tmp_path / "a.wav")
    assert len(read_wav(tmp_path / "a.wav", seconds=0.1)[0]) == 800
    with pytest.raises(ParameterError, match="seconds is 0"):
        read_wav(tmp_path / "a.wav", seconds=0)
