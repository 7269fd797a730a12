"""Vectors in the format of svmlight and LIBSVM, a domain a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array
from polyculture.data.audit_input.files import checked, stems
from polyculture.data.graphs import labels as labels_of
from polyculture.data.graphs.edges import Edges
from polyculture.data.graphs.files import bounded
from polyculture.data.graphs.graph_data import GraphData
from polyculture.data.graphs.joining import from_graphs
from polyculture.errors import DataError, ParameterError

COLUMNS = 2**26
"""More columns than any vocabulary has: a larger number is a mistake in the file."""
_LONGEST_REASON = 200


def read_svmlight(
    paths: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    *,
    domain: Sequence[str] | None = None,
    split: Sequence[str] | None = None,
    columns: int | None = None,
    zero_based: bool | str = "auto",
    several: bool = False,
    unlabelled: str | None = None,
) -> GraphData:
    r"""Items of files of ``label column:number ...``, which may be packed (``.gz``); they have no edges.

    All files share their columns. Labels are words: ``"-1"`` is a class here, as such files mean it, and not the mark
    of an item without a label.

    Parameters
    ----------
    paths : path, sequence of paths, or mapping of domain to path
        Domains are called as the files are, or as the mapping says.
    domain, split : sequence of str, or None
        The domain and the split of each file, where paths are a sequence.
    columns : int >= 1, or None
        Length of the vectors; None: as long as the largest column number of all files needs.
    zero_based : bool or "auto"
        Whether columns are numbered from 0; "auto": if one of the files has a column 0.
    several : bool
        Whether an item has several labels at once, written ``1,3``.
    unlabelled : str or None
        The label of items that have none.

    Raises
    ------
    DataError
        If a file is missing, damaged or holds a column that is too large.
    ParameterError
        If there is not one domain and one split for each file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "books.txt")
    ...     _ = path.write_text("1 0:2 3:1\n-1 1:1\n")
    ...     data = read_svmlight(path)
    >>> data.vectors.toarray().tolist(), data.label.tolist()
    ([[2.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0]], ['1', '-1'])
    """
    if isinstance(paths, Mapping):
        domain, paths = list(paths), list(paths.values())
    files = checked(paths)
    names = [name.removesuffix(".svmlight") for name in stems(files)]
    where = _one_each("domain", names if domain is None else domain, files)
    sets = [None] * len(files) if split is None else _one_each("split", split, files)
    loaded = _loaded(files, zero_based=zero_based, several=several)
    wide = _width([matrix for matrix, _ in loaded], columns, files)
    parts = []
    for path, name, place, part, (matrix, labels) in zip(files, names, where, sets, loaded, strict=True):
        matrix.resize(matrix.shape[0], wide)
        label, label_names = _labels(labels, unlabelled, several=several)
        parts.append(
            GraphData.made(
                matrix,
                Edges(matrix.shape[0], np.zeros(0, np.int64), np.zeros(0, np.int64)),
                domain=place,
                label=label,
                split=None if part is None else [part] * matrix.shape[0],
                ids=[f"{name}/{row}" for row in range(1, matrix.shape[0] + 1)],
                label_names=label_names,
                source=str(path),
            )
        )
    return parts[0] if len(parts) == 1 else from_graphs(parts, columns=wide, source="the files")


def _one_each(what: str, values: Sequence[str], files: Sequence[Path]) -> list[str]:
    if isinstance(values, str) or len(values) != len(files):
        raise ParameterError(f"{what} is {values!r}; give one {what} for each of {len(files)} files")
    return [str(value) for value in values]


def _loaded(files: Sequence[Path], *, zero_based: bool | str, several: bool) -> list[tuple[Any, Any]]:
    found = [_file(path, several=several) for path in files]
    from_one = all(matrix.indices.min(initial=1) > 0 for matrix, _ in found) if zero_based == "auto" else not zero_based
    for path, (matrix, _) in zip(files, found, strict=True):
        if from_one and matrix.indices.min(initial=1) < 1:
            raise DataError(f"{path}: has a column 0, where columns are numbered from 1; set zero_based=True")
    return [(matrix[:, 1:] if from_one else matrix, labels) for matrix, labels in found]


def _file(path: Path, *, several: bool) -> tuple[Any, Any]:
    from sklearn.datasets import load_svmlight_file

    data = bounded(path)
    try:
        matrix, labels = load_svmlight_file(io.BytesIO(data), zero_based=True, multilabel=several, dtype=np.float64)
    # the reader is compiled, and lets through whatever the numbers in the file bring about
    except (ValueError, OverflowError, IndexError, TypeError, MemoryError) as error:
        reason = str(error)[:_LONGEST_REASON]
        raise DataError(f"{path}: is no file of svmlight ({reason}); write lines like 1 3:0.5 7:1") from error
    if not matrix.shape[0]:
        raise DataError(f"{path}: holds no items; write lines like 1 3:0.5 7:1")
    low, high = int(matrix.indices.min(initial=0)), int(matrix.indices.max(initial=0))
    if low < 0 or high > COLUMNS:
        raise DataError(f"{path}: has the column {low if low < 0 else high}; columns are from 0 to {COLUMNS:,}")
    return matrix, labels


def _width(matrices: Sequence[Any], columns: int | None, files: Sequence[Path]) -> int:
    needed = [int(matrix.indices.max(initial=0)) + 1 for matrix in matrices]
    widest = max(needed)
    if columns is not None and columns < widest:
        raise DataError(
            f"{files[needed.index(widest)]}: has the column {widest - 1}, and columns={columns} were asked for; give "
            f"at least {widest}"
        )
    return columns or widest


def _labels(labels: Any, unlabelled: str | None, *, several: bool) -> tuple[Array, tuple[Any, ...] | None]:
    if several:
        return labels_of.of_sets([{_word(value) for value in each} - {unlabelled} or None for each in labels])
    out = np.empty(len(labels), dtype=object)
    out[:] = [None if _word(value) == unlabelled else _word(value) for value in labels.tolist()]
    return out, None


def _word(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
