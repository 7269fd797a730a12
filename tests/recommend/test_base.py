"""Normalising."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from polyculture.errors import ParameterError
from polyculture.recommend.base import history, normalised


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 50))
def test_normalised_divides_by_powers_of_degrees(a: float, b: float, seed: int) -> None:
    dense = (np.random.default_rng(seed).random((6, 5)) < 0.4).astype(float)
    found, degrees = normalised(sp.csr_array(dense), a, b)
    users, items = np.maximum(dense.sum(axis=1), 1), np.maximum(dense.sum(axis=0), 1)
    np.testing.assert_allclose(found.toarray(), dense * users[:, None] ** -a * items**-b, rtol=1e-5)
    np.testing.assert_allclose(degrees, items)


def test_normalised_refuses_an_exponent_outside_its_range() -> None:
    with pytest.raises(ParameterError, match="item_exponent is 2"):
        normalised(sp.csr_array(np.eye(2)), 0.5, 2)


def test_history_is_the_columns_of_a_row() -> None:
    assert history(sp.csr_array([[0, 1, 1], [0, 0, 0]]), 0).tolist() == [1, 2]
