"""Files of vectors: the arrays in each, and the ids of their rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polyculture.arrays import Array, Floats
from polyculture.data.answers import Policy
from polyculture.data.audit_input.arrays import open_npy, open_npz
from polyculture.data.audit_input.parquet import read_parquets
from polyculture.data.audit_input.safetensors import open_safetensors
from polyculture.data.audit_input.tables import some, text
from polyculture.errors import DataError

IDS = ("item", "items", "id", "ids")
"""Names of what holds the ids of rows."""

_BLOCK = 2**22
_PARQUET = ".parquet"


@dataclass(frozen=True)
class VectorFile:
    """Arrays of a file by name, of n rows each; the ids of the rows if it has some; and what was left out."""

    source: str
    arrays: Mapping[str, Floats]
    items: list[str] | None
    policies: list[Policy] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Number of items."""
        first = next(iter(self.arrays.values()))
        return int(first.shape[-2])


def open_vectors(paths: Sequence[Path], item: str) -> list[VectorFile]:
    """The arrays of each file, all of the same number of rows and finite.

    Raises
    ------
    DataError
        If a file is damaged or holds something else.
    """
    frames = read_parquets([path for path in paths if path.suffix.lower() == _PARQUET], small=False)
    return [_checked(path, _open(path, item, frames)) for path in paths]


def _open(path: Path, item: str, frames: Iterator[pl.DataFrame | DataError]) -> VectorFile:
    ending = path.suffix.lower()
    if ending == _PARQUET:
        return _parquet(path, item, next(frames))
    if ending not in _READERS:
        known = ", ".join((*_READERS, _PARQUET))
        raise DataError(f"{path}: the ending {ending!r} is not known; give a file that ends in {known}")
    return _READERS[ending](path, item)


def _checked(path: Path, found: VectorFile) -> VectorFile:
    arrays = {name: _numbers(values, _called(path, name)) for name, values in found.arrays.items()}
    file = replace(found, arrays=arrays)
    _check_rows(file)
    return file


def _called(path: Path, name: str) -> str:
    return f"{path}: {name!r}" if name else str(path)


def _numbers(values: Array, source: str) -> Floats:
    """Vectors of four or eight bytes a number."""
    if values.ndim not in (2, 3) or not values.size:
        raise DataError(f"{source} has the shape {values.shape}; give items by dimensions, or layers by these")
    if values.dtype.kind not in "fiub":
        raise DataError(f"{source} holds {values.dtype}; give numbers")
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    step = max(1, _BLOCK // values.shape[-1])
    for layer, table in enumerate(values.reshape(-1, *values.shape[-2:])):
        for start in range(0, len(table), step):
            odd = ~np.isfinite(table[start : start + step]).all(axis=1)
            if odd.any():
                where = f"layer {layer}, " if values.ndim == 3 else ""
                row = start + int(odd.argmax()) + 1
                raise DataError(f"{source}: {where}row {row} holds a number that is not finite; mend or remove the row")
    return values


def _check_rows(file: VectorFile) -> None:
    for name, values in file.arrays.items():
        if values.shape[-2] != file.rows:
            first = next(iter(file.arrays))
            raise DataError(
                f"{file.source}: {name!r} has {values.shape[-2]} rows and {first!r} has {file.rows}; give all arrays "
                "of a file the same items"
            )
    if file.items is None:
        return
    if len(file.items) != file.rows:
        raise DataError(f"{file.source}: has {len(file.items)} ids for {file.rows} rows; give each row one")
    if len(set(file.items)) < len(file.items):
        seen: set[str] = set()
        twice = next(item for item in file.items if item in seen or seen.add(item))  # type: ignore[func-returns-value]
        raise DataError(f"{file.source}: the id {twice!r} stands in more than one row; give each row its own")


def _npy(path: Path, item: str) -> VectorFile:  # noqa: ARG001 - it has none
    return VectorFile(str(path), {"": open_npy(path)}, None)


def _npz(path: Path, item: str) -> VectorFile:
    arrays = open_npz(path)
    name = next((name for name in (item, *IDS) if name in arrays and arrays[name].ndim == 1), None)
    items = None if name is None else _ids(arrays.pop(name), _called(path, name))
    return VectorFile(str(path), _some(arrays, path), items)


def _ids(values: Array, source: str) -> list[str]:
    if values.dtype.kind not in "USiu":
        raise DataError(f"{source} holds {values.dtype}; give words or whole numbers as ids")
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    return [str(value).strip() for value in values.tolist()]


def _safetensors(path: Path, item: str) -> VectorFile:
    file = open_safetensors(path)
    name = next((name for name in (item, *IDS) if name in file.metadata), None)
    arrays = {array: file.floats(array) for array in file.tensors}
    return VectorFile(
        str(path), _some(arrays, path), None if name is None else _listed(path, name, file.metadata[name])
    )


def _listed(path: Path, name: str, words: str) -> list[str]:
    try:
        items = json.loads(words)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str | int) for item in items):
        raise DataError(f'{path}: the metadata {name!r} are no list of ids in JSON; write them like ["q1", "q2"]')
    return [str(item).strip() for item in items]


def _some(arrays: dict[str, Any], path: Path) -> dict[str, Any]:
    if not arrays:
        raise DataError(f"{path}: holds no arrays; write it again with one or more")
    return arrays


def _parquet(path: Path, item: str, frame: pl.DataFrame | DataError) -> VectorFile:
    if isinstance(frame, DataError):
        raise frame
    if not frame.height:
        raise DataError(f"{path}: has no rows; give at least one")
    name = next((name for name in (item, *IDS) if name in frame.columns), None)
    items = None if name is None else _id_column(frame[name], str(path))
    columns = [column for column in frame if column.name != name]
    used, arrays = _columns(columns, path)
    others = [column.name for column in columns if column.name not in used]
    policies = [Policy(f"columns of no vectors ({some(others)})", len(others), "left out")] if others else []
    return VectorFile(str(path), arrays, items, policies)


def _id_column(column: pl.Series, source: str) -> list[str]:
    words = text(column, source)
    if words.null_count():
        row = int(words.is_null().arg_max() or 0) + 1
        raise DataError(f"{source}: row {row} has nothing in {column.name!r}; fill it in")
    return list(words)


def _columns(columns: Sequence[pl.Series], path: Path) -> tuple[list[str], dict[str, Array]]:
    """Columns of lists, each an array; or else those of floating-point numbers, or of any, which are one array."""
    lists = [column for column in columns if isinstance(column.dtype, pl.List | pl.Array)]
    if lists:
        return [column.name for column in lists], {column.name: _stacked(column, path) for column in lists}
    sides = [column for column in columns if column.dtype.is_float()]
    sides = sides or [column for column in columns if column.dtype.is_numeric()]
    if not sides:
        names = some([column.name for column in columns])
        raise DataError(
            f"{path}: has no vectors; give a column of lists, or one of numbers for each side, beside {names}"
        )
    values = np.stack([column.cast(pl.Float64).to_numpy() for column in sides], axis=1)
    return [column.name for column in sides], {"": values}


def _stacked(column: pl.Series, path: Path) -> Array:
    """A column of lists of one length as a matrix."""
    inner = column.dtype.inner  # type: ignore[attr-defined]
    if not inner.is_numeric():
        raise DataError(f"{path}: {column.name!r} holds lists of {inner}; give lists of numbers")
    lists = column.cast(pl.List(pl.Float32 if inner == pl.Float32 else pl.Float64))
    lengths = lists.list.len().fill_null(0)
    odd = lengths != lengths[0]
    if odd.any() or not lengths[0]:
        row = int(odd.arg_max() or 0)
        raise DataError(
            f"{path}: row {row + 1} has a list of {lengths[row]} in {column.name!r}, and row 1 one of {lengths[0]}; "
            "give lists of one length"
        )
    return lists.explode().to_numpy().reshape(len(column), -1)


_READERS: dict[str, Callable[[Path, str], VectorFile]] = {
    ".npy": _npy,
    ".npz": _npz,
    ".safetensors": _safetensors,
}
