"""Rows of a survey as drawings and tables need them: numbers that may be missing, the largest communities, series."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polyculture.report.language import heard, say
from polyculture.report.numbers import interval
from polyculture.report.plain import NAN, label
from polyculture.surveying.result import SurveyResult

COMMUNITIES = 12
"""Communities that are drawn: those with most papers."""
Row = Mapping[str, Any]


def number(row: Row | None, name: str) -> float:
    """A number of a row; NaN where there is none.

    Examples
    --------
    >>> number({"low": 0.5}, "low"), number({"low": None}, "low"), number(None, "low")
    (0.5, nan, nan)
    """
    value = None if row is None else row.get(name)
    return NAN if value is None else float(value)


def ended(row: Row | None, name: str = "estimate", digits: int = 3, times: float = 1.0) -> str:
    """A number of a row with the ends that stand beside it: ``low`` and ``high``, or those called after it.

    Examples
    --------
    >>> ended({"share": 0.25, "low": 0.2, "high": 0.3}, "share", 0, 100)
    '25 [20, 30]'
    >>> ended({"soon": 0.5, "soon_low": 0.25, "soon_high": None}, "soon")
    '0.500 [0.250, open]'
    """
    own = {end: f"{name}_{end}" if row is not None and f"{name}_{end}" in row else end for end in ("low", "high")}
    values = {"estimate": number(row, name), **{end: number(row, column) for end, column in own.items()}}
    values = {part: value * times for part, value in values.items()}
    one_open = math.isnan(values["low"]) != math.isnan(values["high"])
    if one_open and not math.isnan(values["estimate"]):
        low, high = ("open" if math.isnan(values[end]) else f"{values[end]:.{digits}f}" for end in ("low", "high"))
        return heard(f"{values['estimate']:.{digits}f} [{low}, {high}]")
    return interval(values, digits)


def chosen(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """Rows whose columns hold these values.

    Examples
    --------
    >>> chosen([{"a": 1}, {"a": 2}], a=2)
    [{'a': 2}]
    """
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def largest(found: SurveyResult) -> list[str]:
    """The communities that are drawn, in alphabetical order."""
    papers: Counter[str] = Counter()
    for row in chosen(found.cells, level="family"):
        papers[row["community"]] += row["papers"]
    ranked = sorted(found.communities, key=lambda name: (-papers[name], name))
    return sorted(ranked[:COMMUNITIES])


def only_some(found: SurveyResult) -> str:
    """Say that not every community is drawn, where that is so."""
    count = len(found.communities)
    if count <= COMMUNITIES:
        return ""
    return say(
        " The {most} of {count} communities with most papers; the JSON holds all.", most=COMMUNITIES, count=count
    )


def with_gaps(found: SurveyResult) -> list[str]:
    """Communities with too few papers in some years between others, and the years.

    Examples
    --------
    >>> transfer = {"method": {"gaps": [{"community": "a", "first": 2020, "last": 2021}]}}
    >>> with_gaps(SurveyResult(18, ["a"], [2019, 2022], transfer=transfer))
    ['a (2020 to 2021)']
    """
    rows = next((part["gaps"] for part in found.transfer.values() if "gaps" in part), ())
    return [
        f"{label(row['community'], 40)} ({heard(' to '.join(map(str, dict.fromkeys((row['first'], row['last'])))))})"
        for row in rows
    ]


def all_years(found: SurveyResult) -> list[int]:
    """Every year from the first to the last."""
    return list(range(int(found.years[0]), int(found.years[1]) + 1))


def by_year(rows: Sequence[Row], years: Sequence[int], name: str) -> list[float]:
    """Numbers of rows in the order of years; NaN for a year that has none."""
    known = {row["year"]: number(row, name) for row in rows}
    return [known.get(year, NAN) for year in years]
