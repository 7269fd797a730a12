"""Main directions of sparse rows: what they keep, and the same for later rows."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer

from polyculture.adapt.shared_vectors import shared_vectors
from polyculture.errors import DataError, ParameterError, ShapeError


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return sp.csr_array(rng.poisson(0.3, size=(80, 30)).astype(float))


def weighed(rows):
    return TfidfTransformer().fit_transform(sp.csr_array((np.log1p(rows.data), rows.indices, rows.indptr), rows.shape))


def test_all_directions_keep_the_angles_of_weighed_rows(rows):
    found, truth = shared_vectors(rows, components=28).of(rows), weighed(rows).toarray()
    lost = np.linalg.svd(truth)[1][28:]
    assert np.abs(found @ found.T - truth @ truth.T).max() < 2 * np.square(lost).sum() + 1e-3


def test_few_columns_are_weighed_and_not_turned(rows):
    np.testing.assert_allclose(shared_vectors(rows, components=79).of(rows), weighed(rows).toarray(), atol=1e-6)


def test_later_rows_are_seen_alike(rows):
    shared = shared_vectors(rows, components=5)
    np.testing.assert_allclose(shared.of(rows)[7:9], shared.of(rows[7:9]), atol=1e-6)


def test_dense_and_signed_rows_stay_as_they_are(rows):
    dense = rows.toarray() - 1
    np.testing.assert_allclose(shared_vectors(dense).of(dense), dense)
    np.testing.assert_allclose(shared_vectors(sp.csr_array(dense)).of(sp.csr_array(dense)), dense)


def test_rows_without_columns_are_zero(rows):
    rows = sp.vstack([rows, sp.csr_array((1, 30))], format="csr")
    assert not shared_vectors(rows, components=5).of(rows)[-1].any()


def test_bad_input_is_one_sentence(rows):
    with pytest.raises(ParameterError, match="components is 0"):
        shared_vectors(rows, components=0)
    with pytest.raises(ShapeError, match="4 columns, 30 were fitted"):
        shared_vectors(rows, components=5).of(rows[:, :4])
    rows.data[0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        shared_vectors(rows)
