"""A page to HTML: one file that holds all it needs and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from polyculture.report.charts.theme import themes
from polyculture.report.language import many, say, tag
from polyculture.report.page import KINDS, Page
from polyculture.report.plain import middle, visible

LIBRARIES = ("vega", "vega-lite", "vega-interpreter")
"""Scripts of others, in the order in which they need each other."""


def render(page: Page) -> str:
    """One HTML page: the answer, three figures, the findings, a section for each question, and how it was made.

    Its policy lets run only the scripts whose hashes it names, and nothing may be asked from anywhere. Text from
    outside stands in it as text, and in data that no script executes. Without scripts all sentences and numbers remain.

    Parameters
    ----------
    page : Page

    Examples
    --------
    >>> from polyculture.report.page import Page, Section
    >>> from polyculture.report.render import render
    >>> html = render(Page("audit", "<a>", "One.", (), (), (), Section("made", "Made"), (), ""))
    >>> html.splitlines()[0], "&lt;a&gt;" in html, "<a>" in html
    ('<!DOCTYPE html>', True, False)
    """
    scripts = _scripts() if page.charts else ()
    return (
        environment()
        .get_template("page.html")
        .render(
            page=page,
            title=_title(page),
            heading=say(KINDS[page.kind]) if not page.source else say("{kind} of", kind=say(KINDS[page.kind])),
            contents=_contents(page),
            policy=_policy(scripts),
            style=_style(),
            scripts=scripts,
            themes=themes(),
            data=_data,
        )
    )


def compact(page: Page) -> str:
    """The answer, the figures and the findings alone, without a script: what a notebook shows.

    Examples
    --------
    >>> from polyculture.report.page import Page, Section
    >>> from polyculture.report.render import compact
    >>> compact(Page("audit", "", "One <b>.", (), (), (), Section("made", "Made"), (), "")).count("One &lt;b&gt;.")
    1
    """
    return environment().get_template("compact.html").render(page=page, heading=say(KINDS[page.kind]))


@cache
def environment() -> Environment:
    """Where templates are found, and how text from outside is kept from being more than text."""
    made = Environment(
        loader=PackageLoader("polyculture.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_plain,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"say": say, "many": many, "tag": tag, "middle": middle}
    return made


def _plain(value: Any) -> Any:
    """What is markup was made of text that went through here before."""
    return value if isinstance(value, Markup) else visible(value)


def _title(page: Page) -> str:
    kind = say(KINDS[page.kind])
    return say("{kind} of {source}", kind=kind, source=page.source) if page.source else kind


def _contents(page: Page) -> list[tuple[str, str]]:
    first = [("findings", say("Findings"))] if page.findings else []
    sections = [(section.key, section.title) for section in (*page.sections, page.made)]
    return [*first, *sections, ("unmeasured", say("What was not measured"))]


@cache
def _scripts() -> tuple[Markup, ...]:
    """All scripts, each as it is hashed."""
    home = files("polyculture.report")
    paths = [*(home / "vendor" / f"{name}.js" for name in LIBRARIES), home / "templates" / "script.js"]
    return tuple(Markup(path.read_text(encoding="utf-8")) for path in paths)  # noqa: S704 (files of this package)


@cache
def _style() -> Markup:
    text = (files("polyculture.report") / "templates" / "style.css").read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704 (a file of this package)


@cache
def _policy(scripts: Sequence[str]) -> Markup:
    """What the browser lets the page do: run these scripts, use this style, and nothing else."""
    runs = " ".join(_hash(script) for script in scripts) or "'none'"
    rules = (
        "default-src 'none'",
        f"script-src {runs}",
        f"style-src {_hash(_style())}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return Markup("; ".join(rules))  # noqa: S704 (hashes)


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _data(key: str, value: Any) -> Markup:
    """Plain data in a block that no browser executes, and that no text in it can close."""
    text = json.dumps(_visible(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    # every character that has a meaning in HTML is spelt out above
    return Markup(f'<script type="application/json" id="{key}">{text}</script>')  # noqa: S704


def _visible(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _visible(each) for key, each in value.items()}
    return [_visible(each) for each in value] if isinstance(value, list | tuple) else visible(value)
