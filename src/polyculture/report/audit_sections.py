"""What stands in each section of the page of an audit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import tables
from polyculture.measure import MEASURES, Facts
from polyculture.report.audit_alike import alike
from polyculture.report.audit_failures import curve, failures
from polyculture.report.audit_likeness import Likeness, likeness
from polyculture.report.audit_maps import MAPS, maps
from polyculture.report.audit_scatter import cloud
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.dots import dots
from polyculture.report.facts import facts, shown
from polyculture.report.language import heard, later, say
from polyculture.report.numbers import interval, measure
from polyculture.report.page import Section
from polyculture.tables import Table

TITLES = {
    "advice": later("What to do"),
    "likeness": later("Which models are alike"),
    "failures": later("Do they fail together"),
    "portfolio": later("Which few to keep"),
    "accuracy": later("Accuracy and likeness"),
    "layers": later("Layer by layer"),
    "policies": later("Decisions about the input"),
    "reading": later("How to read the numbers"),
}
PLACES = {
    "summary": "likeness",
    "alike": "likeness",
    "families": "likeness",
    "near_twins": "likeness",
    "together": "failures",
    "groups": "failures",
    "difficulty": "failures",
}
"""Sections of tables that are not called as they are; regressions belong to accuracy, others to how it was made."""
LONG = 1500
"""Letters of a cell at most where sentences stand in it."""


def sections(found: AuditResult) -> list[Section]:
    """Every section that there is something for, in the order of the page."""
    placed: dict[str, list[Table]] = {name: [] for name in (*TITLES, "made", "not_measured")}
    for table in tables(found):
        placed[_place(table)].append(table)
    placed["reading"] += _registered(found)
    known = likeness(found)
    made = [_section(found, known, name, placed[name]) for name in TITLES]
    return [section for section in made if section]


def parameters(found: AuditResult) -> list[Table]:
    """What the numbers depend on, and tables that have no section of their own."""
    rest = [table for table in tables(found) if _place(table) == "made"]
    return [*rest, *facts(found.settings, {"": "settings"})]


def _section(found: AuditResult, known: Likeness | None, name: str, given: Sequence[Table]) -> Section:
    charts = CHARTS[name](found, known) if name in CHARTS else ()
    told = [_told(table) for table in given]
    return Section(
        name,
        say(TITLES[name]),
        list(SAID.get(name, _nothing)(found)),
        [chart for chart in charts if chart is not None],
        [shown(table, LONG if name in {"advice", "policies", "reading"} else 200) for table in told],
        notes=list(_notes(found, told)),
    )


def _place(table: Table) -> str:
    if table.name.startswith("regression "):
        return "accuracy"
    named = table.name if table.name in TITLES or table.name == "not_measured" else "made"
    return PLACES.get(table.name, named)


def _told(table: Table) -> Table:
    """The same table with intervals in words."""
    rows = [[interval(v, 3) if isinstance(v, Mapping) and "estimate" in v else v for v in row] for row in table.rows]
    return replace(table, rows=rows)


def _notes(found: AuditResult, given: Sequence[Table]) -> Iterator[str]:
    """Why numbers are missing in some tables, where the result says so."""
    lacking = {name for table in given for row in table.rows for name in _lacking(table.columns, row)}
    yield from (
        say("– {name}: {why}", name=heard(name), why=heard(why))
        for name, why in found.not_measured.items()
        if _known(name) in lacking
    )


def _lacking(columns: Sequence[str], row: Sequence[Any]) -> Iterator[str]:
    for column, value in zip(columns, row, strict=True):
        if value == "–" or (isinstance(value, float) and math.isnan(value)):
            yield from (_known(column), _known(str(row[0])))


def _known(name: str) -> str:
    return name.replace("_", " ").lower()


def _nothing(_: AuditResult) -> Iterator[Any]:
    return iter(())


def _accuracy(found: AuditResult, known: Likeness | None) -> Iterator[Chart | None]:
    yield cloud(found, known)
    for i, (name, fitted) in enumerate(found.regressions.items()):
        rows = [(heard(str(term["name"])), [term]) for term in fitted.get("terms", ())]
        yield dots(
            f"chart-regression-{i}",
            say("What pairs share and their {measure}", measure=measure(name)),
            say("Right of zero, pairs that share it are more alike; an interval that holds zero cannot tell."),
            ["effect"],
            rows,
            digits=2,
        )


def _layers_said(found: AuditResult) -> Iterator[str]:
    if len(found.maps) > MAPS:
        yield say(
            "The {shown} of {count} pairs whose layers are most alike; the JSON holds all.",
            shown=MAPS,
            count=len(found.maps),
        )


def _keep_said(found: AuditResult) -> Iterator[str]:
    if found.portfolio.get("sizes"):
        yield say("Sets of models were chosen on half of the items and judged on the others.")
    if found.portfolio.get("guarantee"):
        yield heard(str(found.portfolio["guarantee"]))


def _reading_said(found: AuditResult) -> Iterator[str]:
    level = 100 * float(found.settings.get("level", 0.95))
    yield say(
        "Brackets hold intervals of {level} %. By chance: what models give that share nothing but how often each of "
        "them is right, or, for representations, what unrelated ones rarely pass. Calibrated: the share of the way "
        "from chance to the largest value; 0 is chance, and below 0 is less alike than that. p adjusted: probability "
        "of a value at least as high by chance, adjusted for the number of pairs.",
        level=f"{level:g}",
    )


def _registered(found: AuditResult) -> list[Table]:
    """What is known about the measures that the audit used."""
    single = ("effective_models", "joint_failure", "systemic_failure", "agreement_both_wrong")
    used = [*found.summary, *(name for name in single if getattr(found, name)), *found.multiplicity]
    rows = [_fact(MEASURES[name]) for name in dict.fromkeys(used) if name in MEASURES]
    columns = ["measure", "what it is", "range", "by chance", "more alike is", "paper"]
    return [Table("reading", "the measures", columns, rows)] if rows else []


def _fact(known: Facts) -> list[str]:
    low, high = known.bounds
    ends = {(False, True): f"{low:g} and more", (True, False): f"up to {high:g}"}
    span = ends.get((math.isinf(low), math.isinf(high)), f"{low:g} to {high:g}")
    null = "depends on the data" if callable(known.null) else "not known" if known.null is None else f"{known.null:g}"
    return [known.name.replace("_", " "), known.summary, span, null, known.more_alike, known.paper]


Make = Callable[[AuditResult], Iterator[Any]]
Draw = Callable[[AuditResult, Likeness | None], Iterable[Chart | None]]
CHARTS: Mapping[str, Draw] = {
    "likeness": alike,
    "failures": lambda found, _: failures(found),
    "portfolio": lambda found, _: curve(found),
    "accuracy": _accuracy,
    "layers": lambda found, _: maps(found),
}
SAID: Mapping[str, Make] = {"portfolio": _keep_said, "layers": _layers_said, "reading": _reading_said}
