"""The report of a survey: what it says first, what it draws, and that nothing from outside does anything in it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pages import Page
from surveyed import surveyed

from polyculture.report import page_of, render
from polyculture.report.charts.chart import Chart
from polyculture.report.survey_sections import TITLES
from polyculture.report.survey_sentences import answer, figures, lead
from polyculture.surveying import survey
from polyculture.surveying.result import SurveyResult
from polyculture.surveying.tables import tables

OPTIONAL = tuple(f.name for f in fields(SurveyResult) if f.name not in {"papers", "communities", "years", "schema"})
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def found() -> SurveyResult:
    return surveyed()


@pytest.fixture(scope="module")
def page(found: SurveyResult) -> Page:
    return Page(render(found))


def chart(found: SurveyResult, key: str) -> Chart:
    return next(chart for chart in page_of(found).charts if chart.key == key)


def drawn(found: SurveyResult, key: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = chart(found, key).spec["data"]["values"]
    return rows


@pytest.fixture(scope="module")
def measured() -> SurveyResult:
    """A survey of generated titles."""
    rng = np.random.default_rng(0)
    methods = ("a transformer", "an LSTM", "a convolutional neural network", "graph neural networks")
    rows = [
        (community, year, f"Study {i} with {methods[int(rng.integers(2 + shift))]} of {rng.integers(10**6)} things")
        for shift, community in enumerate(("CV", "NLP", "ML"))
        for year in range(2016, 2020)
        for i in range(40)
    ]
    frame = pl.DataFrame(rows, schema=["community", "year", "title"], orient="row")
    return survey(frame, draws=20, nulls=19, least=10, jobs=1)


# the answer


def test_the_answer_says_both_questions_in_one_sentence(found: SurveyResult, page: Page) -> None:
    said = answer(found)
    assert "among papers that name a method, communities came closer: -0.0192 [-0.0170, -0.0213] bits a year; " in said
    assert "among all papers, whether communities came closer cannot be told: +0.0006 [+0.0006, +0.0007]" in said
    assert page.text.index(said) < page.text.index(TITLES["convergence"])


def test_every_verdict_is_told_and_not_only_the_first(found: SurveyResult) -> None:
    (said,) = lead(found)
    assert "Verdicts among papers that name a method – Jensen-Shannon divergence: communities came closer" in said
    assert "the spread of shares over communities (σ): communities moved apart" in said
    assert (
        "Verdicts among all papers – Jensen-Shannon divergence: whether communities came closer cannot be told" in said
    )


def test_three_numbers_stand_at_the_top_with_their_intervals(found: SurveyResult) -> None:
    conditional, every, varied = figures(found)
    assert (conditional.value, every.value) == ("-0.0192", "0.0006")
    assert conditional.note == "[-0.0170, -0.0213]; 2010 to 2014, 3 communities: communities came closer"
    assert "among papers that name a method" in conditional.name
    assert "among all papers" in every.name
    assert varied.name == "effective number in a community, by family, 2014"


def test_stable_openings_and_sure_paths_are_counted(found: SurveyResult) -> None:
    (said,) = lead(found)
    assert "Of the 4 strongest openings, 1 stay among the first in 90 % of draws" in said
    assert "1 of 6 paths from a leader to a follower carry more methods than chance, first of all c0 → c1." in said


def test_no_path_beyond_chance_is_said_to_be_none(found: SurveyResult) -> None:
    edges = [edge | {"p_adjusted": 0.5} for edge in found.transfer["method"]["network"]]
    quiet = replace(found, transfer={"method": {**found.transfer["method"], "network": edges}})
    assert "No path from a leader to a follower carries more methods than chance" in lead(quiet)[0]
    assert "paths" not in {chart.key for chart in page_of(quiet).charts}


def test_a_partial_source_is_said_first(found: SurveyResult) -> None:
    assert lead(replace(found, partial="the file ends early"))[0].startswith("Only part of the source was read")


def test_one_family_is_no_level_to_compare(found: SurveyResult) -> None:
    """With a single family all communities are alike: the page asks about methods."""
    rows = [{**row, "level": "method"} for row in found.convergence]
    one = replace(found, families=["S"], convergence=rows)
    assert "communities came closer" in answer(one)
    keys = [chart.key for chart in page_of(one).charts if chart.key.startswith("difference-")]
    assert keys
    assert not [key for key in keys if "family" in key]


# sections


def test_sections_are_in_order_and_every_one_is_there(page: Page) -> None:
    assert [section["id"] for section in page.all("section")] == ["findings", *TITLES, "made", "unmeasured"]


def test_conditional_and_unconditional_are_both_drawn_and_named(page: Page) -> None:
    titles = re.findall(r"<figcaption>Difference of communities by (\w+), (among [\w ]+?)(?=<)", page.html)
    wanted = {
        (level, asked)
        for level in ("family", "method")
        for asked in ("among papers that name a method", "among all papers")
    }
    assert set(titles) == wanted
    assert "neither stands for the other" in page.text


def test_a_chart_of_difference_has_band_counted_and_chance_and_the_same_numbers(
    found: SurveyResult, page: Page
) -> None:
    head, *rows = page.tables["Difference of communities by family, among papers that name a method"]
    assert head == ["year", "less bias", "as counted", "by chance"]
    wanted = [
        row
        for row in found.divergence
        if (row["level"], row["conditional"], row["measure"]) == ("family", True, "jensen_shannon")
    ]
    for row, told in zip(wanted, rows, strict=True):
        assert told == [
            str(row["year"]),
            f"{row['corrected']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
            f"{row['estimate']:.3f}",
            f"{row['null']:.3f}",
        ]
    marks = drawn(found, "difference-family-conditional")
    for name, part in (("less bias", "corrected"), ("as counted", "estimate"), ("by chance", "null")):
        assert [mark["v"] for mark in marks if mark["s"] == name] == [row[part] for row in wanted]
    assert [mark["low"] for mark in marks if mark["s"] == "less bias"] == [row["low"] for row in wanted]


def test_every_share_that_is_drawn_is_in_its_table(found: SurveyResult, page: Page) -> None:
    rows = page.tables["papers that name a family, %"][1:]
    assert len(rows) == len(found.families) * len(found.communities)
    first = {
        row["year"]: row
        for row in found.adoption
        if (row["family"], row["community"]) == ("family0", "c0") and row["level"] == "family"
    }
    told = next(row for row in rows if row[:2] == ["family0", "c0"])[2:]
    assert told == [f"{100 * r['share']:.1f} [{100 * r['low']:.1f}, {100 * r['high']:.1f}]" for r in first.values()]


def test_a_community_and_a_year_can_be_picked_and_have_their_shares(found: SurveyResult) -> None:
    marks = drawn(found, "composition")
    picks = [param["bind"]["labels"] for param in chart(found, "composition").spec["params"][1:]]
    assert picks == [["c0", "c1", "c2"], ["2014", "2013", "2012", "2011", "2010"]]
    some = {round(mark["v"], 2) for mark in marks if (mark["community"], mark["year"]) == (1, 2)}
    wanted = [r for r in found.adoption if (r["level"], r["community"], r["year"]) == ("family", "c1", 2012)]
    assert some == {round(100 * row["share"], 2) for row in wanted}


def test_transfer_is_shown_where_most_methods_are_dated(page: Page) -> None:
    assert "methods that reached 5 % of the papers" in page.text
    rows = page.tables["how far behind the first (5 % of papers)"][1:]
    assert [row[4] for row in rows] == ["1.5 [0.5, open]", "1.5 [0.5, open]", "open [0.5, open]"]
    leaders = page.tables["who was first (5 % of papers), and in which share of draws"]
    assert [row[0] for row in leaders[1:]] == ["family0_method0", "family1_method0", "family1_method1"]


def test_communities_with_gaps_are_named_where_they_may_seem_first(found: SurveyResult, page: Page) -> None:
    assert "bridged" not in page.text
    part = {**found.transfer["method"], "gaps": [{"community": "c1", "first": 2012, "last": 2012}]}
    broken = replace(found, transfer={"method": part})
    assert "Years with too few papers are not bridged: c1 (2012)." in Page(render(broken)).text


def test_why_intervals_are_doubted_is_told_once(found: SurveyResult, page: Page) -> None:
    assert "may be too narrow" not in page.text
    rows = [row | {"interval": "may be too narrow"} if row["measure"] == "hill_0" else row for row in found.diversity]
    told = Page(render(replace(found, diversity=rows))).text
    assert told.count("The interval of the number of names (hill_0) may be too narrow.") == 1


def test_topics_are_told_with_their_families(page: Page) -> None:
    assert page.tables["topics by papers"][1] == [
        "fairness",
        "90",
        "2011",
        "50",
        "3.0 [2.5, 3.5]",
        "family1 40.0 [30.0, 50.0], family0 10.0 [5.0, 20.0]",
    ]
    assert page.tables["topics in their first years"][1] == ["2011", "1", "12.5", "25.0 [20.0, 30.0]"]


def test_openings_are_told_with_the_interval_of_their_score(page: Page) -> None:
    assert page.tables["openings, the surest first"][1][3] == "0.200 [0.100, 0.300]"


def test_only_what_was_corrected_is_called_so(found: SurveyResult) -> None:
    assert "less bias" in json.dumps(chart(found, "variety").spec)
    new = json.dumps(chart(found, "novelty").spec)
    assert "less bias" not in new
    assert "measured" in new


def test_paths_beyond_chance_are_drawn(found: SurveyResult, page: Page) -> None:
    (edge,) = chart(found, "paths").spec["layer"][0]["data"]["values"]
    assert (edge["a"], edge["b"], edge["v"]) == (0, 1, 4)
    assert "(1 of 6)" in page.text


def test_associations_are_called_so_and_words_beside_themselves_are_left_out(page: Page) -> None:
    section = page.html.split('<section id="associations"')[1].split("</section>")[0]
    assert "associations, no causes" in section
    assert "nothing here is a cause" in section
    head, *rows = page.tables["data set and method (the first 12 of 30)"]
    assert head[0] == "data set"
    assert [row[0] for row in rows] == [f"set{i}" for i in range(29, 17, -1)]
    # seldom, by chance, and the method's own name
    assert "task and method" not in page.tables
    assert "topic and method" not in page.tables


def test_what_was_not_measured_has_its_reason(page: Page) -> None:
    assert "3 of 60 communities and years, family: fewer than 30 papers name one" in page.text


def test_tables_of_the_screen_are_there_number_by_number(measured: SurveyResult) -> None:
    made = Page(render(measured)).tables
    for table in tables(measured):
        if table.name not in {"adoption", "openings", "not_measured"}:
            assert made[table.title][0] == [*table.columns]
            assert len(made[table.title]) == len(table.rows) + 1


def test_a_measured_survey_renders_without_a_number_that_is_none(measured: SurveyResult) -> None:
    page = Page(render(measured))
    assert not re.search(r"\b(nan|None|inf)\b", page.text)
    assert {"convergence", "adoption", "diversity", "transfer"} <= {s["id"] for s in page.all("section")}


# any result


@pytest.mark.parametrize("name", OPTIONAL)
def test_any_part_may_be_empty(found: SurveyResult, name: str) -> None:
    empty = next(f for f in fields(SurveyResult) if f.name == name)
    nothing: Any = empty.default if isinstance(empty.default, tuple | str | None) else empty.default_factory()  # type: ignore[misc,operator]
    page = Page(render(replace(found, **{name: nothing})))
    assert not re.search(r"\b(nan|None)\b", page.text)


def test_nothing_but_names_renders() -> None:
    page = Page(render(SurveyResult(0, [], [2020, 2020])))
    assert not page.all("figure")
    assert not page.all("script")
    assert [section["id"] for section in page.all("section")] == ["findings", "reading", "made", "unmeasured"]


@pytest.mark.parametrize("which", ["found", "measured"])
def test_what_json_made_of_it_renders_alike(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result: SurveyResult = request.getfixturevalue(which)
    result.to_json(tmp_path / "found.json")
    read = SurveyResult.from_dict(json.loads((tmp_path / "found.json").read_text()))
    assert render(read) == render(result)


def test_missing_numbers_are_dashes(found: SurveyResult) -> None:
    rows = [
        {name: math.nan if isinstance(value, float) else value for name, value in row.items()}
        for row in found.divergence
    ]
    page = Page(render(replace(found, divergence=rows)))
    assert not re.search(r"\bnan\b", page.text)
    assert "Difference of communities" not in page.text


def test_a_year_without_papers_leaves_a_gap(found: SurveyResult) -> None:
    rows = [row for row in found.divergence if row["year"] != 2012]
    page = Page(render(replace(found, divergence=rows)))
    title = "Difference of communities by family, among papers that name a method"
    assert page.tables[title][3] == ["2012", "–", "–", "–"]
    gap = [
        mark for mark in drawn(replace(found, divergence=rows), "difference-family-conditional") if mark["x"] == 2012
    ]
    assert [mark["v"] for mark in gap] == [None] * 3


@pytest.mark.parametrize(
    ("communities", "years", "families", "most"), [(3, 5, 2, 1.1), (12, 16, 30, 2.5), (250, 16, 4, 2.5)]
)
def test_pages_stay_small(communities: int, years: int, families: int, most: float) -> None:
    html = render(surveyed(communities, years, families, 3))
    assert len(html.encode()) < most * MEGABYTE


def test_many_communities_are_drawn_in_part_and_that_is_said() -> None:
    page = Page(render(surveyed(20, 4, 2)))
    assert "12 of 20 communities with most papers" in page.text
    told = {row[1] for row in page.tables["papers that name a family, %"][1:]}
    assert told == {f"c{i}" for i in range(8, 20)}
