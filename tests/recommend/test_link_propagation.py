"""Link propagation against the product of dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ParameterError
from polyculture.recommend.link_propagation import LinkPropagation, link_propagation


def taken() -> sp.csr_array:
    found = (np.random.default_rng(1).random((30, 12)) < 0.25).astype(np.float32)
    found[3] *= 0.5
    return sp.csr_array(found)


def test_scores_are_the_product() -> None:
    matrix = taken()
    r = matrix.toarray().astype(float)
    users, items = np.maximum(r.sum(axis=1), 1e-9), r.sum(axis=0)
    users[r.sum(axis=1) == 0] = 1
    whole = r @ np.diag(items**-0.6) @ r.T @ np.diag(users**-0.3) @ r @ np.diag(items**-0.2)
    model = link_propagation(matrix, user_exponent=0.3, item_exponent=0.6, output_exponent=0.2)
    np.testing.assert_allclose(model.scores(np.arange(30)), whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.scores(np.array([3]), np.array([5, 0])), whole[[3]][:, [5, 0]], rtol=1e-5)


def test_parts_sum_to_the_score() -> None:
    model = link_propagation(taken())
    scores = model.scores(np.arange(30))
    for row, item in ((0, 0), (3, 7), (11, 11)):
        assert model.parts(row, item)[1].sum() == pytest.approx(scores[row, item], abs=1e-5)


def test_state_and_back() -> None:
    matrix = taken()
    model = link_propagation(matrix, output_exponent=0.1)
    again = LinkPropagation.from_state(model.state(), matrix)
    np.testing.assert_array_equal(again.scores(np.arange(30)), model.scores(np.arange(30)))


def test_an_exponent_out_of_range() -> None:
    with pytest.raises(ParameterError, match="user_exponent is 2"):
        link_propagation(taken(), user_exponent=2.0)
