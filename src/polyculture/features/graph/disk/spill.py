"""The first pass over edges: each goes to the file of its range of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.errors import DataError

Block = tuple[Any, ...]
"""Rows, columns and, maybe, weights of some edges."""

BUCKETS = 256
STEP_BYTES = 160
"""What an edge takes while it is put into its file: both ends, twice where it counts twice, and their order."""


@dataclass(frozen=True)
class Spilled:
    """Files of edges, the k-th of rows from k * width on, and what was left out."""

    files: list[Path]
    width: int
    record: np.dtype[Any]
    left_out: Counter[str]

    @property
    def weighted(self) -> bool:
        """Whether edges have weights."""
        return "weight" in (self.record.names or ())


def spill(blocks: Iterable[Block], folder: Path, nodes: int, *, symmetric: bool, memory: int) -> Spilled:
    """Read edges once and put each, and its mirror image where edges count both ways, into a file."""
    width, step = -(-nodes // BUCKETS), max(1024, memory // STEP_BYTES)
    left_out: Counter[str] = Counter()
    weighted: bool | None = None
    record = _record(nodes, weighted=False)
    with ExitStack() as stack:
        files = [stack.enter_context((folder / f"rows-{k}").open("wb")) for k in range(-(-nodes // width))]
        for number, block in enumerate(blocks):
            weighted = len(block) == 3 if weighted is None else weighted
            record = _record(nodes, weighted=weighted)
            for some in _cut(block, step, number, weighted=weighted):
                found = _records(_kept(*_checked(*some, nodes, number), left_out), record, symmetric=symmetric)
                bucket = (found["row"] // width).astype(np.uint16)
                order = np.argsort(bucket, kind="stable")
                ends = np.cumsum(np.bincount(bucket, minlength=len(files)))
                for file, rows in zip(files, np.split(order, ends[:-1]), strict=True):
                    if len(rows):
                        found[rows].tofile(file)
        return Spilled([Path(file.name) for file in files], width, record, left_out)


def _record(nodes: int, *, weighted: bool) -> np.dtype[Any]:
    place = index_type(nodes)
    return np.dtype([("row", place), ("column", place), *([("weight", np.float32)] if weighted else [])])


def index_type(nodes: int) -> type[np.signedinteger[Any]]:
    """The smaller type that can name so many nodes."""
    return np.int32 if nodes <= np.iinfo(np.int32).max else np.int64


def _cut(block: Block, step: int, number: int, *, weighted: bool) -> Iterator[tuple[Array, Array, Array | None]]:
    parts = [np.asarray(part) for part in block]
    if len(parts) != 2 + weighted or any(part.ndim != 1 or len(part) != len(parts[0]) for part in parts):
        shapes = ", ".join(str(part.shape) for part in parts)
        raise DataError(
            f"Block {number} of the edges has arrays of shapes {shapes}; "
            "give rows, columns and, in each block or in none, weights, equally many"
        )
    for start in range(0, len(parts[0]), step):
        some = [part[start : start + step] for part in parts]
        yield some[0], some[1], some[2] if weighted else None


def _checked(
    tail: Array, head: Array, weight: Array | None, nodes: int, number: int
) -> tuple[Ints, Ints, Floats | None]:
    for ends in (tail, head):
        if ends.dtype.kind not in "iu":
            raise DataError(f"Block {number} of the edges names nodes by {ends.dtype}; number them from 0 on")
        if len(ends) and not (ends.min() >= 0 and ends.max() < nodes):
            wrong = ends[np.argmax((ends < 0) | (ends >= nodes))]
            raise DataError(
                f"Block {number} of the edges names the node {wrong}, which does not exist; nodes are numbered from 0 "
                f"to {nodes - 1}"
            )
    if weight is None:
        return tail, head, None
    with np.errstate(over="ignore"):
        found = weight.astype(np.float32)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        raise DataError(
            f"Block {number} of the edges has the weight {weight[np.argmax(wrong)]}; give weights that are finite and "
            "not negative"
        )
    return tail, head, found


def _kept(tail: Ints, head: Ints, weight: Floats | None, left_out: Counter[str]) -> tuple[Ints, Ints, Floats | None]:
    """Edges that lead elsewhere and weigh something."""
    loops = tail == head
    nothing = np.zeros(len(tail), dtype=bool) if weight is None else ~loops & (weight == 0)
    left_out["self-loops"] += int(loops.sum())
    left_out["weights of 0"] += int(nothing.sum())
    kept = ~(loops | nothing)
    return (tail, head, weight) if kept.all() else (tail[kept], head[kept], None if weight is None else weight[kept])


def _records(edges: tuple[Ints, Ints, Floats | None], record: np.dtype[Any], *, symmetric: bool) -> Array:
    tail, head, weight = edges
    count = len(tail)
    found = np.empty(count * (1 + symmetric), dtype=record)
    for start, row, column in ((0, tail, head), (count, head, tail))[: 1 + symmetric]:
        some = found[start : start + count]
        some["row"], some["column"] = row, column
        if weight is not None:
            some["weight"] = weight
    return found
