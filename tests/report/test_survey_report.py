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

from polyculture.report.survey import render_survey, write_survey_report
from polyculture.report.survey_sections import TITLES
from polyculture.report.survey_sentences import cards, paragraph
from polyculture.surveying import survey
from polyculture.surveying.headline import headline
from polyculture.surveying.result import SurveyResult
from polyculture.surveying.tables import tables

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]><!--",
    "a\u202egnp.exe\u2066\u200f",
    "שלום",
    "two\nlines",
    "nul\x00bell\x07",
    "z" * 500,
    "漢" * 500,
)
OPTIONAL = tuple(f.name for f in fields(SurveyResult) if f.name not in {"papers", "communities", "years", "schema"})
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def found() -> SurveyResult:
    return surveyed()


@pytest.fixture(scope="module")
def page(found: SurveyResult) -> Page:
    return Page(render_survey(found))


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
    said = headline(found)
    assert "among papers that name a method, communities came closer: -0.0192 [-0.0170, -0.0213]; among all" in said
    assert "among all papers, whether communities came closer cannot be told: +0.0006 [+0.0006, +0.0007]" in said
    assert page.text.index(said) < page.text.index(TITLES["convergence"])


def test_every_verdict_is_told_and_not_only_the_first(found: SurveyResult) -> None:
    said = paragraph(found)
    assert "Among papers that name a method: Jensen-Shannon divergence says converging" in said
    assert "the spread of shares over communities (σ) says diverging" in said
    assert "Among all papers: Jensen-Shannon divergence says cannot tell" in said


def test_three_numbers_stand_at_the_top_with_their_intervals(found: SurveyResult) -> None:
    conditional, every, varied = cards(found)
    assert (conditional.value, every.value) == ("-0.0192", "0.0006")
    assert conditional.note == "[-0.0170, -0.0213]; 2010 to 2014, 3 communities: converging"
    assert "among papers that name a method" in conditional.name
    assert "among all papers" in every.name
    assert varied.name == "effective families in a community, 2014"


def test_stable_openings_and_sure_paths_are_counted(found: SurveyResult) -> None:
    said = paragraph(found)
    assert "Of the 4 strongest openings, 1 stay among the first in 90 % of draws" in said
    assert "1 of 6 paths from a leader to a follower carry more methods than chance: c0 → c1." in said


def test_no_path_beyond_chance_is_said_to_be_none(found: SurveyResult) -> None:
    edges = [edge | {"p_adjusted": 0.5} for edge in found.transfer["method"]["network"]]
    quiet = replace(found, transfer={"method": {**found.transfer["method"], "network": edges}})
    assert "No path from a leader to a follower carries more methods than chance" in paragraph(quiet)
    assert "Outlined: more than if each method's order were random (0 of 6)" in Page(render_survey(quiet)).text


def test_a_partial_source_is_said_first(found: SurveyResult) -> None:
    assert paragraph(replace(found, partial="the file ends early")).startswith("Only part of the source was read")


def test_one_family_is_no_level_to_compare(found: SurveyResult) -> None:
    """With a single family all communities are alike: the page asks about methods."""
    rows = [{**row, "level": "method"} for row in found.convergence]
    one = replace(found, families=["S"], convergence=rows)
    assert "method level" in headline(one)
    drawn = [key for key in Page(render_survey(one)).values("id") if key.startswith("difference-")]
    assert not [key for key in drawn if "family" in key]


# sections


def test_sections_are_in_order_and_every_one_is_there(page: Page) -> None:
    assert [section["id"] for section in page.all("section")] == list(TITLES)


def test_conditional_and_unconditional_are_both_drawn_and_named(page: Page) -> None:
    titles = re.findall(r"Difference of communities, (\w+) level, (among [\w ]+?)(?=<)", page.html)
    wanted = {(level, asked) for level in ("family", "method") for asked in
              ("among papers that name a method", "among all papers")}  # fmt: skip
    assert set(titles) == wanted
    assert "neither stands for the other" in page.text


def test_a_drawing_of_difference_has_band_counted_and_chance_and_the_same_numbers(
    found: SurveyResult, page: Page
) -> None:
    title = "Difference of communities, family level, among papers that name a method"
    head, *rows = page.tables[title]
    assert head == ["year", "less bias", "as counted", "by chance"]
    wanted = [
        row for row in found.divergence
        if (row["level"], row["conditional"], row["measure"]) == ("family", True, "jensen_shannon")
    ]  # fmt: skip
    for row, told in zip(wanted, rows, strict=True):
        assert told == [
            str(row["year"]),
            f"{row['corrected']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
            f"{row['estimate']:.3f}",
            f"{row['null']:.3f}",
        ]
    drawn = page.html.split(f"<figcaption>{title}")[1].split("</svg>")[0]
    for look in ("band", "line", "counted", "chance"):
        assert f'class="{look}"' in drawn


def test_every_share_that_is_drawn_is_in_its_table(found: SurveyResult, page: Page) -> None:
    rows = page.tables["papers that name a family, %"][1:]
    assert len(rows) == len(found.families) * len(found.communities)
    first = {row["year"]: row for row in found.adoption if (row["family"], row["community"]) == ("family0", "c0")
             and row["level"] == "family"}  # fmt: skip
    told = next(row for row in rows if row[:2] == ["family0", "c0"])[2:]
    assert told == [f"{100 * r['share']:.1f} [{100 * r['low']:.1f}, {100 * r['high']:.1f}]" for r in first.values()]


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
    assert "Years with too few papers are not bridged: c1 (2012)." in Page(render_survey(broken)).text


def test_why_intervals_are_doubted_is_told_once(found: SurveyResult, page: Page) -> None:
    assert "may be too narrow" not in page.text
    rows = [row | {"interval": "may be too narrow"} if row["measure"] == "hill_0" else row for row in found.diversity]
    told = Page(render_survey(replace(found, diversity=rows))).text
    assert told.count("The interval of the number of names (hill_0) may be too narrow.") == 1


def test_topics_are_told_with_their_families(page: Page) -> None:
    assert page.tables["topics by papers"][1] == [
        "fairness", "90", "2011", "50", "3.0 [2.5, 3.5]", "family1 40.0 [30.0, 50.0], family0 10.0 [5.0, 20.0]",
    ]  # fmt: skip
    assert page.tables["topics in their first years"][1] == ["2011", "1", "12.5", "25.0 [20.0, 30.0]"]


def test_openings_are_told_with_the_interval_of_their_score(page: Page) -> None:
    assert page.tables["openings, the surest first"][1][3] == "0.200 [0.100, 0.300]"


def test_edges_beyond_chance_are_outlined(page: Page) -> None:
    drawn = page.html.split("<figcaption>Transfer of methods")[1].split("</svg>")[0]
    assert drawn.count('class="family"') == 1
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
    assert page.tables["not measured"][1] == [
        "3 of 60 communities and years, family",
        "fewer than 30 papers name one",
    ]


def test_tables_of_the_screen_are_there_number_by_number(measured: SurveyResult) -> None:
    made = Page(render_survey(measured)).tables
    for table in tables(measured):
        if table.name not in {"adoption", "openings"}:
            assert made[table.title][0] == [*table.columns]
            assert len(made[table.title]) == len(table.rows) + 1


def test_a_measured_survey_renders_without_a_number_that_is_none(measured: SurveyResult) -> None:
    page = Page(render_survey(measured))
    assert not re.search(r"\b(nan|None|inf)\b", page.text)
    assert {"convergence", "adoption", "diversity", "transfer"} <= {s["id"] for s in page.all("section")}


# any result


@pytest.mark.parametrize("name", OPTIONAL)
def test_any_part_may_be_empty(found: SurveyResult, name: str) -> None:
    empty = next(f for f in fields(SurveyResult) if f.name == name)
    nothing: Any = empty.default if isinstance(empty.default, tuple | str | None) else empty.default_factory()  # type: ignore[misc,operator]
    page = Page(render_survey(replace(found, **{name: nothing})))
    assert not re.search(r"\b(nan|None)\b", page.text)


def test_nothing_but_names_renders() -> None:
    page = Page(render_survey(SurveyResult(0, [], [2020, 2020])))
    assert not page.all("svg")
    assert [section["id"] for section in page.all("section")] == ["not_measured", "reading", "made"]


@pytest.mark.parametrize("which", ["found", "measured"])
def test_what_json_made_of_it_renders_alike(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result: SurveyResult = request.getfixturevalue(which)
    result.to_json(tmp_path / "found.json")
    read = SurveyResult.from_dict(json.loads((tmp_path / "found.json").read_text()))
    assert render_survey(read) == render_survey(result)


def test_missing_numbers_are_dashes(found: SurveyResult) -> None:
    rows = [
        {name: math.nan if isinstance(value, float) else value for name, value in row.items()}
        for row in found.divergence
    ]
    page = Page(render_survey(replace(found, divergence=rows)))
    assert not re.search(r"\bnan\b", page.text)
    assert "Difference of communities" not in page.text


def test_a_year_without_papers_leaves_a_gap(found: SurveyResult) -> None:
    rows = [row for row in found.divergence if row["year"] != 2012]
    page = Page(render_survey(replace(found, divergence=rows)))
    title = "Difference of communities, family level, among papers that name a method"
    assert page.tables[title][3] == ["2012", "–", "–", "–"]
    drawn = page.html.split(f"<figcaption>{title}")[1].split("</svg>")[0]
    assert drawn.count('class="band"') == 2


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_makes_no_element_and_no_attribute(found: SurveyResult, name: str) -> None:
    clean = Page(render_survey(found))
    names = {"c0": name, "family0": name, "family0_method0": f"{name} m", "papers.csv": name, "set29": name}
    spoilt = SurveyResult(**_renamed(dict(found.to_dict()), names))
    page = Page(render_survey(spoilt))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in clean.tags}
    assert {key for _, attrs in page.tags for key in attrs} <= {key for _, attrs in clean.tags for key in attrs}
    if re.search("[<>\"']", name):
        assert name not in page.html
        assert name in page.text
    assert not re.search("[\x00\x07\u202e\u200f]", page.html)
    assert "49" not in page.all("title")[0].get("text", "")
    assert len(page.html.encode()) < MEGABYTE


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(v, names) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


def test_templates_are_not_rendered_twice(found: SurveyResult) -> None:
    assert "{{ 7 * 7 }}" in Page(render_survey(replace(found, source="{{ 7 * 7 }}"))).text


def test_nothing_is_asked_from_the_network_and_nothing_runs(page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert {"default-src 'none'", "style-src 'unsafe-inline'"} <= set(policy.split("; "))
    assert "script-src" not in policy
    assert not re.search(r"https?://|@import|url\(", page.html)
    assert not page.all("script")
    assert not page.values("src")
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_drawings_have_texts_and_their_numbers_and_ids_are_unique(page: Page) -> None:
    drawings, ids = page.all("svg"), page.values("id")
    assert len(drawings) == 11
    assert all(each["role"] == "img" and each["aria-labelledby"] for each in drawings)
    assert len(page.all("desc")) == len(page.all("details")) == len(drawings)
    assert len(ids) == len(set(ids))
    assert {name for value in page.values("aria-labelledby") for name in value.split()} <= set(ids)
    assert all(text.strip() for text in re.findall(r"<desc[^>]*>(.*?)</desc>", page.html, re.DOTALL))


def test_headings_and_scopes_are_there_for_those_who_hear_it(page: Page) -> None:
    assert all(th["scope"] in {"col", "row"} for th in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))


def test_the_same_result_gives_the_same_bytes_and_is_written_whole(found: SurveyResult, tmp_path: Path) -> None:
    write_survey_report(found, tmp_path / "a.html")
    surveyed().report(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


@pytest.mark.parametrize(
    ("communities", "years", "families", "most"), [(3, 5, 2, 0.12), (12, 16, 30, 1.0), (250, 16, 4, 1.5)]
)
def test_pages_stay_small(communities: int, years: int, families: int, most: float) -> None:
    html = render_survey(surveyed(communities, years, families, 3))
    assert len(html.encode()) < most * MEGABYTE


def test_many_communities_are_drawn_in_part_and_that_is_said() -> None:
    page = Page(render_survey(surveyed(20, 4, 2)))
    assert "The 12 of 20 communities with most papers" in page.text
    drawn = {row[1] for row in page.tables["papers that name a family, %"][1:]}
    assert drawn == {f"c{i}" for i in range(8, 20)}
