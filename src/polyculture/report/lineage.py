"""A lineage as a page."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from polyculture.ancestry.resolve import NAMELESS
from polyculture.ancestry.result import LineageResult
from polyculture.report.language import heard, say
from polyculture.report.lineage_findings import findings
from polyculture.report.lineage_sections import parameters, sections
from polyculture.report.lineage_sentences import answer, figures, lead
from polyculture.report.made import made
from polyculture.report.numbers import lacking, source
from polyculture.report.page import LONG, Page, Provenance
from polyculture.report.plain import label, mended, visible

NUMBERS = (
    "effective_founders",
    "diversity",
    "kinship",
    "depth",
    "concentration",
    "months",
    "withdrawn",
    "shared_errors",
)
"""Fields in which a missing value is a number that is not known."""


def page(found: LineageResult, provenance: Provenance) -> Page:
    """The answer, three figures, the findings, and a section for each question; any part of a result may be empty.

    Parameters
    ----------
    found : LineageResult
    provenance : Provenance
    """
    known = _known(found)
    level = 100 * float(known.settings.get("level", 0.95))
    return Page(
        kind="lineage",
        source=source(known.source),
        answer=answer(known),
        lead=lead(known),
        figures=figures(known),
        findings=findings(known),
        sections=sections(known),
        made=made("lineage", known.schema, provenance, parameters(known)),
        unmeasured=lacking(known.not_measured, LONG),
        note=say(
            "Bounds tell what undeclared parents leave open; intervals, of {level} %, what other models of the same "
            "ecosystem would have given.",
            level=f"{level:g}",
        ),
        command=provenance.command,
        when=provenance.when,
    )


def _known(found: LineageResult) -> LineageResult:
    """The same result with NaN for every number that is missing, and with names that fit a line."""
    numbers = {name: mended(getattr(found, name)) for name in NUMBERS}
    numbers["roots"] = [{**mended(root), "name": label(_named(str(root["name"])), 80)} for root in found.roots]
    numbers["withdrawn"] = [{**each, "root": _named(str(each["root"]))} for each in numbers["withdrawn"]]
    listed = [{**each, "name": _named(each["name"])} for each in found.unresolved.get("list", ())]
    numbers["unresolved"] = {**found.unresolved, "list": listed} if listed else found.unresolved
    return replace(found, **numbers, edge_table=_edges(found.edge_table), source=str(visible(found.source)))


def _named(name: str) -> str:
    """The name of a root; one that the program made up is said."""
    return heard(name) if name.startswith(NAMELESS) else name


def _edges(table: pl.DataFrame | None) -> pl.DataFrame | None:
    if table is None:
        return None
    made_up = table.filter(pl.col("parent").str.starts_with(NAMELESS))["parent"].unique()
    return table.with_columns(pl.col("parent").replace({name: heard(name) for name in made_up}))
