"""An evaluation as one HTML file that asks for nothing from the network."""

from __future__ import annotations

from polyculture.report.render import render, write_report

__all__ = ["render", "write_report"]
