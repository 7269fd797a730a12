"""Tables of topics, which a survey measures as if they were communities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polyculture.report.survey_rows import Row, chosen, ended, number
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

NAMED = 3
"""Families of a topic that are told."""


def topic_tables(found: SurveyResult) -> Iterator[Table]:
    """Papers, variety and families of each topic in its last year, and how much young topics write."""
    part: Any = found.topics
    last: dict[str, Row] = {}
    total: dict[str, int] = {}
    for row in part.get("cells", ()):
        total[row["topic"]] = total.get(row["topic"], 0) + row["papers"]
        if row["topic"] not in last or row["year"] > last[row["topic"]]["year"]:
            last[row["topic"]] = row
    ranked = sorted(total, key=lambda name: (-total[name], name))
    rows = [
        [
            name,
            total[name],
            last[name]["year"],
            last[name]["papers"],
            _varied(part, name, last[name]["year"]),
            _families(part, name, last[name]["year"]),
        ]
        for name in ranked
    ]
    if rows:
        columns = ["topic", "papers", "last year", "papers then", "effective families then", "named most then, %"]
        yield Table("topics", "topics by papers", columns, rows)
    young = [
        [row["year"], row["communities"], 100 * number(row, "papers"), ended(row, "share", 1, 100)]
        for row in part.get("young", ())
        if row["communities"]
    ]
    if young:
        columns = ["year", "young topics", "of all papers, %", "of papers that name a method, %"]
        yield Table("young topics", "topics in their first years", columns, young)


def _varied(part: Any, topic: str, year: int) -> str:
    rows = chosen(part.get("diversity", ()), topic=topic, year=year, conditional=True, measure="hill_1")
    return ended({**rows[0], "estimate": rows[0]["corrected"]}, digits=1) if rows else "–"


def _families(part: Any, topic: str, year: int) -> str:
    rows = [row for row in chosen(part.get("adoption", ()), topic=topic, year=year) if row["naming"]]
    rows.sort(key=lambda row: (-row["share"], row["family"]))
    return ", ".join(f"{row['family']} {ended(row, 'share', 1, 100)}" for row in rows[:NAMED]) or "–"
