"""Tables of a report: those of the evaluation made ready for the template, and nested facts turned into tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.memory import written
from polyculture.report.language import heard, listed
from polyculture.report.plain import short
from polyculture.tables import Table, cell

NAMES = ("model", "population", "variant", "items")
"""Columns that say what a row is; with those before them they head the row."""
HEADS = ("fused", "after fusion", "whole", "further head")
"""Rows that the others are compared with."""
OURS = (
    "together",
    "difficulty",
    "summary",
    "reading",
    "advice",
    "homogenization",
    "interpretability",
    "calibration",
    "ablation",
    "fine_tuning",
    "graph.scores",
    "fused.losses",
    "data",
    "data.splits",
    "data.duplicates",
    "copies",
    "family",
    "family.papers",
    "method",
    "method.papers",
    "lineage",
    "concentration",
    "meaning",
    "steps",
    "versions",
)
"""Tables whose rows have names that the program gave, beside those of an evaluation's models."""
WRITTEN = (
    "what it is",
    "who",
    "because",
    "so",
    "what",
    "done",
    "why",
    "meaning",
    "setting",
    "term",
    "graph taken",
    "level",
    "asked",
    "measure",
    "verdict",
    "of",
    "range",
    "by chance",
    "more alike is",
    "its parents",
    "median lag, years",
    "median years",
    "year of 10 % of the ceiling",
    "year of 50 % of the ceiling",
)
"""Columns in which the program wrote words; names of models, domains and methods never stand in them alone."""
CHOSEN = ("choices", "graph", "merge", "fused")
"""Tables in which all words are the program's: what it chose among its own methods."""
LISTING = ("models", "members", "models chosen on half the items")
"""Columns of names, of which the last words may say how many more there are."""
_GIB = 2**30
_SENTENCE = re.compile(r".{0,24}[\u4e00-\u9fff].{16}|\S+ .{36}", re.DOTALL)
_COUNT = re.compile(r"[+-]?\d[\d.,]* .*[a-z]")
_NUMBER = re.compile(r"–|[+-]?(\d[\d.]*|inf) \[[^\]]*\]|[+-]?\d[\d.]*( · [\d.]+)*")


@dataclass(frozen=True)
class Shown:
    """A table as text; `heads` columns name the row, `main` rows stand out.

    `kinds` of columns: ``n`` numbers, ``t`` a word or two, ``l`` longer text that may be broken.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    kinds: Sequence[str]
    heads: int
    main: Sequence[bool]

    @property
    def told(self) -> bool:
        """Whether sentences stand in it, which a small screen has no room for side by side."""
        return any(_SENTENCE.match(text) for row in self.rows for text in row)


def shown(table: Table, most: int = 200) -> Shown:
    """A table in the words of :func:`polyculture.tables.cell`, what is longer than `most` shortened in the middle.

    Examples
    --------
    >>> from polyculture.tables import Table
    >>> from polyculture.report.facts import shown
    >>> made = shown(Table("f1", "macro-F1", ["model", "mean"], [["fused", 85.52], ["pooled", 83.0]]))
    >>> made.rows, made.kinds, made.main
    ([['fused', '85.5'], ['pooled', '83.0']], ['t', 'n'], [True, False])
    """
    heads = next((i + 1 for i, c in enumerate(table.columns) if c in NAMES), 1)
    rows = [[short(cell(v), most) for v in row] for row in table.rows]
    kinds = [_kind([row[i] for row in rows], names_row=i < heads) for i in range(len(table.columns))]
    main = [any(v in HEADS for v in row[:heads]) for row in rows]
    ours = _ours(table, heads)
    rows = [[_said(table.columns[i], v, ours=i < ours, named=i < heads) for i, v in enumerate(row)] for row in rows]
    # a domain may be called what the program calls something
    columns = [short(c, 60) if i in table.outside else heard(short(c, 60)) for i, c in enumerate(table.columns)]
    return Shown(heard(short(table.title, 500)), columns, rows, kinds, heads, main)


def _ours(table: Table, heads: int) -> int:
    """How many of the first columns the program wrote; an evaluation alone has columns of domains beside models."""
    if table.name in CHOSEN:
        return len(table.columns)
    return heads if table.name in OURS or (table.outside and "model" in table.columns) else 0


def _said(column: str, text: str, *, ours: bool, named: bool) -> str:
    """A cell in the language that is spoken; names stay, and what begins with a number is none but in the first."""
    if ours or column in WRITTEN or (not named and _COUNT.match(text)):
        return heard(text)
    return listed(text) if column in LISTING else text


def _kind(cells: Sequence[str], *, names_row: bool) -> str:
    if cells and not names_row and all(_NUMBER.fullmatch(text) for text in cells):
        return "n"
    return "l" if any(len(text) > 24 for text in cells) else "t"


def facts(value: Mapping[str, Any], titles: Mapping[str, str], path: str = "") -> list[Table]:
    """Nested mappings as tables: plain values as pairs, each list of mappings and each mapping apart.

    Examples
    --------
    >>> from polyculture.report.facts import facts
    >>> found = {"kind": ("words", "graph"), "memory": 2**31, "scores": {"words 1": 0.8}}
    >>> for table in facts(found, {"": "the graph", "scores": "held-out items"}):
    ...     print(table.title, table.columns, table.rows)
    the graph ['', 'value'] [['kind', 'words, graph'], ['memory', '2 GiB']]
    held-out items ['', 'value'] [['words 1', 0.8]]
    """
    plain, further = [], []
    for key, found in value.items():
        below = f"{path}.{key}" if path else str(key)
        if isinstance(found, Mapping):
            further += facts(found, titles, below)
        elif isinstance(found, list) and found and all(isinstance(each, Mapping) for each in found):
            further.append(_records(found, below, titles))
        else:
            plain.append([str(key), _written(str(key), found)])
    title = titles.get(path, path.replace(".", ", "))
    return [*([Table(path, title, ["", "value"], plain)] if plain else []), *further]


def _written(key: str, value: Any) -> Any:
    """A plain value as people write it: lists between commas, nothing as a dash, bytes of memory in their unit."""
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    if key == "memory" and isinstance(value, int):
        return f"{value / _GIB:g} GiB" if value % _GIB == 0 else written(value)
    return "–" if value is None else value


def _records(found: Sequence[Mapping[str, Any]], path: str, titles: Mapping[str, str]) -> Table:
    columns = list(dict.fromkeys(key for each in found for key in each))
    rows = [[each.get(key, "") for key in columns] for each in found]
    return Table(path, titles.get(path, path.replace(".", ", ")), columns, rows)
