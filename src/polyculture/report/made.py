"""How a result was made: what was read, with which parameters, by which versions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

from polyculture.report.facts import shown
from polyculture.report.language import say
from polyculture.report.page import Provenance, Section
from polyculture.tables import Table
from polyculture.version import __version__

LIBRARIES = {
    "audit": ("numpy", "scipy", "polars"),
    "survey": ("numpy", "scipy", "polars"),
    "lineage": ("numpy", "scipy", "polars"),
    "evaluation": ("numpy", "scipy", "scikit-learn", "torch"),
    "recommendation": ("numpy", "scipy", "polars"),
}
"""Packages that compute the numbers of each kind of result."""
SHOWN_INPUTS = 50
"""Files that are listed at most."""


def made(kind: str, schema: str, provenance: Provenance, tables: Sequence[Table], said: Sequence[str] = ()) -> Section:
    """The section on how it was made.

    Parameters
    ----------
    kind, schema : str
    provenance : Provenance
    tables : sequence of Table
        Parameters, seeds and what else the numbers depend on.
    said : sequence of str
    """
    first = say("Polyculture {version}, schema {schema}.", version=__version__, schema=schema)
    own = [*_inputs(provenance), *tables, _versions(kind)]
    return Section("made", say("How it was made"), [*said, first], tables=[shown(table) for table in own])


def _inputs(provenance: Provenance) -> list[Table]:
    if not provenance.inputs:
        return []
    rows = [[each.name, each.rows, f"{each.size:,}", each.sha256] for each in provenance.inputs[:SHOWN_INPUTS]]
    more = len(provenance.inputs) - len(rows)
    title = "what was read" if more <= 0 else f"what was read: the first {len(rows)} of {len(provenance.inputs)} files"
    return [Table("inputs", title, ["file", "rows", "bytes", "SHA-256"], rows)]


def _versions(kind: str) -> Table:
    found = [["polyculture", __version__], ["python", python_version()]]
    for name in LIBRARIES[kind]:
        try:
            found.append([name, version(name)])
        except PackageNotFoundError:
            continue
    return Table("versions", "versions", ["", "version"], found)
