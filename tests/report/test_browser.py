"""Pages in a real browser: every chart is drawn, nothing is asked for, nothing runs that is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import audited
import pytest
from kinds import KINDS, spoilt
from surveyed import surveyed

from polyculture.report import Provenance, page_of, render
from polyculture.report.page import Input

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
MADE = Provenance([Input("a.csv", 12, "3", "ab" * 32)], "polyculture audit a.csv", "2026-01-02 03:04:05 UTC")
PHONE = {"width": 390, "height": 800}
HARMFUL = ("a\u202egnp.exe\u2066 שלום</script><script>alert(1)</script>", "z" * 10_000)
DRAWN = "document.documentElement.dataset.drawn !== undefined"
WIDTHS = "[...document.querySelectorAll('[data-spec=spec-{}] .mark-rect path')].map(p => p.getBBox().width)"
# pixels of a canvas that are not empty, or shapes of a drawing that have a size
MARKS = """
box => {
  const canvas = box.querySelector('canvas');
  if (canvas) {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let seen = 0;
    for (let i = 3; i < pixels.length; i += 4) seen += pixels[i] > 0;
    return seen > 500 ? 1 : 0;
  }
  const shapes = box.querySelectorAll('[class*="mark-"]:not(.role-axis *):not(.role-legend *) :is(path, line, rect)');
  return Array.from(shapes).filter(shape => {
    const size = shape.getBBox();
    return size.width > 0 || size.height > 0;
  }).length;
}
"""


class Opened:
    """A page in the browser, with everything that it said and asked for."""

    def __init__(self, browser: Any, path: Path, html: str, **context: Any) -> None:
        path.write_text(html, encoding="utf-8")
        self.context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | context))
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("dialog", lambda dialog: (self.errors.append("a dialog"), dialog.dismiss()))
        self.page.goto(path.as_uri())

    def _said(self, said: Any) -> None:
        if said.type in {"error", "warning"}:
            self.errors.append(said.text)

    def drawn(self) -> Opened:
        self.page.wait_for_function(DRAWN, timeout=20_000)
        return self

    def marks(self) -> dict[str, int]:
        return {box.get_attribute("data-spec"): box.evaluate(MARKS) for box in self.page.query_selector_all(".chart")}

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Any:
    pages: list[Opened] = []

    def open_(html: str, **context: Any) -> Opened:
        pages.append(Opened(chromium, tmp_path / "report.html", html, **context))
        return pages[-1]

    yield open_
    for page in pages:
        page.context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_is_drawn_without_an_error_or_a_request(kind: str, opened: Any) -> None:
    found = KINDS[kind]()
    page = opened(render(found, provenance=MADE)).drawn()
    marks = page.marks()
    assert len(marks) == len(page_of(found).charts)
    assert [key for key, count in marks.items() if not count] == []
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert len(page.asked) == 1


# colours are the same on all pages: two of them are looked at in the dark, too
LOOKED_AT = [(kind, "light") for kind in ("evaluation", "answers", "survey", "lineage")]
LOOKED_AT += [("evaluation", "dark"), ("answers", "dark")]


@pytest.mark.parametrize(("kind", "scheme"), LOOKED_AT)
def test_axe_finds_nothing_serious(kind: str, scheme: str, opened: Any) -> None:
    page = opened(render(KINDS[kind](), provenance=MADE), bypass_csp=True, color_scheme=scheme).drawn()
    page.page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = page.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    grave = [
        (each["id"], each["nodes"][0]["html"][:200], each["nodes"][0].get("failureSummary", "")[:300])
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
    assert grave == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", HARMFUL, ids=range(len(HARMFUL)))
def test_text_from_outside_does_nothing_and_breaks_nothing(kind: str, text: str, opened: Any) -> None:
    page = opened(render(spoilt(kind, text)), viewport=PHONE).drawn()
    assert page.errors == []
    assert page.overflow() <= 0
    assert [key for key, count in page.marks().items() if not count] == []


@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_a_phone_in_the_dark(kind: str, opened: Any) -> None:
    page = opened(render(KINDS[kind](), provenance=MADE), viewport=PHONE, color_scheme="dark").drawn()
    assert page.overflow() <= 0
    assert page.errors == []
    paper = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(part) for part in paper[4:-1].split(",")) < 120


LONG = [f"organisation-{i % 3}/a-model-with-a-very-long-name-of-many-parts-instruct-v{i}" for i in range(9)]
INSIDE = """
box => {
  const outer = box.getBoundingClientRect();
  return [...box.querySelectorAll('svg text, svg path')].every(each => {
    const own = each.getBoundingClientRect();
    return own.width === 0 || (own.left >= outer.left - 2 && own.right <= outer.right + 2);
  });
}
"""


def test_long_names_differ_where_they_are_shortened_and_are_told_whole(opened: Any) -> None:
    page = opened(render(audited.answers(9, names=LONG)), viewport=PHONE).drawn()
    assert page.overflow() <= 0
    for key in ("tree", "network", "items", "likeness-matrix"):
        assert page.page.locator(f"[data-spec=spec-{key}]").evaluate(INSIDE), key
    for key, letters in (("tree", "-v8"), ("likeness-matrix", "-v8"), ("items", "v8")):
        assert letters in page.page.locator(f"[data-spec=spec-{key}]").inner_text(), key
    row = page.page.locator("#accuracy > .scroll tbody th").first
    fewer, whole = row.locator(".fewer"), row.locator(".whole")
    assert "…" in fewer.inner_text()
    assert fewer.get_attribute("title") == whole.inner_text()
    assert whole.inner_text() in LONG


@pytest.mark.parametrize("language", ["en", "zh"])
def test_rows_with_sentences_stand_below_each_other_on_a_phone(language: str, opened: Any) -> None:
    html = render(KINDS["answers"](), language=language)
    for viewport, stacked in ((PHONE, True), ({"width": 1200, "height": 900}, False)):
        page = opened(html, viewport=viewport).drawn()
        table = page.page.locator("#advice table")
        cells = [cell.bounding_box() for cell in table.locator("tbody tr").first.locator("td").all()[:2]]
        assert (cells[1]["y"] >= cells[0]["y"] + cells[0]["height"]) is stacked
        assert not stacked or cells[1]["x"] + cells[1]["width"] <= PHONE["width"]


def test_a_value_of_none_leaves_a_logarithmic_scale_as_it_is(opened: Any) -> None:
    found = audited.answers(9)
    assert found.portfolio["sizes"][-1]["joint_failure"]["high"] == 0
    page = opened(render(found)).drawn()
    marks = page.page.locator("[data-spec=spec-portfolio-curve] .mark-symbol.role-mark path").all()
    heights = [mark.bounding_box()["y"] for mark in marks]
    assert max(heights) - min(heights) > 100


def test_the_first_column_of_numbers_stays_on_a_phone(opened: Any) -> None:
    page = opened(render(KINDS["evaluation"]()), viewport=PHONE).drawn()
    scroll = page.page.locator("#comparison .scroll").first
    scroll.evaluate("each => { each.scrollLeft = 200; }")
    head, box = scroll.locator("tbody th").first.bounding_box(), scroll.bounding_box()
    assert abs(head["x"] - box["x"]) < 2
    assert head["width"] < 0.5 * PHONE["width"]


@pytest.mark.parametrize("kind", ["evaluation", "answers"])
def test_without_scripts_all_sentences_and_numbers_are_there(kind: str, opened: Any) -> None:
    found = KINDS[kind]()
    page = opened(render(found), java_script_enabled=False)
    text = page.page.inner_text("body")
    made = page_of(found)
    assert " ".join(made.answer.split()) in " ".join(text.split())
    assert "Charts need JavaScript" in text
    chart = made.charts[0]
    page.page.click(f"#{chart.key}-figure summary")
    assert chart.shown.rows[0][-1] in page.page.inner_text(f"#{chart.key}-figure table")


def test_a_family_is_picked_with_the_keyboard_and_its_items_are_seen(opened: Any) -> None:
    found = audited.answers(9)
    page = opened(render(found)).drawn()
    box = page.page.locator("#items-picks select")
    before = page.page.inner_text("[data-spec=spec-items]")
    box.focus()
    page.page.keyboard.press("ArrowDown")
    page.page.wait_for_function(
        "before => document.querySelector('[data-spec=spec-items]').innerText !== before", arg=before
    )
    after = page.page.inner_text("[data-spec=spec-items]")
    members = found.failing_together[1]["models"]
    assert all(name[:6] in after for name in members)
    assert found.failing_together[1]["hardest"][0]["item"] in after


def test_a_community_and_a_year_are_picked(opened: Any) -> None:
    page = opened(render(surveyed())).drawn()
    community, year = page.page.locator("#composition-picks select").all()
    assert community.locator("option").all_inner_texts() == ["c0", "c1", "c2"]
    widths = WIDTHS.format("composition")
    before = page.page.evaluate(widths)
    community.select_option(index=1)
    year.select_option(index=2)
    page.page.wait_for_function(f"before => JSON.stringify({widths}) !== JSON.stringify(before)", arg=before)


def test_an_item_is_picked_and_its_words_are_seen(opened: Any) -> None:
    page = opened(render(KINDS["evaluation"]())).drawn()
    assert page.page.locator("#chart-why-picks select option").count() == 4
    widths = WIDTHS.format("chart-why")
    before = page.page.evaluate(widths)
    page.page.locator("#chart-why-picks select").select_option(index=2)
    page.page.wait_for_function(f"before => JSON.stringify({widths}) !== JSON.stringify(before)", arg=before)


@pytest.mark.parametrize("kind", ["evaluation", "answers", "survey", "lineage"])
def test_every_pick_changes_what_is_drawn(kind: str, opened: Any) -> None:
    page = opened(render(KINDS[kind]())).drawn()
    lists = page.page.locator(".picks select").all()
    assert lists
    for each in lists:
        box = f"document.querySelector('#{each.evaluate('each => each.closest(`figure`).id')} .chart').innerHTML"
        before = page.page.evaluate(box)
        each.select_option(index=each.locator("option").count() - 1)
        page.page.wait_for_function(f"before => {box} !== before", arg=before)
    assert page.errors == []


def test_a_mark_says_its_numbers_when_it_is_pointed_at(opened: Any) -> None:
    page = opened(render(KINDS["evaluation"]())).drawn()
    mark = page.page.locator("[data-spec=spec-chart-accuracy] .mark-symbol.role-mark path").first
    mark.scroll_into_view_if_needed()
    mark.hover()
    page.page.wait_for_selector(".tip:not([hidden])")
    told = page.page.inner_text(".tip")
    assert "fused" in told
    assert "value:" in told


def test_what_was_picked_stays_picked_when_the_light_changes(opened: Any) -> None:
    page = opened(render(audited.answers(9)), color_scheme="light").drawn()
    page.page.locator("#items-picks select").select_option(index=1)
    page.page.emulate_media(color_scheme="dark")
    page.page.wait_for_timeout(300)
    assert page.page.locator("#items-picks select").evaluate("each => each.selectedIndex") == 1
    assert page.errors == []


def test_it_prints_in_the_light_and_is_as_it_was_afterwards(opened: Any) -> None:
    page = opened(render(KINDS["evaluation"]()), color_scheme="dark").drawn()
    page.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    axis = "getComputedStyle(document.querySelector('.chart .role-axis-label text')).fill"
    printed = page.page.evaluate(axis)
    page.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    shown = page.page.evaluate(axis)
    dark, light = (sum(map(int, colour[4:-1].split(","))) for colour in (printed, shown))
    assert dark < 200
    assert light > 600
    assert len(page.page.pdf(print_background=True)) > 50_000
    assert page.errors == []


def test_a_chart_that_cannot_be_drawn_leaves_the_others(opened: Any) -> None:
    html = render(KINDS["evaluation"]())
    broken = html.replace('"calculate":"names[datum.n]"', '"calculate":"names[[["', 1)
    page = opened(broken).drawn()
    assert "could not be drawn" in page.page.inner_text("[data-spec=spec-chart-accuracy]")
    assert [key for key, count in page.marks().items() if not count] == ["spec-chart-accuracy"]
    assert len(page.errors) == 1


def test_two_thousand_models_are_drawn_at_once(opened: Any) -> None:
    page = opened(render(audited.answers(2000))).drawn()
    assert page.errors == []
    assert [key for key, count in page.marks().items() if not count] == []
    assert "groups of neighbours in the tree of 2,000 models" in page.page.inner_text("#likeness")
