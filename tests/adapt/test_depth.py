"""Depth on either side: each side has its own number of hops."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from polyculture.adapt.automatic import automatic
from polyculture.adapt.depth import by_depth, depths, spread_by_side
from polyculture.adapt.linear import logistic
from polyculture.errors import ParameterError, ShapeError
from polyculture.features.graph import Propagation, given


@pytest.fixture
def planted():
    """The target's vectors are noisy; its edges join items of one class."""
    rng = np.random.default_rng(0)
    y, side = np.arange(300) % 2, np.arange(300) < 150
    x = (rng.normal(size=(300, 3)) * np.where(side, 0.5, 3.0)[:, None] + np.where(y, 1.0, -1.0)[:, None]).astype("f4")
    joined = np.equal.outer(y, y) & np.equal.outer(side, side) & (rng.random((300, 300)) < 0.05)
    return x, given(joined.astype(float), symmetric=True), side, y


def test_each_side_is_spread_as_far_as_asked(planted):
    x, edges, side, _ = planted
    found = spread_by_side(x, edges, side, source_hops=1, target_hops=3, alpha=0.2)
    for rows, hops in ((side, 1), (~side, 3)):
        alone = Propagation("appnp", hops=hops, alpha=0.2).fit_transform(x, edges)
        np.testing.assert_array_equal(found[rows], alone[rows])


def test_no_hops_leave_a_side_as_it_is(planted):
    x, edges, side, _ = planted
    found = spread_by_side(x, edges, side, source_hops=0, target_hops=5)
    np.testing.assert_array_equal(found[side], x[side])
    assert not np.array_equal(found[~side], x[~side])


def test_depth_in_the_target_helps_where_its_edges_join_like_items(planted):
    x, edges, side, y = planted
    right = {}
    for pair, z in zip([(0, 0), (0, 10)], depths(x, edges, side, [(0, 0), (0, 10)]), strict=True):
        model = logistic(z[side], y[side], classes=2)
        right[pair] = (model(z[~side]).argmax(axis=1) == y[~side]).mean()
    assert right[0, 10] > right[0, 0] + 0.1


def test_depth_is_chosen_without_target_labels(planted):
    """Many columns that say little each: without depth the answers are noise to learn from on the way back."""
    _, edges, side, y = planted
    x = np.random.default_rng(1).normal(size=(300, 60))
    x[:, :10] += np.where(y[:, None], 0.35, -0.35)
    rows = np.arange(300)[:, None]
    methods = {f"{s} and {t}": by_depth(x, edges, s, t) for s, t in ((0, 0), (0, 10))}
    found = automatic(partial(logistic, classes=2), rows[side], y[side], rows[~side], methods=methods)
    assert found.name == "0 and 10"
    assert (found.answer(rows[~side]).argmax(axis=1) == y[~side]).mean() > 0.9


def test_edges_that_join_unlike_items_are_not_followed(planted):
    x, _, side, y = planted
    x = np.where(side[:, None], x, x / 3)
    unlike = (
        np.not_equal.outer(y, y) & np.equal.outer(side, side) & (np.random.default_rng(0).random((300, 300)) < 0.05)
    )
    crossed = given(unlike.astype(float), symmetric=True)
    rows = np.arange(300)[:, None]
    methods = {f"{s} and {t}": by_depth(x, crossed, s, t) for s, t in ((0, 0), (0, 1))}
    assert automatic(partial(logistic, classes=2), rows[side], y[side], rows[~side], methods=methods).name == "0 and 0"


def test_bad_input_is_one_sentence(planted):
    x, edges, side, _ = planted
    with pytest.raises(ShapeError, match="one value for each of the 300 items"):
        spread_by_side(x, edges, side[:4])
    with pytest.raises(ParameterError, match="one side alone"):
        spread_by_side(x, edges, np.ones(300))
    with pytest.raises(ParameterError, match="hops is -1"):
        spread_by_side(x, edges, side, target_hops=-1)
