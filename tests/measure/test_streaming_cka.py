"""CKA in one pass and in batches, against CKA of everything at once."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure import cka
from polyculture.measure.representation.minibatch import minibatch_cka
from polyculture.measure.representation.streaming import StreamingCKA


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 12)) @ rng.normal(size=(12, 12))
    return x, x[:, :7] + rng.normal(size=(500, 7))


def streamed(x: np.ndarray, y: np.ndarray, ends: list[int]) -> StreamingCKA:
    stream = StreamingCKA()
    for some in np.split(np.arange(len(x)), ends):
        stream.update(x[some], y[some])
    return stream


@pytest.mark.parametrize("shift", [0, 10, 1000])
@pytest.mark.parametrize("ends", [[], [1], [1, 2, 3, 5, 8, 400], list(range(1, 500)), [498]], ids=len)
def test_any_batches_give_the_value_of_all_at_once(
    shift: float, ends: list[int], pair: tuple[np.ndarray, np.ndarray]
) -> None:
    x, y = (part + shift for part in pair)
    stream = streamed(x, y, ends)
    assert stream.items == 500
    assert stream.value == pytest.approx(cka(x, y), rel=1e-9)


def test_values_on_the_way_are_those_of_the_items_so_far(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    stream = StreamingCKA()
    for start in range(0, 500, 100):
        stream.update(x[start : start + 100], y[start : start + 100])
        assert stream.value == pytest.approx(cka(x[: start + 100], y[: start + 100]), rel=1e-9)


@pytest.mark.parametrize("shift", [0, 1000])
def test_streams_merge_in_any_order(shift: float, pair: tuple[np.ndarray, np.ndarray]) -> None:
    # The parts have centres of their own, far from each other.
    x, y = pair
    x = x + shift + 5 * np.arange(500)[:, None] // 100
    thirds = [streamed(x[part], y[part], [20]) for part in np.split(np.arange(500), [100, 250])]
    for order in ((0, 1, 2), (2, 0, 1)):
        merged = StreamingCKA()
        for k in order:
            assert merged.merge(thirds[k]) is merged
        assert merged.items == 500
        assert merged.value == pytest.approx(cka(x, y), rel=1e-9)
        merged.update(x[:50], y[:50])
    assert [third.items for third in thirds] == [100, 150, 250]
    assert thirds[0].value == pytest.approx(cka(x[:100], y[:100]), rel=1e-9)
    assert thirds[0].merge(StreamingCKA()).items == 100


def test_float32_is_summed_in_float64(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = (part.astype(np.float32) + np.float32(100) for part in pair)
    exact = cka(x.astype(np.float64), y.astype(np.float64))
    assert streamed(x, y, list(range(50, 500, 50))).value == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("first", [1, 100])
@pytest.mark.parametrize("scale", [1e-140, 1e90, 1e300])
def test_magnitudes_neither_overflow_nor_vanish(scale: float, first: int, pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    stream = streamed(scale * x, y, [first])
    assert stream.value == pytest.approx(cka(x, y), rel=1e-9)
    # The second stream has units of its own.
    other = streamed(scale * x * 1e-3, 1e6 * y, [7])
    both = cka(np.concatenate([x, x * 1e-3]), np.concatenate([y, 1e6 * y]))
    assert stream.merge(other).value == pytest.approx(both, rel=1e-9)


def test_memory_does_not_grow_with_items() -> None:
    rng = np.random.default_rng(0)
    stream = StreamingCKA()
    peaks = []
    for _ in range(2):
        tracemalloc.start()
        for _ in range(20):
            stream.update(rng.normal(size=(100, 50)), rng.normal(size=(100, 50)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
    assert abs(stream.value) < 0.01


def test_a_stream_refuses_and_stays_as_it_was(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    stream = streamed(x, y, [100])
    before = stream.value
    hole = x[:4].copy()
    hole[2, 3] = np.nan
    with pytest.raises(DataError, match="x holds nan in row 2, column 3"):
        stream.update(hole, y[:4])
    with pytest.raises(ShapeError, match=r"\[12, 6\] features, but those before had \[12, 7\]"):
        stream.update(x[:4], y[:4, :6])
    with pytest.raises(ShapeError, match=r"\[7, 12\]"):
        stream.merge(streamed(y, x, []))
    with pytest.raises(ShapeError, match="no items"):
        stream.update(x[:0], y[:0])
    assert stream.items == 500
    assert stream.value == before
    with pytest.raises(ShapeError, match="seen 3 items, but at least 4"):
        _ = streamed(x[:3], y[:3], []).value


def test_what_does_not_vary_is_undefined_in_a_stream(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = pair
    assert np.isnan(streamed(x, np.full((500, 3), 0.1), [100, 200]).value)
    alone = np.zeros((500, 1))
    alone[7] = 1
    assert np.isnan(streamed(x, alone, [100, 200]).value)


def naive_hsic1(x: np.ndarray, y: np.ndarray) -> float:
    n, one = len(x), np.ones(len(x))
    k, l = (z @ z.T * (1 - np.eye(n)) for z in (x, y))  # noqa: E741
    inner = np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (inner - 2 / (n - 2) * one @ k @ l @ one) / (n * (n - 3))


def test_minibatch_cka_is_a_ratio_of_weighted_sums(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = (part[:130] for part in pair)
    order = np.random.default_rng(3).permutation(130)
    sums = np.zeros(3)
    for rows in np.split(order, [60, 120]):
        a, b = x[rows], y[rows]
        sums += len(rows) * np.array([naive_hsic1(a, b), naive_hsic1(a, a), naive_hsic1(b, b)])
    expected = sums[0] / (sums[1] * sums[2]) ** 0.5
    assert minibatch_cka(x, y, batch=60, seed=3) == pytest.approx(expected, rel=1e-9)


def test_minibatch_cka_of_one_batch_is_cka(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = (part[:100] for part in pair)
    assert minibatch_cka(x, y, batch=100) == pytest.approx(cka(x, y), rel=1e-9)
    # The 2 items that remain of 102 are too few for a batch.
    assert np.isfinite(minibatch_cka(pair[0][:102], pair[1][:102], batch=100))


def test_more_epochs_come_closer(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    spread = {
        epochs: np.std([minibatch_cka(x, y, batch=20, epochs=epochs, seed=seed) for seed in range(12)])
        for epochs in (1, 8)
    }
    assert spread[8] < 0.7 * spread[1]


def test_minibatch_cka_refuses() -> None:
    x = np.random.default_rng(0).normal(size=(30, 3))
    with pytest.raises(ParameterError, match="batch is 3"):
        minibatch_cka(x, x, batch=3)
    with pytest.raises(ParameterError, match="epochs is 0"):
        minibatch_cka(x, x, epochs=0)
    assert np.isnan(minibatch_cka(x, np.ones((30, 1))))
