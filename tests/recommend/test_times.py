"""Times as places and orders of histories."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.data.interactions import Interactions
from polyculture.errors import DataError
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.edges import edges_of, held_out
from polyculture.recommend.times import histories, places, read_at, times_of


def random_times(users: int = 30, items: int = 20) -> tuple[sp.csr_array, sp.csr_array]:
    rng = np.random.default_rng(0)
    there = rng.random((users, items)) < 0.4
    return sp.csr_array(there.astype(np.float32)), sp.csr_array(there * rng.integers(1, 9, size=there.shape))


def test_places_are_middles_of_ranks_within_what_the_matrix_holds() -> None:
    matrix, times = random_times()
    part = sp.csr_array(matrix.multiply(np.random.default_rng(1).random(matrix.shape) < 0.7))
    part.eliminate_zeros()
    found = sp.csr_array((places(part, times), part.indices, part.indptr), shape=part.shape).toarray()
    for row in range(part.shape[0]):
        mine = np.flatnonzero(part.toarray()[row])
        when = times.toarray()[row, mine]
        rank = (when[:, None] > when).sum(axis=1) + (when[:, None] == when).sum(axis=1) / 2
        np.testing.assert_allclose(found[row, mine], rank / max(len(mine), 1))


def test_histories_are_in_order_and_what_has_one_time_is_drawn() -> None:
    matrix, times = random_times()
    for row, history in enumerate(histories(matrix, times)):
        assert sorted(history.tolist()) == np.flatnonzero(matrix.toarray()[row]).tolist()
        assert (np.diff(times.toarray()[row, history]) >= 0).all()
    same = [np.concatenate(histories(matrix, times, seed)).tolist() for seed in (0, 0, 1)]
    assert same[0] == same[1]
    assert same[0] != same[2]
    by_column = [(np.diff(part) > 0).mean() for part in histories(matrix, sp.csr_array(times > 0)) if len(part) > 4]
    assert np.mean(by_column) == pytest.approx(0.5, abs=0.1)


def test_times_are_read_whatever_the_order_of_columns() -> None:
    matrix, times = random_times()
    turned = times.copy()
    for row in range(turned.shape[0]):
        part = slice(turned.indptr[row], turned.indptr[row + 1])
        turned.indices[part], turned.data[part] = turned.indices[part][::-1].copy(), turned.data[part][::-1].copy()
    turned.has_sorted_indices = False
    np.testing.assert_array_equal(read_at(matrix, turned), read_at(matrix, times))
    np.testing.assert_array_equal(read_at(matrix, sp.csr_array(matrix.shape)), np.zeros(matrix.nnz))


def test_without_times_there_are_none_and_who_needs_them_says_so() -> None:
    data = Interactions.of(["ann", "bob"] * 2, ["tea", "tea", "pot", "cup"])
    assert times_of(data) is None
    with pytest.raises(DataError, match="has no times, which markov needs"):
        CrossDomainRecommender(("ease", "markov")).fit(data)


def test_the_last_interactions_are_held_out_where_times_are_given() -> None:
    rng = np.random.default_rng(0)
    users, items = np.divmod(rng.choice(30 * 40, 600, replace=False), 40)
    data = Interactions.of(users.tolist(), items.tolist(), time=rng.permutation(600).tolist())
    edges, times = edges_of(data), times_of(data)
    assert times is not None
    held = held_out(edges, 0.3, 0.0, 0, times)
    for row in range(edges["all"].shape[0]):
        last = times.toarray()[row][held.warm["all"].toarray()[row] > 0]
        before = times.toarray()[row][held.edges["all"].toarray()[row] > 0]
        assert len(last) == max(1, round(0.3 * (len(last) + len(before))))
        assert before.max() < last.min()
