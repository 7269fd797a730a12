"""From a labelled graph to an unlabelled one: what helps is chosen, what hurts is not, without target labels."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from polyculture.adapt.graph_rounds import GraphWay
from polyculture.adapt.over_graph import adapt_over_graph
from polyculture.errors import DataError, ParameterError, ShapeError

WAYS = {
    "none": GraphWay(epochs=12),
    "depth": GraphWay((0, 2), (4, 8), smooth=4, epochs=12),
    "self-training": GraphWay((0, 2), (4, 8), smooth=4, rounds=1, epochs=12),
}
N = 600


def planted(joins, *, noise=3.0, seed=0):
    """Two halves, three classes that each lie in a corner; edges join items of one class, of others, or any."""
    rng = np.random.default_rng(seed)
    y, side = rng.integers(0, 3, N), np.arange(N) < N // 2
    x = (np.eye(3)[y] * 3 + rng.normal(size=(N, 3)) * noise).astype(np.float32)
    like = np.equal.outer(y, y) if joins == "like" else np.not_equal.outer(y, y)
    if joins == "any":
        like = np.ones((N, N), dtype=bool)
    edges = sp.csr_array((like & np.equal.outer(side, side) & (rng.random((N, N)) < 0.02)).astype(float))
    return x, edges.maximum(edges.T), y, side


def hidden(y, side):
    return np.where(side if y.ndim == 1 else side[:, None], y, -1)


def right(answers, y):
    return (answers.argmax(axis=1) == y).mean()


def test_depth_helps_and_is_chosen_where_edges_join_like_items():
    x, edges, y, side = planted("like")
    found = adapt_over_graph(x, edges, hidden(y, side), side, ways=WAYS)
    alone = adapt_over_graph(x, edges, hidden(y, side), side, ways={"none": WAYS["none"]})
    assert found.name != "none"
    assert set(found.scores) == set(WAYS)
    assert not alone.scores
    assert right(found.target_answers, y[~side]) > right(alone.target_answers, y[~side]) + 0.15


@pytest.mark.parametrize("joins", ["unlike", "any"])
def test_edges_that_say_nothing_of_classes_are_not_followed(joins):
    x, edges, y, side = planted(joins, noise=1.0)
    found = adapt_over_graph(x, edges, hidden(y, side), side, ways=WAYS)
    deep = adapt_over_graph(x, edges, hidden(y, side), side, ways={"depth": WAYS["depth"]})
    assert found.name == "none"
    assert right(found.target_answers, y[~side]) > right(deep.target_answers, y[~side])


def test_labels_of_the_target_are_not_read():
    x, edges, y, side = planted("like")
    ways = {"depth": WAYS["depth"]}
    one = adapt_over_graph(x, edges, y, side, ways=ways)
    other = adapt_over_graph(x, edges, np.where(side, y, 2 - y), side, ways=ways)
    np.testing.assert_array_equal(one.target_answers, other.target_answers)


def test_edges_between_the_sides_are_left_out():
    x, edges, y, side = planted("like")
    across = sp.csr_array((~np.equal.outer(side, side)).astype(float))
    ways = {"depth": WAYS["depth"]}
    one = adapt_over_graph(x, edges, hidden(y, side), side, ways=ways)
    other = adapt_over_graph(x, (edges + across).tocsr(), hidden(y, side), side, ways=ways)
    np.testing.assert_array_equal(one.target_answers, other.target_answers)


def test_one_class_each_as_labels_at_once_serves_as_well():
    x, edges, y, side = planted("like")
    rows = np.eye(3, dtype=int)[y]
    found = adapt_over_graph(x, edges, hidden(rows, side), side, ways={"self-training": WAYS["self-training"]})
    assert right(found.target_answers, y[~side]) > 0.8
    assert ((found.target_answers >= 0) & (found.target_answers <= 1)).all()


def test_two_labels_at_once_are_both_found():
    x, edges, y, side = planted("like", noise=1.0)
    rows = np.eye(3, dtype=int)[y]
    rows[y == 0, 1] = 1
    found = adapt_over_graph(x, edges, hidden(rows, side), side, ways={"self-training": WAYS["self-training"]})
    assert ((found.target_answers >= 0.5) == rows[~side]).all(axis=1).mean() > 0.8


def test_items_without_labels_in_the_source_take_part_in_its_graph_alone():
    x, edges, y, side = planted("like")
    few = hidden(y, side)
    few[50 : N // 2] = -1
    found = adapt_over_graph(x, edges, few, side, ways={"depth": GraphWay((0, 2), (4,), smooth=4, epochs=60)})
    assert right(found.target_answers, y[~side]) > 0.7


def test_a_graph_that_comes_later_is_answered_as_the_target_was():
    x, edges, y, side = planted("like")
    found = adapt_over_graph(x, edges, hidden(y, side), side, ways={"depth": WAYS["depth"]})
    again = found.answer(x[~side], edges[~side][:, ~side])
    np.testing.assert_allclose(again, found.target_answers, atol=1e-5)
    later, joined, truth, half = planted("like", seed=5)
    assert right(found.answer(later[half], joined[half][:, half]), truth[half]) > 0.8


def test_the_same_seed_gives_the_same_answers_and_leaves_the_callers_alone():
    torch = pytest.importorskip("torch")
    x, edges, y, side = planted("like")
    torch.manual_seed(3)
    before = torch.get_rng_state()
    one, two, three = (adapt_over_graph(x, edges, hidden(y, side), side, ways=WAYS, seed=s) for s in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(one.target_answers, two.target_answers)
    assert one.scores == two.scores
    assert not np.array_equal(one.target_answers, three.target_answers)


def test_order_of_ways_settles_ties_and_the_margin_keeps_the_first():
    x, edges, y, side = planted("like")
    assert adapt_over_graph(x, edges, hidden(y, side), side, ways=WAYS, margin=1.0).name == "none"


def test_bad_input_is_one_sentence():
    x, edges, y, side = planted("like")
    with pytest.raises(ShapeError, match="one value for each of the 600 items"):
        adapt_over_graph(x, edges, y, side[:4])
    with pytest.raises(ParameterError, match="one side alone"):
        adapt_over_graph(x, edges, y, np.ones(N))
    with pytest.raises(ShapeError, match="600 vectors"):
        adapt_over_graph(x, edges[:5][:, :5], y, side)
    with pytest.raises(DataError, match="at least two classes"):
        adapt_over_graph(x, edges, np.where(side, 1, -1), side)
    with pytest.raises(ShapeError, match="one class a row"):
        adapt_over_graph(x, edges, y.astype(float), side)
    with pytest.raises(ShapeError, match="one row of labels"):
        adapt_over_graph(x, edges, y[:5], side)
    with pytest.raises(ParameterError, match="0 ways"):
        adapt_over_graph(x, edges, y, side, ways={})
    with pytest.raises(ParameterError, match="hops from 0"):
        GraphWay((0,), (-1,))
    with pytest.raises(ParameterError, match="shares"):
        GraphWay(share=0.0)
