"""Which column of a source holds which part of a paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import polars as pl

from polyculture.data.audit_input.tables import Table, quoted, some
from polyculture.data.papers.raw import Columns, Raw
from polyculture.data.papers.types import COLUMNS
from polyculture.errors import DataError, ParameterError

Communities = str | Mapping[str, str] | None
"""One community for all papers, or words of the source to communities."""

_TRUTH = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_FACTS = ("is_", "has_")
"""How columns of truth begin that say something else of a paper than its methods."""


@dataclass(frozen=True)
class Plan:
    """Columns by part, those that are tags, and those in which communities are looked up."""

    parts: Mapping[str, str]
    tags: tuple[str, ...]
    lookups: tuple[str, ...]


def check_columns(columns: Columns | None) -> Columns:
    """Names of columns by part, if each part is one.

    Raises
    ------
    ParameterError
        If a part is not known, or its column is no word.
    """
    columns = columns or {}
    for part, name in columns.items():
        if part not in (*COLUMNS, "tags"):
            raise ParameterError(
                f"columns names {part!r}, which is no part of a paper; give some of {', '.join(COLUMNS)}, tags"
            )
        words = list(name) if part == "tags" and isinstance(name, list | tuple) else [name]
        if not words or not all(isinstance(word, str) for word in words):
            raise ParameterError(f"columns gives {quoted(name)} for {part!r}; give the name of a column")
    return columns


def check_communities(communities: Communities) -> Communities:
    """One name of a community, or words to names.

    Raises
    ------
    ParameterError
        If it is something else, or a name is empty.
    """
    if communities is None:
        return None
    names = list(communities.values()) if isinstance(communities, Mapping) else [communities]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ParameterError(
            f"communities is {quoted(communities)}; give a name for all papers, or a mapping of words to names"
        )
    return communities if isinstance(communities, str) else {str(word): communities[word] for word in communities}


def plan(raw: Raw, columns: Columns, communities: Communities) -> Plan:
    """Columns of a source by what they hold.

    Raises
    ------
    DataError
        If a column that was named is not there, or there is none of titles, years or communities.
    """
    table = Table(raw.frame, raw.source)
    parts = {}
    for part in COLUMNS:
        given = columns.get(part)
        name = given if isinstance(given, str) else raw.defaults.get(part, part)
        if given is not None or name in table:
            parts[part] = table.column(name).name
    tags = _tags(table, columns, set(parts.values()))
    lookups = _lookups(raw, parts, given="community" in columns)
    _check(table, parts, communities, tagged=bool(tags), lookups=lookups)
    return Plan(parts, tags, lookups)


def _lookups(raw: Raw, parts: Mapping[str, str], *, given: bool) -> tuple[str, ...]:
    if given:
        return (parts["community"],)
    names = [parts.get(name, name) for name in raw.lookups]
    return tuple(name for name in names if name in raw.frame.columns)


def _check(
    table: Table, parts: Mapping[str, str], communities: Communities, *, tagged: bool, lookups: tuple[str, ...]
) -> None:
    needed = ["year"] if tagged else ["title", "year"]
    known = isinstance(communities, str) or (communities is not None and lookups) or "community" in parts
    for part in needed if known else [*needed, "community"]:
        if part not in parts:
            hint = " or give communities='NLP' if all are of one," if part == "community" else ""
            raise DataError(
                f"{table.source}: has no column {part!r}; name one of its columns for it, as in "
                f"columns={{{part!r}: ...}},{hint} from {some(table.frame.columns)}"
            )


def _tags(table: Table, columns: Columns, taken: set[str]) -> tuple[str, ...]:
    """Columns that are named as tags, or else all that hold truth and nothing else."""
    given = columns.get("tags")
    if given is None:
        others = [column for column in table.frame if column.name not in taken]
        return tuple(c.name for c in others if not c.name.lower().startswith(_FACTS) and _is_truth(c))
    patterns = [given] if isinstance(given, str) else list(given)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in table.frame.columns):
            raise DataError(
                f"{table.source}: has no column of tags {pattern!r}; its columns are {some(table.frame.columns)}"
            )
    names = [name for name in table.frame.columns if name not in taken]
    return tuple(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


def _is_truth(column: pl.Series) -> bool:
    if column.dtype == pl.Boolean:
        return True
    if column.dtype != pl.String or column.null_count() == len(column):
        return False
    first = column.drop_nulls().head(1).str.to_lowercase().is_in(["true", "false"]).all()
    return bool(first and column.drop_nulls().str.to_lowercase().is_in(["true", "false"]).all())


def truth(column: pl.Series, source: str, start: int) -> pl.Series:
    """A column of tags as truth, null where there is nothing.

    Raises
    ------
    DataError
        If a cell is neither true (1) nor false (0).
    """
    if column.dtype == pl.Boolean:
        return column
    words = column.cast(pl.String, strict=False).str.strip_chars().str.to_lowercase()
    found = words.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    odd = found.is_null() & words.is_not_null() & (words != "")
    if odd.any():
        row = int(odd.arg_max() or 0)
        raise DataError(
            f"{source}: row {start + row + 1} has {quoted(column[row])} in {column.name!r}, which is a tag; "
            "give true or false"
        )
    return found
