"""Numbers as items: one scale, dense or sparse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from polyculture import store
from polyculture.errors import DataError, ParameterError
from polyculture.features.encoders import make_encoder
from polyculture.features.encoders.vectors import VectorEncoder

X = np.random.RandomState(0).normal(size=(50, 4)) * [1, 10, 0.1, 1000] + [0, 5, -3, 1e4]


def test_columns_are_standardised():
    np.testing.assert_allclose(VectorEncoder().fit(X).transform(X), StandardScaler().fit_transform(X), atol=1e-5)


def test_sparse_columns_that_are_few_are_as_dense_ones():
    np.testing.assert_array_equal(VectorEncoder().fit_transform(sp.csr_array(X)), VectorEncoder().fit_transform(X))


def test_many_sparse_columns_stay_sparse():
    wide = sp.random_array((30, 300), density=0.1, rng=0, format="csr")
    found = VectorEncoder().fit(wide).transform(wide)
    assert sp.issparse(found)
    np.testing.assert_allclose(found.toarray(), MaxAbsScaler().fit_transform(wide).toarray(), rtol=1e-6)
    # whoever answers may hold later items densely
    np.testing.assert_array_equal(VectorEncoder().fit(wide).transform(wide.toarray()).toarray(), found.toarray())


def test_held_out_rows_teach_nothing():
    held = np.arange(50) < 10
    wild = np.where(held[:, None], 1e6, X)
    np.testing.assert_array_equal(
        VectorEncoder().fit(wild, validation=held).transform(X), VectorEncoder().fit(X[10:]).transform(X)
    )


def test_a_constant_column_is_nothing():
    assert not VectorEncoder().fit_transform(np.full((5, 1), 7.0)).any()


@pytest.mark.parametrize("factor", [1e-300, 1e300])
def test_very_large_and_very_small_numbers(factor):
    np.testing.assert_allclose(
        VectorEncoder().fit_transform(X / 2e4 * factor), VectorEncoder().fit_transform(X), atol=1e-5
    )


@pytest.mark.parametrize("wide", [256, 2])
def test_it_comes_back_from_its_state(tmp_path, wide):
    fitted = make_encoder("vectors").set_params(wide=wide).fit(sp.csr_array(X))
    store.save(tmp_path / "e", fitted.state(), kind="encoder", facts={})
    again = VectorEncoder.from_state(store.load(tmp_path / "e", kind="encoder"))
    found, expected = again.transform(X), fitted.transform(X)
    assert sp.issparse(found) == (wide == 2)
    assert (found != expected).sum() == 0
    assert again.get_params() == fitted.get_params()


def test_texts_are_refused():
    with pytest.raises(DataError, match="expected numbers, got texts"):
        VectorEncoder().fit(np.array(["good", "bad"], dtype=object))


def test_a_width_below_one():
    with pytest.raises(ParameterError, match="wide is 0"):
        VectorEncoder(0).fit(X)
