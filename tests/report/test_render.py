"""Every page, whatever it is about: what stands first, what may run, what stays text; and always the same bytes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from kinds import HOSTILE, KINDS, spoilt
from pages import Page

from polyculture import store
from polyculture.errors import ParameterError
from polyculture.report import Provenance, notebook, page_of, render, write_report
from polyculture.report.page import STATUSES, Input

TAGS = {
    "html",
    "head",
    "meta",
    "link",
    "title",
    "style",
    "script",
    "noscript",
    "body",
    "header",
    "h1",
    "h2",
    "h3",
    "h4",
    "bdi",
    "p",
    "dl",
    "div",
    "dt",
    "dd",
    "nav",
    "ul",
    "ol",
    "li",
    "a",
    "main",
    "section",
    "figure",
    "figcaption",
    "details",
    "summary",
    "table",
    "caption",
    "span",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "article",
    "q",
    "pre",
    "code",
}
ATTRIBUTES = {
    "lang",
    "charset",
    "http-equiv",
    "content",
    "name",
    "rel",
    "href",
    "class",
    "id",
    "aria-label",
    "aria-labelledby",
    "role",
    "tabindex",
    "scope",
    "title",
    "dir",
    "type",
    "data-spec",
    "data-picks",
    "data-renderer",
    "data-failed",
    "data-of",
    "aria-hidden",
}
MADE = Provenance([Input("a <b>.csv", 12, "3", "ab" * 32)], "polyculture audit 'a <b>.csv'", "2026-01-02 03:04:05 UTC")


@pytest.fixture(scope="module", params=KINDS)
def found(request: pytest.FixtureRequest) -> Any:
    return KINDS[request.param]()


@pytest.fixture(scope="module")
def html(found: Any) -> str:
    return render(found, provenance=MADE)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_the_answer_comes_first_then_three_figures_then_findings(found: Any, page: Page) -> None:
    made = page_of(found)
    assert len(made.figures) == 3
    parts = [made.answer, *(figure.name for figure in made.figures), *(f.title for f in made.findings)]
    at = page.text.index("\n" + made.answer)
    for part in parts:
        at = page.text.index(part, at) + len(part)


def test_every_finding_has_a_status_a_sentence_and_a_reason(found: Any) -> None:
    findings = page_of(found).findings
    assert len(findings) >= 8
    assert len({finding.title for finding in findings}) == len(findings)
    for finding in findings:
        assert finding.status in STATUSES
        assert finding.title.endswith("?")
        assert finding.sentence
        assert finding.reason


def test_it_ends_with_how_it_was_made_and_what_was_not_measured(page: Page) -> None:
    assert [section["id"] for section in page.all("section")][-2:] == ["made", "unmeasured"]
    assert page.tables["what was read"][1:] == [["a <b>.csv", "3", "12", "ab" * 32]]
    assert "polyculture audit 'a <b>.csv'" in page.text
    assert page.text.count("2026-01-02 03:04:05 UTC") == 1
    assert {row[0] for row in page.tables["versions"]} >= {"polyculture", "python", "numpy"}


def test_what_is_not_measured_is_listed_with_its_reason(found: Any, page: Page) -> None:
    for sentence in page_of(found).unmeasured:
        assert sentence in page.text


def test_ids_are_unique_and_what_is_named_exists(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [name for value in page.values("aria-labelledby") for name in value.split()]
    assert set(named) <= set(ids)
    assert set(page.values("data-spec")) | set(page.values("data-picks")) <= set(ids)
    assert {h[1:] for h in page.values("href") if h.startswith("#")} <= set(ids)


def test_headings_are_in_order(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_chart_has_words_and_its_numbers(found: Any, page: Page) -> None:
    charts = page_of(found).charts
    assert charts
    boxes = [div for div in page.all("div") if div.get("class") == "chart"]
    assert len(boxes) == len(page.all("figure")) == len(page.all("details")) - page.html.count("<li><details>")
    for chart, box in zip(charts, boxes, strict=True):
        assert box["role"] == "img"
        assert box["data-spec"] == f"spec-{chart.key}"
        assert chart.said
        assert chart.about
        assert chart.shown.rows
        assert chart.shown.caption in page.tables


def test_every_table_has_a_caption_and_scopes_and_a_box_of_its_own(page: Page) -> None:
    count = len(page.all("table"))
    assert len(page.all("caption")) == count
    assert all(th["scope"] in {"col", "row"} for th in page.all("th"))
    boxes = [d for d in page.all("div") if d.get("class") == "scroll"]
    assert len(boxes) == count
    assert all(b["tabindex"] == "0" and b["role"] == "region" and b["aria-label"] for b in boxes)


def test_style_knows_the_dark_the_printer_and_the_phone(page: Page) -> None:
    for part in ("prefers-color-scheme: dark", "@media print", "overflow-x: auto", 'name="viewport"'):
        assert part in page.html


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_only_the_scripts_of_the_page_may_run(html: str, page: Page) -> None:
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in (policy or "").split("; "))
    assert rules["default-src"] == "'none'"
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert rules["script-src"].split() == [hashed(script) for script in scripts]
    assert len(scripts) == 4
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert rules["style-src"] == hashed(style)
    assert "unsafe" not in (policy or "")


def test_the_policy_comes_before_anything_that_it_governs(page: Page) -> None:
    tags = [(tag, attrs.get("http-equiv")) for tag, attrs in page.tags]
    assert tags.index(("meta", "Content-Security-Policy")) < tags.index(("style", None))


def test_nothing_is_asked_from_the_network(page: Page) -> None:
    assert not page.values("src")
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not re.search(r"@import|url\(", next(block for block in page.blocks if "color-scheme" in block))


def test_data_are_plain_and_name_no_address(found: Any, html: str) -> None:
    for chart in page_of(found).charts:
        block = re.search(rf'<script type="application/json" id="spec-{chart.key}">(.*?)</script>', html, re.DOTALL)
        assert block is not None
        assert json.loads(block[1]).keys() & {"layer", "mark", "spec"}
        assert '"url"' not in block[1]
        assert '"href"' not in block[1]


def test_a_page_is_small_before_its_data(html: str) -> None:
    data = sum(map(len, re.findall(r'<script type="application/json".*?</script>', html, re.DOTALL)))
    assert len(html.encode()) - data < 1_500_000


def test_the_same_result_gives_the_same_bytes(found: Any, html: str, tmp_path: Path) -> None:
    write_report(found, tmp_path / "a.html", provenance=MADE)
    found.report(tmp_path / "b.html", provenance=replace(MADE, when="2027-01-02 03:04:05 UTC"))
    first, second = ((tmp_path / name).read_text(encoding="utf-8") for name in ("a.html", "b.html"))
    assert first == html
    assert first != second
    assert first.replace("2026-01-02", "2027-01-02") == second


def test_without_provenance_no_time_is_told(found: Any) -> None:
    made = render(found)
    assert not re.search(r"\d\d:\d\d:\d\d", Page(made).text)
    assert made == render(found)


def test_it_is_written_whole_or_not_at_all(found: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    monkeypatch.setattr(store, "write_text", lambda path, text: written.append((path, text)))
    write_report(found, str(tmp_path / "a.html"))
    assert written == [(tmp_path / "a.html", render(found))]
    assert not list(tmp_path.iterdir())


def test_a_notebook_sees_the_answer_and_the_findings_and_no_script(found: Any) -> None:
    made, brief = page_of(found), Page(found._repr_html_())
    assert brief.html == notebook(found)
    assert made.answer in brief.text
    assert all(finding.title in brief.text for finding in made.findings)
    assert {tag for tag, _ in brief.tags} <= {"div", "p", "strong", "bdi", "ul", "ol", "li"}


def test_an_unknown_language_is_an_error(found: Any) -> None:
    with pytest.raises(ParameterError, match="--language fr: is not known; use one of en, zh"):
        render(found, language="fr")


def test_templates_are_not_rendered_twice() -> None:
    text = Page(render(spoilt("lineage", "{{ 7 * 7 }}"))).text
    assert "{{ 7 * 7 }}" in text
    assert "Lineage of 49" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_outside_makes_no_element_and_no_attribute(kind: str, name: str) -> None:
    made = render(spoilt(kind, name))
    page = Page(made)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {attribute for _, attrs in page.tags for attribute in attrs} <= ATTRIBUTES
    assert len(page.all("script")) == len(page.all("figure")) + 1 + 4
    if re.search("[<>\"']", name):
        assert name not in re.sub(r"<script.*?</script>", "", made, flags=re.DOTALL)
    without = re.sub(r"<script>.*?</script>", "", made, flags=re.DOTALL)
    assert not re.search("[\x00\x07\u202a-\u202e\u2066-\u2069\u200f\ud800]", without)
    assert not any("<" in block for block in re.findall(r'<script type="[^>]*>(.*?)</script>', made, re.DOTALL))
    assert "z" * 1600 not in page.text
    assert "漢" * 1600 not in page.text
    named = [key for _, attrs in page.tags for key, value in attrs.items() if value and "evil" in value]
    assert set(named) <= {"aria-label", "data-of", "title"}


def test_what_has_no_picture_is_spelt_out() -> None:
    page = Page(render(spoilt("evaluation", "a\u202eb\u200f")))
    assert "a\\u202eb\\u200f" in page.text
