"""What stands in each section of the report of a lineage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import tables
from polyculture.report.audit_drawing import Drawing, label
from polyculture.report.charts import Chart, chart
from polyculture.report.facts import Shown, facts, shown
from polyculture.report.lineage_months import months
from polyculture.report.lineage_tree import Branch, trees
from polyculture.report.lineage_treemap import treemap
from polyculture.tables import Table

TITLES = {
    "lineage": "From how few founders",
    "roots": "The roots",
    "tree": "Who descends from whom",
    "withdrawn": "What falls if a root is withdrawn",
    "concentration": "Architectures, organisations and months",
    "shared_errors": "Ancestry and shared errors",
    "unresolved": "What is not resolved",
    "counted": "Decisions about the input",
    "not_measured": "What was not measured",
    "meaning": "How to read the numbers",
    "made": "How it was made",
}
PLACES = {"months": "concentration", "cycles": "unresolved"}
"""Sections of tables that are not called as they are."""
LONG, CHARTED = 1500, 12
"""Letters of a cell at most where sentences stand in it, and roots that have a bar."""


@dataclass(frozen=True)
class Part:
    """A section of the page."""

    key: str
    title: str
    said: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    charts: Sequence[Chart] = ()
    trees: Sequence[Branch] = ()
    tables: Sequence[Shown] = field(default_factory=tuple)


def parts(found: LineageResult) -> list[Part]:
    """Every section that there is something for, in the order of the page."""
    placed: dict[str, list[Table]] = {name: [] for name in TITLES}
    for table in tables(found):
        placed[PLACES.get(table.name, table.name)].append(table)
    placed["made"] += facts(dict(found.settings), {"": "settings"})
    made = [_part(found, name, placed[name]) for name in TITLES]
    return [part for part in made if part.said or part.drawings or part.charts or part.tables or part.trees]


def _part(found: LineageResult, name: str, given: Sequence[Table]) -> Part:
    drawn = {"roots": treemap, "concentration": months}
    drawings = [drawn[name](found)] if name in drawn else []
    charts = {"withdrawn": _falls, "shared_errors": _terms}
    most = LONG if name in {"counted", "not_measured", "meaning"} else 200
    return Part(
        name,
        TITLES[name],
        list(_said(found, name)),
        [drawing for drawing in drawings if drawing is not None],
        [each for each in (charts[name](found) if name in charts else ()) if each is not None],
        trees(found) if name == "tree" else (),
        [shown(table, most) for table in given],
    )


def _said(found: LineageResult, name: str) -> Iterator[str]:
    from polyculture.version import __version__

    if name == "made":
        yield f"Polyculture {__version__}, schema {found.schema}."
    if name == "tree" and found.edge_table is not None and found.edge_table.height:
        yield (
            "Open a model to see what was made of it. One with several parents stands below each of them and is opened "
            "out below the first. The largest roots, their most fertile descendants; the JSON holds all."
        )
        line = found.depth.get("longest_line", ())
        if len(line) > 1:
            yield f"The longest line: {' → '.join(label(str(each), 40) for each in line)}."
    if name == "not_measured" and not found.not_measured:
        yield "Everything was measured."


def _falls(found: LineageResult) -> Iterator[Chart | None]:
    rows = [
        (label(str(each["root"]), 40), [{"estimate": each["touched"]["estimate"], **each["touched"]["named"]}])
        for each in found.withdrawn[:CHARTED]
    ]
    yield chart(
        "chart-withdrawn", "Models that would lose an ancestor",
        "Brackets hold bounds: how many more there may be if models that nobody names, and that declare no parents, "
        "descend from that root.",
        ["models"], rows, kind="bar", digits=0,
    )  # fmt: skip


def _terms(found: LineageResult) -> Iterator[Chart | None]:
    terms = [term for term in found.shared_errors.get("terms", ()) if term["name"] != "constant"]
    rows = [(str(term["name"]), [{"estimate": term["estimate"], **term["interval"]}]) for term in terms]
    yield chart(
        "chart-errors", f"What goes with {found.shared_errors.get('measure', '').replace('_', ' ')}",
        "Right of zero, pairs with more of it are more alike; an interval that holds zero cannot tell.",
        ["effect"], rows, digits=2,
    )  # fmt: skip
