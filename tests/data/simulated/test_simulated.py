"""Simulators: the same at each call, balanced, split, and true to the physics that is written down."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import ndimage, signal

from polyculture.data import DomainData
from polyculture.data.audio import Spectrum
from polyculture.data.simulated import (
    CAMERAS,
    HOSPITALS,
    MICROPHONES,
    PLACES,
    hospital_scans,
    street_scenes,
    struck_sounds,
    worn_motions,
)
from polyculture.data.simulated.driving import road
from polyculture.data.simulated.medical import Scanner, head, scan
from polyculture.data.simulated.motion import MOTIONS, pushes
from polyculture.data.simulated.sounds import MODES, stroke
from polyculture.errors import ParameterError


def scans(n: int = 8, **options: object) -> DomainData:
    return hospital_scans(n, size=24, **options).data


def scenes(n: int = 8, **options: object) -> DomainData:
    return street_scenes(n, size=24, **options).data


def sounds(n: int = 8, **options: object) -> DomainData:
    return struck_sounds(n, spectrum=Spectrum(seconds=0.2, mels=16), **options)


def motions(n: int = 8, **options: object) -> DomainData:
    return worn_motions(n, steps=32, **options)


ALL = {
    "hospitals": (scans, HOSPITALS, ["healthy", "nodule", "ring"]),
    "cameras": (scenes, CAMERAS, ["car", "cyclist", "free", "pedestrian"]),
    "microphones": (sounds, MICROPHONES, ["bar", "membrane", "string"]),
    "places": (motions, PLACES, ["cycling", "running", "still", "walking"]),
}
every = pytest.mark.parametrize("domains", ALL)


def values(data: DomainData) -> np.ndarray:
    return next(iter(data.items.values()))


@every
def test_the_same_seed_gives_the_same_and_another_does_not(domains: str) -> None:
    make, _, _ = ALL[domains]
    assert np.array_equal(values(make()), values(make()))
    assert not np.array_equal(values(make()), values(make(random_state=1)))


@every
def test_each_domain_has_as_many_of_each_class_in_each_part(domains: str) -> None:
    make, known, classes = ALL[domains]
    data = make(20 * len(classes))
    assert data.domains == sorted(known)
    assert data.classes == classes
    counts = Counter(zip(data.domain, data.label, data.split, strict=True))
    assert {n for (_, _, part), n in counts.items() if part == "test"} == {5}
    assert {n for (_, _, part), n in counts.items() if part == "validation"} == {3}


@every
def test_a_domain_does_not_depend_on_which_others_are_asked_for(domains: str) -> None:
    make, known, _ = ALL[domains]
    alone, whole = make(**{domains: [list(known)[-1]]}), make()
    assert np.array_equal(values(alone), values(whole.take(whole.domain == list(known)[-1])))


@every
def test_domains_differ_in_more_than_their_items(domains: str) -> None:
    make, known, _ = ALL[domains]
    data = make(40)
    means = np.array([values(data)[data.domain == name].astype(float).mean(axis=0).ravel() for name in known])
    halves = values(data)[data.domain == next(iter(known))].astype(float)
    within = np.linalg.norm(halves[::2].mean(axis=0) - halves[1::2].mean(axis=0))
    between = [np.linalg.norm(means[i] - means[j]) for i in range(len(means)) for j in range(i)]
    assert np.mean(between) > within


@every
@pytest.mark.parametrize(
    ("options", "says"),
    [({"n": 1}, "n is 1; give"), ({"random_state": -1}, "random_state is -1"), ({"domains": ["mars"]}, "mars"),
     ({"domains": []}, r"\[\]")],
)  # fmt: skip
def test_parameters_out_of_range(domains: str, options: dict[str, object], says: str) -> None:
    options = {domains if name == "domains" else name: value for name, value in options.items()}
    with pytest.raises(ParameterError, match=says):
        ALL[domains][0](**options)


@pytest.mark.parametrize("simulator", [hospital_scans, street_scenes])
@pytest.mark.parametrize("size", [15, 257])
def test_a_size_out_of_range_is_refused(simulator, size: int) -> None:
    with pytest.raises(ParameterError, match="size is"):
        simulator(size=size)


def test_scans_mark_the_lesion_and_nothing_else() -> None:
    made = hospital_scans(30, hospitals=["north"])
    seen = made.where.sum(axis=(1, 2))
    assert ((seen == 0) == (made.data.label == "healthy")).all()
    assert seen[made.data.label == "nodule"].min() >= 8
    grey = made.data.items["image"][..., 0]
    inside = np.array([image[where].mean() for image, where in zip(grey, made.where, strict=True) if where.any()])
    around = np.array([
        image[ndimage.binary_dilation(where, iterations=3) & ~ndimage.binary_dilation(where)].mean()
        for image, where in zip(grey, made.where, strict=True) if where.any()
    ])  # fmt: skip
    assert np.mean(inside - around > 20) > 0.95


def test_a_ring_has_a_hole_and_a_nodule_has_none() -> None:
    for label, holes in (("ring", 1), ("nodule", 0)):
        _, where = head(label, 96, np.random.default_rng(3))
        assert ndimage.label(where)[1] == 1
        assert ndimage.label(~where)[1] - 1 == holes


def test_a_scanner_without_faults_shows_the_anatomy() -> None:
    anatomy, _ = head("ring", 48, np.random.default_rng(0))
    assert scan(anatomy, Scanner(blur=0.0, noise=0.0), np.random.default_rng(0)) == pytest.approx(anatomy)
    halved = scan(anatomy, Scanner(gain=0.5, gamma=2.0, blur=0.0, noise=0.0), np.random.default_rng(0))
    assert halved == pytest.approx(0.5 * anatomy**2)


def test_noise_is_rician() -> None:
    # where there is nothing but noise a Rician variable is of Rayleigh: mean σ √(π/2), variance (2 − π/2) σ²
    shown = scan(np.zeros((256, 256)), Scanner(noise=0.1), np.random.default_rng(0))
    assert shown.mean() == pytest.approx(0.1 * np.sqrt(np.pi / 2), rel=0.01)
    assert shown.var() == pytest.approx((2 - np.pi / 2) * 0.01, rel=0.02)


def test_the_field_is_smooth_and_as_strong_as_it_says() -> None:
    shown = scan(np.full((64, 64), 0.3), Scanner(field=0.5, blur=0.0, noise=0.0), np.random.default_rng(0))
    field = np.log(shown / 0.3)
    assert np.abs(field).max() == pytest.approx(0.5)
    assert np.abs(np.diff(field, n=3, axis=0)).max() < 1e-9


def test_scenes_mark_what_is_ahead_and_nothing_else() -> None:
    made = street_scenes(40, cameras=["day", "lens"])
    seen = made.where.sum(axis=(1, 2))
    assert ((seen == 0) == (made.data.label == "free")).all()
    widths = np.array([np.ptp(np.flatnonzero(where.any(axis=0))) if where.any() else 0 for where in made.where])
    heights = np.array([np.ptp(np.flatnonzero(where.any(axis=1))) if where.any() else 0 for where in made.where])
    by_class = {
        name: (widths / np.maximum(heights, 1))[made.data.label == name].mean() for name in ("car", "pedestrian")
    }
    assert by_class["car"] > 1.0 > by_class["pedestrian"]


def test_what_is_near_is_large() -> None:
    found = [road("pedestrian", 64, np.random.default_rng(seed)) for seed in range(30)]
    away = np.array([metres[where].min() for _, metres, where in found])
    tall = np.array([np.ptp(np.flatnonzero(where.any(axis=1))) + 1 for _, _, where in found])
    # 1.75 m at a focal length of 1.1 widths of 64 pixels
    assert tall == pytest.approx(1.75 * 1.1 * 64 / away, abs=1.6)


def test_fog_is_thicker_far_away() -> None:
    made = {name: street_scenes(160, cameras=[name]).data for name in ("day", "fog")}
    free = {name: data.items["image"][data.label == "free"].astype(float) for name, data in made.items()}
    spread = {name: images.std(axis=(0, 2, 3)) for name, images in free.items()}
    left = spread["fog"] / spread["day"]
    # rows 23 and 46 of 48 see the road at 40 and 3 metres
    assert left[23] < 0.3
    assert left[46] > 0.7


def test_night_is_dark_and_lit_by_the_lamps() -> None:
    night = street_scenes(40, cameras=["night"]).data.items["image"].astype(float)
    assert night[:, :15].mean() < 30
    assert night[:, 40:, 20:28].mean() > 2 * night[:, :15].mean()


@pytest.mark.parametrize("label", list(MODES))
def test_a_stroke_rings_at_the_pitches_of_its_modes(label: str) -> None:
    sound = stroke(MODES[label], 200.0, 0.5, 16_000, 16_000, np.ones(4))
    power = np.abs(np.fft.rfft(sound))
    peaks, _ = signal.find_peaks(power, height=power.max() / 50)
    assert peaks == pytest.approx(200.0 * np.array(MODES[label]), abs=1.5)


def test_a_stroke_fades_as_fast_as_it_says() -> None:
    sound = stroke((1.0,), 400.0, 0.1, 16_000, 16_000, (1.0,))
    early, late = np.abs(sound[:400]).max(), np.abs(sound[1600:2000]).max()
    assert late / early == pytest.approx(np.exp(-1.0), rel=0.05)


@pytest.mark.parametrize(("first", "lasting"), [(0.0, 0.1), (9000.0, 0.1), (100.0, 0.0)])
def test_a_stroke_that_cannot_be(first: float, lasting: float) -> None:
    with pytest.raises(ParameterError):
        stroke((1.0,), first, lasting, 100, 16_000, (1.0,))


def test_microphones_do_what_they_say() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 0.1, 160_000)
    phone = MICROPHONES["phone"](noise, 16_000, rng)
    pitch, power = signal.welch(phone, 16_000)
    assert power[pitch < 100].max() < 0.02 * power[(pitch > 500) & (pitch < 3000)].mean()
    heard = MICROPHONES["street"](noise, 16_000, rng)
    assert ((heard - noise) ** 2).mean() == pytest.approx(0.1 * (noise**2).mean())
    click = np.zeros(16_000)
    click[0] = 1.0
    echo = MICROPHONES["hall"](click, 16_000, rng)
    assert (echo[1:] ** 2).sum() == pytest.approx(0.49, rel=0.01)
    assert (echo[6400:] ** 2).sum() < 1e-9
    assert np.abs(MICROPHONES["cheap"](click, 16_000, rng)).max() < 0.5


def test_one_who_is_still_feels_gravity_and_a_turn_keeps_its_length() -> None:
    data = worn_motions(40)
    still = data.items["series"][data.label == "still"]
    assert np.linalg.norm(still.mean(axis=1), axis=1) == pytest.approx(np.full(40, 9.81), rel=0.03)
    assert data.items["series"].dtype == np.float32


def test_steps_come_at_their_rate() -> None:
    time = np.arange(500) / 50.0
    felt = pushes(MOTIONS["running"], 2.5, time, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(felt[:, 2]))
    assert np.fft.rfftfreq(500, 0.02)[power.argmax()] == pytest.approx(2.5)


@pytest.mark.parametrize("options", [{"steps": 4}, {"rate": 1.0}])
def test_recordings_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ParameterError):
        worn_motions(**options)
