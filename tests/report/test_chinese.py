"""Every word that the program wrote on a page is Chinese when that is asked for."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cases import CASES

import polyculture
from polyculture import audit
from polyculture.measure import MEASURES
from polyculture.report import Provenance, page_of, render
from polyculture.report.language import catalogue, heard, speaking
from polyculture.report.page import Input

MADE = Provenance([Input("A.csv", 12, "3", "ab" * 32)], "polyculture audit A.csv", "2026-01-02 03:04:05 UTC")
KNOWN = catalogue("zh_Hans")
HOLE = re.compile(r"\{(\w+)(?::(\w+))?\}")
ENGLISH = re.compile("[A-Za-z]{3,}")
NAMES = """
    Polyculture JavaScript JSON SHA CAPA CKA RBF RSA SVCCA PWCCA HHI Kish Hill Cohen Jensen Shannon Morisita Horn Bray
    Curtis Herfindahl Hirschman Simpson Rashomon Procrustes Wilson Vendi Gini RegMean UTC exact gap lexical encoder
"""
"""People, measures and formats, and what stands in results and settings by these very words."""
OPTIONS = re.compile(
    r"polyculture\.\w+/1|[0-9a-f]{64}|--\w+|batch=0|设置 \w+|arXiv:\S+|\S+\.(?:csv|toml)\b"
    r"|U\+FFFD|hill_\d|encoder(?::\w+)+|基础模型 \w+(?::\w+)*"
)
CAPTIONS = ("设置", "版本")
"""Tables of options and of libraries, which are called as they are."""


class Seen(HTMLParser):
    """What a reader or a listener is told: text and labels, but for papers, commands, options and versions."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.told: list[str] = []
        self.data: list[str] = []
        self._caption = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "br"}:
            self.open.append(tag)
        self._caption = "" if tag == "table" else self._caption
        self.told += [value for name, value in attrs if name in {"title", "aria-label", "data-failed"} and value]

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "script" in self.open or "style" in self.open:
            self.data += [data] if data.startswith("{") else []
            return
        self._caption += data if "caption" in self.open else ""
        if "code" not in self.open and not (self._caption in CAPTIONS and "tbody" in self.open):
            self.told.append(" ".join(data.split()))


def drawn(spec: Any, key: str = "") -> Iterator[str]:
    """Text in a chart: titles, names, legends and what is said of a mark; not what Vega itself is told."""
    if isinstance(spec, dict):
        for name, value in spec.items():
            yield from drawn(value, name if name != "value" else key)
    elif isinstance(spec, list):
        for each in spec:
            yield from drawn(each, key)
    elif isinstance(spec, str) and key in {"title", "labels", "t", "s", "params", "name ", "domain", "c", "label"}:
        yield spec


def english(text: str) -> str:
    """What is left of a text when names, papers and options are taken off."""
    left = OPTIONS.sub(" ", text)
    for name in NAMES.split():
        left = re.sub(rf"(?<![A-Za-z]){name}(?![A-Za-z])", " ", left)
    return text if ENGLISH.search(left) and text not in PAPERS else ""


PAPERS = {known.paper for known in MEASURES.values()} | {"polyculture fit DATA --text TEXT --label LABEL --out MODEL"}


@pytest.mark.parametrize("case", CASES)
def test_no_english_is_left_on_a_chinese_page(case: str) -> None:
    seen = Seen(render(CASES[case](), language="zh", provenance=MADE))
    charts = [text for data in seen.data for text in drawn(json.loads(data))]
    left = {text for text in map(english, [*seen.told, *charts]) if text}
    assert left == set()


FILLED = {"": "M1", "said": "accuracy", "names": "M1, M2 and 3 more", "each": "M1; M2", "number": "12"}


@pytest.mark.parametrize("pattern", [*KNOWN.results, *(name for name in KNOWN.names if "{" in name)])
def test_every_sentence_of_results_is_heard(pattern: str) -> None:
    sentence = HOLE.sub(lambda hole: FILLED[hole[2] or ""], pattern)
    with speaking("zh"):
        told = heard(sentence)
    assert told != sentence or pattern in PAPERS
    assert english(told) == ""
    assert len(re.findall("12|M1|准确率", told)) >= len(HOLE.findall(pattern))


def test_no_sentence_of_results_is_left_over() -> None:
    written = {pair for text in _literals() for pair in _pairs(text)}
    # sentences that are put together of two or three have other words at their joints
    missing = {pattern: _pairs(pattern) - written for pattern in KNOWN.results}
    assert {pattern: pairs for pattern, pairs in missing.items() if len(pairs) > 2} == {}


def _pairs(text: str) -> set[tuple[str, str]]:
    """Words that follow each other with nothing between them that is filled in."""
    runs = (re.findall(r"[^\s,;:.()\[\]]+", run.lower()) for run in HOLE.sub("{", text).split("{"))
    return {pair for run in runs for pair in pairwise(run)}


def _literals() -> Iterator[str]:
    """Every text in the source, on one line."""
    for path in Path(polyculture.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield " ".join(node.value.split())


def test_names_that_the_program_uses_too_stay_as_they_are() -> None:
    names = ["test", "mean", "open", "2 of 3", "accuracy", "all"]
    found = audit(
        {name: [int(i % (k + 2) == 0) for i in range(40)] for k, name in enumerate(names)}, kind="outcomes", cache=False
    )
    with speaking("zh"):
        tables = [table for section in page_of(found).sections for table in section.tables]
    told = {cell for table in tables if "模型" in table.columns[:1] for row in table.rows for cell in row[:1]}
    assert set(names) <= told
