"""What a reader of one format gives: rows as the source has them, before any policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

import polars as pl

from polyculture.data.audit_input.tables import quoted
from polyculture.errors import DataError

T = TypeVar("T")

Columns = Mapping[str, str | Sequence[str]]
"""Parts of a paper, and ``"tags"``, to the columns that hold them."""

LEFT_OUT_NESTED = "columns of lists or bytes, left out"
HALVES = "texts with half a character, which is replaced by U+FFFD"


@dataclass(frozen=True)
class Raw:
    """Some rows of a source.

    Parameters
    ----------
    frame : polars.DataFrame
    source : str
        The file, as messages name it.
    start : int
        How many of the source's rows stand before these.
    counted : mapping of policy to int
        What the reader itself left out.
    partial : str or None
        Why the source ends here and should not.
    defaults : mapping of part to column
        Columns that are not called as the part that they hold.
    lookups : tuple of str
        Columns in which a mapping to communities is looked up, the most telling first.
    """

    frame: pl.DataFrame
    source: str
    start: int = 0
    counted: Mapping[str, int] = field(default_factory=dict)
    partial: str | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    lookups: tuple[str, ...] = ("community", "venue")

    def pieces(self, rows: int | None) -> Iterator[Raw]:
        """The same in pieces of at most so many rows; what was counted, and that it is partial, is said once."""
        height = self.frame.height
        if rows is None or height <= rows:
            yield self
            return
        for start in range(0, height, rows):
            last = start + rows >= height
            yield replace(
                self,
                frame=self.frame.slice(start, rows),
                start=self.start + start,
                counted=self.counted if not start else {},
                partial=self.partial if last else None,
            )


def chunks(items: Iterable[T], rows: int | None) -> Iterator[list[T]]:
    """Lists of at most so many items; an empty one if there are none.

    Examples
    --------
    >>> list(chunks("abc", 2)), list(chunks("", 2))
    ([['a', 'b'], ['c']], [[]])
    """
    left = iter(items)
    chunk = list(islice(left, rows))
    while True:
        ahead = list(islice(left, 1))
        yield chunk
        if not ahead:
            return
        chunk = ahead + list(islice(left, None if rows is None else rows - 1))


def named(columns: Columns, part: str) -> str:
    """The column that holds a part: the one that was named, or the one of the part's own name."""
    name = columns.get(part, part)
    return name if isinstance(name, str) else part


def series(name: str, values: Sequence[Any], source: str, start: int, counted: dict[str, int]) -> pl.Series:
    """Cells of JSON as text, truth as such if there is nothing else; null where there is nothing.

    Raises
    ------
    DataError
        If a cell is a list or an object.
    """
    if all(value is None or isinstance(value, bool) for value in values):
        return pl.Series(name, values, dtype=pl.Boolean)
    words = [
        value if value is None or isinstance(value, str) else _word(name, value, f"{source}: row {start + row}")
        for row, value in enumerate(values, start=1)
    ]
    return texts(name, words, counted)


def texts(name: str, words: Sequence[str | None], counted: dict[str, int]) -> pl.Series:
    """Text as a column, halves of characters replaced."""
    try:
        return pl.Series(name, words, dtype=pl.String)
    except UnicodeEncodeError:
        whole = [None if word is None else _whole(word) for word in words]
        changed = sum(a != b for a, b in zip(words, whole, strict=True))
        counted[HALVES] = counted.get(HALVES, 0) + changed
        return pl.Series(name, whole, dtype=pl.String)


def _whole(word: str) -> str:
    """Text whose halves of characters are joined where they make one, and replaced where they do not."""
    return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _word(name: str, value: Any, where: str) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 128 else "a number of many digits"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else None if value != value else str(value)  # noqa: PLR0124
    kind = "list" if isinstance(value, list) else "object" if isinstance(value, dict) else type(value).__name__
    raise DataError(f"{where} has the {kind} {quoted(value)} in {name!r}; give a word or a number")
