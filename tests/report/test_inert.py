"""Text from outside does nothing in a report, and a report asks for nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from made import Make
from pages import Page

from polyculture.evaluation import Evaluation
from polyculture.report import render

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></svg><iframe src=//evil.example>",
    "{{ 7 * 7 }}{% raw %}",
    "-->]]><!--",
    "&lt;b&gt;&amp;",
    "a\u202egnp.exe\u2066\u200f",
    "nul\x00bell\x07half\ud800",
    "z" * 10_000,
)
KNOWN = {
    "html", "head", "meta", "link", "title", "style", "body", "header", "h1", "h2", "h3", "h4", "bdi", "p", "dl",
    "div", "dt", "dd", "nav", "ul", "li", "a", "main", "section", "em", "figure", "figcaption", "svg", "desc",
    "circle", "path", "rect", "text", "details", "summary", "table", "caption", "span", "thead", "tbody", "tr", "th",
    "td", "article", "q",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "aria-label", "aria-labelledby",
    "role", "tabindex", "viewbox", "cx", "cy", "r", "d", "x", "y", "width", "height", "scope", "title", "dir",
}  # fmt: skip


def renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {renamed(k, names): renamed(v, names) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request: pytest.FixtureRequest, make: Make) -> tuple[str, Evaluation]:
    """One text wherever text from outside can stand."""
    name: str = request.param
    e = make([name, "b"])
    names = dict.fromkeys(
        ("encoder:cnn", "stars", "3", "positive", "ridge 0.1, head in closed form", "vader-domains", "regmean"), name
    )
    names |= {
        "base models": f"{name} models",
        "words 1": name,
        "joke ": f"{name} ",
        "who they are": name,
        "without fuse": name,
    }
    return name, Evaluation(**{key: renamed(value, names) for key, value in e.to_dict().items()})


def test_hostile_text_makes_no_element_and_no_attribute(hostile: tuple[str, Evaluation]) -> None:
    name, evaluation = hostile
    html = render(evaluation)
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= KNOWN
    assert {attribute for _, attrs in page.tags for attribute in attrs} <= ATTRIBUTES
    if re.search("[<>\"']", name):
        assert name not in html
        assert name in page.text
    assert len(html.encode("utf-8")) < 300_000


def test_what_has_no_picture_is_spelt_out(make: Make) -> None:
    page = Page(render(make(["a\u202eb\u200f", "c\x00d\ud800"])))
    assert "a\\u202eb\\u200f" in page.text
    assert "c\\u0000d\\ud800" in page.text
    assert not re.search("[\x00\u202e\u200f\ud800]", page.html)


def test_templates_are_not_rendered_twice(make: Make) -> None:
    text = Page(render(make(["{{ 7 * 7 }}", "b"]))).text
    assert "{{ 7 * 7 }}" in text
    assert "49" not in text.split("Accuracy", maxsplit=1)[0].replace(".49", "")


def test_long_names_keep_both_ends(make: Make) -> None:
    text = Page(render(make(["first" + "x" * 10_000 + "last", "b"]))).text
    assert re.search(r"first.{0,60}…x*last", text)
    assert "x" * 500 not in text


def test_nothing_is_asked_from_the_network_and_nothing_runs(make: Make) -> None:
    html = render(make())
    page = Page(html)
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"} <= set(policy.split("; "))
    assert "script-src" not in policy
    assert not re.search(r"https?://|//[a-z]|@import|url\(", html)
    assert not page.all("script")
    assert not page.values("src")
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_the_policy_comes_before_anything_that_it_governs(make: Make) -> None:
    tags = [(tag, attrs.get("http-equiv")) for tag, attrs in Page(render(make())).tags]
    assert tags.index(("meta", "Content-Security-Policy")) < tags.index(("style", None))


def test_addresses_in_texts_are_text(make: Make) -> None:
    e = make()
    e = replace(e, data=dict(e.data) | {"source": "https://evil.example/a.csv"})
    page = Page(render(e))
    assert "https://evil.example/a.csv" in page.text
    assert not [value for _, attrs in page.tags for value in attrs.values() if value and "evil" in value]
