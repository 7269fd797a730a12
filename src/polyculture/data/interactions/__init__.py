"""Interactions of users with items: one type, and readers of the formats in which they are released."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.data.interactions.interactions import SPLITS, Interactions

if TYPE_CHECKING:
    from polyculture.data.interactions.reading import FORMATS, from_frame, read_interactions

# Imported when first used: the type alone needs no polars.
_LATER = ("FORMATS", "from_frame", "read_interactions")

__all__ = ["FORMATS", "SPLITS", "Interactions", "from_frame", "read_interactions"]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'polyculture.data.interactions' has no attribute {name!r}")
    return getattr(import_module("polyculture.data.interactions.reading"), name)
