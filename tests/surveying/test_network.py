"""Edges against orders that were shuffled one by one."""

from __future__ import annotations

import numpy as np
import numpy.testing as npt

from polyculture.surveying.lags import Lags, lags
from polyculture.surveying.network import followed, transfer_network

YEARS = tuple(range(2010, 2020))


def orders(methods: int, rng: np.random.Generator, communities: int = 4) -> Lags:
    times = rng.permuted(np.tile([[2011.0], [2013.0], [2014.5], [np.inf]], methods), axis=0)
    return lags(times[:communities], np.ones((communities, 10), bool), YEARS)


def stacked(found: Lags, times: int = 30) -> Lags:
    return Lags(*(np.stack([part] * times) for part in found))


def test_expected_and_p_are_those_of_shuffled_orders() -> None:
    rng = np.random.default_rng(0)
    names, communities = tuple("abcdefgh"), ("p", "q", "r", "s")
    found = orders(8, rng)
    edges = transfer_network(found, stacked(found), communities, names)
    drawn = np.array([followed(orders(8, rng))[0, 1] for _ in range(20_000)])
    npt.assert_allclose(edges["expected"][0], drawn.mean(), rtol=0.03)
    for weight, p in edges.select("methods", "p").rows():
        npt.assert_allclose(p, (drawn >= weight).mean(), atol=0.01)


def test_a_planted_leader_is_called_and_random_orders_are_not() -> None:
    rng = np.random.default_rng(1)
    names, communities = tuple(f"m{i}" for i in range(12)), ("p", "q", "r", "s")
    rest = rng.permuted(np.tile([[2014.0], [2015.0], [np.inf]], 12), axis=0)
    led = lags(np.vstack([np.full((1, 12), 2012.0), rest]), np.ones((4, 10), bool), YEARS)
    edges = transfer_network(led, stacked(led), communities, names)
    assert set(edges["leader"]) == {"p"}
    assert (edges["p_adjusted"] < 0.05).all()
    assert edges["methods"].sum() == 24
    calls = [
        (transfer_network(o, stacked(o, 2), communities, names)["p_adjusted"] < 0.05).any()
        for o in (orders(12, rng) for _ in range(100))
    ]
    assert np.mean(calls) <= 0.08


def test_names_lags_and_nothing_at_all() -> None:
    found = lags(np.array([[2011.0, 2012.0], [2013.0, 2016.0]]), np.ones((2, 10), bool), YEARS)
    edge = transfer_network(found, stacked(found), ("p", "q"), ("a", "b")).row(0, named=True)
    assert (edge["leader"], edge["follower"], edge["methods"], edge["names"]) == ("p", "q", 2, ["a", "b"])
    assert edge["median_lag"] == 3
    assert (edge["low"], edge["high"]) == (2, 2)
    none = lags(np.full((2, 2), np.inf), np.ones((2, 10), bool), YEARS)
    assert transfer_network(none, stacked(none), ("p", "q"), ("a", "b")).is_empty()


def test_who_took_methods_up_in_a_gap_has_no_place_in_their_order() -> None:
    """Of three, the last took all of them up at a time that is not known: the order is one of two."""
    latest, earliest = (np.tile([[2012.0], [2014.0], [third]], 4) for third in (2018.0, 2015.0))
    found = lags(latest, np.ones((3, 10), bool), tuple(range(2010, 2020)), earliest)
    drawn = Lags(*(np.stack([part] * 20) for part in found))
    edges = transfer_network(found, drawn, ("a", "b", "c"), tuple("wxyz"))
    assert edges.select("leader", "follower", "methods", "expected").rows() == [("a", "b", 4, 2.0)]
