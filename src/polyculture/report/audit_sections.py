"""What stands in each section of the report of an audit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from polyculture.auditing.result import AuditResult
from polyculture.auditing.tables import tables
from polyculture.measure import MEASURES, Facts
from polyculture.report.audit_drawing import Drawing
from polyculture.report.audit_failures import curve, histogram
from polyculture.report.audit_likeness import Likeness, likeness
from polyculture.report.audit_maps import MAPS, maps
from polyculture.report.audit_matrix import matrix
from polyculture.report.audit_scatter import scatter
from polyculture.report.charts import Chart, chart
from polyculture.report.facts import Shown, facts, shown
from polyculture.tables import Table, interval

TITLES = {
    "advice": "What to do",
    "likeness": "Which models are alike",
    "failures": "Do they fail together",
    "portfolio": "Which few to keep",
    "accuracy": "Accuracy and likeness",
    "layers": "Layer by layer",
    "policies": "Decisions about the input",
    "not_measured": "What was not measured",
    "reading": "How to read the numbers",
    "made": "How it was made",
}
PLACES = {
    "summary": "likeness",
    "alike": "likeness",
    "families": "likeness",
    "near_twins": "likeness",
    "together": "failures",
    "groups": "failures",
}
"""Sections of tables that are not called as they are; regressions belong to accuracy, others to how it was made."""
LONG = 1500
"""Letters of a cell at most where sentences stand in it."""


@dataclass(frozen=True)
class Part:
    """A section; `notes` say why there are dashes in its tables."""

    key: str
    title: str
    said: Sequence[str] = ()
    drawings: Sequence[Drawing] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Shown] = ()
    notes: Sequence[str] = ()


def parts(found: AuditResult) -> list[Part]:
    """Every section that there is something for, in the order of the report."""
    placed: dict[str, list[Table]] = {name: [] for name in TITLES}
    for table in tables(found):
        placed[_place(table)].append(table)
    placed["reading"] += _registered(found)
    placed["made"] += facts(found.settings, {"": "settings"})
    known = likeness(found)
    made = [_part(found, known, name, placed[name]) for name in TITLES]
    return [part for part in made if part.said or part.drawings or part.charts or part.tables]


def _part(found: AuditResult, known: Likeness | None, name: str, given: Sequence[Table]) -> Part:
    drawings = DRAWINGS[name](found, known) if name in DRAWINGS else ()
    charts = CHARTS.get(name, _nothing)(found)
    told = [_told(table) for table in given]
    return Part(
        name,
        TITLES[name],
        list(SAID.get(name, _nothing)(found)),
        [d for d in drawings if d is not None],
        [c for c in charts if c is not None],
        [shown(table, LONG if name in {"advice", "policies", "not_measured", "reading"} else 200) for table in told],
        list(_notes(found, told)),
    )


def _place(table: Table) -> str:
    if table.name.startswith("regression "):
        return "accuracy"
    return PLACES.get(table.name, table.name if table.name in TITLES else "made")


def _told(table: Table) -> Table:
    """The same table with intervals in words."""
    rows = [[interval(v, 3) if isinstance(v, Mapping) and "estimate" in v else v for v in row] for row in table.rows]
    return replace(table, rows=rows)


def _notes(found: AuditResult, given: Sequence[Table]) -> Iterator[str]:
    """Why numbers are missing in some tables, where the result says so."""
    if all(table.name != "not_measured" for table in given):
        lacking = {name for table in given for row in table.rows for name in _lacking(table.columns, row)}
        yield from (f"– {name}: {why}" for name, why in found.not_measured.items() if _known(name) in lacking)


def _lacking(columns: Sequence[str], row: Sequence[Any]) -> Iterator[str]:
    for column, value in zip(columns, row, strict=True):
        if value == "–" or (isinstance(value, float) and math.isnan(value)):
            yield from (_known(column), _known(str(row[0])))


def _known(name: str) -> str:
    return name.replace("_", " ").lower()


def _nothing(_: AuditResult) -> Iterator[Any]:
    return iter(())


def _effective(found: AuditResult) -> Iterator[Chart | None]:
    rows = [(name.replace("_", " "), [value]) for name, value in found.effective_models.items()]
    yield chart(
        "chart-effective", "Effective number of models, by definition",
        "How many independent models would do as well. The definitions differ: Kish is about averaging errors out, the "
        f"other two about the spread of the failures. {len(found.models)} if all were independent; Kish's is more "
        "where errors exclude each other.",
        ["models"], rows, kind="bar", digits=2,
    )  # fmt: skip


def _effects(found: AuditResult) -> Iterator[Chart | None]:
    for i, (name, fitted) in enumerate(found.regressions.items()):
        rows = [(str(term["name"]), [term]) for term in fitted.get("terms", ())]
        yield chart(
            f"chart-regression-{i}", f"What pairs share and their {name.replace('_', ' ')}",
            "Right of zero, pairs that share it are more alike; an interval that holds zero cannot tell.",
            ["effect"], rows, digits=2,
        )  # fmt: skip


def _layers_said(found: AuditResult) -> Iterator[str]:
    if len(found.maps) > MAPS:
        yield f"The {MAPS} of {len(found.maps)} pairs whose layers are most alike; the JSON holds all."


def _keep_said(found: AuditResult) -> Iterator[str]:
    if found.portfolio.get("sizes"):
        yield "Sets of models were chosen on half of the items and judged on the others."
    if found.portfolio.get("guarantee"):
        yield str(found.portfolio["guarantee"])


def _complete(found: AuditResult) -> Iterator[str]:
    if not found.not_measured:
        yield "Everything that this kind of input allows was measured."


def _reading_said(found: AuditResult) -> Iterator[str]:
    level = 100 * float(found.settings.get("level", 0.95))
    yield (
        f"Brackets hold intervals of {level:g} %. By chance: what models give that share nothing but how often each of "
        "them is right, or, for representations, what unrelated ones rarely pass. Calibrated: the share of the way "
        "from chance to the largest value; 0 is chance, and below 0 is less alike than that. p adjusted: "
        "probability of a value at least as high by chance, adjusted for the number of pairs."
    )


def _made_said(found: AuditResult) -> Iterator[str]:
    from polyculture.version import __version__

    yield f"Polyculture {__version__}, schema {found.schema}."


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
Draw = Callable[[AuditResult, Likeness | None], Iterable[Drawing | None]]
DRAWINGS: Mapping[str, Draw] = {
    "likeness": lambda found, known: [matrix(found, known) if known else None],
    "failures": lambda found, _: [histogram(found)],
    "portfolio": lambda found, _: [curve(found)],
    "accuracy": lambda found, known: [scatter(found, known) if known else None],
    "layers": lambda found, _: maps(found),
}
CHARTS: Mapping[str, Make] = {"failures": _effective, "accuracy": _effects}
SAID: Mapping[str, Make] = {
    "portfolio": _keep_said,
    "layers": _layers_said,
    "not_measured": _complete,
    "reading": _reading_said,
    "made": _made_said,
}
