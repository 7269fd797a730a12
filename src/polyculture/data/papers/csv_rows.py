"""Rows of CSV and TSV, a piece at a time."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from pathlib import Path

import polars as pl

from polyculture.data.papers.lines import Lines, decoded
from polyculture.data.papers.raw import Raw, chunks
from polyculture.errors import DataError

_CELL_BYTES = 2**26


def csv_rows(path: Path, rows: int | None) -> Generator[Raw]:
    """All columns as text, empty cells null; at most so many rows at a time.

    Raises
    ------
    DataError
        If the file has no header or rows, or a row of another length than the header; a last row that a cut has
        left too short is left out.
    """
    with Lines(path) as lines:
        cells = _cells(lines, "\t" if ".tsv" in path.suffixes[-2:] else ",")
        header = [name.strip() for name in next(cells, [])]
        _check(header, path, lines)
        start = 0
        for chunk in chunks(cells, rows):
            columns = zip(*chunk, strict=True) if chunk else [()] * len(header)
            frame = pl.DataFrame(
                [pl.Series(name, values, dtype=pl.String) for name, values in zip(header, columns, strict=True)]
            )
            yield Raw(frame.with_columns(pl.all().replace("", None)), str(path), start, partial=lines.cut)
            start += len(chunk)


def _check(header: list[str], path: Path, lines: Lines) -> None:
    if not header:
        raise DataError(lines.cut or f"{path}: holds nothing but blank lines; write a header and rows")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path}: the column {twice!r} stands twice in the header; rename one")


def _cells(lines: Lines, separator: str) -> Iterator[list[str]]:
    """The header and the rows, all of one length; blank lines are skipped."""
    limit = csv.field_size_limit(_CELL_BYTES)
    tail = _Tail()
    reader = csv.reader(tail.watch(decoded(lines)), delimiter=separator, strict=True)
    width, row = 0, 0
    try:
        for cells in reader:
            if not cells:
                continue
            width = width or len(cells)
            if not tail.ended and (len(cells) < width or lines.cut):
                lines.say_cut()
                return
            if len(cells) != width:
                raise DataError(
                    f"{lines.path}: row {row} (line {reader.line_num}) has {len(cells)} cells, the header has {width}; "
                    "put cells that hold the separator or a line break in double quotes"
                )
            row += 1
            yield cells
    except csv.Error as error:
        if str(error) != "unexpected end of data":
            raise DataError(
                f"{lines.path}: line {reader.line_num} is no valid CSV ({error}); mend its quotes"
            ) from error
        lines.cut = lines.cut or (
            f"{lines.path}: ends within quotes that row {row} opens; the rows before it were read"
        )
    finally:
        csv.field_size_limit(limit)


class _Tail:
    """Whether the line that was given last had an end."""

    ended = True

    def watch(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self.ended = line.endswith(("\n", "\r"))
            yield line
