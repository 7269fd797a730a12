"""A result as one HTML file that asks for nothing from the network."""

from __future__ import annotations

from polyculture.report.page import Finding, Page, Provenance
from polyculture.report.written import notebook, page_of, render, write_report

__all__ = ["Finding", "Page", "Provenance", "notebook", "page_of", "render", "write_report"]
