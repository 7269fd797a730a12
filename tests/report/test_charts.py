"""Specifications of charts: marks have the numbers that they were given, and the same numbers stand in a table."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds import HOSTILE, KINDS, spoilt

from polyculture.report import page_of
from polyculture.report.charts.chart import CANVAS, Chart, Pick, rounded
from polyculture.report.charts.dots import dots, picked
from polyculture.report.charts.histogram import histogram
from polyculture.report.charts.incidence import incidence
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.charts.matrix import BLOCKS, Shades, blocks, matrix, means
from polyculture.report.charts.network import most, network
from polyculture.report.charts.scatter import POINTS, Axes, scatter
from polyculture.report.charts.theme import themes
from polyculture.report.charts.tree import dendrogram, descent, merges
from polyculture.report.charts.treemap import squarified, treemap
from polyculture.report.facts import Shown, shown
from polyculture.report.lineage_tree import Branch
from polyculture.tables import Table

POINT = st.floats(-1e6, 1e6)
NUMBERS: Shown = shown(Table("t", "numbers", ["a"], [["b"]]))


def made(value: float, low: float, high: float) -> dict[str, float]:
    return {"estimate": value, "low": low, "high": high}


def rows(chart: Chart | None) -> list[dict[str, object]]:
    assert chart is not None
    found: list[dict[str, object]] = chart.spec["data"]["values"]
    return found


def texts(value: object) -> list[str]:
    """Every string of a specification."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@given(st.lists(st.tuples(POINT, POINT), min_size=1, max_size=8))
def test_dots_have_their_numbers(values: list[tuple[float, float]]) -> None:
    drawn = dots("k", "t", "a", ["mean", "worst"], [(str(i), list(pair)) for i, pair in enumerate(values)])
    assert [row["v"] for row in rows(drawn)] == [rounded(v) for pair in values for v in pair]


def test_intervals_reach_from_end_to_end() -> None:
    drawn = dots("k", "t", "a", ["κ"], [("a", [made(0.5, 0.25, 1.0)])], kind="bar", digits=2)
    (row,) = rows(drawn)
    assert (row["low"], row["v"], row["high"]) == (0.25, 0.5, 1.0)
    assert drawn is not None
    assert drawn.shown.rows == [["a", "0.50 [0.25, 1.00]"]]
    assert "a: 0.50 [0.25, 1.00]." in drawn.said


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_drawn(value: float) -> None:
    assert dots("k", "t", "a", ["m"], [("a", [value])]) is None
    drawn = dots("k", "t", "a", ["m"], [("a", [value]), ("b", [2.0])])
    assert [row["n"] for row in rows(drawn)] == [1]


def test_an_interval_with_one_end_has_no_whisker() -> None:
    drawn = dots("k", "t", "a", ["m"], [("a", [made(1.0, math.nan, 2.0)])])
    assert "low" not in rows(drawn)[0]
    assert drawn is not None
    assert drawn.shown.rows[0][1] == "1.0 [cannot tell]"


def test_what_is_picked_keeps_words_apart_that_stand_twice() -> None:
    pick = Pick("which", "item", ["first", "second"])
    drawn = picked("k", "t", "a", [pick], [((0,), [("a", [2.0]), ("a", [1.0])]), ((1,), [("b", [3.0])])])
    found = rows(drawn)
    assert [(row["which"], row["r"], row["v"]) for row in found] == [(0, 0, 2.0), (0, 1, 1.0), (1, 0, 3.0)]
    assert len({row["n"] for row in found}) == 3
    assert drawn is not None
    assert {"filter": "datum.which == which"} in drawn.spec["transform"]
    assert drawn.shown.rows[2] == ["second", "b", "3.0"]


def test_a_pick_has_a_name_that_means_nothing_else() -> None:
    with pytest.raises(ValueError, match="item: means something else"):
        Pick("item", "item", ["a"])


def test_two_picks_are_both_asked() -> None:
    picks = [Pick("community", "community", ["c"]), Pick("year", "year", ["2020", "2021"])]
    drawn = picked("k", "t", "a", picks, [((0, y), [("m", [made(1.0 + y, 0.5, 3.0)])]) for y in range(2)])
    assert drawn is not None
    assert [row["year"] for row in rows(drawn)] == [0, 1]
    assert [p["bind"]["labels"] for p in drawn.spec["params"][1:]] == [["c"], ["2020", "2021"]]


def test_columns_have_what_was_seen_and_what_was_expected() -> None:
    columns = [("0", 80.0, 75.0), ("1", 20.0, 25.0)]
    drawn = histogram("k", "t", "a", [columns, columns[:1]], below="b", pick=Pick("family", "models", ["x", "y"]))
    assert [(row["family"], row["o"], row["e"]) for row in rows(drawn)] == [(0, 80, 75), (0, 20, 25), (1, 80, 75)]
    assert histogram("k", "t", "a", [[]], below="b") is None


def test_incidence_tells_who_fails() -> None:
    drawn = incidence("k", "t", ("s", "a"), Pick("family", "f", ["all"]), [[("x", [1])]], ["m", "n"], [[0, 1]], NUMBERS)
    assert [(row["m"], row["f"]) for row in rows(drawn)] == [(0, 0), (1, 1)]


@given(st.integers(1, 4000))
def test_blocks_hold_every_row_once(count: int) -> None:
    edges = blocks(count)
    assert edges[0] == 0
    assert edges[-1] == count
    assert (np.diff(edges) > 0).all()
    assert len(edges) - 1 <= BLOCKS
    assert count > BLOCKS or len(edges) - 1 == count


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**31))
def test_means_of_blocks_are_means(count: int, most: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, count))
    values[0, 0] = np.nan
    edges = blocks(count, most)
    found = means(values, edges)
    for i in range(len(edges) - 1):
        for j in range(len(edges) - 1):
            cell = values[edges[i] : edges[i + 1], edges[j] : edges[j + 1]]
            known = cell[np.isfinite(cell)]
            assert found[i, j] == pytest.approx(known.mean()) if known.size else np.isnan(found[i, j])


def test_a_matrix_leaves_out_what_is_not_known_and_names_come_from_outside_expressions() -> None:
    values = np.array([[np.nan, 0.25], [0.5, np.nan]])
    drawn = matrix("k", "t", ("s", "a"), (["x'", "y"], ["x'", "y"]), values, Shades(0.3), NUMBERS, outlines=[(0, 1)])
    assert [(row["i"], row["j"], row["v"]) for row in rows(drawn)] == [(0, 1, 0.25), (1, 0, 0.5)]
    assert drawn.spec["params"][0]["value"] == ["x'", "y"]
    scale = drawn.spec["layer"][0]["encoding"]["color"]["scale"]
    assert scale["range"] == "diverging"
    assert scale["domain"][1] == 0.3


@pytest.mark.parametrize(("values", "reverse"), [([[0.1, 0.2]], False), ([[-0.1, -0.2]], True)])
def test_a_matrix_on_one_side_of_chance_has_one_ramp(values: list[list[float]], reverse: bool) -> None:
    drawn = matrix("k", "t", ("s", "a"), (["x"], ["x", "y"]), np.array(values), Shades(0.0), NUMBERS)
    scale = drawn.spec["layer"][0]["encoding"]["color"]["scale"]
    assert (scale["range"], scale["reverse"]) == ("ramp", reverse)


def test_many_cells_are_a_picture() -> None:
    drawn = matrix("k", "t", ("s", "a"), (["x"] * 60, ["x"] * 60), np.ones((60, 60)), Shades(0.0), NUMBERS)
    assert drawn.marks > CANVAS
    assert drawn.renderer == "canvas"


def test_many_points_are_counted_in_squares() -> None:
    rng = np.random.default_rng(0)
    few, lots = 50, POINTS + 1
    for count in (few, lots):
        points = (rng.random(count), rng.random(count))
        drawn = scatter("k", "t", ("s", "a"), Axes("x", "y"), points, [(0, 1)] * count, ["p", "q"], NUMBERS)
        found = drawn.spec["layer"][0]["data"]["values"]
        assert (sum(row["c"] for row in found) if count == lots else len(found)) == count


def test_lines_have_gaps_where_nothing_is_known() -> None:
    series = Series("less bias", "line", [1.0, math.nan, 3.0], [0.5, math.nan, 2.0], [1.5, math.nan, 4.0])
    drawn = lines("k", "t", ("s", "a"), Places([2010, 2011, 2012]), [("", [series])], NUMBERS)
    assert [row["v"] for row in rows(drawn)] == [1.0, None, 3.0]
    # a row that has no ends breaks the band, where no row would let it go on
    assert [row["low"] for row in rows(drawn)] == [0.5, None, 2.0]
    assert lines("k", "t", ("s", "a"), Places([1]), [("", [Series("n", "line", [math.nan])])], NUMBERS) is None


def test_several_panels_have_a_drawing_each() -> None:
    series = [Series("n", "line", [1.0, 2.0])]
    drawn = lines("k", "t", ("s", "a"), Places([1, 2]), [("a", series), ("b", series)], NUMBERS)
    assert drawn is not None
    assert drawn.spec["facet"]["field"] == "f"
    assert drawn.size == "wide"


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=40))
@settings(deadline=None)
def test_areas_are_as_large_as_shares_and_fill_the_map(shares: list[float]) -> None:
    shares = sorted(shares, reverse=True)
    areas = squarified(shares, (0.0, 26.0, 720.0, 400.0))
    sizes = np.array([w * h for _, _, w, h in areas])
    np.testing.assert_allclose(sizes, np.array(shares) / sum(shares) * 720 * 400, rtol=1e-6)
    for x, y, w, h in areas:
        assert -1e-6 <= x <= x + w <= 720 + 1e-6
        assert 26 - 1e-6 <= y <= y + h <= 426 + 1e-6


def test_tiles_have_their_names_and_kinds() -> None:
    drawn = treemap("k", "t", ("s", "a"), [("a", 0.75, "x"), ("b", 0.25, "y")], NUMBERS)
    assert [(row["name"], row["share"], row["kind"]) for row in rows(drawn)] == [
        ("a", "75.0 %", "x"),
        ("b", "25.0 %", "y"),
    ]


@pytest.mark.parametrize("kept", [range(9), range(0, 9, 2), range(3)])
def test_the_tree_joins_all_that_is_drawn(kept: range) -> None:
    from scipy.cluster.hierarchy import linkage

    tree = linkage(np.random.default_rng(0).random((9, 3)), "average").tolist()
    branches = list(merges(tree, {model: i for i, model in enumerate(kept)}))
    assert len(branches) == len(kept) - 1
    drawn = dendrogram("k", "t", ("s", "a"), [str(i) for i in kept], branches, math.nan, NUMBERS)
    assert len(drawn.spec["layer"]) == 1
    assert len(rows(drawn)) == 4 * len(branches)


def test_descendants_stand_to_the_right_of_their_parents() -> None:
    tree = Branch("a", "", [Branch("b", "", [Branch("d")]), Branch("c")])
    drawn = descent("k", "t", ("s", "a"), Pick("root", "root", ["a", "e"]), [tree, Branch("e")], NUMBERS)
    assert drawn is not None
    nodes = {drawn.spec["params"][0]["value"][n["n"]]: n for n in drawn.spec["layer"][1]["data"]["values"]}
    assert [nodes[name]["x"] for name in "abcde"] == [0, 1, 1, 2, 0]
    assert nodes["a"]["y"] == (nodes["b"]["y"] + nodes["c"]["y"]) / 2
    assert descent("k", "t", ("s", "a"), Pick("root", "root", ["e"]), [Branch("e")], NUMBERS) is None


def test_the_strongest_ties_are_drawn() -> None:
    names = [str(i) for i in range(60)]
    ties = [(i, j, float(i * j)) for i in range(60) for j in range(i)]
    drawn = network("k", "t", ("s", "a"), names, [1.0] * 60, ["k"] * 60, ties, NUMBERS)
    assert drawn is not None
    edges = drawn.spec["layer"][0]["data"]["values"]
    assert len(edges) == most(60)
    assert min(edge["v"] for edge in edges) >= sorted(tie[2] for tie in ties)[-most(60)]
    assert len(drawn.spec["layer"]) == 2
    assert network("k", "t", ("s", "a"), ["a", "b"], [1, 1], ["", ""], [], NUMBERS) is None


@pytest.mark.parametrize("kind", KINDS)
def test_no_text_from_outside_stands_in_an_expression(kind: str) -> None:
    mark = "OUTSIDE"
    for chart in page_of(spoilt(kind, mark)).charts:
        code = [text for text in texts(chart.spec) if "datum" in text or "width" in text.split()]
        assert not [text for text in code if mark in text]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", HOSTILE[-3:], ids=range(3))
def test_texts_in_charts_are_short_and_plain(kind: str, text: str) -> None:
    for chart in page_of(spoilt(kind, text)).charts:
        assert max(map(len, texts(chart.spec))) < 400
        json.dumps(chart.spec, allow_nan=False)


def test_both_themes_name_the_same_things() -> None:
    light, dark = themes()["light"], themes()["dark"]
    assert light.keys() == dark.keys()
    assert light["style"].keys() == dark["style"].keys()
    assert {name: len(scale) for name, scale in light["range"].items()} == {n: len(s) for n, s in dark["range"].items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_style_that_a_chart_names_is_there(kind: str) -> None:
    known = {*themes()["light"]["style"], "cell"}
    for chart in page_of(KINDS[kind]()).charts:
        named = set(re.findall(r'"style": "(\w+)"', json.dumps(chart.spec)))
        assert named <= known
