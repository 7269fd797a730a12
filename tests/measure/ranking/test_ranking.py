"""Measures of rankings against trec_eval, against other conventions user by user, and against their promises."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import DataError, ParameterError, ShapeError
from polyculture.measure.ranking import (
    RANKINGS,
    average_precision_at,
    hit_rate_at,
    measure_rankings,
    ndcg_at,
    precision_at,
    recall_at,
    reciprocal_rank_at,
)

ALL = {name: RANKINGS.load(name) for name in RANKINGS}
each = pytest.mark.parametrize("measure", ALL.values(), ids=list(ALL))
K = 10


def drawn(seed: int, users: int = 60, items: int = 40, k: int = K) -> tuple[np.ndarray, sp.csr_array]:
    """Rankings, and relevant items of which some users have none and some more than k."""
    rng = np.random.default_rng(seed)
    ranked = rng.permuted(np.tile(np.arange(items), (users, 1)), axis=1)[:, :k]
    share = rng.choice([0, 0.05, 0.2, 0.8], size=(users, 1))
    return ranked, sp.csr_array(rng.random((users, items)) < share)


def by_user(ranked: np.ndarray, relevant: sp.csr_array, of: Callable[[list[int], set[int]], float]) -> np.ndarray:
    """One user at a time, in plain Python."""
    sets = [set(relevant.indices[a:b].tolist()) for a, b in zip(relevant.indptr, relevant.indptr[1:], strict=False)]
    return np.array([of(row.tolist(), found) if found else np.nan for row, found in zip(ranked, sets, strict=True)])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_trec_eval_gives_the_same(seed: int, k: int) -> None:
    oracle = pytest.importorskip("pytrec_eval", reason="trec_eval is not installed")
    ranked, relevant = drawn(seed)
    known = {
        str(u): {str(i): 1 for i in relevant.indices[relevant.indptr[u] : relevant.indptr[u + 1]]} for u in range(60)
    }
    run = {str(u): {str(i): float(-j) for j, i in enumerate(row[:k])} for u, row in enumerate(ranked)}
    kinds = {f"recall.{k}", f"P.{k}", f"ndcg_cut.{k}", f"map_cut.{k}", f"success.{k}", "recip_rank"}
    asked = {user: items for user, items in known.items() if items}
    told = oracle.RelevanceEvaluator(asked, kinds).evaluate(run)
    mine = {
        f"recall_{k}": recall_at(ranked, relevant, k),
        f"P_{k}": precision_at(ranked, relevant, k),
        f"success_{k}": hit_rate_at(ranked, relevant, k),
        f"ndcg_cut_{k}": ndcg_at(ranked, relevant, k),
        f"map_cut_{k}": average_precision_at(ranked, relevant, k, divide_by="relevant"),
        "recip_rank": reciprocal_rank_at(ranked, relevant, k),
    }
    for name, values in mine.items():
        theirs = [told[str(u)][name] if str(u) in told else np.nan for u in range(60)]
        np.testing.assert_allclose(values, theirs, atol=1e-9, err_msg=name)
        assert np.isnan(values).sum() == 60 - len(asked)


def recbole_map(row: list[int], known: set[int]) -> float:
    right = [item in known for item in row]
    return sum(sum(right[: j + 1]) / (j + 1) for j, hit in enumerate(right) if hit) / min(len(known), len(row))


def mult_vae_recall(row: list[int], known: set[int]) -> float:
    return len(known & set(row)) / min(len(row), len(known))


def ndcg_of_all(row: list[int], known: set[int]) -> float:
    best = sum(1 / math.log2(j + 2) for j in range(len(known)))
    return sum(1 / math.log2(j + 2) for j, item in enumerate(row) if item in known) / best


@pytest.mark.parametrize(
    ("measure", "divide_by", "expected"),
    [
        (average_precision_at, "reachable", recbole_map),
        (recall_at, "reachable", mult_vae_recall),
        (ndcg_at, "relevant", ndcg_of_all),
    ],
)
def test_the_other_conventions_are_what_their_papers_say(measure, divide_by, expected) -> None:
    ranked, relevant = drawn(7)
    assert (np.diff(relevant.indptr) > K).any()
    values = measure(ranked, relevant, K, divide_by=divide_by)
    np.testing.assert_allclose(values, by_user(ranked, relevant, expected), atol=1e-12)
    other = measure(ranked, relevant, K, divide_by="relevant" if divide_by == "reachable" else "reachable")
    assert not np.allclose(values, other, equal_nan=True)


@each
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), k=st.integers(1, K))
def test_values_lie_between_nothing_and_everything(measure, seed, k):
    ranked, relevant = drawn(seed, users=12)
    values = measure(ranked, relevant, k)
    asked = np.diff(relevant.indptr) > 0
    assert np.isnan(values).tolist() == (~asked).tolist()
    assert ((values[asked] >= 0) & (values[asked] <= 1 + 1e-12)).all()
    assert (values[asked] > 0).tolist() == (hit_rate_at(ranked, relevant, k)[asked] == 1).tolist()


@each
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_names_of_items_and_the_order_of_users_do_not_matter(measure, seed):
    ranked, relevant = drawn(seed, users=12)
    rng = np.random.default_rng(seed)
    names, users = rng.permutation(40), rng.permutation(12)
    renamed = sp.csr_array(relevant.toarray()[:, np.argsort(names)])
    values = measure(ranked, relevant, K)
    np.testing.assert_allclose(measure(names[ranked], renamed, K), values)
    np.testing.assert_allclose(measure(ranked[users], sp.csr_array(relevant.toarray()[users]), K), values[users])


@each
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), place=st.integers(0, K - 2))
def test_a_relevant_item_that_moves_up_never_makes_it_worse(measure, seed, place):
    ranked, relevant = drawn(seed, users=12)
    better = ranked.copy()
    known = relevant.toarray()
    for user in range(12):
        here, below = known[user, ranked[user, place]], known[user, ranked[user, place + 1]]
        if below and not here:
            better[user, [place, place + 1]] = ranked[user, [place + 1, place]]
    before, after = measure(ranked, relevant, K), measure(better, relevant, K)
    assert (after[~np.isnan(after)] >= before[~np.isnan(before)] - 1e-12).all()


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32), k=st.integers(1, K - 1))
def test_more_places_never_find_less(seed, k):
    ranked, relevant = drawn(seed, users=12)
    for measure in (recall_at, hit_rate_at, reciprocal_rank_at):
        fewer, more = measure(ranked, relevant, k), measure(ranked, relevant, k + 1)
        assert (more[~np.isnan(more)] >= fewer[~np.isnan(fewer)]).all()


@each
def test_the_best_list_is_worth_one_and_the_worst_nothing(measure):
    relevant = sp.csr_array(np.array([[1, 1, 0, 0, 0]]))
    assert measure(np.array([[0, 1]]), relevant, 2).tolist() == [1]
    assert measure(np.array([[3, 4]]), relevant, 2).tolist() == [0]
    assert measure(np.array([[-1, -1]]), relevant, 2).tolist() == [0]


def test_with_one_relevant_item_a_user_hit_rate_is_recall():
    ranked, _ = drawn(3)
    relevant = sp.csr_array(np.eye(60, 40)[np.arange(60) % 40])
    np.testing.assert_array_equal(hit_rate_at(ranked, relevant, K), recall_at(ranked, relevant, K))


def test_weights_and_explicit_zeros_say_no_more_than_relevant_or_not():
    ranked, relevant = drawn(4)
    rows, columns = relevant.nonzero()
    heavy = sp.coo_array((np.full(2 * len(rows), 2.5), (np.tile(rows, 2), np.tile(columns, 2))), shape=relevant.shape)
    with_zeros = sp.csr_array(sp.coo_array((np.r_[heavy.data, 0.0], (np.r_[heavy.row, 0], np.r_[heavy.col, 39]))))
    before = with_zeros.nnz
    for measure in ALL.values():
        np.testing.assert_array_equal(measure(ranked, heavy, K), measure(ranked, relevant, K))
        np.testing.assert_array_equal(measure(ranked, with_zeros, K), measure(ranked, relevant, K))
    assert with_zeros.nnz == before


def test_a_shorter_list_is_ended_by_minus_one():
    relevant = sp.csr_array(np.array([[1, 0, 1]]))
    assert precision_at(np.array([[2, -1, -1]]), relevant, 3)[0] == pytest.approx(1 / 3)
    assert recall_at(np.array([[2, -1, -1]]), relevant, 3).tolist() == [0.5]


def test_several_at_once_are_each_alone():
    ranked, relevant = drawn(5)
    found = measure_rankings(ranked, relevant, [1, 10])
    assert set(found) == {f"{name}@{k}" for name in RANKINGS for k in (1, 10)}
    for name, measure in ALL.items():
        np.testing.assert_array_equal(found[f"{name}@10"], measure(ranked, relevant, 10))


GOOD = sp.csr_array(np.eye(2, 3))


@pytest.mark.parametrize(
    ("ranked", "relevant", "k", "error", "says"),
    [
        ([[0, 1]], GOOD, 1, ShapeError, r"shape \(1, 2\)"),
        ([[0], [1]], GOOD, 2, ShapeError, "at least k = 2"),
        ([0, 1], GOOD, 1, ShapeError, r"shape \(2,\)"),
        ([[0], [1]], np.eye(2), 1, ShapeError, "relevant is a ndarray"),
        ([[0], [3]], GOOD, 1, DataError, "ranked holds 3 for user 1, there are 3 items"),
        ([[0], [-2]], GOOD, 1, DataError, "ranked holds -2 for user 1"),
        ([[0, 1], [1, 1]], GOOD, 2, DataError, "an item twice for user 1"),
        ([[0.0], [1.0]], GOOD, 1, DataError, "ranked is of float64"),
        ([[0], [1]], GOOD, 0, ParameterError, "k is 0"),
        ([[0], [1]], GOOD, 1.5, ParameterError, "k is 1.5"),
        ([[0], [1]], GOOD, True, ParameterError, "k is True"),
    ],
)
@each
def test_bad_input_is_named(measure, ranked, relevant, k, error, says):
    with pytest.raises(error, match=says):
        measure(np.array(ranked), relevant, k)


def test_words_that_are_not_known_are_refused():
    ranked = np.array([[0], [1]])
    with pytest.raises(ParameterError, match="divide_by is 'all'"):
        recall_at(ranked, GOOD, 1, divide_by="all")
    with pytest.raises(ParameterError, match="did you mean recall"):
        measure_rankings(ranked, GOOD, [1], measures=["recal"])
    with pytest.raises(ParameterError, match="k names no cut"):
        measure_rankings(ranked, GOOD, [])


def test_no_users_are_no_values():
    for measure in ALL.values():
        assert measure(np.zeros((0, 2), int), sp.csr_array((0, 3)), 2).shape == (0,)
