"""What is left out or repaired is counted, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyculture.data.papers import COLUMNS, from_frame
from polyculture.data.papers.once import AGAIN, REPEATED, SAME_ID, UNNAMED, Seen

NEXT = datetime.now(UTC).year + 1


def table(rows: Sequence[tuple[Any, ...]], **more: Any) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["paper_id", "community", "year", "title"], orient="row", strict=False)
    return frame.with_columns(**more)


GOOD = ("a", "NLP", "2019", "On parsing")


@pytest.mark.parametrize(
    ("row", "policy"),
    [
        (("b", "NLP", "2019", None), "papers without a title, left out"),
        (("b", "NLP", "2019", " \t"), "papers without a title, left out"),
        (("b", "NLP", "2019", "\x00"), "papers without a title, left out"),
        (("b", "NLP", "forthcoming", "T"), "papers without a year that can be read, left out"),
        (("b", "NLP", None, "T"), "papers without a year that can be read, left out"),
        (("b", "NLP", "1799", "T"), f"papers of a year before 1800 or after {NEXT}, left out"),
        (("b", "NLP", str(NEXT + 1), "T"), f"papers of a year before 1800 or after {NEXT}, left out"),
        (("b", None, "2019", "T"), "papers without a community, left out"),
        (("b", "  ", "2019", "T"), "papers without a community, left out"),
        (("a", "NLP", "2019", "On parsing"), REPEATED),
        (("a", "CV", "2019", "On parsing"), SAME_ID),
    ],
)
def test_left_out(row: tuple[Any, ...], policy: str) -> None:
    papers = from_frame(table([GOOD, row]))
    assert papers.frame["paper_id"].to_list() == ["a"]
    assert papers.counted[policy] == 1
    assert papers.partial is None


@pytest.mark.parametrize("year", [1800, NEXT])
def test_ends_of_the_range_are_kept(year: int) -> None:
    assert from_frame(table([("a", "NLP", year, "T")])).counted == {}


@pytest.mark.parametrize(
    ("title", "becomes", "odd"),
    [
        ("\u05e2\u05dc \u05e0\u05d9\u05ea\u05d5\u05d7", "\u05e2\u05dc \u05e0\u05d9\u05ea\u05d5\u05d7", 0),
        ("\u200f\u0639\u0646 BERT\u200e", "\u200f\u0639\u0646 BERT\u200e", 0),
        ("On\nparsing\t trees ", "On parsing trees", 0),
        ("On\x00 parsing\x1b[0m", "On parsing [0m", 1),
        ("On\x85parsing", "On parsing", 1),
    ],
)
def test_titles(title: str, becomes: str, odd: int) -> None:
    papers = from_frame(table([("a", "NLP", "2019", title)]))
    assert papers.frame["title"].to_list() == [becomes]
    assert papers.counted.get("titles with control characters, which became spaces", 0) == odd


def test_abstracts_keep_their_lines_and_lose_control_characters() -> None:
    frame = table([GOOD, ("b", "NLP", "2019", "T")], abstract=pl.Series(["One.\nTwo.", "One\x07two"]))
    papers = from_frame(frame)
    assert papers.frame["abstract"].to_list() == ["One.\nTwo.", "One two"]
    assert papers.counted == {"abstracts with control characters, which became spaces": 1}


def test_statuses() -> None:
    frame = table(
        [GOOD, ("b", "NLP", 2019, "T"), ("c", "NLP", 2019, "T")], status=pl.Series(["Journal", "poster", None])
    )
    papers = from_frame(frame)
    assert papers.frame["status"].to_list() == ["journal", None, None]
    assert papers.counted == {"statuses other than journal, conference, workshop, preprint, taken for unknown": 1}


def test_retracted_papers_are_left_out() -> None:
    papers = from_frame(table([GOOD, ("b", "NLP", 2019, "T")], is_retracted=pl.Series([None, True])))
    assert papers.frame["paper_id"].to_list() == ["a"]
    assert papers.counted == {"retracted papers, left out": 1}


def test_papers_without_an_id_are_called_after_their_row() -> None:
    rows = [("a", "NLP", 2019, "T"), (None, "NLP", 2019, "T"), ("", "NLP", 2019, "U"), (None, "NLP", 2019, "T")]
    papers = from_frame(table(rows), source="papers.csv")
    assert papers.frame["paper_id"].to_list() == ["a", "papers.csv: row 2", "papers.csv: row 3"]
    assert papers.counted == {REPEATED: 1, UNNAMED: 2}


def test_years_out_of_text_are_counted() -> None:
    papers = from_frame(table([GOOD, ("b", "NLP", "c. 2020", "T")]))
    assert papers.frame["year"].to_list() == [2019, 2020]
    assert papers.counted == {"years read out of longer text": 1}


def test_tags_are_the_columns_of_truth() -> None:
    frame = table(
        [GOOD, ("b", "NLP", "2019", "T")],
        cnn=pl.Series([True, None]),
        rnn=pl.Series(["False", "true"]),
        has_code=pl.Series([True, False]),
        pages=pl.Series([1, 0]),
    )
    papers = from_frame(frame)
    assert papers.tags == ("cnn", "rnn")
    assert papers.frame["cnn"].to_list() == [True, False]
    assert papers.frame["rnn"].to_list() == [False, True]
    assert papers.frame["pages"].to_list() == [1, 0]
    assert papers.counted == {"empty cells of tags, taken for false": 1}
    assert papers.frame.columns[:9] == [*COLUMNS, "cnn", "rnn"]


def test_named_tags_may_be_numbers_and_need_no_title() -> None:
    frame = (
        table([GOOD]).drop("title").with_columns(**{"S.cnn": pl.lit(1), "S.rnn": pl.lit("0"), "W.svm": pl.lit(True)})
    )
    papers = from_frame(frame, columns={"tags": "S.*"})
    assert papers.tags == ("S.cnn", "S.rnn")
    assert papers.frame.select("title", "S.cnn", "S.rnn").row(0) == ("", True, False)


def test_one_community_for_all() -> None:
    papers = from_frame(table([GOOD, ("b", None, "2019", "T")]).drop("community"), communities="NLP ")
    assert papers.frame["community"].to_list() == ["NLP", "NLP"]


def test_communities_are_mapped_and_the_rest_is_left_out() -> None:
    frame = table([GOOD, ("b", "X", "2019", "T"), ("c", "X", "2019", "U")], venue=pl.Series(["ACL", "CVPR", "Other"]))
    papers = from_frame(frame, communities={"NLP": "language", "CVPR": "vision"})
    assert papers.frame["community"].to_list() == ["language", "vision"]
    assert papers.counted == {"papers of a community that is not mapped, left out": 1}


def test_a_named_column_alone_is_mapped() -> None:
    frame = table([GOOD, ("b", "X", "2019", "T")], venue=pl.Series(["ACL", "CVPR"]))
    papers = from_frame(frame, columns={"community": "venue"}, communities={"NLP": "language", "CVPR": "vision"})
    assert papers.frame["community"].to_list() == ["vision"]


def test_lists_beside_papers_are_left_out() -> None:
    papers = from_frame(table([GOOD], authors=pl.Series([["A", "B"]]), data=pl.Series([b"x"])))
    assert papers.frame.columns == [*COLUMNS]
    assert papers.counted == {"columns of lists or bytes, left out": 2}


def test_pandas_and_polars_are_read_alike() -> None:
    rows = [("a", "NLP", 2019, "T"), ("b", "CV", 2020, "U"), ("c", None, 2020, "V")]
    frame = table(rows, cnn=pl.Series([True, False, True]))
    there = pd.DataFrame(rows, columns=["paper_id", "community", "year", "title"]).assign(cnn=[True, False, True])
    ours, theirs = from_frame(frame), from_frame(there)
    assert theirs.frame.equals(ours.frame)
    assert (theirs.counted, theirs.tags) == (ours.counted, ours.tags)
    assert from_frame(nw.from_native(frame).to_native()).frame.equals(ours.frame)


def test_a_million_duplicates_are_found_quickly() -> None:
    n = 1_000_000
    frame = pl.DataFrame({"paper_id": ["a"], "community": ["NLP"], "year": [2019], "title": ["On parsing"]})
    frame = pl.concat(
        [frame.select(pl.all().repeat_by(n).explode()), table([("b", "CV", 2020, "T")])], how="vertical_relaxed"
    )
    start = time.perf_counter()
    papers = from_frame(frame)
    assert time.perf_counter() - start < 20
    assert papers.frame["paper_id"].to_list() == ["a", "b"]
    assert papers.counted == {REPEATED: n - 1}


CELLS = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["a", "2019", "NLP", "1750", "c. 2001"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=12))
def test_each_row_is_kept_or_counted_once(rows: list[tuple[str | None, ...]]) -> None:
    frame = pl.DataFrame(
        [GOOD, *rows], schema=dict.fromkeys(["paper_id", "community", "year", "title"], pl.String), orient="row"
    )
    papers = from_frame(frame)
    lost = sum(
        count for what, count in papers.counted.items() if what.endswith("left out") or what in {REPEATED, SAME_ID}
    )
    assert len(papers) + lost == len(rows) + 1
    assert papers.frame["paper_id"].n_unique() == len(papers)
    assert not papers.frame.select("paper_id", "community", "year", "title").null_count().sum_horizontal().sum()


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=8))
def test_seen_is_a_set(batches: list[list[int]]) -> None:
    import numpy as np

    seen, known = Seen(), set[int]()
    for batch in batches:
        fresh = seen.new(np.array(batch, dtype=np.uint64))
        expected = []
        for key in batch:
            expected.append(key not in known)
            known.add(key)
        assert fresh.tolist() == expected


def test_names_of_policies_are_different() -> None:
    assert len({AGAIN, REPEATED, SAME_ID, UNNAMED}) == 4
