"""Tables with a row for each item and model, and files that are of one model each, to cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np
import polars as pl

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import MISSING
from polyculture.data.audit_input.cells import Cells, check_size, counts, keys, truth
from polyculture.data.audit_input.codes import Codes
from polyculture.data.audit_input.names import Names
from polyculture.data.audit_input.places import Places, Rows, Words
from polyculture.data.audit_input.probabilities import check_probabilities
from polyculture.data.audit_input.tables import Table, quoted, some
from polyculture.errors import DataError


def read_long(
    tables: Sequence[Table],
    names: Names,
    options: Sequence[str] | None,
    source: str,
    models: Sequence[str] | None = None,
) -> Cells:
    """All tables as one, in which each item has a row for each model.

    Parameters
    ----------
    models : sequence of str or None
        The only ones whose answers are read, in this order; all in the order of the rows if None.

    Raises
    ------
    DataError
        If a row lacks its item or model, or contradicts another; if a model that was asked for has no row.
    """
    if models is not None:
        _check_models(tables, names, models, source)
        tables = [_only(table, names, models) for table in tables]
    offered = _offered(tables, names, options)
    given = options or offered
    words = Words(Codes(given), Codes(), Codes(models or ()), Codes())
    rows = _joined(
        [_rows(number, table, names, words, given if offered else ()) for number, table in enumerate(tables)]
    )
    check_size(len(words.items), len(words.models), source)

    places = Places(rows, tables, words)
    cells = Cells(words.items.words, words.models.words, words.options, len(given) or None, source)
    cells.labels = places.of_items("label", words.options.words)
    cells.groups = places.of_items("group", words.groups.words)
    cells.group_names = words.groups.words
    cells.counts = places.of_items("count")
    cells.note("rows that repeat another", len(places.again()), "read once")
    cells.answers, cells.right = places.matrix("answer"), places.matrix("right")
    cells.probabilities = places.probabilities()
    return cells if models is None else _first(cells, len(dict.fromkeys(models)))


def _check_models(tables: Sequence[Table], names: Names, models: Sequence[str], source: str) -> None:
    """Each model that was asked for must have a row, or be what a file is called."""
    there: dict[str, None] = {}
    for table in tables:
        for name in _named(table, names):
            there[name] = None
    for model in models:
        if model not in there:
            near = get_close_matches(model, there, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ";"
            raise DataError(f"{source}: has no model {model!r}{hint} its models are {some(list(there))}")


def _named(table: Table, names: Names) -> list[str]:
    if names.model not in table:
        return [_called(table)]
    return table.texts(names.model).drop_nulls().unique(maintain_order=True).to_list()


def _only(table: Table, names: Names, models: Sequence[str]) -> Table:
    """The table without the answers of other models; the rows stay, as messages count them and items are theirs."""
    of_all = pl.repeat(_called(table), table.frame.height, eager=True)
    ours = (table.texts(names.model) if names.model in table else of_all).is_in(list(models))
    columns = [c for c in (names.prediction, names.correct, *names.options(table).values()) if c in table]
    return replace(table, frame=table.frame.with_columns(pl.when(ours).then(pl.col(c)).alias(c) for c in columns))


def _first(cells: Cells, models: int) -> Cells:
    """Those models alone that were numbered first."""
    answers, right = (None if part is None else part[:, :models] for part in (cells.answers, cells.right))
    return replace(cells, models=cells.models[:models], answers=answers, right=right)


def _offered(tables: Sequence[Table], names: Names, options: Sequence[str] | None) -> list[str]:
    """Options that have a column of probabilities in any table."""
    offered: dict[str, None] = {}
    for table in tables:
        for option, column in names.options(table).items():
            if options is not None and option not in options:
                raise DataError(f"{table.source}: the column {column!r} is of none of the options; add it to them")
            offered[option] = None
    return list(offered)


def _rows(number: int, table: Table, names: Names, words: Words, rated: Sequence[str]) -> Rows:
    height, source = table.frame.height, table.source
    return Rows(
        words.items.of(keys(table, names), source),
        _models(table, names, words),
        _values(table, names, words),
        _probabilities(table, names, rated) if rated else None,
        np.full(height, number, dtype=np.int32),
        np.arange(height),
    )


def _models(table: Table, names: Names, words: Words) -> Ints:
    if names.model not in table:
        model = words.models.of(pl.Series([_called(table)]), table.source)
        return model.repeat(table.frame.height)
    models = words.models.of(table.column(names.model), table.source)
    if (models == MISSING).any():
        row = int(np.argmax(models == MISSING)) + 1
        raise DataError(f"{table.source}: row {row} has nothing in {names.model!r}; fill it in")
    return models


def _called(table: Table) -> str:
    """The model of a table that is of one."""
    return table.model or table.source


def _values(table: Table, names: Names, words: Words) -> dict[str, Ints]:
    found = {}
    group = names.group if names.group in table else names.task
    for part, column, codes in (
        ("label", names.label, words.options),
        ("answer", names.prediction, words.options),
        ("group", group, words.groups),
    ):
        if column in table:
            found[part] = codes.of(table.column(column), table.source)
    if names.correct in table:
        found["right"], odd = truth(table.column(names.correct), table.source)
        if odd is not None:
            cell = table.column(names.correct)[odd]
            raise DataError(
                f"{table.source}: row {odd + 1} has {quoted(cell)} in {names.correct!r}; give 1 or true for right, 0 "
                "or false for wrong, or nothing"
            )
    if names.option_count in table:
        found["count"] = counts(table, names.option_count)
    return found


def _probabilities(table: Table, names: Names, options: Sequence[str]) -> Floats:
    """Probabilities of all options, NaN where the table has none."""
    found = np.full((table.frame.height, len(options)), np.nan)
    for option, column in names.options(table).items():
        values = table.numbers(column)
        check_probabilities(values[:, None], f"{table.source}: {column!r}")
        found[:, options.index(option)] = values
    return found


def _joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several tables, with ``MISSING`` or NaN for what only others have."""
    if len(parts) == 1:
        return parts[0]
    names = {name for part in parts for name in part.values}
    rated = [part.probabilities for part in parts if part.probabilities is not None]
    return Rows(
        np.concatenate([part.items for part in parts]),
        np.concatenate([part.models for part in parts]),
        {name: np.concatenate([_filled(part, name) for part in parts]) for name in sorted(names)},
        np.concatenate(rated) if rated else None,
        np.concatenate([part.table for part in parts]),
        np.concatenate([part.row for part in parts]),
    )


def _filled(part: Rows, name: str) -> Ints:
    found = part.values.get(name)
    return np.full(len(part.items), MISSING, dtype=np.int32) if found is None else found
