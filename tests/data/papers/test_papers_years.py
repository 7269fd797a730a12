"""Years as sources write them."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.data.papers.years import years
from polyculture.errors import DataError

WRITTEN = {
    "2019": 2019,
    " 2019 ": 2019,
    "c. 2019": 2019,
    "2019-05-01": 2019,
    "2019-05-01T10:00:00Z": 2019,
    "Mon, 2 Apr 2007 19:18:42 GMT": 2007,
    "May 2020": 2020,
    "(2021)": 2021,
    "2019/2020": 2019,
    "2019.0": 2019,
    "forthcoming": None,
    "in press": None,
    "'19": None,
    "": None,
    "20191": 20191,
    "x20191x": None,
    "1799 a.d.": None,
}


@pytest.mark.parametrize(("written", "year"), WRITTEN.items())
def test_text(written: str, year: int | None) -> None:
    found, _ = years(pl.Series("year", [written, None]), "a.csv")
    assert found.to_list() == [year, None]
    assert found.dtype == pl.Int32


def test_only_longer_text_is_counted() -> None:
    assert years(pl.Series("year", ["2019", "c. 2019", "soon", None]), "a.csv")[1] == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2019, None], [2019, None]),
        ([2019.0, 2019.5, float("nan"), float("inf")], [2019, None, None, None]),
        ([2**40], [None]),
        ([date(2019, 5, 1)], [2019]),
        ([datetime(2019, 5, 1)], [2019]),  # noqa: DTZ001 - tables have such
        ([None, None], [None, None]),
    ],
)
def test_types(values: list[object], expected: list[int | None]) -> None:
    assert years(pl.Series("year", values), "a.parquet")[0].to_list() == expected


def test_truth_is_no_year() -> None:
    with pytest.raises(DataError, match=r"a\.csv: 'y' holds true and false; name the column of years"):
        years(pl.Series("y", [True]), "a.csv")


@given(
    st.integers(1800, 2099),
    st.text(st.characters(categories=["L", "Z", "P"]), max_size=8),
    st.text(st.characters(categories=["L", "Z", "P"]), max_size=8),
)
def test_a_year_is_found_in_any_text_without_other_digits(year: int, before: str, after: str) -> None:
    found, _ = years(pl.Series("year", [f"{before}x{year}y{after}"]), "a.csv")
    assert found.to_list() == [year]
