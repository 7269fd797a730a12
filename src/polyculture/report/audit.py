"""An audit as a page."""

from __future__ import annotations

from dataclasses import replace

from polyculture.auditing.result import AuditResult
from polyculture.report.audit_figures import figures
from polyculture.report.audit_findings import findings
from polyculture.report.audit_sections import parameters, sections
from polyculture.report.audit_sentences import answer, lead
from polyculture.report.language import say
from polyculture.report.made import made
from polyculture.report.numbers import lacking, source
from polyculture.report.page import LONG, Page, Provenance
from polyculture.report.plain import NAN, mended

NUMBERS = (
    "accuracy",
    "accuracy_intervals",
    "effective_models",
    "joint_failure",
    "systemic_failure",
    "agreement_both_wrong",
    "multiplicity",
    "groups",
    "pairs",
    "summary",
    "families",
    "near_twins",
    "portfolio",
    "regressions",
    "maps",
    "failing_together",
)
"""Fields in which a missing value is a number that is not known."""


def page(found: AuditResult, provenance: Provenance) -> Page:
    """The answer, three figures, the findings, and a section for each question; any part of a result may be empty.

    Parameters
    ----------
    found : AuditResult
    provenance : Provenance
    """
    known = _known(found)
    level = 100 * float(known.settings.get("level", 0.95))
    return Page(
        kind="audit",
        source=source(known.source),
        answer=answer(known),
        lead=lead(known),
        figures=figures(known),
        findings=findings(known),
        sections=sections(known),
        made=made("audit", known.schema, provenance, parameters(known)),
        unmeasured=lacking(known.not_measured, LONG),
        note=say("Brackets hold intervals of {level} %. A dash stands where there is no number.", level=f"{level:g}"),
        command=provenance.command,
        when=provenance.when,
    )


def _known(found: AuditResult) -> AuditResult:
    """The same result with NaN for every number that is missing, and an interval for every accuracy."""
    numbers = {name: mended(getattr(found, name)) for name in NUMBERS}
    unknown = {"low": NAN, "high": NAN}
    numbers["accuracy_intervals"] = dict.fromkeys(numbers["accuracy"], unknown) | numbers["accuracy_intervals"]
    return replace(found, **numbers)
