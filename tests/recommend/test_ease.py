"""EASE and its counterpart over users, against the least-squares problem that they solve."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ParameterError, ShapeError
from polyculture.recommend import ease as module
from polyculture.recommend.ease import Ease, ease
from polyculture.recommend.user_ease import UserEase, user_ease


def taken(users: int, items: int) -> sp.csr_array:
    return sp.csr_array((np.random.default_rng(1).random((users, items)) < 0.25).astype(np.float32))


def by_columns(x: np.ndarray, ridge: float) -> np.ndarray:
    """B column by column: ridge regression of each item on all others."""
    b = np.zeros((x.shape[1], x.shape[1]))
    for item in range(x.shape[1]):
        others = np.delete(np.arange(x.shape[1]), item)
        rest = x[:, others]
        b[others, item] = np.linalg.solve(rest.T @ rest + ridge * np.eye(len(others)), rest.T @ x[:, item])
    return b


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
@pytest.mark.parametrize("exponents", [(0.0, 0.0, 0.0), (0.5, 0.3, 0.2)])
def test_scores_are_those_of_ridge_regressions(shape: tuple[int, int], exponents: tuple[float, ...]) -> None:
    matrix = taken(*shape)
    a, b, c = exponents
    dense = matrix.toarray().astype(float)
    items = np.maximum(dense.sum(axis=0), 1)
    x = dense * np.maximum(dense.sum(axis=1), 1)[:, None] ** -a * items**-b
    model = ease(matrix, ridge=1.5, user_exponent=a, item_exponent=b, output_exponent=c)
    assert model.by_items == (shape[1] < shape[0])
    whole = x @ by_columns(x, 1.5) * items**c
    np.testing.assert_allclose(model.scores(np.arange(shape[0])), whole, atol=1e-5)
    np.testing.assert_allclose(model.scores(np.array([2]), np.array([5, 0])), whole[[2]][:, [5, 0]], atol=1e-5)


@pytest.mark.parametrize("shape", [(30, 12), (12, 30)])
def test_parts_sum_to_the_score(shape: tuple[int, int]) -> None:
    model = ease(taken(*shape), ridge=2.0, item_exponent=0.5)
    scores = model.scores(np.arange(shape[0]))
    for row, item in ((0, 0), (3, 7), (11, 11)):
        assert model.parts(row, item)[1].sum() == pytest.approx(scores[row, item], abs=1e-5)


def test_over_users_is_the_same_with_sides_exchanged() -> None:
    matrix = taken(12, 30)
    model = user_ease(matrix, ridge=1.0)
    whole = matrix.toarray().T @ by_columns(matrix.toarray().T.astype(float), 1.0)
    np.testing.assert_allclose(model.scores(np.array([1, 4])), whole.T[[1, 4]], atol=1e-5)
    columns, values = model.parts(4, 9)
    assert columns.tolist() == [-1]
    assert values[0] == pytest.approx(whole[9, 4], abs=1e-5)


@pytest.mark.parametrize("kind", [Ease, UserEase])
def test_state_and_back(kind: type[Ease | UserEase]) -> None:
    matrix = taken(12, 30)
    model = (ease if kind is Ease else user_ease)(matrix, ridge=1.0, item_exponent=0.4)
    again = kind.from_state(model.state(), matrix)
    np.testing.assert_allclose(again.scores(np.arange(12)), model.scores(np.arange(12)), rtol=1e-5)


def test_what_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match="ridge is 0"):
        ease(taken(5, 4), ridge=0)
    monkeypatch.setattr(module, "LIMIT", 3)
    with pytest.raises(ShapeError, match="use spectral"):
        ease(taken(5, 4))
