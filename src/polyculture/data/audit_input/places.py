"""Rows of long tables put in their places among items and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.data.answers import MISSING
from polyculture.data.audit_input.codes import Codes
from polyculture.data.audit_input.tables import Table, quoted
from polyculture.errors import DataError


@dataclass(frozen=True)
class Words:
    """Numbers of all words of all tables."""

    options: Codes
    items: Codes
    models: Codes
    groups: Codes


@dataclass(frozen=True)
class Rows:
    """What each row says, as numbers of words, and in which table and row (from 0) it stands."""

    items: Ints
    models: Ints
    values: Mapping[str, Ints]
    probabilities: Floats | None
    table: Ints
    row: Ints


class Places:
    """Items by models, and which row is of which.

    Parameters
    ----------
    rows : Rows
    tables : sequence of Table
        Those that the rows are of, for messages.
    words : Words
    """

    def __init__(self, rows: Rows, tables: Sequence[Table], words: Words) -> None:
        self._rows, self._tables = rows, tables
        self._items, self._models = words.items.words, words.models.words
        self.shape = len(self._items), len(self._models)

    def of_items(self, part: str, words: Sequence[str] | None = None) -> Ints | None:
        """What the rows agree on for each item, ``MISSING`` where none says anything.

        Raises
        ------
        DataError
            If two rows of an item disagree.
        """
        values, items = self._rows.values.get(part), self._rows.items
        if values is None:
            return None
        known = np.flatnonzero(values != MISSING)[::-1]
        found = np.full(self.shape[0], MISSING, dtype=np.int32)
        found[items[known]] = values[known]  # the first row of an item is written last
        odd = known[found[items[known]] != values[known]]
        if odd.size:
            row = odd[-1]
            said = [quoted(value if words is None else words[value]) for value in (found[items[row]], values[row])]
            raise DataError(
                f"{self._where(row)} contradicts an earlier row: the item {self._items[items[row]]!r} has the {part} "
                f"{said[0]} there and {said[1]} here; keep one"
            )
        return found

    def again(self) -> Ints:
        """Rows that repeat another of the same item and model.

        Raises
        ------
        DataError
            If one says something else than the other.
        """
        key = self._rows.items.astype(np.int64) * self.shape[1] + self._rows.models
        order = np.argsort(key, kind="stable")
        repeats = np.flatnonzero(np.diff(key[order]) == 0) + 1
        starts = np.arange(len(key))
        starts[repeats] = 0
        first, later = order[np.maximum.accumulate(starts)[repeats]], order[repeats]
        self._agree(first, later)
        return later

    def _agree(self, first: Ints, later: Ints) -> None:
        odd = np.zeros(len(later), dtype=bool)
        for part in ("answer", "right"):
            if part in self._rows.values:
                odd |= self._rows.values[part][first] != self._rows.values[part][later]
        if self._rows.probabilities is not None:
            one, other = self._rows.probabilities[first], self._rows.probabilities[later]
            odd |= ~((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1)
        if odd.any():
            place = np.flatnonzero(odd)[np.argmin(later[odd])]
            row = later[place]
            item, model = self._items[self._rows.items[row]], self._models[self._rows.models[row]]
            raise DataError(
                f"{self._where(row)} contradicts {self._where(first[place], short=True)}: both are of the item "
                f"{item!r} and the model {model!r}, and say different things; keep one"
            )

    def _where(self, row: int, *, short: bool = False) -> str:
        source = self._tables[self._rows.table[row]].source
        return f"row {self._rows.row[row] + 1}" if short else f"{source}: row {self._rows.row[row] + 1}"

    def matrix(self, part: str) -> Ints | None:
        """Items by models, ``MISSING`` where there is no row."""
        values = self._rows.values.get(part)
        if values is None:
            return None
        found = np.full(self.shape, MISSING, dtype=np.int8 if part == "right" else np.int32)
        found[self._rows.items, self._rows.models] = values
        return found

    def probabilities(self) -> dict[str, Floats]:
        """Items by options of each model that has any, NaN where there is nothing."""
        values = self._rows.probabilities
        if values is None:
            return {}
        some = np.unique(self._rows.models[~np.isnan(values).all(axis=1)])
        place = np.full(self.shape[1], MISSING)
        place[some] = np.arange(len(some))
        of_some = place[self._rows.models] != MISSING
        found = np.full((len(some), self.shape[0], values.shape[1]), np.nan)
        found[place[self._rows.models[of_some]], self._rows.items[of_some]] = values[of_some]
        return {self._models[model]: found[number] for number, model in enumerate(some)}
