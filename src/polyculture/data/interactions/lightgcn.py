"""Releases in the form of LightGCN: a line a user, or the matrix of the training part."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from polyculture.arrays import Array
from polyculture.data.answers import Policy
from polyculture.data.audit_input.arrays import open_npz
from polyculture.data.audit_input.files import checked
from polyculture.data.interactions.raw import Raw, joined
from polyculture.data.interactions.text import rows
from polyculture.errors import DataError

SPLITS = {"train": "train", "valid": "validation", "val": "validation", "test": "test"}
_NEEDED = ("indptr", "indices", "shape")


def read_folder(folder: Path) -> Raw:
    """The training part, as text or as a matrix ``.npz``, with the other parts that are there.

    Users and items are called by the same numbers in all.
    """
    found = parts(folder)
    if "train" not in found:
        raise DataError(f"{folder}: has no train.txt and no matrix .npz; name the file that holds the training part")
    raws = {}
    for split, path in found.items():
        raws[split] = read_csr(path) if path.suffix == ".npz" else read_lines(path)
    return joined(raws, str(folder))


def parts(folder: Path) -> dict[str, Path]:
    """The file of each split."""
    found: dict[str, Path] = {}
    for name, split in SPLITS.items():
        for ending in (".txt", ".txt.gz"):
            if (path := folder / f"{name}{ending}").is_file():
                found.setdefault(split, path)
    matrices = sorted(folder.glob("*.npz"))
    if "train" not in found and len(matrices) == 1:
        found["train"] = matrices[0]
    return {split: found[split] for split in dict.fromkeys(SPLITS.values()) if split in found}


def read_lines(path: Path) -> Raw:
    """Lines of ``user item item ...``, apart by white space.

    Raises
    ------
    DataError
        If the cells are apart by something else, or a user has two lines.
    """
    users: list[str] = []
    items: list[str] = []
    numbers: list[int] = []
    seen: dict[str, int] = {}
    empty = 0
    for number, line in rows(path):
        user, *taken = line.split()
        if not seen and any(mark in line for mark in (",", ";", "::")):
            raise DataError(
                f"{path}: line {number} is {line[:40]!r}, no user and items apart by blanks; end the name of a "
                "table in .csv or .tsv"
            )
        if seen.setdefault(user, number) != number:
            raise DataError(f"{path}: line {number} is of the user {user!r} again; give each user one line")
        users += [user] * len(taken)
        items += taken
        numbers += [number] * len(taken)
        empty += not taken
    policies = (Policy(f"users without items in {path.name}", empty, "left out"),) if empty else ()
    return Raw({"user": users, "item": items}, str(path), numbers, policies=policies)


def read_csr(path: Path) -> Raw:
    """The rows of a sparse matrix, users by items, as SciPy writes it or with nothing but its structure.

    Raises
    ------
    DataError
        If an array lacks, holds Python objects, or contradicts the shape.
    """
    arrays = open_npz(checked(path)[0])
    lacking = [name for name in _NEEDED if name not in arrays]
    if lacking:
        raise DataError(
            f"{path}: has no array {lacking[0]!r}, only {', '.join(arrays)}; write indptr, indices and shape of a "
            "matrix in rows (CSR)"
        )
    starts, items, shape = (_whole(arrays[name], name, path) for name in _NEEDED)
    _check_structure(starts, items, shape, path)
    columns: dict[str, Array] = {"user": np.repeat(np.arange(len(starts) - 1), np.diff(starts)), "item": items}
    values = arrays.get("data")
    if values is not None:
        if values.shape != items.shape or values.dtype.kind not in "iufb":
            raise DataError(f"{path}: 'data' is not one number for each of the {len(items)} indices; write it again")
        if (values != 1).any():
            columns["rating"] = values.astype(np.float64)
    return Raw(columns, str(path))


def _whole(array: Array, name: str, path: Path) -> Array:
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise DataError(f"{path}: {name!r} is of {array.dtype} and {array.ndim} axes; write one axis of whole numbers")
    return array.astype(np.int64)


def _check_structure(starts: Array, items: Array, shape: Array, path: Path) -> None:
    if len(shape) != 2 or (shape < 0).any():
        raise DataError(f"{path}: the shape is {shape.tolist()}; give the numbers of users and of items")
    if len(starts) != shape[0] + 1:
        raise DataError(f"{path}: 'indptr' has {len(starts)} numbers, {shape[0]} users need {shape[0] + 1}; mend it")
    if starts[0] != 0 or starts[-1] != len(items) or (np.diff(starts) < 0).any():
        raise DataError(f"{path}: 'indptr' does not rise from 0 to the {len(items)} indices; write it again")
    outside = (items < 0) | (items >= shape[1])
    if outside.any():
        place = int(np.argmax(outside))
        user = int(np.searchsorted(starts, place, side="right")) - 1
        raise DataError(f"{path}: user {user} has the item {items[place]}, there are {shape[1]}; mend the shape")
