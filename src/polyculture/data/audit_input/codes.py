"""Words to numbers, one for each word, over many columns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from polyculture.arrays import Ints
from polyculture.data.answers import MISSING
from polyculture.data.audit_input.tables import text

_WIDEST = 2**16


class Codes:
    """Numbers of words, from 0 in the order of first appearance.

    Examples
    --------
    >>> codes = Codes()
    >>> codes.of(pl.Series("answer", ["b", " a", None, "b"]), "the table")
    array([ 0,  1, -1,  0], dtype=int32)
    >>> codes.words
    ['b', 'a']
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._numbers = {word: number for number, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def words(self) -> list[str]:
        """All words seen, in the order of their numbers."""
        return list(self._numbers)

    def of(self, column: pl.Series, source: str) -> Ints:
        """The number of the word in each cell; ``MISSING`` where there is nothing."""
        if column.dtype.is_integer() and not column.null_count() and _narrow(column):
            return self._of_integers(column.to_numpy().astype(np.int64))
        if column.dtype.is_float():
            column = column.fill_nan(None)
        values = column.drop_nulls().unique(maintain_order=True)
        return column.replace_strict(
            values, self._number(text(values, source)), default=MISSING, return_dtype=pl.Int32
        ).to_numpy()

    def _of_integers(self, values: Ints) -> Ints:
        """The same for numbers that lie close together, by looking each up in a table; many times faster."""
        shifted = values - values.min()
        first = np.full(shifted.max() + 1, -1)
        first[shifted[::-1]] = np.arange(len(values))[::-1]
        places = np.sort(first[first >= 0])
        table = np.empty(len(first), dtype=np.int32)
        table[shifted[places]] = self._number(str(value) for value in values[places])
        return np.asarray(table[shifted])

    def _number(self, words: Iterable[str | None]) -> list[int]:
        return [MISSING if word is None else self._numbers.setdefault(word, len(self)) for word in words]


def _narrow(column: pl.Series) -> bool:
    low, high = int(column.min()), int(column.max())  # type: ignore[arg-type]
    return high - low < _WIDEST and high < 2**63
