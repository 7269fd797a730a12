"""Models from a table: one row a model, its parents in one cell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from polyculture.data.audit_input.tables import some, text, words
from polyculture.data.model_cards.clean import as_cards
from polyculture.data.model_cards.types import NO_PARENTS, PARENTS, ModelCards
from polyculture.errors import DataError, ParameterError

ALIASES: Mapping[str, Sequence[str]] = {
    "name": ("name", "model", "id", "modelid", "model_id"),
    "parents": ("parents", "parent", "base_model", "base_models", "dependencies"),
    "organisation": ("organisation", "organization", "org", "author", "company", "publisher"),
    "architecture": ("architecture", "arch", "model_type"),
    "date": ("date", "created_at", "createdat", "created_date", "created", "released", "month"),
    "downloads": ("downloads",),
    "kind": ("kind", "type"),
    "relation": ("relation", "base_model_relation"),
}
"""Names of columns that are known, without regard to case, best first."""
SEPARATOR = ";"


def cards_of_table(table: Mapping[str, Any] | pl.DataFrame, source: str, columns: Mapping[str, str]) -> ModelCards:
    """Models of a table in memory: a frame, or lists by column.

    Raises
    ------
    DataError
        If there is no column of names, or a cell holds what its column cannot.
    ParameterError
        If `columns` names something else than a table has.
    """
    names = _chosen(list(table.columns if isinstance(table, pl.DataFrame) else table), source, columns)
    taken = {part: table[name] for part, name in names.items() if part not in ("parents", "relation")}
    models = pl.DataFrame([_text(part, values, source) for part, values in taken.items()])
    if not models.height:
        raise DataError(f"{source}: has no rows; give at least one model")
    parents = _parents(table[names["parents"]], names["parents"], source) if "parents" in names else _nobody()
    if "relation" in names:
        relation = _text("relation", table[names["relation"]], source).to_frame().with_row_index("row")
        parents = parents.drop("relation").join(relation, on="row", how="left", maintain_order="left")
    found = as_cards(models, parents, source)
    return found if "parents" in names else replace(found, counted={**found.counted, NO_PARENTS: 1})


def _chosen(given: Sequence[str], source: str, columns: Mapping[str, str]) -> dict[str, str]:
    """The column that holds each part."""
    if unknown := sorted(set(columns) - set(ALIASES)):
        raise ParameterError(f"columns names {unknown[0]!r}; name some of {', '.join(ALIASES)}")
    found = {}
    lower = {name.strip().lower(): name for name in reversed(given)}
    for part, aliases in ALIASES.items():
        if part in columns and columns[part] not in given:
            raise DataError(f"{source}: has no column {columns[part]!r}; its columns are {some(given)}")
        alias = next((lower[alias] for alias in aliases if alias in lower), None)
        name = columns.get(part, alias)
        if name is not None:
            found[part] = name
    if "name" not in found:
        raise DataError(f"{source}: has no column 'name'; its columns are {some(given)}; name the one of the models")
    return found


def _text(part: str, values: Any, source: str) -> pl.Series:
    if not isinstance(values, pl.Series):
        values = words(values, part, source)
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        values = values.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return text(values, source).alias(part)


def _nobody() -> pl.DataFrame:
    return pl.DataFrame(schema=PARENTS)


def _parents(values: Any, name: str, source: str) -> pl.DataFrame:
    """One row for each parent, from cells that hold a list, a list as JSON, or names between semicolons."""
    if not isinstance(values, pl.Series):
        if not all(cell is None or isinstance(cell, str) for cell in values):
            return _flat([(row, _listed(cell, row + 1, name, source)) for row, cell in enumerate(values)])
        values = words(values, name, source)
    if isinstance(values.dtype, pl.Null):
        return _nobody()
    if isinstance(values.dtype, pl.List | pl.Array):
        lists = values.alias("name").to_frame().with_row_index("row").explode("name")
        return _related(lists.with_columns(name=text(lists["name"], source)).drop_nulls("name"))
    cells = text(values, source)
    written = (cells.str.starts_with("[") & cells.str.ends_with("]")).fill_null(value=False)
    split = pl.Series("name", cells.set(written, None)).str.split(SEPARATOR)
    plain = _related(split.to_frame().with_row_index("row").drop_nulls("name").explode("name"))
    rows = written.arg_true().to_list()
    listed = _flat([(row, _json_list(cells[row], row + 1, name, source)) for row in rows])
    return pl.concat([plain, listed]).sort("row", maintain_order=True)


def _flat(lists: Sequence[tuple[int, Sequence[str]]]) -> pl.DataFrame:
    """One row for each parent, from the row of a model and the names in its cell."""
    rows = [row for row, names in lists for _ in names]
    names = [name for _, names in lists for name in names]
    return _related(pl.DataFrame({"row": rows, "name": names}, schema={"row": pl.UInt32, "name": pl.String}))


def _related(parents: pl.DataFrame) -> pl.DataFrame:
    """The same with the columns that parents have."""
    found = parents.with_columns(relation=pl.lit(None, dtype=pl.String))
    return found.select([pl.col(name).cast(kind) for name, kind in PARENTS.items()])


def _listed(cell: Any, row: int, name: str, source: str) -> list[str]:
    """The names in a cell of a column that may hold lists."""
    if cell is None:
        return []
    if isinstance(cell, str):
        whole = cell.strip()
        listed = whole.startswith("[") and whole.endswith("]")
        return _json_list(whole, row, name, source) if listed else cell.split(SEPARATOR)
    if isinstance(cell, list | tuple) and all(isinstance(each, str | None) for each in cell):
        return [_sound(each, row, name, source) for each in cell if each is not None]
    raise DataError(f"{source}: row {row} has a {type(cell).__name__} in {name!r}; give names, or a list of names")


def _json_list(cell: str, row: int, name: str, source: str) -> list[str]:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return cell[1:-1].split(SEPARATOR)
    if not all(isinstance(each, str) for each in found):
        raise DataError(f'{source}: row {row} has a list of other things than names in {name!r}; write ["a", "b"]')
    return [_sound(each, row, name, source) for each in found]


def _sound(name: str, row: int, column: str, source: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{source}: row {row} has half a character in {column!r}; write it again") from error
    return name
