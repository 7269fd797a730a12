"""Vectors that models give to the same items, brought together from files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.data.answers import Embeddings, Policy
from polyculture.data.audit_input.files import Paths, called, checked, stems
from polyculture.data.audit_input.vectors import VectorFile, open_vectors
from polyculture.errors import DataError


def read_embeddings(paths: Paths, *, item: str = "item") -> Embeddings:
    """Vectors of several models for the same items, from ``.npy``, ``.npz``, ``.safetensors`` or ``.parquet``.

    Of several files, each is of one model, called as the file is, and its arrays are the model's layers, in the order
    of their names (``layer2`` before ``layer10``). Of one file alone, each array is a model. An array has the shape
    (items, dimensions), or (layers, items, dimensions). In Parquet, an array is a column of lists; without such a
    column, all columns of floating-point numbers are one array.

    Rows of different files are brought together by the ids of their items, and only those items are kept that all files
    have; without ids in any file, they are by their order.

    Parameters
    ----------
    paths : path or sequence of paths
    item : str
        Name of the column (Parquet), array (npz, one axis) or metadata (safetensors, a list in JSON) of ids; ``items``,
        ``id`` and ``ids`` are found as well.

    Returns
    -------
    Embeddings
        Numbers of two bytes (float16, bfloat16) come as float32, others as they are.

    Raises
    ------
    DataError
        If a file is missing or damaged, holds a number that is not finite, or does not go with the others; the sentence
        names the file, the array and the row (from 1).

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "models.npz")
    ...     np.savez(path, bert=np.eye(3), gpt=np.ones((3, 5)), ids=np.array(["a", "b", "c"]))
    ...     embeddings = read_embeddings(path)
    >>> embeddings.models, embeddings.items.tolist(), embeddings.layers["gpt"]["0"].shape
    (('bert', 'gpt'), ['a', 'b', 'c'], (3, 5))
    """
    files = checked(paths)
    opened = open_vectors(files, item)
    rows, items, policies = _aligned(opened)
    if len(opened) == 1:
        layers = {name: _layers({"": values}, None) for name, values in opened[0].arrays.items()}
    else:
        layers = {
            name: _layers(file.arrays, taken) for name, file, taken in zip(stems(files), opened, rows, strict=True)
        }
    if len(layers) < 2:
        raise DataError(
            f"{called(files)}: holds the vectors of one model; an audit compares two or more, so give a file for each"
        )
    return Embeddings(
        items=np.array(items, dtype=object),
        models=tuple(layers),
        layers=layers,
        aligned_by="order" if opened[0].items is None else "id",
        policies=(*(policy for file in opened for policy in file.policies), *policies),
        source=called(files),
    )


def _aligned(files: Sequence[VectorFile]) -> tuple[list[Array | None], list[str], list[Policy]]:
    """The rows to take of each file, None for all as they are; ids of the items; and what was left out."""
    first = files[0]
    for file in files:
        if (file.items is None) != (first.items is None):
            has, lacks = (first, file) if file.items is None else (file, first)
            raise DataError(
                f"{lacks.source}: has no ids of items, and {has.source} has; give ids in all files or in none"
            )
        if file.items is None and file.rows != first.rows:
            raise DataError(
                f"{file.source}: has {file.rows} rows, and {first.source} has {first.rows}; give the ids of their items"
            )
    if first.items is None:
        return [None] * len(files), [str(row) for row in range(first.rows)], []
    common = set(first.items).intersection(*(file.items or () for file in files))
    if not common:
        raise DataError(
            f"{first.source}: has no item in common with all other files; see whether they name items alike"
        )
    items = [item for item in first.items if item in common]
    left = sum(file.rows - len(items) for file in files)
    policies = [Policy("rows of items that not all files have", left, "left out")] if left else []
    return [_rows(file.items or [], items) for file in files], items, policies


def _rows(have: Sequence[str], want: Sequence[str]) -> Array | None:
    if have == want:
        return None
    place = {item: row for row, item in enumerate(have)}
    return np.array([place[item] for item in want])


def _layers(arrays: Mapping[str, Floats], rows: Array | None) -> dict[str, Floats]:
    """A model's layers by name: the arrays, and the parts of those that hold several."""
    found: dict[str, Floats] = {}
    for name in sorted(arrays, key=_natural):
        values = arrays[name]
        parts = {name or "0": values}
        if values.ndim == 3:
            parts = {f"{name}.{number}" if name else str(number): part for number, part in enumerate(values)}
        found |= {part: table if rows is None else table[rows] for part, table in parts.items()}
    return found


def _natural(name: str) -> list[str | tuple[int, str]]:
    """Numbers in a name by their size, the words between them by the alphabet."""
    parts = re.split(r"0*([0-9]+)", name)
    return [(len(part), part) if place % 2 else part for place, part in enumerate(parts)]
