"""Papers of research communities: readers of tables, OpenAlex, the ACL Anthology, BibTeX and arXiv."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyculture.data.papers.openalex_api import fetch_openalex
    from polyculture.data.papers.reading import from_frame, read_papers
    from polyculture.data.papers.streaming import batches
    from polyculture.data.papers.types import COLUMNS, Papers

# Imported when first used: the names alone need no polars.
_HOMES = {
    "COLUMNS": "polyculture.data.papers.types",
    "Papers": "polyculture.data.papers.types",
    "batches": "polyculture.data.papers.streaming",
    "fetch_openalex": "polyculture.data.papers.openalex_api",
    "from_frame": "polyculture.data.papers.reading",
    "read_papers": "polyculture.data.papers.reading",
}

__all__ = ["COLUMNS", "Papers", "batches", "fetch_openalex", "from_frame", "read_papers"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'polyculture.data.papers' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
