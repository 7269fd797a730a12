"""Tables that a person reads: on the screen, in a report, in a frame."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Table:
    """A name, a sentence, column names and rows of values; the columns `outside` are called what the data call them."""

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    outside: range = field(default=range(0), repr=False)

    def records(self) -> list[dict[str, Any]]:
        """One dict a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


SHOWN = 20
"""Rows of a long table on the screen; JSON and frames hold all."""


def cut(name: str, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """The first rows of a table, whose title says so if there are more.

    Examples
    --------
    >>> cut("t", "numbers", ["n"], [[n] for n in range(30)]).title
    'numbers (the first 20 of 30)'
    """
    more = f" (the first {SHOWN} of {len(rows)})" if len(rows) > SHOWN else ""
    return Table(name, title + more, columns, rows[:SHOWN])


def not_measured(found: Mapping[str, str]) -> Iterator[Table]:
    """What was not measured and why, as a table; none where there is nothing to say.

    Examples
    --------
    >>> [table.rows for table in not_measured({"kinship": "no parents"})]
    [[['kinship', 'no parents']]]
    """
    if found:
        yield Table("not_measured", "not measured", ["what", "why"], [[what, why] for what, why in found.items()])


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
