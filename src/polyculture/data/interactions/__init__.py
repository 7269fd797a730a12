"""Interactions of users with items: one type, and readers of the formats in which they are released."""

from __future__ import annotations

from polyculture.data.interactions.interactions import SPLITS, Interactions

__all__ = ["SPLITS", "Interactions"]
