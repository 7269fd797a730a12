"""The network that orders short lists."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.recommend.list_network import ListNetwork, _gradient, list_network


def lists(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Taken is the entry whose two features are most alike in sign and large: no weighted sum of them tells."""
    features = np.random.default_rng(seed).standard_normal((count, 8, 2)).astype(np.float32)
    product = features[:, :, 0] * features[:, :, 1]
    return features, product == product.max(axis=1, keepdims=True)


def test_what_no_weighted_sum_can_tell_is_learnt() -> None:
    features, hits = lists(2000, 0)
    network = list_network(features, hits)
    new, taken = lists(500, 1)
    first = network.scores(new).argmax(axis=1)
    assert (first == taken.argmax(axis=1)).mean() > 0.9
    assert (new.sum(axis=2).argmax(axis=1) == taken.argmax(axis=1)).mean() < 0.6


def test_the_gradient_is_that_of_differences() -> None:
    rng = np.random.default_rng(0)
    features, hits = rng.standard_normal((5, 6, 3)), rng.random((5, 6)) < 0.3
    hits[:, 0] = True
    weights = rng.standard_normal((3 + 2, 4))

    def network(at: np.ndarray) -> ListNetwork:
        return ListNetwork(np.zeros(3), np.ones(3), at[:-2], at[-2], at[-1])

    def loss(at: np.ndarray) -> float:
        scores = network(at).scores(features)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return float(-(logs * hits).sum() / hits.sum())

    found = _gradient(network(weights), features, hits)
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-5
        expected = (loss(weights + step) - loss(weights - step)) / 2e-5
        assert found[place] == pytest.approx(expected, abs=1e-5)


def test_lists_without_a_hit_teach_nothing() -> None:
    features, hits = lists(300, 2)
    more = np.concatenate([features, features[:50] + 100])
    empty = np.concatenate([hits, np.zeros_like(hits[:50])])
    alone, beside = list_network(features, hits), list_network(more, empty)
    np.testing.assert_array_equal(alone.scores(features), beside.scores(features))


def test_a_feature_that_never_differs_does_no_harm() -> None:
    features, hits = lists(200, 3)
    features = np.concatenate([features, np.ones((200, 8, 1), np.float32)], axis=2)
    assert np.isfinite(list_network(features, hits).scores(features)).all()
