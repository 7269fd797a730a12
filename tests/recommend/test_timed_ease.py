"""The auto-encoder over items that knows what was taken together, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ParameterError, ShapeError
from polyculture.recommend import ease as limits
from polyculture.recommend.ease import Ease, ease
from polyculture.recommend.timed_ease import timed_ease
from polyculture.recommend.times import places


def data(users: int = 40, items: int = 15) -> tuple[sp.csr_array, sp.csr_array]:
    rng = np.random.default_rng(0)
    there = rng.random((users, items)) < 0.4
    return sp.csr_array(there.astype(np.float32)), sp.csr_array(there * rng.integers(1, 30, size=there.shape))


def test_scores_are_those_of_the_formula() -> None:
    matrix, times = data()
    dense, degrees = matrix.toarray().astype(float), matrix.toarray().sum(axis=0)
    place = np.full(dense.shape, np.nan)
    place[dense > 0] = places(matrix, times)
    x = dense * np.maximum(dense.sum(axis=1), 1)[:, None] ** -0.4 * degrees**-0.3
    gram = np.zeros((15, 15))
    for row in range(40):
        for i in np.flatnonzero(dense[row]):
            for j in np.flatnonzero(dense[row]):
                gram[i, j] += x[row, i] * x[row, j] * np.exp(-abs(place[row, i] - place[row, j]) / 0.2)
    inverse = np.linalg.inv(gram + 0.5 * np.eye(15))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0)
    settings = {"user_exponent": 0.4, "item_exponent": 0.3, "output_exponent": 0.2}
    model = timed_ease(matrix, times=times, span=0.2, ridge=0.5, **settings)
    np.testing.assert_allclose(model.scores(np.arange(40)), x @ b * degrees**0.2, atol=1e-4)
    assert model.parts(3, 7)[1].sum() == pytest.approx(model.scores(np.array([3]))[0, 7], abs=1e-5)


def test_with_a_long_span_it_is_the_auto_encoder_without_times() -> None:
    matrix, times = data()
    whole = ease(matrix, ridge=2.0, item_exponent=0.5).scores(np.arange(40))
    found = timed_ease(matrix, times=times, span=1e6, ridge=2.0, item_exponent=0.5).scores(np.arange(40))
    np.testing.assert_allclose(found, whole, atol=1e-4)
    near = timed_ease(matrix, times=times, span=0.05, ridge=2.0, item_exponent=0.5).scores(np.arange(40))
    assert np.abs(near - whole).max() > 0.05


def test_what_is_taken_on_one_occasion_belongs_together() -> None:
    # everybody takes all items, first those of even number and later the others
    times = np.tile(np.where(np.arange(12) % 2, 100, 1), (30, 1)) + np.arange(12)
    taken = np.ones((30, 12), dtype=np.float32)
    taken[0, 1:], times[0, 1:] = 0, 0
    model = timed_ease(sp.csr_array(taken), times=sp.csr_array(times), span=0.1, ridge=5.0)
    scores = model.scores(np.array([0]))[0, 1:]
    assert scores[1::2].min() > scores[::2].max()


def test_state_and_back() -> None:
    matrix, times = data()
    model = timed_ease(matrix, times=times, item_exponent=0.3)
    again = Ease.from_state(model.state(), matrix)
    np.testing.assert_array_equal(again.scores(np.arange(40)), model.scores(np.arange(40)))


@pytest.mark.parametrize(("name", "value"), [("span", 0.0), ("ridge", 0.0), ("user_exponent", 2.0)])
def test_what_is_refused(name: str, value: float) -> None:
    matrix, times = data()
    with pytest.raises(ParameterError, match=f"{name} is {value}"):
        timed_ease(matrix, times=times, **{name: value})


def test_too_many_items_are_refused() -> None:
    many = sp.csr_array((2, limits.LIMIT + 1), dtype=np.float32)
    with pytest.raises(ShapeError, match="at most 20000; use spectral"):
        timed_ease(many, times=many)
