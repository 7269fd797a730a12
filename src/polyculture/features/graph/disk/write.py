"""Edges in any order made into a graph on the disk, in bounded memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.data.graphs.edge_blocks import edge_blocks
from polyculture.errors import ParameterError, StoreError
from polyculture.features.graph.disk.graph import FILES, MANIFEST, GraphOnDisk, open_graph, sealed
from polyculture.features.graph.disk.spill import BUCKETS, STEP_BYTES, Block, Spilled, index_type, spill
from polyculture.features.graph.disk.stored import Growing, room
from polyculture.memory import size_of
from polyculture.progress import LOG
from polyculture.store import write_json
from polyculture.store.content import sha256
from polyculture.store.files import sweep
from polyculture.store.locks import LOCK, alone

ENTRY_BYTES = 64
"""What an entry takes while its range of rows is sorted."""
MOST = 2**34
"""Nodes: the number of a pair of them, in a range of rows, stays below 2^63."""
_SPILL = ".edges."


def write_graph(
    edges: Iterable[Block] | str | Path,
    folder: str | Path,
    *,
    nodes: int,
    symmetric: bool = False,
    once: bool = True,
    memory: str = "4GB",
) -> GraphOnDisk:
    r"""Keep edges, however many, as a graph in a folder.

    Edges are read once and put into files by ranges of rows; each range is sorted by itself. With e edges in a block,
    and :math:`E_r` in the largest range of rows, at most :math:`\max(160\,\min(e, M / 160), 64\,\min(E_r, M / 64))`
    bytes are held besides the block itself, where M is `memory`; the disk holds the edges twice while it works.

    Parameters
    ----------
    edges : iterable of pairs or triples of arrays, or path of a file or a folder of files
        Rows, columns and, in all blocks or in none, weights that are not negative; row i receives from column j. Files
        are read as :func:`polyculture.data.graphs.edge_blocks` says.
    folder : path
        New, or empty.
    nodes : int >= 1
        Numbered from 0 on.
    symmetric : bool
        Whether an edge in one direction counts in both, with the larger of two weights.
    once : bool
        Whether an edge that is given twice counts once, with its largest weight; else its weights add up, which goes
        with edges in one direction alone.
    memory : str
        What may be held at once, like ``"4GB"``.

    Returns
    -------
    GraphOnDisk
        Without self-loops and weights of 0, which are counted in its `left_out`.

    Raises
    ------
    DataError
        If an edge leads to a node that does not exist, or a weight is negative or not finite.
    ParameterError
        If a parameter is out of its range.
    StoreError
        If the folder holds something else, or cannot be written to.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from polyculture.features.graph import write_graph
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     graph = write_graph([(np.array([0, 1, 2]), np.array([1, 0, 2]))], folder, nodes=3, symmetric=True)
    ...     graph.rows(0, 3).toarray(), graph.left_out["self-loops"]
    (array([[0., 1., 0.],
           [1., 0., 0.],
           [0., 0., 0.]], dtype=float32), 1)
    """
    if not 1 <= nodes <= MOST:
        raise ParameterError(f"nodes is {nodes}; use a number from 1 to {MOST}")
    if symmetric and not once:
        raise ParameterError("symmetric edges count once; set once=True, or symmetric=False")
    place, size = Path(folder), size_of(memory)
    blocks = edge_blocks(edges, rows=size // STEP_BYTES) if isinstance(edges, str | os.PathLike) else edges
    with room(place):
        place.mkdir(parents=True, exist_ok=True)
        with alone(place):
            _empty(place)
            with tempfile.TemporaryDirectory(prefix=_SPILL, dir=place) as spilled:
                found = spill(blocks, Path(spilled), nodes, symmetric=symmetric, memory=size)
                _sort(found, place, nodes, once=once, entries=size // ENTRY_BYTES)
            _finish(place, nodes, found, symmetric=symmetric, once=once)
    return open_graph(place, memory=memory)


def _empty(folder: Path) -> None:
    """Take away what a killed process left; anything else is another's."""
    if (folder / MANIFEST).exists():
        raise StoreError(f"{folder} holds a graph already; open it, or name a new folder")
    sweep(folder, older_than=0.0)
    for path in folder.iterdir():
        if path.name.startswith(_SPILL):
            shutil.rmtree(path)
        elif path.name in FILES.values():
            path.unlink()
        elif path.name != LOCK:
            raise StoreError(f"{folder} holds other things than a graph ({path.name}); name a new folder")


def _sort(spilled: Spilled, folder: Path, nodes: int, *, once: bool, entries: int) -> None:
    with ExitStack() as stack:
        starts = stack.enter_context(Growing(folder / FILES["starts"], np.int64))
        columns = stack.enter_context(Growing(folder / FILES["columns"], index_type(nodes)))
        weights = stack.enter_context(Growing(folder / FILES["weights"], np.float32)) if spilled.weighted else None
        starts.append(np.zeros(1))
        for number, file in enumerate(spilled.files):
            first = number * spilled.width
            stop = min(first + spilled.width, nodes)
            for low, high in _ranges(file, spilled.record, first, stop, entries):
                found = _in_order(_between(file, spilled.record, low, high, entries), low, nodes, once=once)
                counts, column, weight = found[0], found[1], found[2]
                starts.append(columns.length + np.cumsum(np.bincount(counts, minlength=high - low)))
                columns.append(column)
                if weights is not None and weight is not None:
                    weights.append(weight)
                spilled.left_out["edges given twice"] += found[3]
            file.unlink()
            LOG.info("graph: %d of %d ranges of rows sorted", number + 1, min(BUCKETS, len(spilled.files)))


def _parts(file: Path, record: np.dtype[Any], entries: int) -> Iterator[Array]:
    count = file.stat().st_size // record.itemsize
    for start in range(0, count, max(entries, 1)):
        yield np.fromfile(file, record, min(entries, count - start), offset=start * record.itemsize)


def _ranges(file: Path, record: np.dtype[Any], first: int, stop: int, entries: int) -> list[tuple[int, int]]:
    """Rows that are sorted at once: all of the file, or as many as may be held where hubs made it large."""
    if file.stat().st_size // record.itemsize <= entries:
        return [(first, stop)]
    counts = np.zeros(stop - first, dtype=np.int64)
    for part in _parts(file, record, entries):
        counts += np.bincount(part["row"] - first, minlength=stop - first)
    ends, cuts = np.cumsum(counts), [0]
    while cuts[-1] < stop - first:
        before = ends[cuts[-1] - 1] if cuts[-1] else 0
        # a row with more edges than may be held is taken all the same
        cuts.append(max(int(np.searchsorted(ends, before + entries, side="right")), cuts[-1] + 1))
    return [(first + low, first + high) for low, high in pairwise(cuts)]


def _between(file: Path, record: np.dtype[Any], low: int, high: int, entries: int) -> Array:
    parts = [part[(part["row"] >= low) & (part["row"] < high)] for part in _parts(file, record, entries)]
    return np.concatenate(parts) if len(parts) > 1 else parts[0] if parts else np.empty(0, record)


def _in_order(found: Array, low: int, nodes: int, *, once: bool) -> tuple[Ints, Ints, Floats | None, int]:
    """Rows (from `low`), columns and weights by row and column, and how many edges were there before."""
    keys = (found["row"].astype(np.int64) - low) * nodes + found["column"]
    weight: Floats | None = None
    if "weight" in (found.dtype.names or ()):
        order = np.argsort(keys, kind="stable")
        keys, weight = keys[order], found["weight"][order]
    else:
        keys.sort()
    twice = 0
    if once and len(keys):
        first = np.append(0, np.flatnonzero(keys[1:] != keys[:-1]) + 1)
        twice = len(keys) - len(first)
        weight = None if weight is None else np.maximum.reduceat(weight, first)
        keys = keys[first]
    rows, columns = np.divmod(keys, nodes)
    return rows, columns, weight, twice


def _finish(folder: Path, nodes: int, spilled: Spilled, *, symmetric: bool, once: bool) -> None:
    """The manifest, which is written last."""
    names = [name for role, name in FILES.items() if role != "weights" or spilled.weighted]
    files = {name: {"bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in names}
    said = {"nodes": nodes, "symmetric": symmetric, "once": once, "left_out": dict(spilled.left_out), "files": files}
    write_json(folder / MANIFEST, sealed(said))
