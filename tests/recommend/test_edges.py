"""The graph of all domains, and what is held out of it."""

from __future__ import annotations

import numpy as np
import pytest

from polyculture.data.interactions import Interactions
from polyculture.recommend.edges import edges_of, held_out, joined, sample


def test_joined_weighs_other_domains(two_domains: Interactions) -> None:
    edges = edges_of(two_domains)
    own, other = edges["a"].toarray(), edges["b"].toarray()
    np.testing.assert_allclose(joined(edges, "a", 0.5).toarray(), own + 0.5 * other)
    np.testing.assert_allclose(joined(edges, "a", 0.0).toarray(), own)


def test_an_item_of_both_domains_counts_once() -> None:
    data = Interactions.of(["u", "u"], ["x", "x"], domain=["a", "b"], shared_items=True)
    assert joined(edges_of(data), "a", 2.0).toarray().tolist() == [[2.0]]


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_held_out_parts_make_up_the_whole(two_domains: Interactions, share: float) -> None:
    edges = edges_of(two_domains)
    held = held_out(edges, share, 0.2, 0)
    lost = {name: np.diff(held.cold[name].indptr) > 0 for name in edges}
    for name, matrix in edges.items():
        parts = [part[name].toarray() for part in (held.edges, held.warm, held.cold)]
        np.testing.assert_array_equal(sum(parts), matrix.toarray())
        assert not parts[0][lost[name]].any()
        kept = (parts[0] + parts[1])[~lost[name]].sum(axis=1)
        np.testing.assert_array_equal(parts[1][~lost[name]].sum(axis=1), np.maximum(1, np.round(share * kept)))
    assert sum(int(users.sum()) for users in lost.values()) == 16
    assert not (lost["a"] & lost["b"]).any()


@pytest.mark.parametrize("cold_share", [0.0, 0.2])
def test_a_share_of_nothing_takes_nothing(two_domains: Interactions, cold_share: float) -> None:
    edges = edges_of(two_domains)
    held = held_out(edges, 0.0, cold_share, 0)
    for name, matrix in edges.items():
        assert held.warm[name].nnz == 0
        np.testing.assert_array_equal((held.edges[name] + held.cold[name]).toarray(), matrix.toarray())


def test_a_single_interaction_stays() -> None:
    held = held_out(edges_of(Interactions.of(["u", "v", "v"], ["x", "x", "y"])), 0.5, 0.5, 0)
    assert held.edges["all"].sum(axis=1).tolist() == [1, 1]
    assert held.cold["all"].nnz == 0


def test_a_sample_is_of_rows_that_hold_something(two_domains: Interactions) -> None:
    matrix = edges_of(two_domains.take(two_domains.user % 2 == 0))["a"]
    found = sample(matrix, 10, 0)
    assert len(found) == 10
    assert (found % 2 == 0).all()


def test_ratings_weigh() -> None:
    data = Interactions.of(["u", "u", "v", "v"], ["x", "y", "x", "y"], rating=[5.0, 3.0, 1.0, 3.0])
    z = np.array([[2.0, 0.0], [-2.0, 0.0]]) / np.sqrt(2)
    np.testing.assert_allclose(edges_of(data, 0.3)["all"].toarray(), 1 + 0.3 * z, rtol=1e-6)
    # an interaction stays one, however low its rating
    assert edges_of(data, 1.0)["all"][1, 0] == pytest.approx(0.1)
    assert edges_of(data)["all"].toarray().tolist() == [[1, 1], [1, 1]]


def test_ratings_without_a_spread_weigh_nothing() -> None:
    data = Interactions.of(["u", "u", "v"], ["x", "y", "x"], rating=[3.0, 3.0, 3.0])
    assert edges_of(data, 0.5)["all"].data.tolist() == [1, 1, 1]


def test_what_is_held_out_counts_the_same() -> None:
    data = Interactions.of(["u"] * 4 + ["v"] * 4, list("wxyz") * 2, rating=[1.0, 2.0, 4.0, 5.0] * 2)
    held = held_out(edges_of(data, 0.3), 0.5, 0.0, 0)
    assert held.warm["all"].data.tolist() == [1] * 4
    assert len(set(held.edges["all"].data.tolist())) > 1
