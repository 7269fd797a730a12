"""The spectral filter against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ParameterError
from polyculture.recommend import spectral as module
from polyculture.recommend.spectral import Spectral, basis_of, spectral

TAKEN = sp.csr_array((np.random.default_rng(0).random((30, 20)) < 0.25).astype(np.float32))


def expected(a: float, b: float, c: float, k: int, w: float) -> np.ndarray:
    dense = TAKEN.toarray().astype(float)
    items = np.maximum(dense.sum(axis=0), 1)
    x = dense * np.maximum(dense.sum(axis=1), 1)[:, None] ** -a * items**-b
    _, values, right = np.linalg.svd(x, full_matrices=False)
    v, share = right[:k].T, w / values[k - 1] ** 2
    return x @ (v @ np.diag(1 - share * values[:k] ** 2) @ v.T + share * x.T @ x) * items**c


@pytest.mark.parametrize("w", [0.0, 0.4, 1.0])
def test_scores_are_those_of_the_formula(w: float) -> None:
    model = spectral(TAKEN, user_exponent=0.3, item_exponent=0.5, output_exponent=0.2, vectors=6, linear_weight=w)
    rows, items = np.array([3, 0, 29]), np.array([1, 7])
    whole = expected(0.3, 0.5, 0.2, 6, w)
    np.testing.assert_allclose(model.scores(rows), whole[rows], atol=1e-5)
    np.testing.assert_allclose(model.scores(rows, items), whole[np.ix_(rows, items)], atol=1e-5)


def test_the_randomised_search_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = spectral(TAKEN, vectors=4).scores(np.arange(30))
    monkeypatch.setattr(module, "_EXACT", 0)
    np.testing.assert_allclose(spectral(TAKEN, vectors=4).scores(np.arange(30)), whole, atol=1e-4)


def test_an_empty_matrix_says_nothing() -> None:
    assert not spectral(sp.csr_array((3, 4), dtype=np.float32)).scores(np.arange(3)).any()


def test_parts_sum_to_the_score() -> None:
    model = spectral(TAKEN, vectors=5)
    scores = model.scores(np.arange(30))
    for row, item in ((0, 0), (4, 19), (29, 3)):
        columns, values = model.parts(row, item)
        assert columns.tolist() == TAKEN[[row]].indices.tolist()
        assert values.sum() == pytest.approx(scores[row, item], abs=1e-5)


def test_state_and_back_with_fewer_vectors_than_the_basis() -> None:
    model = Spectral(basis_of(TAKEN, 0.4, 0.4, 10), 4, 0.5, 0.3)
    again = Spectral.from_state(model.state(), TAKEN)
    np.testing.assert_allclose(again.scores(np.arange(30)), model.scores(np.arange(30)), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "told"), [({"vectors": 0}, "vectors is 0"), ({"linear_weight": 2}, "from 0 to 1")]
)
def test_settings_out_of_range(settings: dict[str, float], told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        spectral(TAKEN, **settings)
