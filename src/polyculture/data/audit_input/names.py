"""Which columns of a table mean what, and how the table is laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Literal

from polyculture.data.audit_input.tables import Table, some
from polyculture.errors import DataError, ParameterError

Kind = Literal["auto", "long", "wide", "right-wrong"]
KINDS = ("auto", "long", "wide", "right-wrong")


@dataclass(frozen=True)
class Names:
    """Names of the columns that an audit of answers knows; see `read_answers`."""

    item: str = "item"
    model: str = "model"
    prediction: str = "prediction"
    label: str = "label"
    group: str = "group"
    task: str = "task"
    correct: str = "correct"
    option_count: str = "options"
    probability_prefix: str = "p_"

    def options(self, table: Table) -> dict[str, str]:
        """Options that have a column of probabilities, and that column."""
        if not self.probability_prefix:
            return {}
        known = set(astuple(self))
        columns = [
            name for name in table.frame.columns if name.startswith(self.probability_prefix) and name not in known
        ]
        return {name.removeprefix(self.probability_prefix).strip(): name for name in columns}

    def has_answers(self, table: Table) -> bool:
        """Whether each row says what one model answered."""
        return self.prediction in table or self.correct in table or bool(self.options(table))


def check_kind(kind: str) -> None:
    """Refuse the name of a layout that there is not."""
    if kind not in KINDS:
        raise ParameterError(f"kind is {kind!r}; give one of {', '.join(KINDS)}")


def layout(tables: Sequence[Table], names: Names, kind: str) -> Literal["long", "wide"]:
    """How the tables are laid out: a row for each item and model, or a column for each model.

    Raises
    ------
    DataError
        If they are laid out in different ways, or lack what the layout needs.
    """
    check_kind(kind)
    for table in tables:
        table.column(names.item)
    if kind in ("long", "wide"):
        return "long" if kind == "long" else "wide"
    rows = [_has_rows(table, names) for table in tables]
    if len(set(rows)) > 1:
        first, other = tables[0], tables[rows.index(not rows[0])]
        raise DataError(
            f"{other.source}: is laid out differently from {first.source}, as only one of them has a column "
            f"{names.prediction!r}; give tables of one layout"
        )
    return "long" if rows[0] else "wide"


def _has_rows(table: Table, names: Names) -> bool:
    if names.has_answers(table):
        return True
    if names.model in table:
        raise DataError(
            f"{table.source}: has a column {names.model!r} but neither {names.prediction!r} nor {names.correct!r}; "
            f"name the column of answers among {some(table.frame.columns)}, or give the kind 'wide'"
        )
    return False


def check_named(tables: Sequence[Table], names: Names) -> None:
    """Refuse a name that was given for an optional column and that no table has."""
    for part in ("model", "label", "group", "task", "correct", "option_count"):
        name = getattr(names, part)
        if name != getattr(Names, part) and not any(name in table for table in tables):
            tables[0].column(name)
