"""Vectors spread over a graph on the disk, block by block, going on where it was broken off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from scipy.sparse import _sparsetools

from polyculture import store
from polyculture.arrays import Array, Floats
from polyculture.errors import DataError, ShapeError
from polyculture.features.graph.disk.graph import GraphOnDisk, ends_of
from polyculture.features.graph.disk.plan import Plan, Range, plan, shares
from polyculture.features.graph.disk.stored import Stored, part_of, reserve, room, source
from polyculture.features.graph.normalise import ROWS, Normalised
from polyculture.progress import LOG
from polyculture.store import records

_HASHED = 2**25
"""Bytes that are hashed at once."""


@dataclass(frozen=True)
class Hop:
    """What every block of a hop has in common."""

    graph: GraphOnDisk
    scales: Normalised
    plan: Plan
    ends: Array
    before: Stored | Array
    first: Stored | Array
    alpha: float
    to: Stored


def spread_on_disk(
    graph: GraphOnDisk,
    vectors: Any,
    folder: str | Path | None = None,
    *,
    hops: int = 2,
    alpha: float = 0.0,
    normalise: str = "row",
    self_loop: float = 0.0,
) -> list[Array]:
    r"""Vectors after each of several hops, for graphs and vectors that are larger than memory.

    The numbers are those of :class:`Propagation`, bit for bit, whatever the memory and the threads: sums are taken in
    the same order. Vectors of double precision stay so. With n nodes, vectors of w bytes and columns of i bytes, blocks
    of a rows with e entries and b columns are chosen so that

    .. math:: 64 n + 3 a w + 2 e (i + 8) + b w \le \text{memory}

    where `memory` is the graph's. Where all n columns fit, vectors are read once a hop; else once for each block of
    rows. Files that the system keeps in otherwise free memory are not counted.

    A finished block is on the disk, with its sum; started again on the same folder, it goes on from there. One process
    works on a folder at a time.

    Parameters
    ----------
    graph : GraphOnDisk
    vectors : array or path of a ``.npy`` file, shape (n, d)
        Finite; a mapped file is read in blocks.
    folder : path or None
        Where ``hop-1.npy``, ``hop-2.npy`` ... go, and ``manifest.json`` last. None is a folder among the graph's
        `results`, named by what it is of.
    hops : int >= 0
    alpha : float in [0, 1]
        Share of its first vector that an item takes up again in every hop.
    normalise : {"row", "symmetric"}
    self_loop : float >= 0

    Returns
    -------
    list of array of shape (n, d)
        One for each hop, mapped from the disk: float32, or float64 where the vectors are.

    Raises
    ------
    ShapeError
        If there is not one vector for each node.
    DataError
        If a vector is not finite.
    MemoryLimitError
        If memory is too small for a single row.
    StoreError
        If the folder holds hops of other vectors or of another graph, or cannot be written to.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from polyculture.features.graph import spread_on_disk, write_graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     graph = write_graph([(np.array([0, 0]), np.array([1, 2]))], f"{folder}/graph", nodes=3)
    ...     (hop,) = spread_on_disk(graph, np.array([[0.0], [2.0], [4.0]]), f"{folder}/hops", hops=1)
    ...     hop.tolist()
    [[3.0], [2.0], [4.0]]
    """
    given = source(vectors)
    if len(given.shape) != 2 or given.shape[0] != graph.shape[0]:
        raise ShapeError(f"vectors have shape {given.shape} for {graph.shape[0]} nodes; pass one row for each.")
    dtype = np.dtype(np.float64 if given.dtype == np.float64 else np.float32)
    ends = ends_of(graph)
    cut = plan(ends, max(given.shape[1], 1) * dtype.itemsize, graph.columns.dtype.itemsize, graph.memory)
    inputs: dict[str, Any] = {
        "graph": graph.digest,
        "vectors": content(given),
        "alpha": alpha,
        "normalise": normalise,
        "self_loop": self_loop,
        "type": dtype.name,
    }
    place = graph.results / f"hops-{records.digest(inputs)[:16]}" if folder is None else Path(folder)
    with room(place):
        place.mkdir(parents=True, exist_ok=True)
        with store.run(place / "steps", about={"command": "spread_on_disk", **inputs}):
            scales = Normalised.of(graph, self_loop, normalise, dtype)
            found, sums = [given], {}
            for number in range(1, hops + 1):
                to = reserve(place / f"hop-{number}.npy", dtype, given.shape)
                with store.part(f"hop {number}", **inputs):
                    hop = Hop(graph, scales, cut, ends, found[-1], given, alpha, to)
                    sums[to.path.name] = _hop(hop, f"hop {number} of {hops}")
                found.append(to)
            store.write_json(place / "manifest.json", {"kind": "spread vectors", **inputs, "blocks": sums})
    return [each.mapped() for each in found[1:] if isinstance(each, Stored)]


def content(vectors: Stored | Array) -> str:
    """SHA-256 of numbers, their type and their shape."""
    found = hashlib.sha256(f"{vectors.dtype.str} {vectors.shape}".encode())
    step = max(1, _HASHED // max(vectors.shape[1] * vectors.dtype.itemsize, 1))
    for start in range(0, vectors.shape[0], step):
        found.update(part_of(vectors, start, min(start + step, vectors.shape[0]), vectors.dtype).data)
    return found.hexdigest()


def _hop(hop: Hop, name: str) -> list[str]:
    """Every block of rows that is not there yet, and the sums of all."""
    held, sums, began = _Columns(hop), list[str](), time.perf_counter()
    threads = hop.graph.threads or joblib.cpu_count()
    with ThreadPoolExecutor(threads) as pool:
        for number, rows in enumerate(hop.plan.rows):
            made = list[Range]()

            def compute(rows: Range = rows, made: list[Range] = made) -> str:
                made.append(rows)
                return _put(hop, rows, _block(hop, rows, held, pool, threads))

            found = store.step(f"rows {rows[0]} to {rows[1]}", compute)
            if not made and _sum(hop.to.part(*rows)) != found:
                LOG.warning("%s is damaged in rows %d to %d, which are computed again", hop.to.path, *rows)
                found = compute()
            sums.append(found)
            done = (number + 1) / len(hop.plan.rows)
            spent = time.perf_counter() - began
            LOG.info("%s: %d of %d blocks, %.0f s, %.0f s to go", name, number + 1, len(hop.plan.rows), spent,
                     spent / done - spent)  # fmt: skip
    return sums


class _Columns:
    """Blocks of the vectors that are spread, scaled by what they give; one that is all of them is read once."""

    def __init__(self, hop: Hop) -> None:
        self.hop = hop
        self.all: Floats | None = None

    def __iter__(self) -> Iterator[tuple[Range, Floats]]:
        for columns in self.hop.plan.columns:
            found = self._read(columns) if self.all is None else self.all
            if self.hop.plan.held:
                self.all = found
            yield columns, found

    def _read(self, columns: Range) -> Floats:
        hop = self.hop
        found = part_of(hop.before, *columns, hop.to.dtype)
        if hop.before is hop.first:
            check_finite(found, columns[0])
        giving = hop.scales.giving[slice(*columns)]
        if not (giving == 1).all():
            found *= giving
        return found


def check_finite(vectors: Floats, first: int) -> None:
    """Refuse vectors that are not finite, by their row."""
    for start in range(0, len(vectors), ROWS):
        sound = np.isfinite(vectors[start : start + ROWS]).all(axis=1)
        if not sound.all():
            raise DataError(f"The vector in row {first + start + np.argmin(sound)} holds a value that is not finite.")


def _block(hop: Hop, rows: Range, columns: _Columns, pool: ThreadPoolExecutor, threads: int) -> Floats:
    """One hop for a block of rows."""
    start, stop = rows
    out = np.zeros((stop - start, hop.to.shape[1]), dtype=hop.to.dtype)
    parts = [
        (hop.graph.rows(low, high, hop.to.dtype), out[low - start : high - start])
        for low, high in shares(hop.ends, rows, threads)
    ]
    for (low, high), vectors in columns:

        def add(part: tuple[sp.csr_array, Floats], low: int = low, high: int = high, given: Floats = vectors) -> None:
            edges, sums = part
            add_product(edges if len(given) == edges.shape[1] else edges[:, low:high], given, sums)

        list(pool.map(add, parts))
    some = slice(start, stop)
    scales = Normalised(hop.scales.taking[some], hop.scales.giving[some], hop.scales.staying[some])
    own = part_of(hop.before, start, stop, hop.to.dtype) if scales.staying.any() else out
    first = part_of(hop.first, start, stop, hop.to.dtype) if hop.alpha else out
    return scales.mixed(out, own, first, hop.alpha)


def add_product(edges: sp.csr_array, vectors: Floats, sums: Floats) -> None:
    """Add ``edges @ vectors`` to `sums`, which public functions cannot do in place.

    Entries are added one after the other, so that blocks of columns, one after the other, give the very same numbers as
    all columns at once.
    """
    _sparsetools.csr_matvecs(
        *edges.shape, vectors.shape[1], edges.indptr, edges.indices, edges.data, vectors.ravel(), sums.ravel()
    )


def _put(hop: Hop, rows: Range, block: Floats) -> str:
    hop.to.put(rows[0], block)
    return _sum(block)


def _sum(block: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(block).data).hexdigest()
