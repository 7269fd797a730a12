"""Tables of a survey's report that the screen does not show."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from polyculture.report.survey_rows import Row, chosen, ended, largest, number
from polyculture.surveying.headline import main_level
from polyculture.surveying.result import SurveyResult
from polyculture.tables import Table

KEPT, EACH, METHODS = 20, 12, 40
"""Rows of a list, of each kind of association, and methods, at most."""
HEIGHTS = ("10 % of the ceiling", "50 % of the ceiling")


def adoption_tables(found: SurveyResult) -> Iterator[Table]:
    """Methods in the last year, and when families reached parts of their ceiling."""
    names, year = largest(found), found.years[1]
    cells = {(row["method"], row["community"]): row for row in chosen(found.adoption, level="method", year=year)}
    total: dict[str, float] = {}
    for (method, _), row in cells.items():
        total[method] = total.get(method, 0) + row["naming"]
    ranked = sorted(total, key=lambda name: (-total[name], name))[:METHODS]
    lines = [[name, *(ended(cells.get((name, c)), "share", 1, 100) for c in names)] for name in ranked]
    if lines:
        few = f" (the {METHODS} of {len(total)} that most papers name)" * (len(total) > METHODS)
        yield Table(
            "methods",
            f"methods by share of papers in {year}, %{few}",
            ["method", *names],
            lines,
            range(1, 1 + len(names)),
        )
    yield from _curves(found, names)


def _curves(found: SurveyResult, names: list[str]) -> Iterator[Table]:
    """Years of those curves whose half is known at both ends; of others the data do not tell the height."""
    level = main_level(found)
    by: dict[tuple[str, str], dict[str, Row]] = {}
    for row in chosen(found.adoption_curves, level=level):
        by.setdefault((row[level], row["community"]), {})[row["quantity"]] = row
    known = {pair: parts for pair, parts in by.items() if _known(parts.get(HEIGHTS[1])) and "ceiling" in parts}
    lines = [
        [
            name,
            community,
            parts["ceiling"]["papers"],
            ended(parts["ceiling"], digits=1, times=100),
            *(_reached(parts.get(height)) for height in HEIGHTS),
        ]
        for (name, community), parts in sorted(known.items())
        if community in names
    ]
    if lines:
        columns = [level, "community", "papers", "ceiling, %", *(f"year of {height}" for height in HEIGHTS)]
        title = (
            f"logistic adoption curves: the {len(lines)} of {len(by)} whose year of half the ceiling is known at both "
            "ends; the JSON holds all"
        )
        yield Table("curves", title, columns, lines)


def _known(row: Row | None) -> bool:
    return not any(math.isnan(number(row, name)) for name in ("estimate", "low", "high"))


def _reached(row: Row | None) -> str:
    if row is None:
        return "–"
    return str(row["state"]) if row.get("estimate") is None else ended(row, digits=1)


def opening_tables(found: SurveyResult) -> Iterator[Table]:
    """Openings, with how much chance there is in their order."""
    rows = [
        [
            row["rank"],
            row["community"],
            row["name"],
            ended(row, "score"),
            f"{row['rank_low']} to {row['rank_high']}",
            f"{100 * number(row, 'stability'):.0f}",
            row["reason"],
        ]
        for row in found.openings.get("found", ())
    ]
    if rows:
        columns = ["rank", "community", "method", "score", "rank in draws", f"first {len(rows)}, % of draws", "because"]
        yield Table("openings", "openings, the surest first", columns, rows)


def duplication_tables(found: SurveyResult) -> Iterator[Table]:
    """Copies of all years against chance, pairs of communities, and the largest groups."""
    whole = next((row for row in found.duplication.get("by_year", ()) if row.get("year") is None), None)
    if whole:
        rows = [
            [
                kind,
                ended(whole, kind, 2, 100),
                100 * number(whole, f"{kind}_expected"),
                ended(whole, f"{kind}_ratio", 2),
            ]
            for kind in ("within", "between")
        ]
        yield Table("copies", "papers of all years with a copy, %", ["community", "papers", "by chance", "times"], rows)
    pairs = [row for row in found.duplication.get("pairs", ()) if row["groups"]][:KEPT]
    if pairs:
        lines = [[row["first"], row["second"], row["groups"], number(row, "expected")] for row in pairs]
        title = "pairs of communities that share copies, the most surprising first"
        yield Table("shared", title, ["first", "second", "groups", "by chance"], lines)
    groups = found.duplication.get("largest", ())[:KEPT]
    if groups:
        lines = [
            [
                row["title"],
                row["papers"],
                ", ".join(map(str, row["communities"])),
                f"{row['first_year']} to {row['last_year']}",
            ]
            for row in groups
        ]
        yield Table("groups", "the largest groups of copies", ["title", "papers", "communities", "years"], lines)


def exploration_tables(found: SurveyResult) -> Iterator[Table]:
    """How long methods stay, how long they take to arrive, young communities, and what goes with diversity."""
    part: Any = found.exploration
    rows = [[row["after"], row["methods"], ended(row, "share", 1, 100)] for row in part.get("staying", ())]
    if rows:
        columns = ["years after entry", "community and method", "still in use, %"]
        yield Table("staying", "how many new methods stay", columns, rows)
    rows = [
        [
            f"{row['first_known']} to {row['last_known']}",
            row["methods"],
            row["pairs"],
            row["censored"],
            "open" if row.get("median") is None else ended(row, "median", 1),
        ]
        for row in part.get("time_to_adoption", ())
    ]
    if rows:
        columns = ["known since", "methods", "pairs with a community", "not yet", "median years"]
        yield Table("arrival", "years from when a method became known until a community uses it", columns, rows)
    rows = [
        [row["year"], row["communities"], 100 * number(row, "papers"), ended(row, "share", 1, 100)]
        for row in part.get("young", ())
        if row["communities"]
    ]
    if rows:
        columns = ["year", "communities", "of all papers, %", "of papers that name a method, %"]
        yield Table("young", "communities in their first years", columns, rows)
    rows = [
        [row["measure"], row["of"], ended(row, "correlation", 2), number(row, "p"), row["cells"]]
        for row in part.get("with_diversity", ())
    ]
    if rows:
        columns = ["measure", "of", "rank correlation", "p", "cells"]
        yield Table("moves", "what goes with diversity (associations)", columns, rows)


def association_tables(found: SurveyResult) -> Iterator[Table]:
    """What is named beside methods more often than by chance, the strongest of each kind.

    What has the name of the method itself is left out: the same words would be on both sides.
    """
    sure = 1 - float(found.settings.get("confidence", 0.95))
    rows = [
        row
        for row in found.associations.get("found", ())
        if row["beside"] != row["name"] and number(row, "p_adjusted") <= sure and number(row, "lift_low") > 1
    ]
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = sorted(chosen(rows, kind=kind), key=lambda row: (-number(row, "lift_low"), row["beside"], row["name"]))
        lines = [
            [
                row["beside"],
                row["name"],
                row["papers"],
                number(row, "expected"),
                ended(row, "lift", 1),
                number(row, "p_adjusted"),
            ]
            for row in own[:EACH]
        ]
        few = f" (the first {EACH} of {len(own)})" * (len(own) > EACH)
        columns = [kind, "method", "papers", "by chance", "times", "p adjusted"]
        yield Table(f"beside {kind}", f"{kind} and method{few}", columns, lines)
