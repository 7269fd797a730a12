"""Edges of large files, some millions at a time: Parquet, arrays of numpy, or lines of text."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from polyculture.arrays import Array
from polyculture.data.audit_input.arrays import open_npy
from polyculture.data.papers.parquet_rows import parquet_rows
from polyculture.errors import DataError

ENDINGS = (".parquet", ".npy", ".txt", ".tsv", ".csv", ".edges")
_LINE = 16
"""Bytes of a line of text at least, to know how many are read at once."""
_COMMENTS = b"#%"


def edge_blocks(paths: str | Path | Iterable[str | Path], *, rows: int = 2**22) -> Iterator[tuple[Array, ...]]:
    r"""Rows, columns and, where there are any, weights of edges in files; nodes are numbers from 0 on.

    Parameters
    ----------
    paths : path or iterable of paths
        Of files, or of a folder of them, which is read by name. Of Parquet the first two columns are the ends of an
        edge, and a third its weight; an array ``.npy`` has shape (e, 2) and whole numbers; a line of text has two
        numbers and maybe a weight, apart by a comma, a tab or a space, and remarks begin with ``#`` or ``%``.
    rows : int >= 1
        Edges in a block at most.

    Raises
    ------
    DataError
        If a file is missing, damaged, or of another form.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from polyculture.data.graphs import edge_blocks
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "friends.txt").write_text("# who, whom\n0 1\n1 2\n")
    ...     [(tail.tolist(), head.tolist()) for tail, head in edge_blocks(folder)]
    [([0, 1], [1, 2])]
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    for path in (file for each in given for file in _files(Path(each))):
        if path.suffix == ".npy":
            yield from _of_array(path, rows)
        elif path.suffix == ".parquet":
            for piece in parquet_rows(path, rows):
                yield _columns(piece.frame, path)
        else:
            yield from _of_text(path, rows)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder; check the path")
    found = sorted(file for file in path.iterdir() if file.suffix in ENDINGS) if path.is_dir() else [path]
    if not found or found[0].suffix not in ENDINGS:
        raise DataError(f"{path}: holds no edges that can be read; use one of {', '.join(ENDINGS)}")
    return found


def _of_array(path: Path, rows: int) -> Iterator[tuple[Array, ...]]:
    found = open_npy(path)
    if found.ndim != 2 or found.shape[1] != 2 or found.dtype.kind not in "iu":
        raise DataError(f"{path}: has shape {found.shape} and {found.dtype}; give whole numbers of shape (edges, 2)")
    for start in range(0, len(found), rows):
        # opened anew, so that what was read is not held
        part = np.array(open_npy(path)[start : start + rows])
        yield part[:, 0], part[:, 1]


def _columns(frame: pl.DataFrame, path: Path) -> tuple[Array, ...]:
    if not 2 <= frame.width <= 3:
        raise DataError(f"{path}: has {frame.width} columns; give both ends of an edge, and maybe a weight")
    if any(frame.null_count().row(0)):
        raise DataError(f"{path}: has empty cells; give both ends of each edge, and its weight where there are weights")
    if any(not dtype.is_numeric() for dtype in frame.dtypes):
        raise DataError(f"{path}: has columns of {', '.join(map(str, frame.dtypes))}; number the nodes from 0 on")
    return tuple(column.to_numpy() for column in frame)


def _of_text(path: Path, rows: int) -> Iterator[tuple[Array, ...]]:
    with path.open("rb") as file:
        rest, separator = b"", ""
        while piece := file.read(rows * _LINE):
            whole, _, rest = (rest + piece).rpartition(b"\n")
            if len(rest) > rows * _LINE:
                raise DataError(f"{path}: has a line of more than {rows * _LINE} bytes; write an edge in each line")
            separator = separator or _separator(whole)
            yield from _parsed(whole, separator, path)
        yield from _parsed(rest, separator or _separator(rest), path)


def _separator(lines: bytes) -> str:
    first = next((line for line in lines.splitlines() if line.strip() and line[:1] not in _COMMENTS), b"")
    return next((mark for mark in (",", "\t", ";") if mark.encode() in first), " ")


def _parsed(lines: bytes, separator: str, path: Path) -> Iterator[tuple[Array, ...]]:
    if b"%" in lines:
        lines = b"\n".join(line for line in lines.split(b"\n") if not line.startswith(b"%"))
    if not lines.strip():
        return
    try:
        frame = pl.read_csv(
            io.BytesIO(lines), has_header=False, separator=separator, comment_prefix="#", infer_schema_length=1000
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise DataError(f"{path}: holds lines that are no edges ({reason}); write two numbers in each") from error
    if frame.height:
        yield _columns(frame, path)
