"""The best items of a blend, put in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.interactions import Interactions, hold_out
from polyculture.recommend import CrossDomainRecommender
from polyculture.recommend.choice import Choice
from polyculture.recommend.edges import Edges, edges_of
from polyculture.recommend.jury import Jury
from polyculture.recommend.learn_order import learn_order
from polyculture.recommend.list_network import ListNetwork
from polyculture.recommend.order import CANDIDATES, Order, shown
from polyculture.recommend.popularity import popularity
from polyculture.recommend.ranked import best, hide
from polyculture.recommend.search import Member
from polyculture.recommend.serving import Serving, serve


def network(features: int, seed: int = 0) -> ListNetwork:
    rng = np.random.default_rng(seed)
    return ListNetwork(
        np.zeros(features), np.ones(features), rng.standard_normal((features, 3)), np.zeros(3), rng.standard_normal(3)
    )


@given(st.integers(0, 2**16), st.integers(1, 12))
def test_a_list_keeps_its_highest_and_lowest_score_and_the_rest_its_own(seed: int, entries: int) -> None:
    rng = np.random.default_rng(seed)
    total = rng.standard_normal((3, 12)).astype(np.float32)
    columns = np.argsort(-total, axis=1)[:, :entries]
    columns[0, entries // 2 :] = -1
    features = rng.standard_normal((3, entries, 2)).astype(np.float32)
    order = Order(network(2), 1.0, 0.0, 0.0)
    found = order.placed(total, (columns, features))
    wanted = order.network.scores(features)
    for row in range(3):
        mine = columns[row][columns[row] >= 0]
        rest = np.setdiff1d(np.arange(12), mine)
        np.testing.assert_array_equal(found[row, rest], total[row, rest])
        if len(mine) and np.ptp(wanted[row, : len(mine)]) > 1e-3:
            assert found[row, mine].max() == pytest.approx(total[row, mine].max(), abs=1e-5)
            assert found[row, mine].min() == pytest.approx(total[row, mine].min(), abs=1e-5)
            assert (np.diff(found[row, mine][np.argsort(wanted[row, : len(mine)])]) >= -1e-5).all()


def test_with_no_share_a_list_stays_as_the_blend_has_it() -> None:
    rng = np.random.default_rng(0)
    total = rng.standard_normal((4, 9)).astype(np.float32)
    columns = np.argsort(-total, axis=1)[:, :5]
    features = rng.standard_normal((4, 5, 2)).astype(np.float32)
    found = {share: Order(network(2), share, 0.0, 0.0).placed(total, (columns, features)) for share in (0.0, 0.5, 1.0)}
    np.testing.assert_allclose(found[0.0], total, atol=1e-5)
    assert not np.array_equal(found[0.5].argsort(axis=1), found[1.0].argsort(axis=1))


def test_what_was_taken_is_in_no_list() -> None:
    taken = sp.csr_array((np.random.default_rng(0).random((5, 120)) < 0.3).astype(np.float32))
    model = popularity(taken)
    total = model.scores(np.arange(5))
    columns, features = shown([model], total, np.arange(5), np.arange(120), taken, model.counts)
    assert columns.shape == (5, CANDIDATES)
    for row in range(5):
        mine = columns[row][columns[row] >= 0]
        assert not taken.toarray()[row, mine].any()
        assert len(mine) == min(CANDIDATES, 120 - int(taken.toarray()[row].sum()))
        np.testing.assert_allclose(features[row, : len(mine), 2], np.log1p(model.counts[mine]), rtol=1e-6)


@pytest.fixture(scope="module")
def quirky() -> Interactions:
    """Who takes many items takes what is popular, who takes few what is less so: no count alone says both."""
    rng = np.random.default_rng(0)
    many, few = 1 / (np.arange(240) + 5.0), np.where((np.arange(240) > 40) & (np.arange(240) < 70), 1.0, 0.01)
    rows = []
    for user in range(700):
        each, weights = (6, few) if user % 2 else (24, many)
        rows += [(f"u{user}", f"i{i}") for i in rng.choice(240, each, replace=False, p=weights / weights.sum())]
    users, items = (list(column) for column in zip(*rows, strict=True))
    return hold_out(Interactions.of(users, items), "random", seed=0)


@pytest.fixture(scope="module")
def ordered(quirky: Interactions) -> CrossDomainRecommender:
    return CrossDomainRecommender("popularity").fit(quirky)


def test_an_order_that_gains_on_held_out_interactions_gains_on_others(
    quirky: Interactions, ordered: CrossDomainRecommender
) -> None:
    assert "put in order by a network" in ordered.notes()[1]
    plain = CrossDomainRecommender("popularity", reorder=False).fit(quirky)
    assert len(plain.notes()) == 1
    ndcg = [
        model.evaluate(quirky, k=(10,)).filter(pl.col("model") == "fused")["ndcg@10"][0] for model in (ordered, plain)
    ]
    assert ndcg[0] > 1.3 * ndcg[1]


def test_reasons_sum_to_the_score_of_an_ordered_item(ordered: CrossDomainRecommender) -> None:
    found = ordered.recommend(["u1", "u2"], 3)
    for user, items, scores in zip(("u1", "u2"), found.items, found.scores, strict=True):
        sums = [ordered.reasons(user, item, most=100)["adds"].sum() for item in items]
        np.testing.assert_allclose(sums, scores, rtol=1e-3, atol=1e-4)


def test_what_is_kept_gives_the_same_lists(ordered: CrossDomainRecommender, tmp_path: Path) -> None:
    ordered.save(tmp_path / "kept")
    again = CrossDomainRecommender.load(tmp_path / "kept")
    users = [f"u{n}" for n in range(20)]
    assert again.recommend(users, 5).items.tolist() == ordered.recommend(users, 5).items.tolist()
    assert again.notes() == ordered.notes()


def test_an_order_by_which_the_jury_gains_nothing_is_not_kept(quirky: Interactions) -> None:
    edges = edges_of(quirky.take(quirky.within("train")))
    items, rows = np.arange(len(quirky.items)), np.arange(400)
    choice = Choice([Member("popularity", {}, 0.0)], [], [], 0.0, 0.0)

    def fit(part: Edges) -> Serving:
        return serve(part, "all", items, choice)

    fitted, seen = fit(edges), edges["all"][rows]
    # these users take what the blend says, so that any other order is worse
    scores = fitted.scores(rows)
    hide(scores, seen)
    first = sp.csr_array((np.ones(400), (rows, best(scores, 1)[:, 0])), shape=(400, len(items)))
    assert learn_order(edges, "all", Jury(rows, items, seen, first, 10), fit, fitted) is None
