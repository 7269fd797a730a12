"""Every sentence of the report has a translation, with the same holes, and pages are in one language."""

from __future__ import annotations

import re
from typing import Any

import made
import pytest
from catalogues import names, sentences, unreadable
from kinds import KINDS, renamed
from pages import Page
from surveyed import surveyed

from polyculture.errors import ParameterError
from polyculture.evaluation.tables import tables
from polyculture.report import page_of, render
from polyculture.report.facts import shown
from polyculture.report.language import LANGUAGES, catalogue, heard, many, say, speaking
from polyculture.report.page import KINDS as PAGES

HOLE = re.compile(r"\{(\w+)[^{}]*\}")
CHINESE = re.compile("[\u4e00-\u9fff]")
KNOWN = catalogue("zh_Hans")


def test_sentences_are_literals_that_a_catalogue_can_hold() -> None:
    # the one that is given on is the function for one or several
    assert [place for place in unreadable() if not place.startswith("language.py")] == []
    assert len(sentences()) > 400


def test_every_sentence_has_a_translation_and_no_translation_is_left_over() -> None:
    assert sentences() - set(KNOWN.messages) == set()
    assert set(KNOWN.messages) - sentences() == set()


@pytest.mark.parametrize("part", ["messages", "names", "results"])
def test_translations_have_the_same_holes(part: str) -> None:
    for source, translation in getattr(KNOWN, part).items():
        assert set(HOLE.findall(source)) == set(HOLE.findall(translation)), source


def test_translations_are_chinese() -> None:
    # what is left as it is has no word in it but names
    left = [text for text in KNOWN.messages.values() if not CHINESE.search(text)]
    assert [text for text in left if re.search("[a-z]{3}", HOLE.sub("", text))] == []


def test_tables_of_the_report_have_names_in_chinese() -> None:
    with speaking("zh"):
        told = {name: heard(name) for name in names() if " " in name and not name.startswith(" ")}
    # pieces of captions that are made of parts stand here, too
    assert [
        name for name, text in told.items() if not CHINESE.search(text) and not re.search(r"\W$|^\W|more", name)
    ] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_chinese_page_is_chinese(kind: str) -> None:
    found = KINDS[kind]()
    with speaking("zh"):
        spoken = page_of(found)
    page = Page(render(found, language="zh"))
    assert page.all("html") == [{"lang": "zh-Hans"}]
    told = [spoken.answer, spoken.note, *(f.title for f in spoken.findings), *(s.title for s in spoken.sections)]
    told += [chart.title for chart in spoken.charts] + [chart.about for chart in spoken.charts]
    told += [finding.reason for finding in spoken.findings if finding.status in {"passed", "concern"}]
    assert [text for text in told if not CHINESE.search(text)] == []
    assert [table for table in page.tables if not CHINESE.search(table)] == []
    assert spoken.answer in page.text


@pytest.mark.parametrize("kind", KINDS)
def test_an_english_page_is_english(kind: str) -> None:
    page = Page(render(KINDS[kind]()))
    assert page.all("html") == [{"lang": "en"}]
    assert not CHINESE.search(page.text)


def test_numbers_are_the_same_in_both_languages() -> None:
    found = KINDS["answers"]()
    pages = {language: Page(render(found, language=language)) for language in LANGUAGES}
    cells: dict[str, Any] = {
        language: [re.findall(r"\d[\d.]*", cell) for rows in page.tables.values() for row in rows[1:] for cell in row]
        for language, page in pages.items()
    }
    assert cells["en"] == cells["zh"]


def test_names_with_holes_are_heard_and_others_kept() -> None:
    with speaking("zh"):
        assert heard("most alike pairs, by capa (the first 20 of 36)") == "最相似的模型对，按 CAPA（36 个中的前 20 个）"
        assert heard("a name of mine") == "a name of mine"
    assert heard("accuracy") == "accuracy"


def test_names_of_domains_stay_as_they_are_where_the_program_uses_the_same_words() -> None:
    domains = ("test", "mean", "worst", "accuracy")
    made_of = [table for table in tables(made.full(domains)) if table.outside]
    assert {table.name for table in made_of} >= {"accuracy", "comparison", "generalisation", "ablation"}
    for table in made_of:
        with speaking("zh"):
            heads = shown(table).columns
        assert tuple(heads[i] for i in table.outside) == domains
        others = [head for i, head in enumerate(heads) if i not in table.outside]
        assert [head for head in others if not CHINESE.search(head)] == []


def test_names_of_communities_stay_as_they_are_on_a_page() -> None:
    found = renamed(surveyed(), {"c0": "test", "c1": "mean"})
    heads = [rows[0] for rows in Page(render(found, language="zh")).tables.values()]
    assert {"test", "mean", "c2"} in [set(head[1:]) for head in heads]


def test_a_task_of_the_data_is_no_name_of_the_program() -> None:
    with speaking("zh"):
        told = heard("a further task, test (mean, worst): macro-F1, %")
    assert "test" in told
    assert "mean, worst" in told
    assert CHINESE.search(told)


def test_one_and_several() -> None:
    assert many(1, "{count} model", "{count} models") == "1 model"
    with speaking("zh"):
        assert many(2000, "{count} model", "{count} models") == "2,000 个模型"


def test_text_from_outside_is_no_sentence() -> None:
    with speaking("zh"):
        assert say("{kind} of {source}", kind="审计", source="{kind}") == "{kind} 的审计"


def test_an_unknown_language_is_an_error_and_the_old_one_comes_back() -> None:
    with pytest.raises(ParameterError, match="use one of en, zh"), speaking("xx"):
        pass
    with speaking("zh"), speaking("en"):
        assert say(PAGES["audit"]) == "Audit"
    assert say(PAGES["audit"]) == "Audit"
