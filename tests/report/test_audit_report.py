"""The report of an audit: what it draws, what it says, and that nothing from outside does anything in it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, replace
from pathlib import Path

import audited
import numpy as np
import pytest
from pages import Page

from polyculture import store
from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import headline, tables
from polyculture.report import render_audit, write_audit_report
from polyculture.report.audit_drawing import Axis, Drawing, Shape, label
from polyculture.report.audit_failures import bins, curve, histogram
from polyculture.report.audit_levels import UNKNOWN, Levels, rows
from polyculture.report.audit_likeness import likeness
from polyculture.report.audit_maps import maps
from polyculture.report.audit_matrix import drawn, matrix, merges
from polyculture.report.audit_scatter import scatter
from polyculture.report.audit_sections import TITLES
from polyculture.report.audit_sentences import around, percent
from polyculture.tables import cell, interval

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]><!--",
    "a\u202egnp.exe\u2066\u200f",
    "שלום|עולם",
    "two\nlines | a bar",
    "nul\x00bell\x07",
    "z" * 500,
    "漢" * 500,
)
OPTIONAL = tuple(f.name for f in fields(AuditResult) if f.name not in {"kind", "models", "items", "schema"})
MEGABYTE = 10**6


def matrix_of(found: AuditResult) -> Drawing:
    known = likeness(found)
    assert known is not None
    return matrix(found, known)


def cloud_of(found: AuditResult) -> Drawing:
    known = likeness(found)
    assert known is not None
    made = scatter(found, known)
    assert made is not None
    return made


def flat(shapes: list[Shape] | tuple[Shape, ...]) -> list[Shape]:
    return [s for shape in shapes for s in (flat(shape.inner) if shape.inner else [shape])]


def looks(drawing: Drawing, pattern: str) -> list[Shape]:
    return [shape for shape in flat(drawing.shapes) if re.fullmatch(pattern, shape.look)]


@pytest.fixture(scope="module")
def nine() -> AuditResult:
    return audited.answers(9)


@pytest.fixture(scope="module")
def page(nine: AuditResult) -> Page:
    return Page(render_audit(nine))


# the page


def test_the_answer_comes_first_then_its_numbers_in_words(nine: AuditResult, page: Page) -> None:
    kish, joint = nine.effective_models["kish"], nine.joint_failure
    parts = [
        headline(nine),
        "9 models were compared on 2,000 items.",
        interval(kish, 1),
        around(joint["observed"], joint["intervals"]["observed"]),
        around(joint["expected"], joint["intervals"]["expected"]),
        "3 families",
        "the 3 suggested models",
        TITLES["advice"],
    ]
    places = [page.text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("make", [audited.answers, audited.embeddings, audited.models])
def test_every_table_of_the_audit_is_there_number_by_number(make: audited.Make) -> None:
    found = make()
    made = Page(render_audit(found)).tables
    for table in tables(found):
        head, *rows_ = made[table.title]
        assert head == [*table.columns]
        assert rows_ == [[cell(value) for value in row] for row in table.rows]


def test_sections_are_in_order_and_only_those_that_hold_something(page: Page) -> None:
    titled = [s["id"] for s in page.all("section")]
    assert titled == [name for name in TITLES if name != "layers"]
    files = Page(render_audit(audited.models()))
    assert [s["id"] for s in files.all("section")] == ["likeness", "not_measured", "reading", "made"]


def test_measures_are_explained_from_what_is_registered_about_them(page: Page) -> None:
    explained = {row[0]: row for row in page.tables["the measures"]}
    assert explained["error consistency"][2:5] == ["-1 to 1", "0", "higher"]
    assert explained["joint failure"][3] == "depends on the data"


@pytest.mark.parametrize("name", OPTIONAL)
def test_any_part_may_be_empty(nine: AuditResult, name: str) -> None:
    empty = next(f for f in fields(AuditResult) if f.name == name)
    nothing = empty.default if empty.default is not fields(nine)[0].default else empty.default_factory()  # type: ignore[misc]
    page = Page(render_audit(replace(nine, **{name: nothing})))
    assert "nan" not in page.text.lower()


@pytest.mark.parametrize("kind", ["answers", "embeddings", "models"])
def test_nothing_but_names_renders(kind: str) -> None:
    page = Page(render_audit(AuditResult(kind, ["a", "b"], 0)))
    assert not page.all("svg")
    assert "2 models" in page.text


@pytest.mark.parametrize("make", [audited.answers, audited.embeddings])
def test_what_json_made_of_it_renders_alike(make: audited.Make) -> None:
    found = replace(make(), pair_table=None)
    plain = json.loads(json.dumps(found.to_dict()).replace("NaN", "null"))
    assert render_audit(AuditResult.from_dict(plain)) == render_audit(found)


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
    page = Page(render_audit(changed))
    assert "nan" not in page.text.lower()
    assert "– capa: no options were given" in page.text
    before_sections = page.text[: page.text.index("one model never fails") + 10]
    assert TITLES["failures"] not in before_sections.split("independent models (Kish)")[-1]
    assert page.tables["likeness of pairs"][2][1:4] == ["–", "–", "–"]


def test_the_same_result_gives_the_same_bytes(nine: AuditResult, tmp_path: Path) -> None:
    write_audit_report(nine, tmp_path / "a.html")
    audited.answers(9).report(tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_it_is_written_whole_or_not_at_all(nine: AuditResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    monkeypatch.setattr(store, "write_text", lambda path, text: written.append(path))
    write_audit_report(nine, str(tmp_path / "a.html"))
    assert written == [tmp_path / "a.html"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "most"), [(9, 0.15), (60, 2), (200, 2), (250, 1)])
def test_pages_stay_small(count: int, most: float) -> None:
    assert len(render_audit(audited.answers(count)).encode()) < most * MEGABYTE


# the matrix


def test_each_pair_has_two_cells_that_say_its_numbers(nine: AuditResult) -> None:
    cells = [shape for shape in looks(matrix_of(nine), r"[ud]\d|none") if shape.title]
    said = {tuple(shape.title.split("\n")) for shape in cells}
    for pair in nine.pairs:
        number = interval(pair["error_consistency"], 3)
        assert {(pair["a"], pair["b"], number), (pair["b"], pair["a"], number)} <= said
    assert len(cells) == len(said) == 9 * 8


def test_rows_stand_in_the_order_of_the_tree_and_families_are_outlined(nine: AuditResult) -> None:
    drawing = matrix_of(nine)
    assert [shape.text for shape in looks(drawing, "name")] == [label(n, 15) for n in nine.families["order"]]
    assert len(looks(drawing, "family")) == len(nine.families["families"])


def test_below_chance_is_told_from_above_without_colour() -> None:
    levels = Levels(0.2, 0.7)
    (row,) = rows(levels(np.array([[0.9, -0.5, np.nan]])), 0, 0, 10)
    assert [(shape.look, shape.d) for shape in row] == [
        ("d7", "M10 5h10v5h-10z"),
        ("u7", "M0 0h10v10h-10z"),
        ("none", "M23.0 5.0h4.0"),
    ]
    assert levels(np.array([np.nan]))[0] == UNKNOWN


def test_where_less_is_more_alike_the_shades_turn_round() -> None:
    values = np.array([0.1, 0.5, 0.9])
    assert Levels(0.5, 0.4, -1)(values).tolist() == Levels(0.5, 0.4)(values[::-1]).tolist() == [7, 0, -7]


def test_one_pair_of_copies_leaves_shades_for_the_others() -> None:
    values = np.append(np.linspace(0.1, 0.3, 200), 1.0)
    assert len(set(Levels.of(values, 0.0)(values).tolist())) >= 5


def test_runs_of_cells_cover_what_single_cells_would(nine: AuditResult) -> None:
    shades = np.random.default_rng(0).integers(0, 3, (20, 30))
    widths = [float(w) for row in rows(shades, 0, 0, 4) for s in row for w in re.findall(r"h(\d+)v", s.d)]
    assert sum(widths) == 20 * 30 * 4
    assert len(widths) < 600


@pytest.mark.parametrize(
    ("count", "size", "names"), [(12, "small", 12), (30, "middle", 30), (60, "wide", 60), (61, "wide", 0)]
)
def test_names_are_drawn_up_to_sixty_models(count: int, size: str, names: int) -> None:
    drawing = matrix_of(audited.answers(count))
    assert (drawing.size, len(looks(drawing, "name"))) == (size, names)
    groups = [shape for shape in drawing.shapes if shape.look == "cells" and shape.title]
    assert len(groups) == (0 if names else count)
    assert len(drawing.shown.rows) == (count * (count - 1) // 2 if names else count)


def test_of_many_models_the_best_of_each_family_is_drawn_and_it_says_so() -> None:
    found = audited.answers(250)
    chosen, note = drawn(found)
    names = [found.models[i] for i in chosen]
    best = {max(f["models"], key=found.accuracy.__getitem__) for f in found.families["families"]}
    assert set(names) == best | set(found.families["alone"])
    assert names == [name for name in found.families["order"] if name in set(names)]
    assert note in matrix_of(found).about
    assert f"Of 250 models {len(names)} are drawn" in note


def test_without_the_table_of_pairs_unknown_cells_are_dashes() -> None:
    drawing = matrix_of(replace(audited.answers(250), pair_table=None))
    assert looks(drawing, "none")
    assert looks(drawing, r"u\d")


def test_without_families_two_hundred_models_are_drawn_at_most() -> None:
    found = replace(audited.answers(250), families={})
    assert len(drawn(found)[0]) == 200
    assert matrix_of(found).shown.rows[0][1] in found.models


@pytest.mark.parametrize("kept", [range(30), range(0, 30, 3)])
def test_the_tree_joins_all_that_is_drawn(kept: range) -> None:
    found = audited.answers(30)
    order = [found.models.index(name) for name in found.families["order"]]
    leaves = {leaf: i for i, leaf in enumerate(i for i in order if i in kept)}
    branches = list(merges(found.families["linkage"], leaves))
    assert len(branches) == len(leaves) - 1
    for (near, _), (height, _), (same, _), (far, _) in branches:
        assert height == same >= max(near, far)


def test_the_cut_stands_between_the_merges_that_it_parts(nine: AuditResult) -> None:
    (cut,) = looks(matrix_of(nine), "cut")
    (branch,) = looks(matrix_of(nine), "branch")
    at = float(re.match(r"M([\d.]+)", cut.d)[1])  # type: ignore[index]
    heights = [float(corner.split("L")[1].split()[0]) for corner in branch.d.split("M")[1:]]
    below = sum(row[2] <= nine.families["cut"] for row in nine.families["linkage"])
    assert sum(height <= at for height in heights) == below


def test_no_families_leave_a_tree_without_a_cut(nine: AuditResult) -> None:
    families = {**nine.families, "families": [], "cut": math.nan, "reason": "Chance reaches as much."}
    page = Page(render_audit(replace(nine, families=families)))
    assert "Families were not found: Chance reaches as much." in page.text
    assert not [d for d in page.all("path") if d["class"] == "family"]


# failures and portfolios


@pytest.mark.parametrize("models", [1, 2, 9, 40, 41, 200, 4560])
def test_bars_cover_every_number_of_failing_models_once(models: int) -> None:
    edges = bins(models)
    assert len(edges) <= 42
    assert edges[0] == 0
    assert edges[-2:] == [models, models + 1]
    assert (np.diff(edges) > 0).all()


@pytest.mark.parametrize("scale", [1, 2000])
def test_the_histogram_holds_all_items_as_counts_or_shares(scale: int) -> None:
    found = audited.answers(60)
    given = {name: np.array(v) * scale for name, v in found.systemic_failure["distribution"].items()}
    drawing = histogram(replace(found, systemic_failure={"distribution": given}))
    assert drawing is not None
    for column in (1, 2):
        assert sum(float(row[column]) for row in drawing.shown.rows) == pytest.approx(100, abs=1)
    assert drawing.shown.rows[-1][0] == "60"
    assert len(looks(drawing, "bar")) == len(drawing.shown.rows) + 1


def test_bars_are_as_high_as_their_numbers(nine: AuditResult) -> None:
    drawing = histogram(nine)
    assert drawing is not None
    heights = [float(re.search(r"v(-?[\d.]+)", bar.d)[1]) for bar in looks(drawing, "bar") if bar.title]  # type: ignore[index]
    observed = nine.systemic_failure["distribution"]["observed"]
    tallest = int(np.argmax(observed))
    assert heights == pytest.approx([heights[tallest] * o / observed[tallest] for o in observed], abs=0.2)


def test_the_curve_is_logarithmic_from_two_decades_on(nine: AuditResult) -> None:
    assert "logarithmic" in curve(nine).about  # type: ignore[union-attr]
    few = {**nine.portfolio, "sizes": nine.portfolio["sizes"][:3]}
    drawing = curve(replace(nine, portfolio=few))
    assert drawing is not None
    assert "logarithmic" not in drawing.about
    assert drawing.shown.rows[0] == [
        "1",
        *(interval(few["sizes"][0][n], 4) for n in ("joint_failure", "best_accuracy", "random")),
    ]


def test_nothing_failing_stands_on_the_lowest_line(nine: AuditResult) -> None:
    drawing = curve(nine)
    assert drawing is not None
    ys = [float(re.match(r"M[\d.]+ ([\d.]+)", m.d)[1]) for m in looks(drawing, "dot") if m.title]  # type: ignore[index]
    estimates = [size["joint_failure"]["estimate"] for size in nine.portfolio["sizes"]]
    assert ys == sorted(ys)
    assert [y == max(ys) for y in ys] == [estimate == 0 for estimate in estimates]


def test_portfolios_without_any_failure_are_drawn(nine: AuditResult) -> None:
    none = {"estimate": 0.0, "low": 0.0, "high": 0.0}
    sizes = [{"k": 1, "models": ["a"], "joint_failure": none, "best_accuracy": none, "random": none}]
    drawing = curve(replace(nine, portfolio={"sizes": sizes, "suggested": 1}))
    assert drawing is not None
    assert len(looks(drawing, "dot")) == 2


# accuracy and likeness


def test_each_pair_is_a_dot_and_chance_is_a_line(nine: AuditResult) -> None:
    drawing = cloud_of(nine)
    assert len([dot for dot in looks(drawing, "dot") if dot.title]) == len(nine.pairs) == len(drawing.shown.rows)
    assert len(looks(drawing, "chance")) == 2
    first = nine.pairs[0]
    mean = (nine.accuracy[first["a"]] + nine.accuracy[first["b"]]) / 2
    assert f"{first['a']}\n{first['b']}\n{interval(first['error_consistency'], 3)}, mean accuracy {mean:.3f}" in {
        dot.title for dot in looks(drawing, "dot")
    }


def test_many_pairs_are_counted_in_squares() -> None:
    drawing = cloud_of(audited.answers(80))
    counted = [int(s.title.split()[0]) for s in looks(drawing, "many") if s.title]
    assert sum(counted) == 80 * 79 // 2 == sum(int(row[1]) for row in drawing.shown.rows)
    assert not looks(drawing, "dot")


def test_without_accuracy_there_is_no_cloud(nine: AuditResult) -> None:
    known = likeness(nine)
    assert known is not None
    assert scatter(replace(nine, accuracy={}), known) is None


def test_measures_without_a_null_have_no_line_and_no_interval() -> None:
    found = audited.models()
    assert "chance is not known" in matrix_of(found).about
    assert matrix_of(found).shown.rows[0][2:] == ["0.200", "–"]


# layers


def test_maps_are_few_and_the_most_alike_come_first() -> None:
    found = audited.embeddings(7)
    made = maps(found)
    best = sorted((max(map(max, m["values"])) for m in found.maps.values()), reverse=True)
    assert [float(m.said.rstrip(".").split(": ")[-1]) for m in made] == pytest.approx(best[:12], abs=6e-4)
    assert "The 12 of 21 pairs" in Page(render_audit(found)).text


def test_small_maps_list_all_numbers_and_large_ones_the_best_of_each_layer() -> None:
    found = audited.embeddings(2, layers=(6, 8))
    (drawing,) = maps(found)
    (given,) = found.maps.values()
    assert [row[1:] for row in drawing.shown.rows] == [[cell(v) for v in row] for row in given["values"]]
    (large,) = maps(audited.embeddings(2, layers=(24, 60)))
    assert len(large.shown.rows) == 24
    assert "30 of 60 layers" in large.about
    assert large.said.split(": ")[-1].rstrip(".") in {row[2] for row in large.shown.rows}


def test_names_with_a_bar_are_told_apart() -> None:
    values = {"rows": ["1"], "columns": ["1", "2"], "measure": "cka", "values": [[0.1, 0.2]]}
    found = AuditResult("embeddings", ["a|b", "c"], 9, maps={"a|b|c": values})
    assert "2 of c" in maps(found)[0].said
    assert maps(found)[0].title.startswith("a|b and c")


# axes and words


@pytest.mark.parametrize(
    ("low", "high", "log"), [(0.0, 1.0, False), (-3.0, 8.0, False), (1e-5, 1.0, True), (2.0, 3.0, True)]
)
def test_axes_keep_order_and_stay_inside(low: float, high: float, log: bool) -> None:
    axis = Axis(low, high, 10, 90, log)
    values = np.geomspace(low, high, 9) if log else np.linspace(low, high, 9)
    places = [axis(v) for v in values]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (10, 90)
    assert (axis(low - 1), axis(high + 1)) == (10, 90)
    assert all(10 <= place <= 90 for place, _ in axis.ticks())


def test_small_shares_are_not_called_nothing() -> None:
    assert [percent(v) for v in (0.0, 1e-9, 0.0012, 0.5, math.nan)] == ["0 %", "below 0.01 %", "0.12 %", "50.0 %", "–"]
    assert around(0.5, {"low": 0.4, "high": 0.6}) == "50.0 % [40.0, 60.0]"
    assert around(0.5, {"low": math.nan, "high": 0.6}) == "50.0 %"


# text from outside


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_do_nothing(page: Page, name: str) -> None:
    found = audited.answers(names=[name, *audited.called(8)])
    found = replace(
        found, source=f"{name}\ud800", not_measured={name: name}, policies=[{"what": name, "count": 1, "done": name}]
    )
    html = render_audit(found)
    found_page = Page(html)
    assert {tag for tag, _ in found_page.tags} == {tag for tag, _ in page.tags}
    assert {a for _, attrs in found_page.tags for a in attrs} == {a for _, attrs in page.tags for a in attrs}
    if re.search("[<>\"']", name):
        assert name not in html
        assert name in found_page.text
    assert not re.search("[\x00\u202e\u2066\u200f\ud800]", html)
    assert len(html.encode()) < 0.3 * MEGABYTE


def test_hostile_layers_do_nothing() -> None:
    found = audited.embeddings(3)
    maps_ = {
        pair: {**m, "rows": [HOSTILE[0]] * len(m["rows"]), "measure": HOSTILE[1]} for pair, m in found.maps.items()
    }
    page = Page(render_audit(replace(found, maps=maps_)))
    assert not {"script", "img"} & {tag for tag, _ in page.tags}


@pytest.mark.parametrize("name", ["z" * 500, "漢" * 500, "a\n" * 200])
def test_long_names_fit_their_place(name: str) -> None:
    found = audited.answers(names=[name, *audited.called(8)])
    for shape in flat(matrix_of(found).shapes):
        assert len(shape.text) <= 15
        assert len(shape.title.split("\n")) in {1, 3}
    longest = max(len(row[0]) for row in Page(render_audit(found)).tables["accuracy"])
    assert longest <= 400


def test_nothing_is_asked_from_the_network_and_nothing_runs(page: Page) -> None:
    assert not re.search(r"https?://|//[a-z]|@import|url\(", page.html)
    assert not page.all("script")
    assert not page.values("src")
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]


# for those who hear it, print it, or read it on a phone


@pytest.mark.parametrize("make", [audited.answers, audited.embeddings, audited.models])
def test_every_drawing_has_a_text_and_its_numbers(make: audited.Make) -> None:
    page = Page(render_audit(make()))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {name for value in page.values("aria-labelledby") for name in value.split()} <= set(ids)
    drawings = page.all("svg")
    assert drawings
    assert all(d["role"] == "img" for d in drawings)
    assert len(page.all("desc")) == len(page.all("details")) == len(drawings)


def test_every_table_has_a_caption_and_scopes(page: Page) -> None:
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(th["scope"] in {"col", "row"} for th in page.all("th"))


def test_small_drawings_are_as_wide_as_a_phone_and_wide_ones_scroll(page: Page) -> None:
    assert {d["viewbox"].split()[2] for d in page.all("svg") if d["viewbox"]} == {"376"}
    wide = render_audit(audited.answers(60))
    assert 'figure class="wide"' in wide
    assert ".wide .drawing { min-width: 60rem; }" in wide
    assert "@media print {\n  .middle .drawing, .wide .drawing { min-width: 0; }" in wide


SCHEMES = {"light": ("#fff", "#1c2127", 0), "dark": ("#14181c", "#e4e8ec", 1)}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_numbers_in_cells_have_enough_contrast(page: Page, scheme: str) -> None:
    paper, ink, which = SCHEMES[scheme]
    assert f"--paper: {paper}; --ink: {ink}" in page.html
    for kind in ("alike", "unlike"):
        colour = re.findall(rf"--{kind}: (\d+), (\d+), (\d+);", page.html)[which]
        for alpha in re.findall(rf"rgba\(var\(--{kind}\), ([\d.]+)\)", page.html):
            mixed = float(alpha) * np.array(colour, dtype=float) + (1 - float(alpha)) * rgb(paper)
            first, second = sorted((luminance(mixed), luminance(rgb(ink))))
            assert (second + 0.05) / (first + 0.05) >= 4.5


def rgb(text: str) -> np.ndarray:
    digits = text[1:] if len(text) == 7 else "".join(2 * d for d in text[1:])
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], dtype=float)


def luminance(colour: np.ndarray) -> float:
    share = colour / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))
