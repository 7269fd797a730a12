"""What a report shows of transfer: at which share of papers a method counts as taken up, and the tables of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from polyculture.report.survey_rows import Row, chosen, ended, number
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

LEVELS = ("method", "family")
"""Levels in the order in which they are preferred."""
LEADERS = 40
"""Methods whose leader is told."""


def shown_at(found: SurveyResult) -> tuple[str, float]:
    """Level, and the share at which most methods have a first community that can be told; 0 where nothing is known.

    It depends on what can be dated and not on who leads.
    """
    for level in LEVELS:
        dated: dict[float, float] = {}
        for row in found.transfer.get(level, {}).get("leaders", ()):
            dated[row["at"]] = dated.get(row["at"], 0.0) + number(row, "dated")
        if dated:
            return level, max(sorted(dated), key=lambda at: dated[at])
    return LEVELS[0], 0.0


def edges(found: SurveyResult) -> tuple[float, list[Row]]:
    """The share, and at it the edges of the network, those that most methods went along first."""
    level, at = shown_at(found)
    return at, chosen(found.transfer.get(level, {}).get("network", ()), at=at)


def transfer_tables(found: SurveyResult) -> Iterator[Table]:
    """Who lags how far behind, and who was first with which method."""
    level, at = shown_at(found)
    part, said = found.transfer.get(level, {}), f"{100 * at:g} % of papers"
    rows = [
        [
            row["community"],
            row["methods"],
            row["leads"],
            row["censored"],
            _lag(row),
            _year(row, "median_null"),
            ended(row, "soon", 0, 100),
            _percent(number(row, "soon_null")),
            number(row, "soon_p"),
        ]
        for row in chosen(part.get("behind", ()), at=at)
    ]
    if rows:
        columns = [
            "community",
            "methods",
            "leads",
            "not yet",
            "median lag, years",
            "by chance",
            "within 3 years, %",
            "by chance",
            "p of as few",
        ]
        yield Table("behind", f"how far behind the first ({said})", columns, rows)
    told = [row for row in chosen(part.get("leaders", ()), at=at) if isinstance(row["leader"], str)]
    told.sort(key=lambda row: (-number(row, "probability"), row["name"]))
    rows = [[row["name"], row["leader"], number(row, "probability"), _second(row)] for row in told[:LEADERS]]
    if rows:
        yield Table(
            "leaders",
            f"who was first ({said}), and in which share of draws",
            [level, "first", "share of draws", "else"],
            rows,
        )


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f}"


def _lag(row: Row) -> str:
    """Median lag; open where fewer than half of the methods have arrived."""
    if row.get("median") is None:
        low = number(row, "median_low")
        return f"open [{low:.1f}, open]" if low >= 0 else "open"
    return ended(row, "median", 1)


def _year(row: Row, name: str) -> str:
    return "open" if row.get(name) is None else f"{number(row, name):.1f}"


def _second(row: Row) -> str:
    return f"{row['second']} ({number(row, 'second_probability'):.3f})" if isinstance(row["second"], str) else "–"
