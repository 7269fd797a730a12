"""Tables with a column for each model to cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Ints
from polyculture.data.audit_input.cells import Cells, check_size, counts, keys, truth
from polyculture.data.audit_input.codes import Codes
from polyculture.data.audit_input.names import Names
from polyculture.data.audit_input.tables import Table, quoted, some
from polyculture.errors import DataError


def read_wide(
    table: Table, names: Names, options: Sequence[str] | None, *, kind: str, models: Sequence[str] | None = None
) -> Cells:
    """A table with a row for each item.

    Parameters
    ----------
    kind : {"auto", "wide", "right-wrong"}
        Whether cells are answers, right and wrong, or, without a label, right and wrong if all of them can be.

    Raises
    ------
    DataError
        If a row lacks its item or contradicts another, or a column holds something else than the others.
    """
    columns = _models(table, names, models)
    check_size(table.frame.height, len(columns), table.source)
    items = Codes()
    rows = items.of(keys(table, names), table.source)
    cells = Cells(items.words, list(columns), Codes(options or ()), len(options or ()) or None, table.source)
    _labels(cells, table, names)
    if kind == "right-wrong" or (kind == "auto" and cells.labels is None):
        cells.right = _right(table, columns, must=kind == "right-wrong")
    if cells.right is None:
        cells.answers = _answers(cells, table, columns)
    else:
        cells.note("cells", cells.right.size, "read as right and wrong")
    _once(cells, rows, table)
    return cells


def _models(table: Table, names: Names, models: Sequence[str] | None) -> Sequence[str]:
    """The columns that are of models."""
    if models is not None:
        return [table.column(model).name for model in models]
    known = {names.item, names.label, names.group, names.task, names.option_count}
    found = [name for name in table.frame.columns if name not in known]
    if not found:
        raise DataError(f"{table.source}: has no column of a model; its columns are {some(table.frame.columns)}")
    return found


def _labels(cells: Cells, table: Table, names: Names) -> None:
    """What the table says of items, row by row."""
    if names.label in table:
        cells.labels = cells.options.of(table.column(names.label), table.source)
    group = names.group if names.group in table else names.task
    if group in table:
        codes = Codes()
        cells.groups = codes.of(table.column(group), table.source)
        cells.group_names = codes.words
    if names.option_count in table:
        cells.counts = counts(table, names.option_count)


def _right(table: Table, columns: Sequence[str], *, must: bool) -> Ints | None:
    """Cells as right and wrong; None if they are something else.

    Raises
    ------
    DataError
        If some columns are right and wrong and others are not, or if they must be.
    """
    found = np.empty((table.frame.height, len(columns)), dtype=np.int8)
    odd: dict[str, int] = {}
    for number, name in enumerate(columns):
        found[:, number], row = truth(table.column(name), table.source)
        if row is not None:
            odd[name] = row
    if not odd:
        return found
    if must or len(odd) < len(columns):
        name, row = next(iter(odd.items()))
        raise DataError(
            f"{table.source}: row {row + 1} has {quoted(table.column(name)[row])} in {name!r}, which is neither right "
            "(1, true) nor wrong (0, false) as in other columns; name the columns of models, the label or the group, "
            "or give the kind 'wide' if they are answers"
        )
    return None


def _answers(cells: Cells, table: Table, columns: Sequence[str]) -> Ints:
    """Cells as numbers of options, in two bytes while these suffice."""
    found = np.empty((table.frame.height, len(columns)), dtype=np.int16)
    for number, name in enumerate(columns):
        codes = cells.options.of(table.column(name), table.source)
        if len(cells.options) > np.iinfo(found.dtype).max:
            found = found.astype(np.int32)
        found[:, number] = codes
    return found


def _once(cells: Cells, rows: Ints, table: Table) -> None:
    """Leave out rows that repeat another of the same item, and refuse one that says something else."""
    if len(cells.items) == len(rows):
        return
    first = np.empty(len(cells.items), dtype=np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    later = np.flatnonzero(first[rows] != np.arange(len(rows)))
    for part in ("labels", "groups", "counts", "answers", "right"):
        values = getattr(cells, part)
        if values is None:
            continue
        odd = (values[later] != values[first[rows[later]]]).reshape(len(later), -1)
        if odd.any():
            place = int(odd.any(axis=1).argmax())
            column = repr(cells.models[int(odd[place].argmax())]) if values.ndim == 2 else f"its {part[:-1]}"
            row, earlier = later[place], first[rows[later[place]]]
            raise DataError(
                f"{table.source}: row {row + 1} contradicts row {earlier + 1}: both are of the item "
                f"{cells.items[rows[row]]!r}, and differ in {column}; keep one"
            )
        setattr(cells, part, values[first])
    cells.note("rows that repeat another", len(later), "read once")
