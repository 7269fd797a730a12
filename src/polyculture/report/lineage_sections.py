"""What stands in each section of the page of a lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import tables
from polyculture.report import lineage_charts
from polyculture.report.charts.chart import Chart
from polyculture.report.facts import facts, shown
from polyculture.report.language import later, say
from polyculture.report.lineage_tree import trees
from polyculture.report.page import Section
from polyculture.report.plain import label
from polyculture.tables import Table

TITLES = {
    "lineage": later("From how few founders"),
    "roots": later("The roots"),
    "tree": later("Who descends from whom"),
    "withdrawn": later("What falls if a root is withdrawn"),
    "concentration": later("Architectures, organisations and months"),
    "shared_errors": later("Ancestry and shared errors"),
    "unresolved": later("What is not resolved"),
    "counted": later("Decisions about the input"),
    "meaning": later("How to read the numbers"),
}
PLACES = {"months": "concentration", "cycles": "unresolved"}
"""Sections of tables that are not called as they are."""
LONG = 1500
"""Letters of a cell at most where sentences stand in it."""
LINE = 16
"""Models of the longest line that are named."""
CHARTS: Mapping[str, Callable[[LineageResult], Iterator[Chart | None]]] = {
    "roots": lineage_charts.roots,
    "tree": lineage_charts.branches,
    "withdrawn": lineage_charts.falls,
    "concentration": lineage_charts.months,
    "shared_errors": lineage_charts.terms,
}


def sections(found: LineageResult) -> list[Section]:
    """Every section that there is something for, in the order of the page."""
    placed: dict[str, list[Table]] = {name: [] for name in (*TITLES, "not_measured")}
    for table in tables(found):
        placed[PLACES.get(table.name, table.name)].append(table)
    made = [_section(found, name, placed[name]) for name in TITLES]
    return [section for section in made if section]


def parameters(found: LineageResult) -> list[Table]:
    """What the numbers depend on."""
    return facts(dict(found.settings), {"": "settings"})


def _section(found: LineageResult, name: str, given: Sequence[Table]) -> Section:
    charts = CHARTS[name](found) if name in CHARTS else ()
    return Section(
        name,
        say(TITLES[name]),
        list(_said(found)) if name == "tree" else (),
        [chart for chart in charts if chart is not None],
        [shown(table, LONG if name in {"counted", "meaning"} else 200) for table in given],
        branches=trees(found) if name == "tree" else (),
    )


def _said(found: LineageResult) -> Iterator[str]:
    if found.edge_table is not None and found.edge_table.height:
        yield say(
            "Open a model in the list to see what was made of it. One with several parents stands below each of them "
            "and is opened out below the first. The largest roots, their most fertile descendants; the JSON holds all."
        )
        line = found.depth.get("longest_line", ())
        if len(line) > 1:
            yield say(
                "The longest line: {names}.",
                names=" → ".join(
                    label(str(each), 40) for each in (line if len(line) <= LINE else [*line[: LINE - 1], "…", line[-1]])
                ),
            )
