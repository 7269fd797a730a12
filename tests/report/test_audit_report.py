"""The page of an audit: what it draws, what it says, and every number of it."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from itertools import pairwise

import audited
import numpy as np
import pytest
from pages import Page

from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import tables
from polyculture.report import page_of, render
from polyculture.report.audit_failures import bins
from polyculture.report.audit_likeness import likeness
from polyculture.report.audit_maps import ends
from polyculture.report.audit_order import blocked, in_order
from polyculture.report.audit_sections import TITLES
from polyculture.report.audit_sentences import around, percent
from polyculture.report.charts.chart import Chart, rounded
from polyculture.report.charts.network import most
from polyculture.tables import cell, interval

OPTIONAL = tuple(f.name for f in fields(AuditResult) if f.name not in {"kind", "models", "items", "schema"})
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def nine() -> AuditResult:
    return audited.answers(9)


@pytest.fixture(scope="module")
def page(nine: AuditResult) -> Page:
    return Page(render(nine))


def chart(found: AuditResult, key: str) -> Chart:
    return next(chart for chart in page_of(found).charts if chart.key == key)


def test_the_answer_comes_first_then_its_numbers_in_words(nine: AuditResult, page: Page) -> None:
    kish, joint = nine.effective_models["kish"], nine.joint_failure
    parts = [
        f"9 models are worth {interval(kish, 1)} independent ones; two of them fail together",
        "9 models were compared on 2,000 items.",
        f"as well as {interval(kish, 1)} independent",
        around(joint["observed"], joint["intervals"]["observed"]),
        around(joint["expected"], joint["intervals"]["expected"]),
        "3 families",
        "the 3 suggested models",
        TITLES["advice"],
    ]
    at = 0
    for part in parts:
        at = page.text.index(part, at) + 1


@pytest.mark.parametrize("make", [audited.answers, audited.embeddings, audited.models])
def test_every_table_of_the_audit_is_there_number_by_number(make: audited.Make) -> None:
    found = make()
    made = Page(render(found)).tables
    for table in tables(found):
        if table.name != "not_measured":
            head, *rows_ = made[table.title]
            assert head == [*table.columns]
            assert rows_ == [[cell(value) for value in row] for row in table.rows]


def test_sections_are_in_order_and_only_those_that_hold_something(page: Page) -> None:
    titled = [s["id"] for s in page.all("section")]
    assert titled == ["findings", *(name for name in TITLES if name != "layers"), "made", "unmeasured"]
    files = Page(render(audited.models()))
    assert [s["id"] for s in files.all("section")] == ["findings", "likeness", "reading", "made", "unmeasured"]


def test_measures_are_explained_from_what_is_registered_about_them(page: Page) -> None:
    explained = {row[0]: row for row in page.tables["the measures"]}
    assert explained["error consistency"][2:5] == ["-1 to 1", "0", "higher"]
    assert explained["joint failure"][3] == "depends on the data"


@pytest.mark.parametrize("name", OPTIONAL)
def test_any_part_may_be_empty(nine: AuditResult, name: str) -> None:
    empty = next(f for f in fields(AuditResult) if f.name == name)
    nothing = empty.default if empty.default is not fields(nine)[0].default else empty.default_factory()  # type: ignore[misc]
    page = Page(render(replace(nine, **{name: nothing})))
    assert "nan" not in page.text.lower()


@pytest.mark.parametrize("kind", ["answers", "embeddings", "models"])
def test_nothing_but_names_renders(kind: str) -> None:
    page = Page(render(AuditResult(kind, ["a", "b"], 0)))
    assert not page.all("figure")
    assert not page.all("script")
    assert "2 models" in page.text


@pytest.mark.parametrize("make", [audited.answers, audited.embeddings])
def test_what_json_made_of_it_renders_alike(make: audited.Make) -> None:
    found = replace(make(), pair_table=None)
    plain = json.loads(json.dumps(found.to_dict()).replace("NaN", "null"))
    assert render(AuditResult.from_dict(plain)) == render(found)


@pytest.mark.parametrize("make", [audited.embeddings, audited.models])
def test_a_figure_without_an_interval_says_why(make: audited.Make) -> None:
    means = [figure for figure in page_of(make()).figures if figure.name.startswith("mean ")]
    assert means
    assert all("no interval: it is the mean of these pairs alone" in figure.note for figure in means)


def test_missing_numbers_are_dashes_with_their_reason(nine: AuditResult) -> None:
    nan = math.nan
    hole = {"estimate": nan, "low": nan, "high": nan}
    pairs = [pair | {"capa": dict.fromkeys(pair["capa"], nan)} for pair in nine.pairs]
    unknown = {"estimate": nan, "null": nan, "calibrated": nan, "beyond_chance": 0, "pairs": 0}
    summary = {**nine.summary, "capa": unknown}
    reasons = {"capa": "no options were given", "effective_models": "one model never fails"}
    changed = replace(
        nine, effective_models={"kish": hole}, pairs=pairs, summary=summary, not_measured=reasons, pair_table=None
    )
    page = Page(render(changed))
    assert "nan" not in page.text.lower()
    assert "– capa: no options were given" in page.text
    assert "one model never fails" in page.text[: page.text.index("Findings\n\n")]
    assert page.tables["likeness of pairs"][2][1:4] == ["–", "–", "–"]
    effective = next(f for f in page_of(changed).findings if "half as many" in f.title)
    assert (effective.status, effective.reason) == ("not checked", "one model never fails")


@pytest.mark.parametrize(("count", "most"), [(9, 1.1), (60, 2.5), (200, 2.5), (250, 2.5)])
def test_pages_stay_small(count: int, most: float) -> None:
    assert len(render(audited.answers(count)).encode()) < most * MEGABYTE


def test_each_pair_has_two_cells_in_the_order_of_the_tree(nine: AuditResult) -> None:
    drawn = chart(nine, "likeness-matrix")
    names = drawn.spec["params"][0]["value"]
    assert names == nine.families["order"]
    cells = {(names[c["i"]], names[c["j"]]): c["v"] for c in drawn.spec["data"]["values"]}
    wanted = {(p["a"], p["b"]): rounded(p["error_consistency"]["estimate"]) for p in nine.pairs}
    assert cells == wanted | {(b, a): value for (a, b), value in wanted.items()}
    outlined = drawn.spec["layer"][-1]["data"]["values"]
    assert len(outlined) == len(nine.families["families"])


def test_blocks_of_many_models_have_the_means_of_their_pairs() -> None:
    found = audited.answers(30)
    known, order = likeness(found), in_order(found)
    assert known is not None
    edges = np.array([0, 10, 20, 30])
    square = np.full((30, 30), np.nan)
    square[known.a, known.b] = square[known.b, known.a] = known.estimate
    square = square[np.ix_(order, order)]
    wanted = [[np.nanmean(square[i : i + 10, j : j + 10]) for j in edges[:-1]] for i in edges[:-1]]
    np.testing.assert_allclose(blocked(known, order, edges), wanted)


def test_all_of_many_models_are_in_the_matrix() -> None:
    found = audited.answers(250)
    drawn = chart(found, "likeness-matrix")
    assert len(drawn.spec["params"][0]["value"]) <= 120
    assert "groups of neighbours in the tree of 250 models" in drawn.about
    assert drawn.renderer == "canvas"
    nearest = {row[0]: (row[1], row[2]) for row in drawn.shown.rows}
    table = found.pair_table
    assert table is not None
    best = max(table.rows(named=True), key=lambda row: row["error_consistency"])
    name = str(best["a"])
    if name in nearest:
        assert nearest[name][0] == str(best["b"])
    for name, (other, _) in list(nearest.items())[:20]:
        own = [r for r in table.rows(named=True) if name in (r["a"], r["b"])]
        nearest_pair = max(own, key=lambda row: row["error_consistency"])
        assert other == (nearest_pair["b"] if nearest_pair["a"] == name else nearest_pair["a"])


def test_ties_are_those_beyond_chance(nine: AuditResult) -> None:
    edges = chart(nine, "network").spec["layer"][0]["data"]["values"]
    beyond = [p for p in nine.pairs if p["error_consistency"]["low"] > p["error_consistency"]["null"]]
    assert len(beyond) > most(9)
    strongest = sorted((p["error_consistency"]["estimate"] for p in beyond), reverse=True)[: most(9)]
    assert [edge["v"] for edge in edges] == [rounded(value) for value in strongest]


def test_without_the_table_of_pairs_only_those_listed_are_drawn() -> None:
    found = audited.answers(9)
    some = replace(found, pairs=found.pairs[:5], pair_table=None)
    assert len(chart(some, "likeness-matrix").spec["data"]["values"]) == 10


@pytest.mark.parametrize("models", [1, 2, 39, 40, 41, 100, 2000])
def test_columns_cover_every_number_of_failing_models_once(models: int) -> None:
    edges = bins(models)
    assert edges[0] == 0
    assert edges[-2:] == [models, models + 1]
    assert all(a < b for a, b in pairwise(edges))


def test_columns_hold_all_items_for_all_models_and_for_each_family(nine: AuditResult) -> None:
    drawn = chart(nine, "failures")
    options = drawn.spec["params"][1]["bind"]["labels"]
    assert len(options) == 1 + len(nine.families["families"])
    assert options[0] == "all 9 models"
    for i in range(len(options)):
        own = [row for row in drawn.spec["data"]["values"] if row["family"] == i]
        assert sum(row["o"] for row in own) == pytest.approx(100, abs=0.01)
        assert sum(row["e"] for row in own) == pytest.approx(100, abs=0.01)
    first = [row["o"] for row in drawn.spec["data"]["values"] if row["family"] == 0]
    observed = nine.systemic_failure["distribution"]["observed"]
    assert first == pytest.approx([100 * share for share in observed], abs=1e-3)


def test_a_result_without_families_of_failures_has_one_histogram(nine: AuditResult) -> None:
    drawn = chart(replace(nine, failing_together=()), "failures")
    assert len(drawn.spec["params"]) == 1


def test_the_items_of_a_family_are_those_on_which_most_of_it_fail(nine: AuditResult) -> None:
    drawn = chart(nine, "items")
    columns = drawn.spec["params"][1]["value"]
    assert columns == nine.families["order"]
    for option, family in enumerate(nine.failing_together):
        own = [c for c in drawn.spec["data"]["values"] if c["family"] == option]
        assert {columns[c["m"]] for c in own} == set(family["models"])
        failed = sum(c["f"] for c in own)
        assert failed == sum(row["failed"] for row in family["hardest"])


def test_the_curve_is_logarithmic_from_two_decades_on(nine: AuditResult) -> None:
    assert "logarithmic" in chart(nine, "portfolio-curve").about
    sizes = nine.portfolio["sizes"][:3]
    few = replace(nine, portfolio={**nine.portfolio, "sizes": sizes})
    assert "logarithmic" not in chart(few, "portfolio-curve").about
    assert [row["v"] for row in chart(few, "portfolio-curve").spec["data"]["values"] if row["s"] == "chosen"] == [
        rounded(size["joint_failure"]["estimate"]) for size in sizes
    ]


def test_each_pair_is_a_dot_and_many_are_counted(nine: AuditResult) -> None:
    points = chart(nine, "accuracy-likeness").spec["layer"][0]["data"]["values"]
    assert len(points) == 36
    many = chart(audited.answers(100), "accuracy-likeness").spec["layer"][0]["data"]["values"]
    assert sum(row["c"] for row in many) == 100 * 99 // 2


def test_without_accuracy_there_is_no_cloud(nine: AuditResult) -> None:
    keys = {each.key for each in page_of(replace(nine, accuracy={}, accuracy_intervals={})).charts}
    assert "accuracy-likeness" not in keys


def test_maps_are_few_and_the_most_alike_come_first() -> None:
    found = audited.embeddings(6)
    drawn = [each for each in page_of(found).charts if each.key.startswith("map-")]
    assert len(drawn) == 12
    best = [max(row["v"] for row in each.spec["data"]["values"]) for each in drawn]
    assert best == sorted(best, reverse=True)
    assert "The 12 of 15 pairs whose layers are most alike" in Page(render(found)).text


def test_large_maps_are_thinned_and_say_so() -> None:
    found = audited.embeddings(2, layers=(100, 60))
    drawn = chart(found, "map-1")
    assert len(drawn.spec["params"][0]["value"]) <= 48
    assert "every so many" in drawn.about
    assert max(row["v"] for row in drawn.spec["data"]["values"]) == rounded(
        max(max(row) for row in next(iter(found.maps.values()))["values"])
    )


def test_names_with_a_bar_are_told_apart() -> None:
    assert ends("a|b|c", ["a", "b|c"]) == ("a", "b|c")
    assert ends("x|y", []) == ("x", "y")


def test_small_shares_are_not_called_nothing() -> None:
    assert percent(0.00002) == "below 0.01 %"
    assert percent(0.0) == "0 %"
    assert percent(0.0012) == "0.12 %"


def test_a_dashed_line_is_spoken_of_where_it_is_drawn(nine: AuditResult) -> None:
    assert "left of the dashed line" in chart(nine, "tree").about
    apart = chart(replace(nine, families={**nine.families, "cut": math.nan}), "tree")
    assert "dashed" not in apart.about + apart.said
    assert len(apart.spec["layer"]) == 1


def test_settings_are_written_as_people_write_them(nine: AuditResult) -> None:
    settings = {"measures": ("cka", "rsa"), "memory": 2**31, "truth": None, "seed": 3}
    rows = dict(Page(render(replace(nine, settings=settings))).tables["settings"][1:])
    assert rows == {"measures": "cka, rsa", "memory": "2 GiB", "truth": "–", "seed": "3"}


def test_a_column_of_commands_is_there_where_one_is_told(nine: AuditResult) -> None:
    advice = [{"action": "keep", "models": ["a"], "because": "of it", "command": ""}]
    given = {"": replace(nine, advice=advice), "fit": replace(nine, advice=[{**advice[0], "command": "fit"}])}
    heads = {command: Page(render(found)).tables["what to do"][0] for command, found in given.items()}
    assert heads == {"": ["", "models", "because"], "fit": ["", "models", "because", "command"]}
