"""Matrices of numbers in MATLAB files of version 7.3, which are HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array
from polyculture.data.graphs import files
from polyculture.errors import DataError

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, 512, 1024, 2048)


def is_v73(path: Path) -> bool:
    """Whether a file is HDF5, maybe after the lines that MATLAB writes before it."""
    with path.open("rb") as stream:
        begin = stream.read(_PLACES[-1] + len(_SIGNATURE))
    return any(begin[at : at + len(_SIGNATURE)] == _SIGNATURE for at in _PLACES)


def matrices(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Those of the named matrices that the file has, dense or sparse.

    Raises
    ------
    DataError
        If h5py is not installed, the file is damaged or points to other files, or a name is not of numbers.
    """
    try:
        import h5py  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise DataError(
            f"{path}: is a MATLAB file of version 7.3, which needs h5py; install it, or save the file with -v7"
        ) from error
    try:
        with h5py.File(path, "r") as store:
            return {name: _matrix(h5py, store, name, str(path)) for name in names if _is_here(h5py, store, name, path)}
    except DataError:
        raise
    # what HDF5 raises for damaged files is not documented, and is of every kind
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise DataError(f"{path}: is no whole MATLAB file of version 7.3 ({reason}); write it again") from error


def _is_here(h5py: Any, group: Any, name: str, path: Path | str) -> bool:
    """Whether a group holds this name itself, and does not point elsewhere with it."""
    if name not in group:
        return False
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise DataError(f"{path}: {name!r} is a link to elsewhere, which is not followed; save the matrix itself")
    return True


def _matrix(h5py: Any, store: Any, name: str, source: str) -> Any:
    found = store[name]
    if isinstance(found, h5py.Dataset):
        # MATLAB stores columns where others store rows
        return _numbers(found, name, source, axes=2).T
    if "MATLAB_sparse" not in found.attrs:
        raise DataError(f"{source}: {name!r} is no matrix of numbers; save it as one")
    rows = int(found.attrs["MATLAB_sparse"])
    starts = _part(h5py, found, "jc", name, source)
    data, inside = (_part(h5py, found, part, name, source) for part in ("data", "ir"))
    matrix = sp.csc_array((data, inside.astype(np.int64), starts.astype(np.int64)), shape=(rows, len(starts) - 1))
    matrix.check_format(full_check=True)
    return sp.csr_array(matrix)


def _part(h5py: Any, group: Any, part: str, name: str, source: str) -> Array:
    """One of the three lists of a sparse matrix; the two of its entries are absent where it has none."""
    if not _is_here(h5py, group, part, source):
        return np.zeros(0)
    return _numbers(group[part], name, source, axes=1)


def _numbers(dataset: Any, name: str, source: str, *, axes: int) -> Array:
    if dataset.external or dataset.is_virtual:
        raise DataError(f"{source}: {name!r} lies in another file, which is not read; save it in one")
    if dataset.dtype.kind not in "biuf" or dataset.ndim != axes:
        raise DataError(f"{source}: {name!r} is no matrix of real numbers; save it as one")
    if dataset.size > files.BYTES:
        raise DataError(f"{source}: {name!r} has {dataset.size:,} numbers, more than {files.BYTES:,}; save it sparse")
    return np.asarray(dataset[()])
