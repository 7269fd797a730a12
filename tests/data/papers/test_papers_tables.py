"""Tables of papers: the same papers from every format, whole or in batches."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest

from polyculture.data.papers import batches, parquet_rows, read_papers
from polyculture.data.papers.once import AGAIN, REPEATED, UNNAMED
from polyculture.errors import DataError

N = 25
FRAME = pl.DataFrame(
    {
        "paper_id": [f"p{i}" for i in range(N)],
        "community": ["NLP", "CV", "ML", "NLP", "CV"] * 5,
        "year": [2000 + i for i in range(N)],
        "title": [f'Title "{i}", in\ntwo lines' for i in range(N)],
        "abstract": [None if i % 3 else f"Abstract {i}" for i in range(N)],
        "venue": ["ACL"] * N,
        "status": ["workshop"] * N,
        "cnn": [i % 2 == 0 for i in range(N)],
    }
)
ENDINGS = ("parquet", "csv", "tsv", "jsonl", "ndjson", "csv.gz", "jsonl.gz", "json")


def write(frame: pl.DataFrame, path: Path) -> Path:
    bare = path.name.removesuffix(".gz").rpartition(".")[2]
    if bare == "parquet":
        frame.write_parquet(path)
        return path
    stream = io.BytesIO()
    if bare in {"csv", "tsv"}:
        frame.write_csv(stream, separator="\t" if bare == "tsv" else ",")
    else:
        frame.write_ndjson(stream)
    path.write_bytes(gzip.compress(stream.getvalue()) if path.suffix == ".gz" else stream.getvalue())
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_gives_the_same(tmp_path: Path, ending: str) -> None:
    papers = read_papers(write(FRAME, tmp_path / f"a.{ending}"))
    expected = FRAME.with_columns(pl.col("title").str.replace("\n", " "), pl.col("year").cast(pl.Int32))
    assert papers.frame.equals(expected.select(papers.frame.columns))
    assert papers.frame.columns == FRAME.columns
    assert (papers.counted, papers.partial, papers.tags) == ({}, None, ("cnn",))


@pytest.mark.parametrize("rows", [7, 25, 1000])
@pytest.mark.parametrize("ending", ENDINGS)
def test_batches_add_up(tmp_path: Path, ending: str, rows: int) -> None:
    path = write(FRAME, tmp_path / f"a.{ending}")
    found = list(batches(path, rows=rows))
    assert [len(batch) for batch in found] == [min(rows, N - start) for start in range(0, N, rows)]
    assert pl.concat([batch.frame for batch in found]).equals(read_papers(path).frame)
    assert {batch.tags for batch in found} == {("cnn",)}


def test_several_files_of_several_formats(tmp_path: Path) -> None:
    first = write(FRAME[:10], tmp_path / "a.csv")
    second = write(FRAME[8:], tmp_path / "b.parquet")
    papers = read_papers([first, second])
    assert papers.frame["paper_id"].to_list() == FRAME["paper_id"].to_list()
    assert papers.counted == {REPEATED: 2}
    assert papers.source == f"{first} and 1 more"
    assert [len(batch) for batch in batches([first, second], rows=9)] == [9, 1, 7, 8]


def test_no_paper_comes_in_two_batches(tmp_path: Path) -> None:
    twice = pl.concat([FRAME, FRAME.with_columns(paper_id=pl.lit(None))])
    found = list(batches(write(pl.concat([twice, twice]), tmp_path / "a.csv"), rows=20))
    ids = pl.concat([batch.frame for batch in found])["paper_id"]
    assert ids.n_unique() == len(ids) == 2 * N
    assert sum(batch.counted.get(AGAIN, 0) for batch in found) == 2 * N
    assert sum(batch.counted.get(UNNAMED, 0) for batch in found) == N
    assert ids[N] == f"{tmp_path / 'a.csv'}: row {N + 1}"


def test_rows_in_messages_count_from_the_beginning_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps({"paper_id": "a", "community": "NLP", "year": 2019, "title": "T"})
    path.write_text(f"{good}\n{good}\n{good[:-1]}, " + '"venue": ["x"]}\n')
    with pytest.raises(DataError, match=r"a\.jsonl: row 3 has the list \['x'\] in 'venue'"):
        list(batches(path, rows=2))


def test_later_batches_may_lack_a_truth(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"paper_id": i, "community": "NLP", "year": 2019, "title": "T", "cnn": True} for i in range(4)]
    del rows[2]["cnn"]
    rows[3]["cnn"] = False
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [batch.frame["cnn"].to_list() for batch in batches(path, rows=2)] == [[True, True], [False, False]]


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_cut_file_gives_what_is_whole(tmp_path: Path, share: float) -> None:
    # many rows, so that the compressed ones are many blocks
    frame = pl.concat(
        [FRAME.with_columns(pl.format("{}-{}", pl.lit(i), "paper_id").alias("paper_id")) for i in range(90)]
    )
    whole = read_papers(write(frame, tmp_path / "whole.csv")).frame
    for ending, says in (
        ("jsonl", r"cut\.jsonl: is cut in line \d+; the lines before it were read"),
        ("jsonl.gz", r"cut\.jsonl\.gz: the compressed data end too early, after line \d+"),
        ("csv", r"cut\.csv: (is cut in line \d+|ends within quotes)"),
    ):
        path = tmp_path / f"cut.{ending}"
        path.write_bytes(cut(write(frame, tmp_path / f"b.{ending}").read_bytes(), share))
        papers = read_papers(path)
        assert 0 < len(papers) <= len(frame)
        assert papers.frame.equals(whole[: len(papers)])
        assert papers.partial is not None
        assert re.search(says, papers.partial)
        *before, last = batches(path, rows=400)
        assert last.partial == papers.partial
        assert all(batch.partial is None for batch in before)


def test_a_cut_within_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps({"paper_id": 1, "community": "NLP", "year": 2019, "title": "\u05e2\u05dc"}, ensure_ascii=False)
    data = (line + "\n" + line).encode()
    path.write_bytes(data[: data.rindex("\u05dc".encode()) + 1])
    papers = read_papers(path)
    assert len(papers) == 1
    assert papers.partial == f"{path}: is cut in line 2; the lines before it were read"


def test_a_cut_within_a_character_of_the_last_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("paper_id,community,year,title\na,NLP,2019,T\nb,NLP,2019,\u05e2\u05dc".encode()[:-1])
    papers = read_papers(path)
    assert papers.frame["paper_id"].to_list() == ["a"]
    assert papers.partial == f"{path}: is cut in line 3; the lines before it were read"


def test_a_key_may_first_stand_in_a_later_batch(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"paper_id": i, "community": "NLP", "year": 2019, "title": "T"} for i in range(4)]
    rows[3]["abstract"] = "We parse."
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [batch.frame["abstract"].to_list() for batch in batches(path, rows=2)] == [[None, None], [None, "We parse."]]


def test_halves_of_characters_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"paper_id": 1, "community": "NLP", "year": 2019, "title": "On \\ud800 and \\ud83d\\ude00"}\n')
    papers = read_papers(path)
    assert papers.frame["title"].to_list() == ["On \ufffd and \U0001f600"]
    assert papers.counted == {"texts with half a character, which is replaced by U+FFFD": 1}


def test_a_byte_order_mark_and_line_ends_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfpaper_id,community,year,title\r\na,NLP,2019,T\r\n\r\nb,NLP,2019,U")
    papers = read_papers(path)
    assert (papers.frame["paper_id"].to_list(), papers.partial) == (["a", "b"], None)


def test_a_reading_that_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    reading = batches(write(FRAME, tmp_path / "a.parquet"), rows=5)
    assert len(next(reading)) == 5
    assert len(list(tmp_path.iterdir())) == 2
    del reading
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("import os; os._exit(3)", r"is no whole Parquet file \(the process that read it ended: 3\); write it again"),
        ("import time; time.sleep(60)", r"was not read within 0 s; copy it to a disk that answers"),
    ],
)
def test_a_process_that_ends_or_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, says: str) -> None:
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(parquet_rows, "_CHILD", tmp_path / "child.py")
    monkeypatch.setattr(parquet_rows, "_SECONDS", 60.0 if "exit" in program else 0.3)
    with pytest.raises(DataError, match=says):
        list(batches(write(FRAME, tmp_path / "a.parquet"), rows=5))


def test_zst(tmp_path: Path) -> None:
    zstd = pytest.importorskip("backports.zstd")
    data = write(FRAME, tmp_path / "a.jsonl").read_bytes()
    packed = zstd.compress(data)
    (tmp_path / "b.jsonl.zst").write_bytes(packed)
    assert read_papers(tmp_path / "b.jsonl.zst").frame.equals(read_papers(tmp_path / "a.jsonl").frame)
    (tmp_path / "c.jsonl.zst").write_bytes(packed + zstd.compress(data)[:-20])
    papers = read_papers(tmp_path / "c.jsonl.zst")
    assert "the compressed data end too early" in str(papers.partial)
    assert len(papers) == N


@pytest.mark.data
@pytest.mark.skipif("POLYCULTURE_DATA" not in os.environ, reason="POLYCULTURE_DATA names no folder of benchmark data")
def test_the_papers_of_the_benchmark() -> None:
    path = Path(os.environ["POLYCULTURE_DATA"], "papers", "papers.parquet")
    papers = read_papers(path)
    assert len(papers) == sum(len(batch) for batch in batches(path, rows=50_000)) == 271_592
    assert papers.frame["community"].n_unique() == 12
    assert (papers.frame["year"].min(), papers.frame["year"].max()) == (2010, 2025)
    tagged = read_papers(path.with_name("method_flags.parquet"), columns={"tags": "S.*"})
    assert len(tagged.tags) == 6
    assert tagged.frame["paper_id"].sort().equals(papers.frame["paper_id"].sort())
