"""Shares are those of Shapley: by his axioms, by all orders, and by another library's numbers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import ParameterError
from polyculture.explain import shapley


def table(players: int, items: int, seed: int) -> np.ndarray:
    """A value for every coalition and item, by the number of the coalition."""
    return np.random.default_rng(seed).normal(size=(2**players, items))


def game(values: np.ndarray):
    players = int(np.log2(len(values)))
    return lambda present: values[int(present @ 2 ** np.arange(players))]


def by_all_orders(values: np.ndarray) -> np.ndarray:
    """The definition: what a player adds, averaged over all orders of arrival."""
    players = int(np.log2(len(values)))
    total = np.zeros((values.shape[1], players))
    orders = list(permutations(range(players)))
    for order in orders:
        mask = 0
        for player in order:
            total[:, player] += values[mask | 2**player] - values[mask]
            mask |= 2**player
    return total / len(orders)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 10_000))
def test_enumerated_shares_are_the_mean_over_all_orders(players: int, items: int, seed: int) -> None:
    values = table(players, items, seed)

    assert shapley(game(values), players).shares == pytest.approx(by_all_orders(values))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.sampled_from([0, 10]), st.integers(0, 10_000))
def test_shares_add_up_to_what_all_reach_together(players: int, exact: int, seed: int) -> None:
    values = table(players, 4, seed)
    found = shapley(game(values), players, exact=exact, pairs=3)

    assert found.shares.sum(axis=1) == pytest.approx(found.whole - found.nothing)
    assert (found.nothing, found.whole) == (pytest.approx(values[0]), pytest.approx(values[-1]))


def test_whoever_adds_nothing_gets_nothing_and_equals_get_the_same() -> None:
    found = shapley(lambda m: np.array([float(m[0] and m[1]) + 0.0 * m[2]]), 3).shares[0]

    assert found == pytest.approx([0.5, 0.5, 0.0])


def test_sampled_shares_lie_within_their_errors_of_the_true_ones() -> None:
    values = table(5, 40, 1)
    found = shapley(game(values), 5, exact=0, pairs=40)
    apart = np.abs(found.shares - by_all_orders(values)) / found.errors

    assert (found.errors > 0).all()
    assert np.mean(apart < 2) > 0.85
    assert apart.max() < 5


def test_of_an_additive_game_one_order_tells_all() -> None:
    worth = np.arange(12.0)
    found = shapley(lambda m: np.array([m @ worth]), 12, pairs=2)

    assert found.shares[0] == pytest.approx(worth)
    assert found.errors == pytest.approx(np.zeros((1, 12)))


def test_no_coalition_is_played_twice() -> None:
    played: list[bytes] = []

    def value(present: np.ndarray) -> np.ndarray:
        played.append(present.tobytes())
        return np.zeros(1)

    shapley(value, 12, pairs=20)
    assert len(played) == len(set(played))


@pytest.mark.parametrize(("players", "pairs", "says"), [(0, 32, "at least 1"), (12, 1, "at least 2")])
def test_too_few_players_or_orders_are_refused(players: int, pairs: int, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        shapley(lambda m: np.zeros(1), players, pairs=pairs)


def test_shares_are_those_of_the_library_shap() -> None:
    """Of `shap.explainers.Exact` (0.51.0) with one background item of zeros."""
    slopes = np.array([0.7, -1.2, 0.4, 2.0, -0.3])
    items = np.array([[1.0, 0.5, -1.0, 2.0, 0.3], [-0.4, 1.1, 0.9, -1.5, 0.7]])

    def value(present: np.ndarray) -> np.ndarray:
        x = items * present
        joint = 1.5 * x[:, 0] * x[:, 3] - 0.8 * x[:, 1] * x[:, 2] * x[:, 4]
        return np.asarray(x @ slopes + joint + np.sin(x[:, 2] + x[:, 4]))

    wanted = [
        [2.2, -0.56, -1.2506044394, 5.5, 0.1963867518],
        [0.17, -1.5048, 0.7445414127, -2.55, 0.0354321903],
    ]
    assert shapley(value, 5).shares == pytest.approx(np.array(wanted), abs=1e-9)
