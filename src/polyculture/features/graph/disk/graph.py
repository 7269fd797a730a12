"""A graph that stays on the disk: where each row begins, columns and weights, as plain arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError, ShapeError, StoreError
from polyculture.features.graph.disk.stored import Stored
from polyculture.memory import size_of
from polyculture.store.content import sha256

SCHEMA, MANIFEST = 1, "manifest.json"
FILES = {"starts": "indptr.npy", "columns": "indices.npy", "weights": "weights.npy"}
_MANIFEST_BYTES = 2**20
_ENTRIES = 2**24
"""Entries that are walked at once where no vectors are at hand."""
_AGAIN = "write it again or restore a copy"


@dataclass(frozen=True)
class GraphOnDisk:
    """Edges among n nodes in a folder; see :func:`write_graph` and :func:`open_graph`.

    :class:`Propagation` takes it in place of a sparse array. Vectors are then read and written in blocks.

    Parameters
    ----------
    folder : path
    starts, columns : Stored
        Where the entries of each row begin, and where they lead.
    weights : Stored or None
        None is 1 for each.
    digest : str
        SHA-256 of what the manifest says of the files.
    left_out : mapping of str to int
        Edges that were given and left out, by reason.
    memory : int
        Bytes that spreading over it may hold at once.
    threads : int or None
        None is one for each processor.
    results : path
        Where spread vectors are kept.
    """

    folder: Path
    starts: Stored
    columns: Stored
    weights: Stored | None
    digest: str
    left_out: Mapping[str, int]
    memory: int
    threads: int | None
    results: Path

    @property
    def shape(self) -> tuple[int, int]:
        """Nodes, twice."""
        return self.starts.shape[0] - 1, self.starts.shape[0] - 1

    @property
    def nnz(self) -> int:
        """Entries; an edge in both directions is two."""
        return self.columns.shape[0]

    def rows(self, start: int, stop: int, dtype: Any = np.float32) -> sp.csr_array:
        """Edges over which some items receive, as a sparse array of shape (stop - start, n).

        Raises
        ------
        StoreError
            If the files hold no graph: they were changed, or come from elsewhere.
        """
        ends = self.starts.part(start, stop + 1)
        first, last = int(ends[0]), int(ends[-1])
        if first < 0 or last > self.nnz or (np.diff(ends) < 0).any():
            raise StoreError(f"{self.starts.path} holds no ends of rows ({start} to {stop}); {_AGAIN}")
        columns = self.columns.part(first, last)
        # compiled code reads where they point, and would not ask
        if len(columns) and not (columns.min() >= 0 and columns.max() < self.shape[1]):
            raise StoreError(f"{self.columns.path} names nodes that are not there (rows {start} to {stop}); {_AGAIN}")
        weights = np.ones(len(columns), dtype) if self.weights is None else self.weights.part(first, last)
        starts = (ends - first).astype(columns.dtype)
        return sp.csr_array((weights.astype(dtype, copy=False), columns, starts), shape=(stop - start, self.shape[1]))

    def blocks(self) -> Iterator[tuple[slice, sp.csr_array]]:
        """All rows, some at a time."""
        ends, start, most = ends_of(self), 0, min(_ENTRIES, self.memory // 64)
        while start < self.shape[0]:
            stop = max(int(np.searchsorted(ends, ends[start] + most, side="right")) - 1, start + 1)
            yield slice(start, stop), self.rows(start, stop)
            start = stop

    def __matmul__(self, vectors: Array) -> Floats:
        """Weighted sums of vectors that fit into memory; shape (n,) or (n, d)."""
        vectors = _as_many(vectors, self.shape[0])
        out = np.empty(vectors.shape, dtype=np.result_type(vectors, np.float32))
        for rows, part in self.blocks():
            out[rows] = part @ vectors
        return out

    @property
    def T(self) -> Transposed:  # noqa: N802 - as numpy calls it
        """The same edges, seen from the other end."""
        return Transposed(self)

    def verify(self) -> None:
        """Compare all files with the sums that were taken when they were written.

        Raises
        ------
        StoreError
            Naming the file that is damaged.
        """
        for name, said in _manifest(self.folder)["files"].items():
            if sha256(self.folder / name) != said["sha256"]:
                raise StoreError(f"{self.folder / name} is damaged: its SHA-256 differs from the manifest's; {_AGAIN}")


@dataclass(frozen=True)
class Transposed:
    """A graph on the disk from the other end: what each node gives away."""

    graph: GraphOnDisk

    def __matmul__(self, vectors: Array) -> Floats:
        vectors = _as_many(vectors, self.graph.shape[0])
        out = np.zeros(vectors.shape, dtype=np.result_type(vectors, np.float32))
        for rows, part in self.graph.blocks():
            out += part.T @ vectors[rows]
        return out


def _as_many(vectors: Array, nodes: int) -> Array:
    vectors = np.asarray(vectors)
    if not vectors.ndim or len(vectors) != nodes:
        raise ShapeError(f"The vectors have shape {vectors.shape} for a graph of {nodes} nodes; pass one a node.")
    return vectors


def open_graph(
    folder: str | Path, *, memory: str = "4GB", threads: int | None = None, results: str | Path | None = None
) -> GraphOnDisk:
    """A graph that :func:`write_graph` kept in a folder.

    Sizes are checked at once, what rows hold whenever they are read, and sums by :meth:`GraphOnDisk.verify`.

    Parameters
    ----------
    folder : path
    memory : str
        What spreading over it may hold at once, like ``"4GB"``; see :func:`spread_on_disk`.
    threads : int or None
        That work at once; None is one for each processor.
    results : path or None
        Where spread vectors are kept; ``results`` in the folder when None.

    Raises
    ------
    StoreError
        If the folder holds no whole graph.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from polyculture.features.graph import open_graph, write_graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_graph([(np.array([0, 1]), np.array([1, 2]))], folder, nodes=3)
    ...     graph = open_graph(folder, memory="1GB")
    >>> graph.shape, graph.nnz
    ((3, 3), 2)
    """
    place = Path(folder)
    said = _manifest(place)
    try:
        for name, file in said["files"].items():
            if (place / name).stat().st_size != file["bytes"]:
                raise StoreError(f"{place / name} has not the {file['bytes']} bytes of the manifest; {_AGAIN}")
        parts = {role: Stored.of(place / name) for role, name in FILES.items() if name in said["files"]}
        starts, columns, weights = parts["starts"], parts["columns"], parts.get("weights")
        sound = starts.shape == (said["nodes"] + 1,) and columns.dtype in (np.int32, np.int64)
        if not sound or starts.dtype != np.int64 or (weights is not None and weights.shape != columns.shape):
            raise StoreError(f"{place} does not hold the arrays of a graph; {_AGAIN}")
    except (OSError, LookupError, TypeError, DataError) as error:
        raise StoreError(f"{place} holds no whole graph ({error}); {_AGAIN}") from error
    at = place / "results" if results is None else Path(results)
    return GraphOnDisk(place, starts, columns, weights, said["sha256"], said["left_out"], size_of(memory), threads, at)


def sealed(said: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest with its own sum."""
    full = {"schema": SCHEMA, "kind": "graph", **said}
    return {**full, "sha256": hashlib.sha256(json.dumps(full, sort_keys=True).encode()).hexdigest()}


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        if not path.is_file():
            raise StoreError(f"{folder} holds no graph (no {MANIFEST}); check the path, or write it with write_graph")
        if path.stat().st_size > _MANIFEST_BYTES:
            raise StoreError(f"{path} is larger than a manifest can be; {_AGAIN}")
        said = dict(json.loads(path.read_bytes()))
        bare = {key: value for key, value in said.items() if key not in ("schema", "kind", "sha256")}
        plainly = set(said["files"]) <= set(FILES.values())
    except (OSError, LookupError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path} cannot be read as a manifest ({error}); {_AGAIN}") from error
    if said != sealed(bare) or not plainly:
        raise StoreError(f"{path} does not describe a graph that this version reads; {_AGAIN}")
    return said


def ends_of(graph: GraphOnDisk) -> Ints:
    """Where rows begin and end, in memory: 8 bytes a node."""
    found: Ints = graph.starts.part(0, graph.starts.shape[0])
    if found[0] != 0 or found[-1] != graph.nnz or (np.diff(found) < 0).any():
        raise StoreError(f"{graph.starts.path} holds no ends of rows; {_AGAIN}")
    return found
