"""A model, an evaluation or an audit in short: a Markdown card for a model page, and the same as JSON."""

from __future__ import annotations

from polyculture.report.card.gather import make_card
from polyculture.report.card.markdown import render_card, write_card
from polyculture.report.card.record import Card

__all__ = ["Card", "make_card", "render_card", "write_card"]
