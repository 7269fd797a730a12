"""Tables that a person reads: on the screen, in a report, in a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    """A name, a sentence, column names and rows of values."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def records(self) -> list[dict[str, Any]]:
        """One dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def interval(found: Mapping[str, float] | None, digits: int = 1) -> str:
    """``estimate [low, high]``; a dash where there is none.

    Examples
    --------
    >>> interval({"estimate": 0.25, "low": 0.1, "high": 0.4})
    '0.2 [0.1, 0.4]'
    """
    if found is None or math.isnan(found["estimate"]):
        return "–"
    ends = [found["low"], found["high"]]
    if any(math.isnan(end) for end in ends):
        return f"{found['estimate']:.{digits}f} [cannot tell]"
    return f"{found['estimate']:.{digits}f} [{ends[0]:.{digits}f}, {ends[1]:.{digits}f}]"


def cell(value: Any) -> str:
    """A value as it stands in a table.

    Examples
    --------
    >>> cell(85.123), cell(0.0123), cell(4), cell(float("nan"))
    ('85.1', '0.012', '4', '–')
    """
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:.1f}" if abs(value) >= 2 else f"{value:.3f}"
    return str(value)


def to_text(table: Table) -> str:
    """A table in plain text, columns aligned."""
    lines = [list(table.columns), *[[cell(v) for v in row] for row in table.rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]
    return "\n".join(
        [table.title, *("  ".join(v.ljust(w) for v, w in zip(line, widths, strict=True)).rstrip() for line in lines)]
    )
