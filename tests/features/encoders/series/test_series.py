"""What every encoder of series promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from polyculture import CrossDomainClassifier
from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.features.encoders import ENCODERS, make_encoder
from polyculture.features.encoders.series.cnn import SeriesCNNEncoder
from polyculture.features.encoders.series.rnn import SeriesRNNEncoder

SMALL = {"hidden": 12, "batch_size": 16, "epochs": 12, "learning_rate": 0.01}
KINDS = {SeriesCNNEncoder: {"width": 4, "stages": 2}, SeriesRNNEncoder: {"units": 8}}


def waves(n, seed=0, *, steps=40, offset=0.0):
    """A slow or a quick wave at a random phase, in one of two channels; the other is noise."""
    rng = np.random.default_rng(seed)
    y, phase = np.arange(n) % 2, rng.uniform(0, 2 * np.pi, n)
    wave = np.sin(np.where(y, 1.2, 0.4)[:, None] * np.arange(steps) + phase[:, None])
    series = np.stack([wave, np.zeros_like(wave)], axis=2) + rng.normal(0, 0.3, (n, steps, 2)) + offset
    return series.astype(np.float32), y


def make(kind, **changes):
    return kind(**{**SMALL, **KINDS[kind], **changes})


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.family)
def fitted(request):
    return make(request.param).fit(*waves(160))


def test_learns_what_it_was_not_shown(fitted):
    held, truth = waves(100, seed=1)
    assert (fitted.predict(held) == truth).mean() > 0.9


def test_vectors_separate_the_classes(fitted):
    held, y = waves(100, seed=2)
    vectors = fitted.transform(held)
    assert vectors.dtype == np.float32
    assert vectors.shape == (100, 12)
    centres = np.stack([vectors[y == value].mean(0) for value in (0, 1)])
    assert (((vectors[:, None] - centres) ** 2).sum(2).argmin(1) == y).mean() > 0.9


def test_state_is_exact_and_a_copy(fitted):
    held, _ = waves(20, seed=3)
    before = fitted.transform(held)
    again = type(fitted).from_state(fitted.state())
    np.testing.assert_array_equal(again.transform(held), before)
    np.testing.assert_array_equal(again.predict_proba(held), fitted.predict_proba(held))
    for value in fitted.state()["weights"].values():
        value[...] = 0
    np.testing.assert_array_equal(fitted.transform(held), before)


def test_items_are_encoded_on_their_own(fitted):
    held, _ = waves(300, seed=4)
    np.testing.assert_allclose(fitted.transform(held)[[5, 290]], fitted.transform(held[[5, 290]]), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_vectors_and_random_numbers_left_alone(kind):
    series, y = waves(40)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = make(kind, epochs=1).fit(series, y)
    second = clone(first).fit(series, y)
    assert torch.equal(torch.rand(3), expected)
    np.testing.assert_array_equal(first.transform(series), second.transform(series))


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_series_teach_nothing(kind):
    series, y = waves(60)
    held = np.arange(60) < 20
    changed = np.where(held[:, None, None], 100.0, series)
    one, two = (make(kind, epochs=2).fit(x, y, validation=held) for x in (series, changed))
    np.testing.assert_array_equal(one.transform(series), two.transform(series))


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_channel_lies_and_how_large_it_is_does_not_matter(kind):
    series, y = waves(60)
    one = make(kind, epochs=3).fit(series, y)
    two = make(kind, epochs=3).fit(50 * series + 7, y)
    np.testing.assert_allclose(one.predict_proba(series), two.predict_proba(50 * series + 7), atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("steps", [1, 3, 700])
def test_very_short_and_very_long_series(kind, steps):
    series, y = waves(33, steps=steps)
    assert np.isfinite(make(kind, epochs=1, steps=64).fit(series, y).transform(series)).all()


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (np.zeros((4, 5)), r"got float64 of shape \(4, 5\)"),
        (np.array([[["a"]]] * 4), "expected series"),
        ([np.zeros((3, 1)), np.zeros((4, 1))] * 2, "series differ in length"),
        (np.full((4, 3, 1), np.nan), "item 0 holds a number that is not finite"),
    ],
)
def test_what_is_no_series_is_refused(X, said):
    with pytest.raises(DataError, match=said):
        SeriesCNNEncoder().fit(X, [0, 1, 0, 1])


def test_other_channels_than_fitted_are_refused(fitted):
    with pytest.raises(ShapeError, match="series have 3 channels, and had 2"):
        fitted.transform(np.zeros((2, 40, 3)))
    assert fitted.transform(np.zeros((0, 40, 2))).shape == (0, 12)


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        (SeriesCNNEncoder, {"kernel": 4}, "kernel is 4"),
        (SeriesCNNEncoder, {"stages": 5}, "stages 5"),
        (SeriesCNNEncoder, {"dropout": 1.0}, "dropout is 1.0"),
        (SeriesRNNEncoder, {"cell": "relu"}, "no cell named 'relu'"),
        (SeriesRNNEncoder, {"units": 0}, "units are 1 and 0"),
        (SeriesRNNEncoder, {"steps": 0}, "steps is 0"),
        (SeriesRNNEncoder, {"patience": 0}, "patience is 0"),
    ],
)
def test_parameters_out_of_range_are_refused(kind, changes, said):
    with pytest.raises(ParameterError, match=said):
        kind(**changes).fit(*waves(8))


def test_needs_two_classes_and_a_fit():
    series, _ = waves(8)
    with pytest.raises(DataError, match="at least two classes"):
        SeriesCNNEncoder().fit(series, np.zeros(8, dtype=int))
    with pytest.raises(NotFittedError):
        SeriesRNNEncoder().transform(series)
    assert make_encoder("series-rnn:lstm").cell == "lstm"
    assert ENCODERS.load("series-cnn").reads == "series"


def test_a_classifier_of_series_learns(tmp_path):
    series, y = waves(200, offset=3.0)
    encoder = make(SeriesCNNEncoder)
    model = CrossDomainClassifier(encoder, graph="none").fit(series[:140], y[:140])
    assert model.score(series[140:], y[140:]) > 0.9
    model.save(tmp_path / "model")
    again = CrossDomainClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(series[140:]), model.predict_proba(series[140:]))
