"""Bad input is one sentence that names the file, where in it, and what to do."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture.data.papers import batches, from_frame, read_papers
from polyculture.errors import DataError, MissingExtraError, ParameterError

HEAD = "paper_id,community,year,title\n"
GOOD = HEAD + "a,NLP,2019,On parsing\n"
ROW = '{"paper_id": "a", "community": "NLP", "year": 2019, "title": "T"}\n'


def parquet(**columns: Any) -> bytes:
    stream = io.BytesIO()
    pl.DataFrame(columns).write_parquet(stream)
    return stream.getvalue()


def table(**columns: Any) -> bytes:
    return parquet(**{"paper_id": ["a"], "community": ["NLP"], "year": [2019], "title": ["T"], **columns})


PACKED = bytearray(gzip.compress(os.urandom(9000).hex().encode()))
PACKED[5000] ^= 255

FILES: list[tuple[Mapping[str, str | bytes], dict[str, Any], str]] = [
    # the file
    ({"a.csv": ""}, {}, r"a\.csv: is empty; write it again"),
    ({"a.csv": "\n \n"[:1]}, {}, r"a\.csv: holds nothing but blank lines; write a header and rows"),
    ({"a.csv": HEAD}, {}, r"a\.csv: has no papers; give at least one whole paper"),
    ({"a.xlsx": "x"}, {}, r"a\.xlsx: the ending '\.xlsx' is not known; give a file that ends in \.parquet"),
    ({"a.xml": "<collection>"}, {}, r"a\.xml: is one file of XML; name the ACL Anthology's folder"),
    ({"a.txt.gz": gzip.compress(b"hello")}, {}, r"a\.txt\.gz: does not begin like JSON; name its format"),
    ({"a.jsonl.gz": b"PK no gzip"}, {}, r"a\.jsonl\.gz: is damaged after line 0 \(Not a gzipped file .*\); fetch"),
    ({"a.csv.gz": bytes(PACKED)}, {}, r"a\.csv\.gz: is damaged after line 0 \(.*\); fetch or write it again"),
    (
        {"a.jsonl.gz": gzip.compress(ROW.encode())[:20]},
        {},
        r"a\.jsonl\.gz: (does not begin|the compressed data end too)",
    ),
    ({"a.parquet": b"PAR1 torn"}, {}, r"a\.parquet: is no whole Parquet file \(.*\); write it again"),
    ({"a.parquet": table()[:300]}, {}, r"a\.parquet: is no whole Parquet file \(.*\); write it again"),
    ({"a.parquet": parquet(paper_id=[], title=[])}, {}, r"a\.parquet: has no papers; give at least one"),
    ({"a.csv": GOOD.encode() + b"b,NLP,2020,caf\xe9\n"}, {}, r"a\.csv: line 3 is not UTF-8; save the file as UTF-8"),
    ({"a.jsonl": ROW.encode("utf-16")}, {}, r"a\.jsonl: does not begin like JSON"),
    ({"a.csv": GOOD + 'b,"N"LP,2020,T\n'}, {}, r"a\.csv: line 3 is no valid CSV \(.*\); mend its quotes"),
    ({"a.csv": GOOD + "b,NLP,2020\n"}, {}, r"row 2 \(line 3\) has 3 cells, the header has 4; put cells that hold"),
    ({"a.csv": GOOD + "b,NLP,2020,On x, y\n"}, {}, r"row 2 \(line 3\) has 5 cells, the header has 4"),
    ({"a.csv": "paper_id,year, year\na,1,2\n"}, {}, r"the column 'year' stands twice in the header; rename one"),
    ({"a.parquet": parquet(**{"year": ["2019"], " year": ["2020"]})}, {}, r"the column 'year' stands twice"),
    (
        {"a.jsonl": ROW + '{"paper_id": \n' + ROW},
        {},
        r"a\.jsonl: line 2 is no valid JSON \(.*\); write one object a line",
    ),
    ({"a.jsonl": ROW + "[1]\n"}, {}, r"a\.jsonl: line 2 holds a list, not an object; write one object a line"),
    ({"a.jsonl": ROW + "[" * 50_000 + "\n"}, {}, r"a\.jsonl: line 2 is no valid JSON"),
    ({"a.jsonl": ROW + ROW.replace("2019", "9" * 5000)}, {}, r"a\.jsonl: line 2 is no valid JSON"),
    ({"a.jsonl": ROW + '{"title": "half'}, {"format": "bibtex"}, r"a\.jsonl: holds no entry of BibTeX"),
    ({"a.jsonl": '{"title": "half'}, {}, r"a\.jsonl: is cut in line 1; .*; give at least one whole paper"),
    (
        {"a.json": '{"results": [{"id": "https://openalex.org/W1", "ti'},
        {},
        r"a\.json: is cut after 0 works; .*; give at",
    ),
    (
        {"a.json": '{"results": [{"id": "x"} 3, {"id": "yyyyyyy"}]}'},
        {},
        r"a\.json: line 1 is no valid JSON .*; fetch it",
    ),
    ({"a.json": '{"meta": {}, "results": []}'}, {}, r"a\.json: has no papers; give at least one whole paper"),
    ({"a.bib": "nothing here"}, {}, r"a\.bib: holds no entry of BibTeX; give one like @article\{key"),
    ({"a.csv": GOOD}, {"format": "acl"}, r"a\.csv: is no folder; name the ACL Anthology's folder 'data'"),
    # its columns
    ({"a.csv": "paper_id,community,year\na,NLP,2019\n"}, {}, r"has no column 'title'; name one of its columns for it"),
    ({"a.csv": "paper_id,community,title\na,NLP,T\n"}, {}, r"has no column 'year'; .* from paper_id, community, title"),
    ({"a.csv": "paper_id,year,title\na,2019,T\n"}, {}, r"has no column 'community'; .* or give communities='NLP'"),
    ({"a.csv": "year,title\n2019,T\n"}, {"communities": {"NLP": "x"}}, r"has no column 'community'"),
    ({"a.csv": GOOD}, {"columns": {"title": "titel"}}, r"has no column 'titel', did you mean 'title'\?"),
    ({"a.csv": GOOD}, {"columns": {"tags": "S.*"}}, r"has no column of tags 'S\.\*'; its columns are paper_id, comm"),
    ({"a.parquet": table(title=[["T"]])}, {}, r"a\.parquet: 'title' holds List\(String\) in its cells; give words"),
    ({"a.parquet": table(venue=[b"T"])}, {}, r"a\.parquet: 'venue' holds Binary in its cells; give words"),
    ({"a.parquet": table(year=[True])}, {}, r"a\.parquet: 'year' holds true and false; name the column of years"),
    ({"a.parquet": table(year=[[2019]])}, {}, r"a\.parquet: 'year' holds List\(Int64\) in its cells"),
    (
        {"a.csv": GOOD, "b.csv": HEAD[:-1] + ",cnn\na,NLP,2019,T,true\n"},
        {},
        r"a\.csv: lacks the tag 'cnn' that .*b\.csv has",
    ),
    # its rows
    (
        {"a.jsonl": ROW + ROW.replace('"T"', '["T"]')},
        {},
        r"a\.jsonl: row 2 has the list \['T'\] in 'title'; give a word",
    ),
    ({"a.jsonl": ROW + ROW.replace("2019", '{"y": 1}')}, {}, r"row 2 has the object \{'y': 1\} in 'year'; give a word"),
    (
        {"a.csv": HEAD[:-1] + ",cnn\na,NLP,2019,T,1\nb,NLP,2019,T,maybe\n"},
        {"columns": {"tags": "cnn"}},
        r"row 2 has 'maybe' in 'cnn', which is a tag; give true or false",
    ),
    (
        {"a.csv": HEAD + "a,NLP,soon,T\n,,,\n"},
        {},
        r"no paper is left \(papers without a .*, left out: 1; papers without a .*, left out: 1\); mend",
    ),
    (
        {"a.csv": HEAD + "a,NLP,2999,T\n"},
        {},
        r"no paper is left \(papers of a year before 1800 or after 20\d\d, left out: 1",
    ),
    (
        {"a.csv": GOOD},
        {"communities": {"CV": "vision"}},
        r"no paper is left \(papers of a community that is not mapped, left out: 1",
    ),
]


@pytest.mark.parametrize(("files", "options", "says"), FILES)
def test_files(tmp_path: Path, files: Mapping[str, str | bytes], options: dict[str, Any], says: str) -> None:
    if any(name.endswith(".bib") for name in files) or options.get("format") == "bibtex":
        pytest.importorskip("bibtexparser", minversion="2")
    paths = [tmp_path / name for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    for read in (read_papers, lambda *a, **k: list(batches(*a, rows=1, **k))):
        with pytest.raises(DataError, match=says) as error:
            read(paths, **options)
        assert "\n" not in str(error.value)
        assert str(paths[0]) in str(error.value)


def test_paths(tmp_path: Path) -> None:
    good = tmp_path / "a.csv"
    good.write_text(GOOD)
    (tmp_path / "folder").mkdir()
    for paths, says in (
        ([], r"no file was given; name at least one"),
        (tmp_path / "no.csv", r"no\.csv: does not exist; check the path"),
        (tmp_path / "folder", r"folder: is a folder; name the files in it, or the folder 'data' of the ACL Anthology"),
        ([good, tmp_path / "." / "a.csv"], r"a\.csv: is given twice; name each file once"),
        ("a\0.csv", r"cannot be read \(embedded null .*\); check its name"),
    ):
        with pytest.raises(DataError, match=says):
            read_papers(paths)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "word"}, r"format is 'word'; give one of auto, parquet"),
        ({"columns": {"author": "x"}}, r"columns names 'author', which is no part of a paper; give some of paper_id"),
        ({"columns": {"title": 3}}, r"columns gives 3 for 'title'; give the name of a column"),
        ({"columns": {"title": ["a", "b"]}}, r"columns gives \['a', 'b'\] for 'title'"),
        ({"columns": {"tags": []}}, r"columns gives \[\] for 'tags'"),
        ({"communities": ""}, r"communities is ''; give a name for all papers"),
        ({"communities": 3}, r"communities is 3; give a name for all papers, or a mapping"),
        ({"communities": {"a": 3}}, r"communities is \{'a': 3\}; give a name"),
    ],
)
def test_parameters(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    for read in (read_papers, batches):
        with pytest.raises(ParameterError, match=says):
            read(path, **options)


def test_rows_of_a_batch(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="rows is 0; give a number from 1"):
        batches(tmp_path, rows=0)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ([1, 2], r"frame: is a list, not a table in memory; give a polars or pandas DataFrame"),
        (pl.LazyFrame({"a": [1]}), r"frame: is a LazyFrame, not a table in memory; .*collect a lazy one first"),
        (pl.DataFrame(), r"frame: has no rows; give at least one"),
        (np.ones((2, 2)), r"frame: is a ndarray, not a table in memory"),
        (pl.DataFrame({"title": ["T"]}), r"frame: has no column 'year'; name one of its columns"),
    ],
)
def test_frames(frame: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        from_frame(frame)


def test_zst_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    with pytest.raises(MissingExtraError, match=r"\.zst files needs .*polyculture\[literature\]"):
        read_papers(path)


def test_a_line_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    """130 MiB of blanks in 130 KiB."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"{" + b" " * (130 * 2**20)))
    with pytest.raises(DataError, match=r"line 1 is longer than 64 MiB; write one paper a line"):
        read_papers(path)


def test_nothing_is_executed(tmp_path: Path) -> None:
    """Words that other tools would run or follow are words."""
    path = tmp_path / "a.jsonl"
    words = [
        "=cmd|' /C calc'!A0",
        "__import__('os').system('x')",
        "<script>alert(1)</script>",
        "${jndi:ldap://x}",
        "{{7*7}}",
    ]
    rows = [{"paper_id": i, "community": "NLP", "year": 2019, "title": word} for i, word in enumerate(words)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_papers(path).frame["title"].to_list() == words
