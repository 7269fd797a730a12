"""Shares, kinship, bounds and intervals against other ways of finding them."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.errors import DataError, ShapeError
from polyculture.measure.ancestry import (
    Pedigree,
    attached,
    break_cycles,
    effective_founders,
    founder_shares,
    from_root,
    kinship_between,
    likeness_to_all,
    mass_bounds,
    mean_kinship,
    own_overlap,
    pair_interval,
    regress_on_kinship,
    share_bounds,
    share_interval,
)
from polyculture.measure.ancestry.bounds import under
from polyculture.measure.ancestry.kinship import own_kinship
from polyculture.measure.diversity.concentration import gini, hhi
from polyculture.measure.diversity.hill import hill
from polyculture.measure.inference.regression import regress_pairs


@st.composite
def pedigrees(draw, most=14):
    """Models each of which has up to three parents among those before it, numbered in any order."""
    nodes = draw(st.integers(1, most))
    edges = [
        (child, parent)
        for child in range(1, nodes)
        for parent in draw(st.lists(st.integers(0, child - 1), max_size=3, unique=True))
    ]
    names = draw(st.permutations(range(nodes)))
    return Pedigree.of(nodes, [names[c] for c, _ in edges], [names[p] for _, p in edges])


def parents(pedigree):
    return [sorted(pedigree.parent[pedigree.child == node].tolist()) for node in range(pedigree.nodes)]


def compositions(pedigree):
    """Part of each root in each model, one model after the other."""
    found = np.eye(pedigree.nodes)
    above = parents(pedigree)
    for node in pedigree.order.tolist():
        if above[node]:
            found[node] = np.mean([found[each] for each in above[node]], axis=0)
    return found[:, pedigree.roots]


def kinship_table(pedigree):
    """The tabular method of textbooks, on the whole matrix; parents that are not known share nothing."""
    f, above, seen = np.zeros((pedigree.nodes,) * 2), parents(pedigree), []
    for node in pedigree.order.tolist():
        k = max(len(above[node]), 2)
        for other in seen:
            f[node, other] = f[other, node] = sum(f[each, other] for each in above[node]) / k
        f[node, node] = 1 / k + sum(f[a, b] for a in above[node] for b in above[node] if a != b) / k**2
        seen.append(node)
    return f


@given(pedigrees())
@settings(deadline=None)
def test_order_and_depth_are_those_of_the_longest_ways(pedigree):
    graph = nx.DiGraph(zip(pedigree.parent.tolist(), pedigree.child.tolist(), strict=True))
    graph.add_nodes_from(range(pedigree.nodes))
    place = np.argsort(pedigree.order)
    assert (place[pedigree.parent] < place[pedigree.child]).all()
    longest = {}
    for node in nx.topological_sort(graph):
        longest[node] = 1 + max((longest[p] for p in graph.predecessors(node)), default=-1)
    assert pedigree.depth.tolist() == [longest[node] for node in range(pedigree.nodes)]


def test_many_and_few_children_sort_alike(monkeypatch):
    rng = np.random.default_rng(0)
    child = rng.integers(1, 500, 900)
    parent = (rng.random(900) * child).astype(int)
    found = [Pedigree.of(500, child, parent).depth]
    monkeypatch.setattr("polyculture.measure.ancestry.pedigree.FEW", 10**9)
    found.append(Pedigree.of(500, child, parent).depth)
    np.testing.assert_array_equal(*found)


@given(pedigrees())
@settings(deadline=None)
def test_shares_are_means_of_compositions(pedigree):
    whole = compositions(pedigree)
    np.testing.assert_allclose(founder_shares(pedigree), whole.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(from_root(pedigree, pedigree.roots), whole, atol=1e-12)
    np.testing.assert_allclose(own_overlap(pedigree), (whole**2).sum(axis=1), atol=1e-12)


@given(pedigrees(), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_weights_count_models_more_than_once(pedigree, seed):
    counts = np.random.default_rng(seed).integers(0, 4, pedigree.nodes)
    counts[0] += 1
    expected = np.repeat(compositions(pedigree), counts, axis=0).mean(axis=0)
    np.testing.assert_allclose(founder_shares(pedigree, counts), expected, atol=1e-12)


@given(pedigrees())
@settings(deadline=None)
def test_likeness_to_all_has_the_index_as_its_mean(pedigree):
    shares = founder_shares(pedigree)
    assert likeness_to_all(pedigree, shares).mean() == pytest.approx(hhi(shares))
    assert effective_founders(pedigree) == pytest.approx(1 / hhi(shares))


@given(pedigrees())
@settings(max_examples=200, deadline=None)
def test_mean_kinship_is_that_of_the_whole_matrix(pedigree):
    whole, found = kinship_table(pedigree), mean_kinship(pedigree)
    assert found.mean == pytest.approx(whole.mean(), abs=1e-12)
    np.testing.assert_allclose(found.of_each, whole.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.own, np.diag(whole), atol=1e-12)
    np.testing.assert_allclose(kinship_between(pedigree, np.arange(pedigree.nodes)), whole, atol=1e-12)


def test_kinship_is_that_of_langes_example():
    """Brother and sister of two founders have two children: Lange 2002, section 5.2."""
    pedigree = Pedigree.of(6, [2, 2, 3, 3, 4, 4, 5, 5], [0, 1, 0, 1, 2, 3, 2, 3])
    expected = np.array([
        [4, 0, 2, 2, 2, 2], [0, 4, 2, 2, 2, 2], [2, 2, 4, 2, 3, 3],
        [2, 2, 2, 4, 3, 3], [2, 2, 3, 3, 5, 3], [2, 2, 3, 3, 3, 5],
    ]) / 8  # fmt: skip
    np.testing.assert_array_equal(kinship_between(pedigree, np.arange(6)), expected)
    assert mean_kinship(pedigree).mean == pytest.approx(expected.mean())


def test_kinship_is_the_chance_that_dropped_parts_are_the_same():
    """Parts are dropped down the pedigree at random, again and again."""
    pedigree = Pedigree.of(7, [2, 2, 3, 3, 3, 4, 5, 5, 6, 6], [0, 1, 0, 1, 2, 2, 3, 4, 5, 2])
    rng, draws, above = np.random.default_rng(0), 40_000, parents(pedigree)
    parts, label = {}, 0
    for node in pedigree.order.tolist():
        rows = []
        for slot in range(max(len(above[node]), 2)):
            if slot < len(above[node]):
                of = parts[above[node][slot]]
                rows.append(of[rng.integers(len(of), size=draws), np.arange(draws)])
            else:
                label += 1
                rows.append(np.full(draws, label))
        parts[node] = np.array(rows)
    own, other = parts[6], parts[5]
    same = np.mean([(a == b).mean() for a in own for b in other])
    assert same == pytest.approx(kinship_between(pedigree, np.array([6, 5]))[0, 1], abs=0.01)


@given(pedigrees(most=9), st.data())
@settings(deadline=None)
def test_no_world_is_outside_the_bounds(pedigree, data):
    """Roots of unknown parents come from any other root, in any way without cycles."""
    shares = founder_shares(pedigree)
    free = np.array(data.draw(st.lists(st.booleans(), min_size=len(shares), max_size=len(shares))))
    order = data.draw(st.permutations(range(len(shares))))
    child, parent = pedigree.child.tolist(), pedigree.parent.tolist()
    for place, root in enumerate(order):
        above = data.draw(st.sampled_from([None, *order[:place]])) if place else None
        if free[root] and above is not None:
            child.append(int(pedigree.roots[root]))
            parent.append(int(pedigree.roots[above]))
    world = Pedigree.of(pedigree.nodes, child, parent)
    there = np.zeros(pedigree.nodes)
    there[world.roots] = founder_shares(world)
    held = there[pedigree.roots]
    low, high = share_bounds(shares, free)
    assert (low - 1e-12 <= held).all()
    assert (held <= high + 1e-12).all()
    for number in (hhi, gini, lambda s: hill(s, 0), lambda s: hill(s, 1), max):
        bounds = mass_bounds(number, shares, free)
        assert bounds.low - 1e-9 <= number(held) <= bounds.high + 1e-9
    assert mean_kinship(world).mean >= mean_kinship(pedigree).mean - 1e-12


@given(pedigrees(most=9), st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_both_ends_of_the_bounds_are_reached(pedigree, seed):
    shares = founder_shares(pedigree)
    free = np.random.default_rng(seed).random(len(shares)) < 0.5
    root = int(pedigree.roots[np.argmax(np.where(free, -1.0, shares) if not free.all() else shares)])
    marks = np.zeros(pedigree.nodes, dtype=bool)
    marks[pedigree.roots[free]] = True
    world = under(pedigree, marks, root)
    bounds = mass_bounds(hhi, shares, free)
    assert hhi(founder_shares(world)) == pytest.approx(bounds.high)
    assert hhi(shares) == pytest.approx(bounds.low)
    assert attached(shares, free).sum() == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40), st.permutations(range(12)))
@settings(deadline=None)
def test_breaking_cycles_leaves_none_and_takes_no_more_than_it_must(edges, age):
    child, parent = (np.array([e[i] for e in edges], dtype=int) for i in (0, 1))
    found = break_cycles(12, child, parent, np.array(age))
    graph = nx.DiGraph(zip(parent[found.kept].tolist(), child[found.kept].tolist(), strict=True))
    assert nx.is_directed_acyclic_graph(graph)
    before = nx.DiGraph(zip(parent.tolist(), child.tolist(), strict=True))
    crowded = sorted(sorted(group) for group in nx.strongly_connected_components(before) if len(group) > 1)
    assert sorted(sorted(group.tolist()) for group in found.groups) == crowded
    inside = {node for group in crowded for node in group}
    assert all(child[i] == parent[i] or {child[i], parent[i]} <= inside for i in np.flatnonzero(~found.kept))


def test_the_oldest_of_a_cycle_loses_its_parent():
    found = break_cycles(4, np.array([0, 1, 2, 3]), np.array([2, 0, 1, 2]), np.array([3, 1, 2, 0]))
    assert found.kept.tolist() == [True, False, True, True]
    assert found.groups[0].tolist() == [1, 2, 0]


def test_a_line_of_a_hundred_thousand_generations():
    n = 100_000
    pedigree = Pedigree.of(n, np.arange(1, n), np.arange(n - 1))
    assert pedigree.depth.max() == n - 1
    assert effective_founders(pedigree) == pytest.approx(1)
    assert mean_kinship(pedigree).mean == pytest.approx(1.5 / n, rel=1e-3)


def test_too_many_ancestors_of_merges_are_refused(monkeypatch):
    monkeypatch.setattr("polyculture.measure.ancestry.kinship.PAIRS", 5)
    pedigree = Pedigree.of(8, [2, 2, 3, 4, 5, 6, 7, 7], [0, 1, 2, 3, 4, 5, 6, 0])
    with pytest.raises(DataError, match="ancestors"):
        own_kinship(pedigree)


def test_pair_intervals_hold_as_often_as_they_say():
    rng, truth = np.random.default_rng(0), np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.05])
    held = 0
    for _ in range(300):
        counts = rng.multinomial(150, truth)
        shares = counts / 150
        found = pair_interval(np.repeat(shares, counts))
        held += found.low <= (truth**2).sum() <= found.high
    assert held >= 0.92 * 300


def test_intervals_of_what_shows_no_likeness_have_a_width():
    alone = pair_interval(np.full(50, 1 / 50))
    assert alone.low == 0
    assert 0.02 <= alone.high < 0.1
    assert np.isnan(pair_interval(np.ones(2)).low)
    nothing = share_interval(0.0, 50)
    assert nothing.low == pytest.approx(0, abs=1e-12)
    assert 0.03 < nothing.high < 0.15


def test_regression_on_kinship_is_that_of_pairs_on_families():
    """Families as a matrix and families as a property are one."""
    rng = np.random.default_rng(3)
    family = rng.integers(0, 4, 20)
    noise = rng.normal(size=(20, 20))
    likeness = (family[:, None] == family) + noise + noise.T
    found = regress_on_kinship(likeness, (family[:, None] == family).astype(float), seed=5)
    other = regress_pairs(likeness, {"family": family.astype(str)}, seed=5)
    for mine, theirs in zip(found.terms, other.terms, strict=True):
        np.testing.assert_allclose(
            [mine.estimate, mine.low, mine.high, mine.p], [theirs.estimate, theirs.low, theirs.high, theirs.p]
        )
        assert mine.p_permuted == pytest.approx(theirs.p_permuted, nan_ok=True)


def test_regression_says_why_it_is_not_there():
    ones = np.ones((6, 6))
    assert "equally alike" in regress_on_kinship(ones, np.eye(6)).not_measured["all"]
    noise = np.random.default_rng(0).normal(size=(6, 6))
    assert "kinship" in regress_on_kinship(noise + noise.T, ones).not_measured["all"]
    assert "5 are needed" in regress_on_kinship(ones[:3, :3], ones[:3, :3]).not_measured["all"]


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: Pedigree.of(0, [], []), ShapeError, "at least one"),
        (lambda: Pedigree.of(2, [0], [0, 1]), ShapeError, "one of each"),
        (lambda: Pedigree.of(2, [5], [0]), DataError, "outside"),
        (lambda: Pedigree.of(2, [0, 1], [1, 0]), DataError, "break the cycles"),
        (lambda: Pedigree.of(2, [0], [1]).up(np.ones(3)), ShapeError, "one for each"),
        (lambda: break_cycles(2, np.array([0]), np.array([], dtype=int)), ShapeError, "equal ones"),
        (lambda: founder_shares(Pedigree.of(1, [], []), [0.0]), DataError, "all zero"),
        (lambda: mean_kinship(Pedigree.of(1, [], []), [-1.0]), DataError, "negative"),
        (lambda: attached(np.ones(2), np.ones(3, dtype=bool)), ShapeError, "one mark"),
        (lambda: pair_interval(np.array([])), ShapeError, "at least one"),
        (lambda: share_interval(0.5, 0), ShapeError, "at least one"),
        (lambda: regress_on_kinship(np.ones((2, 3)), np.ones((2, 2))), ShapeError, "one value"),
        (lambda: regress_on_kinship(np.ones((3, 3)), np.ones((2, 2))), ShapeError, "shape"),
        (lambda: regress_on_kinship(np.ones((2, 2)), np.full((2, 2), np.nan)), DataError, "finite"),
        (lambda: regress_on_kinship(np.array([[0, 1], [2, 0]]), np.ones((2, 2))), DataError, "symmetric"),
    ],
)
def test_what_cannot_be_is_refused(call, error, said):
    with pytest.raises(error, match=said):
        call()
