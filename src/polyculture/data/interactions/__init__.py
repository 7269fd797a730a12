"""Interactions of users with items: one type, and readers of the formats in which they are released."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.data.interactions.interactions import SPLITS, Interactions
from polyculture.data.interactions.splitting import hold_out

if TYPE_CHECKING:
    from polyculture.data.interactions.packaged import INTERACTIONS, load_interactions
    from polyculture.data.interactions.reading import FORMATS, from_frame, read_interactions

# Imported when first used: the type alone needs neither polars nor a cache folder.
_HOMES = {
    "FORMATS": "polyculture.data.interactions.reading",
    "INTERACTIONS": "polyculture.data.interactions.packaged",
    "from_frame": "polyculture.data.interactions.reading",
    "load_interactions": "polyculture.data.interactions.packaged",
    "read_interactions": "polyculture.data.interactions.reading",
}

__all__ = [
    "FORMATS",
    "INTERACTIONS",
    "SPLITS",
    "Interactions",
    "from_frame",
    "hold_out",
    "load_interactions",
    "read_interactions",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'polyculture.data.interactions' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
