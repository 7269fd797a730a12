"""The page of a lineage: whole, inert, the same each time, and with every number in words."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import Page
from test_inert import ATTRIBUTES, HOSTILE, KNOWN

from polyculture.ancestry import LineageResult, lineage
from polyculture.report import render as render_lineage, write_report as write_lineage_report
from polyculture.report.lineage_tree import CHILDREN, MOST, trees
from polyculture.report.charts.treemap import squarified


def ecosystem(name="base", models=120):
    """One name wherever a text from outside can stand."""
    rng = np.random.default_rng(0)
    names = [name, *(f"m{i}" for i in range(1, models))]
    parents = [["none"], *([names[int(rng.random() * i * 0.5)]] for i in range(1, models))]
    parents[5] += ["m1", f"{name} lost"]
    parents[7] = []
    return {
        "name": names,
        "parents": parents,
        "organisation": [name, "x"] * (models // 2),
        "architecture": [name, "t", "u"] * (models // 3),
        "date": [f"20{20 + i // 40}-0{1 + i % 9}" for i in range(models)],
        "downloads": list(range(models)),
        "relation": [name] * models,
        "kind": ["model"] * models,
    }


@pytest.fixture(scope="module")
def found():
    errors = {"measure": "capa", "pairs": 3, "terms": [], "explained": 0.5}
    for name in ("constant", "kinship"):
        errors["terms"].append(
            {"name": name, "estimate": 0.5, "low": 0.5, "high": 0.6, "interval": {"low": 0.1, "high": 0.9}, "p": 0.01}
            | {"p_permuted": None}
        )
    return replace(lineage(ecosystem()), shared_errors=errors)


def test_the_page_answers_first_and_has_a_section_for_everything(found):
    html = render_lineage(found)
    page = Page(html)
    assert html == render_lineage(found)
    assert "120 models descend from" in page.text
    titles = {attrs["id"] for attrs in page.all("section")}
    assert titles >= {"lineage", "roots", "tree", "withdrawn", "concentration", "shared_errors", "unresolved", "made"}
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {link for link in page.values("href") if link.startswith("#")} == {f"#{each}" for each in titles}


def test_every_drawing_has_a_text_and_its_numbers(found):
    page = Page(render_lineage(found))
    ids = set(page.values("id"))
    for drawing in page.all("svg"):
        assert drawing["role"] == "img"
        assert set(drawing["aria-labelledby"].split()) <= ids
    assert len(page.all("figure")) == len(page.all("svg")) >= 4
    assert "shares of the roots" in page.tables


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_outside_does_nothing(found, name):
    given = lineage(ecosystem(name.replace("\ud800", "")))
    hostile = replace(
        given, source=name, shared_errors={**found.shared_errors, "measure": name}, cycles=[[name, "b"]],
        not_measured={name: name}, counted={name: 3},
    )  # fmt: skip
    html = render_lineage(hostile)
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= KNOWN
    assert {attribute for _, attrs in page.tags for attribute in attrs} <= ATTRIBUTES | {"aria-label"}
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200f]", html)
    assert not [value for value in page.values("href") if not value.startswith(("#", "data:,"))]
    assert len(html) < 3_000_000


def test_an_empty_result_has_a_page():
    assert "No models." in Page(render_lineage(LineageResult())).text


def test_a_result_may_lack_any_of_its_parts(found):
    for part, empty in {"kinship": {}, "months": (), "withdrawn": (), "roots": (), "concentration": {}}.items():
        Page(render_lineage(replace(found, **{part: empty})))
    Page(render_lineage(replace(found, model_table=None, edge_table=None)))


def test_writing_gives_the_same_bytes(found, tmp_path):
    found.report(tmp_path / "a.html")
    write_lineage_report(found, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


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
    Page(render_lineage(found))


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=40))
@settings(deadline=None)
def test_areas_are_as_large_as_shares_and_fill_the_map(shares):
    shares = sorted(shares, reverse=True)
    areas = squarified(shares, (0.0, 26.0, 720.0, 400.0))
    sizes = np.array([w * h for _, _, w, h in areas])
    np.testing.assert_allclose(sizes, np.array(shares) / sum(shares) * 720 * 400, rtol=1e-6)
    for x, y, w, h in areas:
        assert -1e-6 <= x <= x + w <= 720 + 1e-6
        assert 26 - 1e-6 <= y <= y + h <= 426 + 1e-6
