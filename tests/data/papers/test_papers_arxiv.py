"""Metadata of arXiv."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polyculture.data.papers import read_papers


def paper(**changes: Any) -> dict[str, Any]:
    return {
        "id": "0704.0001",
        "submitter": "A",
        "title": "On parsing\n  of trees",
        "journal-ref": "Phys.Rev.D76:013009,2007",
        "categories": "cs.CL cs.LG",
        "abstract": "  We parse.\n",
        "versions": [
            {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
            {"version": "v2", "created": "Tue, 24 Jul 2008 20:10:27 GMT"},
        ],
        "update_date": "2008-11-26",
        "authors_parsed": [["A", "B", ""]],
        **changes,
    }


def write(path: Path, *papers: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in papers))
    return path


def test_a_paper(tmp_path: Path) -> None:
    papers = read_papers(write(tmp_path / "arxiv.json", paper(), paper(id="math/1", categories="math.AG")))
    assert papers.frame.row(0, named=True) == {
        "paper_id": "0704.0001",
        "community": "cs.CL",
        "year": 2007,
        "title": "On parsing of trees",
        "abstract": "We parse.",
        "venue": "Phys.Rev.D76:013009,2007",
        "status": "preprint",
        "archive": "cs",
    }
    assert papers.frame["community"][1] == "math.AG"
    assert papers.counted == {"years read out of longer text": 2}


@pytest.mark.parametrize(
    ("changes", "year"),
    [({"versions": None}, 2008), ({"versions": []}, 2008), ({"versions": ["v1"]}, 2008), ({"versions": [{}]}, 2008)],
)
def test_the_last_update_stands_in(tmp_path: Path, changes: dict[str, Any], year: int) -> None:
    assert read_papers(write(tmp_path / "a.jsonl", paper(**changes))).frame["year"].to_list() == [year]


@pytest.mark.parametrize(
    ("columns", "communities", "found"),
    [
        ({"community": "archive"}, None, "cs"),
        (None, {"cs": "computing", "cs.CL": "language"}, "language"),
        (None, {"cs": "computing"}, "computing"),
    ],
)
def test_communities(tmp_path: Path, columns: Any, communities: Any, found: str) -> None:
    path = write(tmp_path / "a.jsonl", paper())
    assert read_papers(path, columns=columns, communities=communities).frame["community"].to_list() == [found]


def test_without_a_category(tmp_path: Path) -> None:
    papers = read_papers(write(tmp_path / "a.jsonl", paper(), paper(id="b", categories=" "), paper(id="c", title=3)))
    assert len(papers) == 1
    assert papers.counted["papers without a community, left out"] == 1
    assert papers.counted["papers without a title, left out"] == 1
