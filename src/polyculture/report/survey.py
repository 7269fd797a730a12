"""A survey as a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from polyculture.report.language import say
from polyculture.report.made import made
from polyculture.report.numbers import lacking, source
from polyculture.report.page import LONG, Page, Provenance
from polyculture.report.plain import mended
from polyculture.report.survey_findings import findings
from polyculture.report.survey_sections import made_said, parameters, sections
from polyculture.report.survey_sentences import answer, figures, lead
from polyculture.surveying.result import Rows, SurveyResult

NUMBERS = ("divergence", "diversity", "convergence")
"""Fields in which a missing value is a number that is not known."""


def page(found: SurveyResult, provenance: Provenance) -> Page:
    """The answer, three figures, the findings, and a section for each question; any part of a result may be empty.

    Parameters
    ----------
    found : SurveyResult
    provenance : Provenance
    """
    numbers: dict[str, Any] = {name: _known(getattr(found, name)) for name in NUMBERS}
    known = replace(found, **numbers)
    level = 100 * float(known.settings.get("confidence", 0.95))
    return Page(
        kind="survey",
        source=source(known.source),
        answer=answer(known),
        lead=lead(known),
        figures=figures(known),
        findings=findings(known),
        sections=sections(known),
        made=made("survey", known.schema, provenance, parameters(known), list(made_said(known))),
        unmeasured=lacking(known.not_measured, LONG),
        note=say(
            "Brackets hold intervals of {level} %, from papers drawn anew. A dash stands where there is no number.",
            level=f"{level:g}",
        ),
        command=provenance.command,
        when=provenance.when,
    )


def _known(rows: Rows) -> Rows:
    """The same rows with NaN where a number is missing; of an interval nothing being said against it is no number."""
    return [{**mended(row), "interval": row.get("interval")} if None in row.values() else row for row in rows]
