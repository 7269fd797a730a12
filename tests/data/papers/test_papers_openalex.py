"""Works of OpenAlex from files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.papers import batches, read_papers
from polyculture.data.papers.abstracts import from_inverted
from polyculture.data.papers.openalex import parsed
from polyculture.errors import DataError


def work(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{number}",
        "title": f"Paper {number}",
        "publication_year": 2020,
        "type": "article",
        "primary_location": {"source": {"display_name": "TACL", "type": "journal"}},
        "primary_topic": {
            "display_name": "Parsing",
            "subfield": {"id": "https://openalex.org/subfields/1702", "display_name": "Artificial Intelligence"},
            "field": {"display_name": "Computer Science"},
            "domain": {"display_name": "Physical Sciences"},
        },
        "abstract_inverted_index": {"We": [0], "parse": [1, 3], "and": [2]},
        "authorships": [{"author": {"display_name": "A"}}],
        "is_retracted": False,
        "is_paratext": False,
        **changes,
    }


WORKS = [work(i) for i in range(6)]
PAGE = {"meta": {"count": 6, "next_cursor": None}, "results": WORKS}


def forms(folder: Path) -> list[Path]:
    """The same works in each form in which they come."""
    lines = "".join(json.dumps(one) + "\n" for one in WORKS)
    texts = {
        "page.json": json.dumps(PAGE),
        "pretty.json": json.dumps(PAGE, indent=2),
        "list.json": json.dumps(WORKS),
        "pretty-list.json": json.dumps(WORKS, indent=1),
        "part_000": lines,
        "works.jsonl": lines,
        "pages.jsonl": "".join(json.dumps({"results": WORKS[i : i + 2]}) + "\n" for i in (0, 2, 4)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "part_001.gz").write_bytes(gzip.compress(lines.encode()))
    return [folder / name for name in (*texts, "part_001.gz")]


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    for path in forms(tmp_path):
        papers = read_papers(path)
        assert papers.frame["paper_id"].to_list() == [f"W{i}" for i in range(6)]
        assert papers.frame.drop("paper_id", "title").unique().rows(named=True) == [
            {
                "community": "Artificial Intelligence",
                "year": 2020,
                "abstract": "We parse and parse",
                "venue": "TACL",
                "status": "journal",
                "topic": "Parsing",
                "field": "Computer Science",
                "domain": "Physical Sciences",
                "is_retracted": False,
            }
        ]
        assert (papers.counted, papers.partial) == ({}, None)
        assert [len(batch) for batch in batches(path, rows=4)] == [4, 2]


@pytest.mark.parametrize(
    ("columns", "communities", "found"),
    [
        ({"community": "field"}, None, "Computer Science"),
        ({"community": "venue"}, None, "TACL"),
        ({"community": "topic"}, None, "Parsing"),
        (None, "all", "all"),
        (None, {"Physical Sciences": "low", "Artificial Intelligence": "AI"}, "AI"),
        (None, {"TACL": "language", "Artificial Intelligence": "AI"}, "language"),
        ({"community": "domain"}, {"TACL": "language", "Physical Sciences": "low"}, "low"),
    ],
)
def test_communities(tmp_path: Path, columns: Any, communities: Any, found: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(PAGE))
    assert set(read_papers(path, columns=columns, communities=communities).frame["community"]) == {found}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "journal"),
        ({"type": "preprint"}, "preprint"),
        ({"primary_location": {"source": {"type": "repository", "display_name": "arXiv"}}}, "preprint"),
        ({"primary_location": {"source": {"type": "conference", "display_name": "ACL"}}}, "conference"),
        ({"primary_location": {"source": {"type": "conference", "display_name": "Workshop on X"}}}, "workshop"),
        ({"primary_location": {"source": {"type": "book series", "display_name": "LNCS"}}}, None),
        ({"primary_location": {"source": None}}, None),
        ({"primary_location": None, "type": None}, None),
        ({"primary_location": "odd", "type": 3}, None),
    ],
)
def test_status(tmp_path: Path, changes: dict[str, Any], status: str | None) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(work(1, **changes)))
    assert read_papers(path).frame["status"].to_list() == [status]


@pytest.mark.parametrize(
    ("odd", "policy"),
    [
        (work(9, is_retracted=True), "retracted papers, left out"),
        (work(9, is_paratext=True), "covers, contents and other paratext, left out"),
        (work(9, primary_topic=None), "papers without a community, left out"),
        (work(9, title=None), "papers without a title, left out"),
        (work(9, title=["x"]), "papers without a title, left out"),
        (work(9, publication_year=None), "papers without a year that can be read, left out"),
        (work(9, publication_year=2**70), "papers without a year that can be read, left out"),
        ("W9", "entries that are no works, left out"),
        (None, "entries that are no works, left out"),
    ],
)
def test_left_out(tmp_path: Path, odd: Any, policy: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"results": [*WORKS, odd]}))
    papers = read_papers(path)
    assert len(papers) == 6
    assert papers.counted == {policy: 1}


def test_other_names_of_title_and_year(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    odd = work(1, title=None, display_name="Shown", publication_year=None, publication_date="2019-05-01")
    path.write_text(json.dumps(odd))
    assert read_papers(path).frame.select("title", "year").row(0) == ("Shown", 2019)


@pytest.mark.parametrize("index", [{"a": "x"}, {"a": [0.5]}, ["a"], {"a": [True]}, "We parse"])
def test_abstracts_that_cannot_be_put_together(tmp_path: Path, index: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(work(1, abstract_inverted_index=index)))
    papers = read_papers(path)
    assert papers.frame["abstract"].to_list() == [None]
    assert papers.counted == {"abstracts that could not be put together, left out": 1}


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1))
def test_an_inverted_index_is_undone(words: list[str]) -> None:
    index: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        index.setdefault(word, []).append(place)
    assert from_inverted(index) == " ".join(words)


def test_places_may_be_any_number() -> None:
    assert from_inverted({"b": [10**15], "a": [-1]}) == "a b"
    assert from_inverted({}) is None


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_that_is_cut_anywhere_gives_the_works_that_are_whole(indent: int | None) -> None:
    text = json.dumps(PAGE, indent=indent)
    ends = [text.index(f'"https://openalex.org/W{i}"') for i in range(6)]
    for end in range(text.index("[") + 1, len(text), 7):
        works, cut = parsed(text[:end], "a.json")
        begun = sum(at < end for at in ends)
        assert begun - 1 <= len(works) <= begun
        assert works == WORKS[: len(works)]
        assert cut == f"a.json: is cut after {len(works)} works; these were read"


def test_a_cut_page_is_partial(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(PAGE)[:-700])
    papers = read_papers(path)
    assert len(papers) == 4
    assert papers.partial == f"{path}: is cut after 4 works; these were read"


def test_damage_in_the_midst_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(PAGE).replace('"W2"', '"W2" 3').replace('"Paper 2"', '"Paper 2" 3'))
    with pytest.raises(DataError, match=r"a\.json: line 1 is no valid JSON \(.*\); fetch it again"):
        read_papers(path)
