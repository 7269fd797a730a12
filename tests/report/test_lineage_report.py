"""The page of a lineage: whole, inert, the same each time, and with every number in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kinds import descended
from pages import Page

from polyculture.ancestry import LineageResult, lineage
from polyculture.ancestry.tables import number
from polyculture.report import page_of, render
from polyculture.report.lineage_tree import CHILDREN, MOST, trees


@pytest.fixture(scope="module")
def found():
    return descended()


def test_the_page_answers_first_and_has_a_section_for_everything(found):
    html = render(found)
    page = Page(html)
    assert html == render(found)
    assert "120 models descend from" in page.text
    titles = {attrs["id"] for attrs in page.all("section")}
    assert titles >= {"lineage", "roots", "tree", "withdrawn", "concentration", "shared_errors", "unresolved", "made"}
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {link for link in page.values("href") if link.startswith("#")} == {f"#{each}" for each in titles}


def test_the_map_and_the_branches_are_drawn_with_their_numbers(found):
    page = Page(render(found))
    keys = {chart.key for chart in page_of(found).charts}
    assert keys == {"treemap", "descent", "months-drawing", "chart-withdrawn", "chart-errors"}
    assert len(page.tables["shares of the roots"]) == 1 + 3
    tiles = next(chart for chart in page_of(found).charts if chart.key == "treemap").spec["data"]["values"]
    assert [tile["name"] for tile in tiles] == [str(root["name"]) for root in found.roots]


def test_the_band_of_the_months_has_the_ends_that_its_table_tells(found):
    chart = next(chart for chart in page_of(found).charts if chart.key == "months-drawing")
    lows = {row[0]: row[3] for row in chart.shown.rows}
    wanted = {each["month"]: number(each["effective_founders"]["named"]["low"]) for each in found.months}
    assert lows == {month: wanted[month] for month in lows}
    assert any(each["effective_founders"]["low"] != each["effective_founders"]["named"]["low"] for each in found.months)


def test_a_branch_can_be_followed_from_its_root(found):
    chart = next(chart for chart in page_of(found).charts if chart.key == "descent")
    names = chart.spec["params"][0]["value"]
    edges = chart.spec["layer"][0]["data"]["values"]
    nodes = chart.spec["layer"][1]["data"]["values"]
    at = {(node["root"], node["x"], node["y"]): names[node["n"]] for node in nodes}
    told = {(at[e["root"], e["x"], e["y"]], at[e["root"], e["x2"], e["y2"]]) for e in edges}
    declared = set(zip(found.edge_table["parent"], found.edge_table["child"], strict=True))
    assert told
    assert told <= declared


def test_an_empty_result_has_a_page():
    assert "No models." in Page(render(LineageResult())).text


def test_a_result_may_lack_any_of_its_parts(found):
    for part, empty in {"kinship": {}, "months": (), "withdrawn": (), "roots": (), "concentration": {}}.items():
        Page(render(replace(found, **{part: empty})))
    Page(render(replace(found, model_table=None, edge_table=None)))


def size(branch):
    return 1 + sum(size(each) for each in branch.inner)


def test_trees_stay_small_and_say_what_they_leave_out():
    names = ["root", *(f"m{i}" for i in range(4000))]
    found = lineage({"name": names, "parents": [None, *["root"] * 40, *[f"m{i % 40}" for i in range(3960)]]})
    (tree,) = trees(found)
    assert tree.note == "40 children"
    assert tree.inner[-1].name == f"and {40 - CHILDREN} more"
    assert size(tree) <= MOST + 100


def test_merges_stand_below_each_parent_and_are_opened_once():
    found = lineage({"name": ["a", "b", "m", "n"], "parents": ["none", "none", "a; b", "m"]})
    first, second = trees(found)
    assert first.inner[0].inner[0].name == "n"
    assert second.inner[0].inner == ()
    assert second.inner[0].note == "one of 2 parents, see above"


def test_a_long_line_of_descent_is_cut():
    found = lineage({"name": [f"m{i}" for i in range(300)], "parents": [None, *[f"m{i}" for i in range(299)]]})
    assert size(trees(found)[0]) <= 20
    Page(render(found))
