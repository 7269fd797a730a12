"""Lines of text files, packed or not, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from polyculture.data.graphs.files import bounded, lines
from polyculture.errors import DataError


def rows(path: Path) -> Iterator[tuple[int, str]]:
    """Numbers of lines, and the lines that are not blank."""
    yield from filled(bounded(path), str(path))


def filled(data: bytes, source: str) -> Iterator[tuple[int, str]]:
    """Numbers of lines, and the lines that are not blank, of bytes."""
    for number, line in enumerate(lines(data, source), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def table(
    numbered: Iterator[tuple[int, str]], separator: str, names: Sequence[str], source: str
) -> tuple[dict[str, list[str]], list[int]]:
    """Cells of lines by column, and the number of each line.

    Raises
    ------
    DataError
        If a line has another number of cells.
    """
    cells, numbers = [], []
    for number, line in numbered:
        row = line.split(separator)
        if len(row) != len(names):
            raise DataError(
                f"{source}: line {number} has {len(row)} cells, expected {len(names)} ({', '.join(names)}) apart by "
                f"{separator!r}; mend it"
            )
        cells.append(row)
        numbers.append(number)
    columns = list(zip(*cells, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}, numbers
