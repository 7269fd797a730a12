"""How a graph and its vectors are cut so that what is held at once fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from polyculture.arrays import Ints
from polyculture.errors import MemoryLimitError

NODE_BYTES = 64
"""Held of every node throughout: where its row ends, three scales, and what they are computed from."""
ROW_ARRAYS = 3
"""Of a block of rows: its sums, its own vectors and its first ones."""
_STEP = 2**24
"""Entries of a block where larger ones save nothing: so much is lost when work is broken off."""
_MOST = 2**31 - 1

Range = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """Blocks of rows that are finished one after the other, and of columns that are read for each of them."""

    rows: Sequence[Range]
    columns: Sequence[Range]

    @property
    def held(self) -> bool:
        """Whether all vectors are held at once."""
        return len(self.columns) == 1


def plan(ends: Ints, width: int, index: int, memory: int) -> Plan:
    r"""Blocks for n nodes whose vectors have `width` bytes each and whose columns have `index` bytes.

    A block of a rows with e entries, and b columns, take at most :math:`64 n + 3 a w + 2 e (i + 8) + b w` bytes. All
    columns are held where they take at most half of what is left of `memory`; else blocks of columns get a quarter of
    it, and those of rows the rest, as each block of rows reads all columns once.

    Raises
    ------
    MemoryLimitError
        If that is too little for a single row or column.
    """
    nodes = len(ends) - 1
    left = memory - NODE_BYTES * nodes
    columns = nodes if 2 * nodes * width <= left else max(left, 0) // 4 // width
    cost = ROW_ARRAYS * width * np.arange(nodes + 1) + 2 * (index + 8) * ends
    budget = left - columns * width
    entries = _STEP if columns == nodes else _MOST
    needed = NODE_BYTES * nodes + 4 * int(np.diff(cost).max(initial=width))
    if columns < 1 or np.diff(cost).max(initial=0) > budget:
        raise MemoryLimitError(
            f"to spread vectors of {width} bytes over {nodes:,} nodes needs at least {needed / 1e6:,.0f} MB, and "
            f"{memory / 1e6:,.0f} MB are allowed; allow more"
        )
    rows, start = list[Range](), 0
    while start < nodes:
        stop = min(_reach(cost, start, budget), _reach(ends, start, entries))
        # one row is within the budget, and a hub may have more entries than a block should
        rows.append((start, stop := max(stop, start + 1)))
        start = stop
    return Plan(rows, [(low, min(low + columns, nodes)) for low in range(0, nodes, max(columns, 1))])


def _reach(total: Ints, start: int, most: int) -> int:
    """The last end of a block from `start` on in which a running total grows by at most so much."""
    return int(np.searchsorted(total, total[start] + most, side="right")) - 1


def shares(ends: Ints, rows: Range, count: int) -> list[Range]:
    """A block of rows in so many parts with about equally many entries."""
    start, stop = rows
    aims = ends[start] + (ends[stop] - ends[start]) * np.arange(1, count) // count
    cuts = np.clip(np.searchsorted(ends, aims), start, stop)
    found = np.unique([start, *cuts, stop]).tolist()
    return list(pairwise(found))
