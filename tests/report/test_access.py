"""The page for those who hear it, print it, or read it on a phone."""

from __future__ import annotations

import pytest
from made import Make
from pages import Page

from polyculture.report import render


@pytest.fixture
def page(make: Make) -> Page:
    return Page(render(make()))


def test_ids_are_unique_and_what_is_named_exists(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [name for value in page.values("aria-labelledby") for name in value.split()]
    assert named
    assert set(named) <= set(ids)
    assert {h[1:] for h in page.values("href") if h.startswith("#")} <= set(ids)


def test_the_language_is_said(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]


def test_every_drawing_has_a_text_and_its_numbers(page: Page) -> None:
    drawings = page.all("svg")
    assert len(drawings) == 5
    assert all(d["role"] == "img" and d["aria-labelledby"] for d in drawings)
    assert len(page.all("desc")) == len(page.all("details")) == len(drawings)


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


def test_weights_differ_without_colour(page: Page) -> None:
    assert ".p1, .p2, .p3, .p4 { text-decoration-style: solid" in page.html
    assert ".m1, .m2, .m3, .m4 { text-decoration-style: dashed" in page.html


def test_each_word_carries_its_weight(make: Make, page: Page) -> None:
    words = [w for example in make().interpretability["examples"] for w in example["words"]]
    spans = [s for s in page.all("span") if "title" in s]
    assert len(spans) == len(words)
    for word, span in zip(words, spans, strict=True):
        assert float(str(span["title"])) == pytest.approx(word["weight"], abs=6e-4)
        if "class" in span:
            assert str(span["class"])[0] == ("p" if word["weight"] > 0 else "m")


def test_long_examples_are_cut(make: Make) -> None:
    found = dict(make().interpretability)
    found["examples"] = [{"domain": "a", "predicted": "b", "words": [{"word": "w ", "weight": 0.1}] * 1000}]
    page = Page(render(make(interpretability=found)))
    assert "and 850 more words" in page.text
