"""An evaluation or an audit as one HTML file that asks for nothing from the network."""

from __future__ import annotations

from polyculture.report.audit import render_audit, write_audit_report
from polyculture.report.render import render, write_report

__all__ = ["render", "render_audit", "write_audit_report", "write_report"]
