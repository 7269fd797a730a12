"""An evaluation as a page."""

from __future__ import annotations

from polyculture.errors import DataError
from polyculture.evaluation import Evaluation
from polyculture.report.evaluation_figures import figures
from polyculture.report.evaluation_findings import findings
from polyculture.report.evaluation_sections import parameters, sections
from polyculture.report.evaluation_sentences import answer, made_said, unmeasured
from polyculture.report.language import say
from polyculture.report.made import made
from polyculture.report.numbers import source
from polyculture.report.page import Page, Provenance
from polyculture.report.plain import filled


def page(found: Evaluation, provenance: Provenance) -> Page:
    """The answer, three figures, the findings, and a section for each question that was asked.

    Parameters
    ----------
    found : Evaluation
        With at least one row of accuracy.
    provenance : Provenance

    Raises
    ------
    DataError
        If no row of accuracy is there.
    """
    if not found.accuracy:
        raise DataError(
            "the evaluation has no row of accuracy, expected at least one; evaluate a model on labelled items"
        )
    known = filled(found)
    return Page(
        kind="evaluation",
        source=source(str(known.data.get("source", ""))),
        answer=answer(known),
        figures=figures(known),
        findings=findings(known),
        sections=sections(known),
        made=made("evaluation", known.schema, provenance, parameters(known), list(made_said(known))),
        unmeasured=list(unmeasured(known)),
        note=say("Brackets hold intervals of 95 %. Macro-F1 is in per cent."),
        command=provenance.command,
        when=provenance.when,
    )
