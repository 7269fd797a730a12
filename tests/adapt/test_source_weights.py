"""Weights of sources: the mixture that the target is, by a solution that is checked against another solver."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from polyculture.adapt.source_weights import nearest_in_hull, source_weights
from polyculture.errors import ParameterError, ShapeError


def planted(share, seed=0, n=150):
    """Sources at three places; the target is a mixture of the first two."""
    rng = np.random.default_rng(seed)
    places = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]])
    x, domain = np.concatenate([rng.normal(size=(n, 2)) + place for place in places]), np.repeat(list("abc"), n)
    z = rng.normal(size=(n, 2)) + places[(rng.random(n) > share).astype(int)]
    return x, domain, z


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_planted_mixture_is_found(share):
    found = source_weights(*planted(share))
    assert found["a"] == pytest.approx(share, abs=0.08)
    assert found["c"] < 0.03
    assert sum(found.values()) == pytest.approx(1)


def test_a_source_that_is_the_target_gets_all():
    x, domain, _ = planted(0.5)
    assert source_weights(x, domain, x[domain == "c"])["c"] == pytest.approx(1)


def test_order_place_and_unit_do_not_matter_and_sparse_rows_give_the_same():
    x, domain, z = planted(0.3, n=40)
    found, order = source_weights(x, domain, z), np.random.default_rng(0).permutation(len(x))
    for again in (
        source_weights(x[order], domain[order], z[::-1]),
        source_weights(5 * x + 2, domain, 5 * z + 2),
        source_weights(sp.csr_array(x), domain, sp.csr_array(z)),
        source_weights(x, domain, z, block=7),
    ):
        assert again == pytest.approx(found, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9999), size=st.integers(1, 5), unit=st.floats(1e-6, 1e3))
def test_the_nearest_mixture_is_that_of_a_general_solver(seed, size, unit):
    points = np.random.default_rng(seed).normal(size=(size, 3)) + 0.5
    products = points @ points.T
    found = nearest_in_hull(unit * products)
    other = minimize(
        lambda w: w @ products @ w,
        np.full(size, 1 / size),
        bounds=[(0, 1)] * size,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-12},
    )
    assert found @ products @ found <= other.fun + 1e-6
    assert found.sum() == pytest.approx(1)


def test_points_at_the_origin_share():
    assert nearest_in_hull(np.zeros((2, 2))).sum() == pytest.approx(1)


def test_bad_input_is_one_sentence():
    x, domain, z = planted(0.3, n=5)
    with pytest.raises(ShapeError, match="one name for each of the 15 items"):
        source_weights(x, domain[:3], z)
    with pytest.raises(ParameterError, match="one or more numbers above 0"):
        source_weights(x, domain, z, widths=[])
