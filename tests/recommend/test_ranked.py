"""Blocks, hiding and the best."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from polyculture.recommend import ranked
from polyculture.recommend.ranked import best, blocks, hide, on_one_scale


@given(st.integers(1, 8), st.integers(0, 99))
def test_best_is_a_full_sort(k: int, seed: int) -> None:
    scores = np.random.default_rng(seed).permutation(18).reshape(3, 6).astype(float)
    whole = np.argsort(-scores, axis=1)
    found = best(scores, k)
    np.testing.assert_array_equal(found[:, : min(k, 6)], whole[:, :k])
    assert (found[:, 6:] == -1).all()


def test_hidden_items_are_never_found() -> None:
    scores = np.array([[3.0, 2.0, 1.0]])
    hide(scores, sp.csr_array([[1, 0, 0]]))
    assert best(scores, 3).tolist() == [[1, 2, -1]]


def test_blocks_hold_every_user_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranked, "BLOCK_CELLS", 10)
    found = list(blocks(np.arange(7), 4))
    assert [len(part) for part in found] == [2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(found), np.arange(7))


def test_one_scale_keeps_the_order_and_a_constant_row() -> None:
    found = on_one_scale(np.array([[1.0, 3.0], [2.0, 2.0]]))
    assert found.tolist() == [[1.0, 3.0], [2.0, 2.0]]
    assert on_one_scale(np.array([[0.0, 8.0]])).tolist() == [[0.0, 2.0]]
