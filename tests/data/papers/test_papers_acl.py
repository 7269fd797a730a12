"""The ACL Anthology, through its package."""

from __future__ import annotations

import pkgutil
import sys
from pathlib import Path

import pytest

from polyculture.data.papers import batches, read_papers
from polyculture.errors import DataError, MissingExtraError

MAIN = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2022.acl">
  <volume id="long" ingest-date="2022-05-15" type="proceedings">
    <meta><booktitle>Proceedings of the 60th Annual Meeting</booktitle><year>2022</year><venue>acl</venue></meta>
    <frontmatter><bibkey>acl-2022-long</bibkey></frontmatter>
    <paper id="1">
      <title><fixed-case>A</fixed-case>dapt<fixed-case>L</fixed-case>eR: Speeding up <tex-math>x^2</tex-math></title>
      <author><first>Ali</first><last>Modarressi</last></author>
      <bibkey>modarressi-2022</bibkey>
      <abstract>Pre-trained <i>models</i> are large.</abstract>
    </paper>
    <paper id="2"><title>Withdrawn</title><bibkey>key-w</bibkey><retracted date="2022-06-01">Wrong.</retracted></paper>
  </volume>
  <volume id="bio" ingest-date="2022-05-15" type="proceedings">
    <meta><booktitle>The Workshop on Biology</booktitle><year>2022</year><venue>bionlp</venue><venue>ws</venue></meta>
    <paper id="1"><title>On proteins</title><bibkey>key-p</bibkey></paper>
  </volume>
</collection>
"""
JOURNAL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2021.tacl">
  <volume id="1" ingest-date="2022-05-15" type="journal">
    <meta><booktitle>Transactions</booktitle><year>2021</year><venue>tacl</venue><journal-volume>9</journal-volume></meta>
    <paper id="1"><title>On parsing</title><bibkey>key-q</bibkey></paper>
  </volume>
</collection>
"""


def anthology(folder: Path, **collections: str) -> Path:
    """The folder of the data, with the package's own schema."""
    pytest.importorskip("acl_anthology")
    (folder / "xml").mkdir(parents=True)
    (folder / "xml" / "schema.rnc").write_bytes(pkgutil.get_data("acl_anthology", "data/schema.rnc") or b"")
    for name, text in collections.items():
        (folder / "xml" / f"{name.replace('_', '.')}.xml").write_text(text, encoding="utf-8")
    return folder


BOTH = {"2022_acl": MAIN, "2021_tacl": JOURNAL}


def test_papers(tmp_path: Path) -> None:
    papers = read_papers(anthology(tmp_path, **BOTH))
    assert papers.frame.drop("abstract", "is_retracted").rows() == [
        ("2021.tacl-1.1", "NLP", 2021, "On parsing", "tacl", "journal"),
        ("2022.acl-long.1", "NLP", 2022, "AdaptLeR: Speeding up x2", "acl", "conference"),
        ("2022.acl-bio.1", "NLP", 2022, "On proteins", "bionlp", "workshop"),
    ]
    assert papers.frame["abstract"].to_list() == [None, "Pre-trained models are large.", None]
    assert papers.counted == {"front matter, left out": 1, "retracted papers, left out": 1}
    assert papers.partial is None


def test_the_folder_above_and_batches(tmp_path: Path) -> None:
    anthology(tmp_path / "data", **BOTH)
    assert [len(batch) for batch in batches(tmp_path, rows=2)] == [2, 1]


def test_venues_are_mapped(tmp_path: Path) -> None:
    papers = read_papers(anthology(tmp_path, **BOTH), communities={"bionlp": "biology", "acl": "language"})
    assert sorted(papers.frame["community"]) == ["biology", "language"]


def test_a_newer_schema_is_no_obstacle(tmp_path: Path) -> None:
    folder = anthology(tmp_path, **BOTH)
    with (folder / "xml" / "schema.rnc").open("a") as stream:
        stream.write("\n# newer\n")
    assert len(read_papers(folder)) == 3


def test_a_damaged_collection_makes_it_partial(tmp_path: Path) -> None:
    papers = read_papers(anthology(tmp_path, **{**BOTH, "2022_acl": MAIN[:900]}))
    assert papers.frame["paper_id"].to_list() == ["2021.tacl-1.1"]
    assert str(papers.partial).startswith(f"{tmp_path}: 1 collections are damaged: 2022.acl.xml (")
    assert papers.counted == {"collections that could not be read, left out": 1}


def test_files_outside_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    entity = f'<!DOCTYPE collection [<!ENTITY x SYSTEM "{secret.as_uri()}">]>\n<collection'
    text = JOURNAL.replace("<collection", entity).replace("On parsing", "On &x; parsing")
    try:
        titles = read_papers(anthology(tmp_path / "data", **{"2021_tacl": text})).frame["title"].to_list()
    except DataError as error:
        titles = [str(error)]
    assert "hidden" not in titles[0]


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"no collection could be read \(2022\.acl\.xml \(Couldn't find end of Start Tag .*\)\); fetch it again",
    ):
        read_papers(anthology(tmp_path, **{"2022_acl": "<collection"}))


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "xml").mkdir()
    (tmp_path / "xml" / "schema.rnc").write_text("")
    monkeypatch.setitem(sys.modules, "acl_anthology", None)
    with pytest.raises(MissingExtraError, match=r"ACL Anthology needs .*polyculture\[literature\]"):
        read_papers(tmp_path)
