"""BibTeX, through its package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from polyculture.data.papers import read_papers
from polyculture.errors import MissingExtraError

ENTRIES = r"""
@comment{nothing}
@string{acl = "Annual Meeting"}
@inproceedings{vaswani, title = {{A}ttention is all: {\"U}bersetzung \& more}, year = 2017, booktitle = acl,
  abstract = {Half of it, 50% and 60\%, is $x^2$.}, keywords = {NLP, MT}}
@article{b, title = "On parsing", date = {2020-05-01}, journal = {TACL}, community = {language}}
@misc{c, title = {On edges}, year = {c. 2019}, eprint = {1901.00001}}
@inproceedings{d, title={Small}, year={2018}, booktitle={Workshop on {X}}}
@article{b, title = "Another", year = 2021, journal = {arXiv preprint arXiv:2101.1}}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pytest.importorskip("bibtexparser", minversion="2")
    path = tmp_path / "a.bib"
    path.write_text(ENTRIES, encoding="utf-8")
    return path


def test_entries(path: Path) -> None:
    papers = read_papers(path, communities="NLP")
    assert papers.frame.drop("community", "abstract").rows() == [
        ("vaswani", 2017, "Attention is all: Übersetzung & more", "Annual Meeting", "conference"),
        ("b", 2020, "On parsing", "TACL", "journal"),
        ("c", 2019, "On edges", None, "preprint"),
        ("d", 2018, "Small", "Workshop on X", "workshop"),
    ]
    assert papers.frame["abstract"][0] == "Half of it, 50% and 60%, is x^2."
    assert papers.counted == {
        "years read out of longer text": 2,
        "papers with the id of an earlier one but other contents, left out": 1,
    }
    assert papers.partial is None


def test_the_field_of_the_community(path: Path) -> None:
    assert read_papers(path).frame["community"].to_list() == ["language"]
    assert read_papers(path, columns={"community": "keywords"}).frame["community"].to_list() == ["NLP, MT"]


def test_venues_are_mapped(path: Path) -> None:
    papers = read_papers(path, communities={"Annual Meeting": "language", "language": "words"})
    assert papers.frame["community"].to_list() == ["language", "words"]


@pytest.mark.parametrize("end", [7, 30, 60])
def test_a_cut_file_gives_what_is_whole(path: Path, end: int) -> None:
    path.write_text(ENTRIES.strip()[:-end], encoding="utf-8")
    papers = read_papers(path, communities="NLP")
    assert papers.frame["paper_id"].to_list() == ["vaswani", "b", "c", "d"]
    assert papers.partial == f"{path}: is cut in the entry that line 8 begins; it was left out"


def test_an_entry_in_the_midst_that_cannot_be_parsed(path: Path) -> None:
    path.write_text(ENTRIES.replace("title={Small}", "title=={{{Small"), encoding="utf-8")
    papers = read_papers(path, communities="NLP")
    assert {"vaswani", "b", "c"} <= set(papers.frame["paper_id"])
    assert papers.counted["entries that could not be parsed, left out"] == 1


def test_nothing_is_said_on_the_screen(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.write_text(ENTRIES + "@article{cut, title = {x", encoding="utf-8")
    read_papers(path, communities="NLP")
    assert capfd.readouterr() == ("", "")


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.bib").write_text(ENTRIES, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "bibtexparser", None)
    with pytest.raises(MissingExtraError, match=r"BibTeX needs .*polyculture\[literature\]"):
        read_papers(tmp_path / "a.bib")
