"""Answers in memory, as an audit takes them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.data.answers import Answers
from polyculture.data.audit_input.answers import cells_of, different
from polyculture.data.audit_input.assemble import assemble
from polyculture.data.audit_input.cells import Cells
from polyculture.data.audit_input.names import Kind, Names, check_kind
from polyculture.data.audit_input.probabilities import check_probabilities
from polyculture.data.audit_input.tables import from_columns, from_memory
from polyculture.data.audit_input.wide import read_wide
from polyculture.errors import DataError, ParameterError


def answers_from(
    data: Any,
    *,
    items: Sequence[Any] | Array | None = None,
    labels: Sequence[Any] | Array | None = None,
    groups: Sequence[Any] | Array | None = None,
    models: Sequence[str] | None = None,
    options: Sequence[str] | None = None,
    probabilities: Mapping[str, Floats] | None = None,
    kind: Kind = "auto",
    names: Mapping[str, str] | None = None,
) -> Answers:
    """Answers of several models to the same items, from what is in memory.

    Parameters
    ----------
    data : polars or pandas DataFrame, mapping, or array of shape (n, m)
        A table as `read_answers` takes it; or the n answers of each model, by its name; or all in one array.
    items, labels, groups : sequence of n, optional
        Of a mapping or an array: ids (numbers from 0 if there are none), right answers, groups of items.
    models : sequence of m str, optional
        Of an array: names (numbers from 0 if there are none). Of a table: see `read_answers`.
    options : sequence of str, optional
        See `read_answers`.
    probabilities : mapping of str to array of shape (n, options), optional
        Of a mapping or an array: probabilities of `options`, which must be given, by model.
    kind : {"auto", "long", "wide", "right-wrong"}
        See `read_answers`.
    names : mapping of str to str, optional
        Names of columns of a table, by the names of parameters of `read_answers`.

    Raises
    ------
    DataError
        If the data do not fit together; see `read_answers`.
    ParameterError
        If a parameter does not go with such data.

    Examples
    --------
    >>> answers = answers_from({"bert": ["a", "b"], "gpt": ["b", "b"]}, labels=["a", "b"])
    >>> answers.correct.tolist()
    [[True, False], [True, True]]
    """
    check_kind(kind)
    if isinstance(data, Mapping | np.ndarray):
        return assemble(_from_arrays(_columns(data, models), items, labels, groups, options, probabilities, kind))
    if any(part is not None for part in (items, labels, groups, probabilities)):
        raise ParameterError(
            "items, labels, groups and probabilities go with arrays; put them into columns of the table"
        )
    table = from_memory(data)
    return assemble(cells_of([table], _names(names), table.source, kind=kind, options=options, models=models))


def _names(names: Mapping[str, str] | None) -> Names:
    odd = set(names or ()) - {field.name for field in fields(Names)}
    if odd:
        raise ParameterError(f"names has {min(odd)!r}; name {', '.join(field.name for field in fields(Names))}")
    return Names(**(names or {}))


def _columns(data: Any, models: Sequence[str] | None) -> dict[str, Any]:
    """The answers of each model by its name."""
    if isinstance(data, Mapping):
        if models is not None:
            raise ParameterError("models names the columns of an array or a table; a mapping has names already")
        return {str(model): answers for model, answers in data.items()}
    if data.ndim != 2:
        raise DataError(f"the answers are an array of shape {data.shape}; give one of items by models")
    names = [str(model) for model in (range(data.shape[1]) if models is None else models)]
    if len(set(names)) != data.shape[1] or len(names) != data.shape[1]:
        raise ParameterError(f"models has {len(names)} names for {data.shape[1]} columns; give each a name of its own")
    return {name: data[:, number] for number, name in enumerate(names)}


_ARRAYS = Names("the items", "", "", "the labels", "the groups", "", "", "", "")


def _from_arrays(
    answers: Mapping[str, Any],
    items: Any,
    labels: Any,
    groups: Any,
    options: Sequence[str] | None,
    probabilities: Mapping[str, Floats] | None,
    kind: str,
) -> Cells:
    """The same as of a wide table that has these columns."""
    if not answers:
        raise DataError("the answers are of no model; give those of two or more")
    n = len(next(iter(answers.values())))
    columns = {_ARRAYS.item: range(n) if items is None else items, **answers}
    columns |= {name: c for name, c in ((_ARRAYS.label, labels), (_ARRAYS.group, groups)) if c is not None}
    for name, column in columns.items():
        if np.ndim(column) != 1 or len(column) != n:
            raise DataError(f"{name!r} has values of shape {np.shape(column)}; give one for each of {n} items")
    table = from_columns(columns, "the answers")
    cells = read_wide(table, _ARRAYS, None if options is None else different(options), kind=kind, models=list(answers))
    if probabilities:
        cells.probabilities = _rated(cells, probabilities)
    return cells


def _rated(cells: Cells, probabilities: Mapping[str, Floats]) -> dict[str, Floats]:
    """Probabilities by model, as numbers of their own."""
    if cells.closed is None:
        raise ParameterError("probabilities need to be told their options; give options in the order of the columns")
    found: dict[str, Floats] = {}
    for model, table in probabilities.items():
        values = np.array(table, dtype=np.float64)
        if model not in cells.models:
            raise DataError(f"there are probabilities of {model!r}, which has no answers; give some of each model")
        if values.shape != (len(cells.items), cells.size):
            raise DataError(
                f"the probabilities of {model!r} have the shape {values.shape}; give one for each of "
                f"{len(cells.items)} different items and {cells.size} options"
            )
        check_probabilities(values, f"the probabilities of {model!r}")
        found[model] = values
    return found
