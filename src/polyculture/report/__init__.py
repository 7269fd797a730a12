"""A result as one HTML file that asks for nothing from the network."""

from __future__ import annotations

from polyculture.report.audit import render_audit, write_audit_report
from polyculture.report.lineage import render_lineage, write_lineage_report
from polyculture.report.render import render, write_report
from polyculture.report.survey import render_survey, write_survey_report

__all__ = [
    "render",
    "render_audit",
    "render_lineage",
    "render_survey",
    "write_audit_report",
    "write_lineage_report",
    "write_report",
    "write_survey_report",
]
