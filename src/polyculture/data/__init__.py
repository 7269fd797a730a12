"""What comes in: readers of public formats, packaged datasets, and the one type DomainData."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from polyculture.data.dataset import SPLITS, DomainData

if TYPE_CHECKING:
    from polyculture.data.frames import from_frame
    from polyculture.data.packaged import DATASETS, load_dataset
    from polyculture.data.readers import read

# Imported when first used: the type alone needs neither polars nor a cache folder.
_HOMES = {
    "DATASETS": "polyculture.data.packaged",
    "from_frame": "polyculture.data.frames",
    "load_dataset": "polyculture.data.packaged",
    "read": "polyculture.data.readers",
}

__all__ = ["DATASETS", "SPLITS", "DomainData", "from_frame", "load_dataset", "read"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'polyculture.data' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
