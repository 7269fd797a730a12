"""What those take who share items with a user."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.errors import ParameterError
from polyculture.recommend.co_occurrence import CoOccurrence, co_occurrence


def matrix(seed: int = 0) -> sp.csr_array:
    return sp.csr_array((np.random.default_rng(seed).random((12, 9)) < 0.4).astype(np.float32))


def test_plain_counts_are_paths_of_three_steps() -> None:
    taken = matrix()
    dense = taken.toarray()
    expected = np.zeros_like(dense)
    for user, other in np.ndindex(len(dense), len(dense)):
        expected[user] += (dense[user] * dense[other]).sum() * dense[other]
    found = co_occurrence(taken)
    np.testing.assert_allclose(found.scores(np.arange(12)), expected)
    np.testing.assert_allclose(found.scores(np.array([3, 1]), np.array([4, 0])), expected[[3, 1]][:, [4, 0]])


@pytest.mark.parametrize("exponents", [(0.0, 0.0, 0.0), (0.5, 0.25, 0.3)])
def test_parts_sum_to_the_score_and_what_is_kept_is_the_same_model(exponents: tuple[float, float, float]) -> None:
    names = ("user_exponent", "item_exponent", "output_exponent")
    taken = matrix(1)
    found = co_occurrence(taken, **dict(zip(names, exponents, strict=True)))
    again = CoOccurrence.from_state(found.state(), taken)
    scores = found.scores(np.arange(12))
    np.testing.assert_array_equal(again.scores(np.arange(12)), scores)
    for row, item in [(0, 0), (5, 8)]:
        columns, values = found.parts(row, item)
        np.testing.assert_array_equal(columns, np.flatnonzero(taken.toarray()[row]))
        assert values.sum() == pytest.approx(scores[row, item], rel=1e-5)


def test_an_exponent_out_of_range_is_refused() -> None:
    with pytest.raises(ParameterError, match="user_exponent is 2"):
        co_occurrence(matrix(), user_exponent=2)
