"""A lineage as a page."""

from __future__ import annotations

from dataclasses import replace

from polyculture.ancestry.result import LineageResult
from polyculture.report.language import say
from polyculture.report.lineage_findings import findings
from polyculture.report.lineage_sections import parameters, sections
from polyculture.report.lineage_sentences import answer, figures, lead
from polyculture.report.made import made
from polyculture.report.page import LONG, Page, Provenance
from polyculture.report.plain import label, mended, short, visible

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
        source=short(known.source, 120),
        answer=answer(known),
        lead=lead(known),
        figures=figures(known),
        findings=findings(known),
        sections=sections(known),
        made=made("lineage", known.schema, provenance, parameters(known)),
        unmeasured=[short(f"{name}: {why}", LONG) for name, why in known.not_measured.items()],
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
    roots = [{**mended(root), "name": label(str(root["name"]), 80)} for root in found.roots]
    return replace(found, **numbers, roots=roots, source=str(visible(found.source)))
