"""The hand-written gradient, against the loss by its formula and its differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.recommend import softmax_step as module
from polyculture.recommend.softmax_step import softmax_gradient


def vectors(count: int, size: int, seed: int) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=(count, size))
    units: np.ndarray = found / np.linalg.norm(found, axis=1, keepdims=True)
    return units


def taken() -> sp.csr_array:
    rng = np.random.default_rng(3)
    return sp.csr_array(np.where(rng.random((7, 9)) < 0.4, rng.random((7, 9)) + 0.5, 0).astype(np.float32))


def loss_of(users: np.ndarray, items: np.ndarray, rows: list[int], temperature: float) -> float:
    x, logits = taken().toarray()[rows], users[rows] @ items.T / temperature
    chances = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-(x * chances).sum() / x.sum())


@pytest.mark.parametrize("block", [2, 256])
def test_loss_and_gradient_are_those_of_the_softmax_over_all_items(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    users, items, rows = vectors(7, 4, 0), vectors(9, 4, 1), [5, 0, 3]
    found = softmax_gradient(
        users, items, taken(), np.array(rows), temperature=0.3, candidates=9, rng=np.random.default_rng(0)
    )
    assert found.loss == pytest.approx(loss_of(users, items, rows, 0.3), rel=1e-5)
    for which, gradient in ((users, found.users), (items, found.items)):
        for place in np.ndindex(which.shape):
            before, step = which[place], 1e-5
            which[place] = before + step
            more = loss_of(users, items, rows, 0.3)
            which[place] = before - step
            less = loss_of(users, items, rows, 0.3)
            which[place] = before
            assert gradient[place] == pytest.approx((more - less) / (2 * step), abs=1e-5)


def test_sampled_items_estimate_the_sum_over_all() -> None:
    users, items, rows = vectors(7, 4, 0), vectors(9, 4, 1), np.arange(7)
    rng = np.random.default_rng(0)
    found = [softmax_gradient(users, items, taken(), rows, temperature=0.5, candidates=5, rng=rng) for _ in range(400)]
    assert np.mean([each.loss for each in found]) == pytest.approx(loss_of(users, items, list(rows), 0.5), rel=0.05)
    assert np.std([each.loss for each in found]) > 0
