"""Hops side by side, in one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from polyculture.arrays import Array, Floats
from polyculture.features.graph.disk.stored import Stored, part_of, reserve, room, source


def beside(hops: Sequence[Array], memory: int) -> Floats:
    """Vectors and all their hops as rows of one file, which lies beside the last hop; mapped from the disk."""
    parts = [source(hop) for hop in hops]
    last = parts[-1]
    if not isinstance(last, Stored):  # no hops
        return hops[-1]
    path = last.path.with_name(f"hops-0-to-{len(hops) - 1}.npy")
    if not path.exists():
        shape = (last.shape[0], sum(part.shape[1] for part in parts))
        _write(parts, path, shape, memory)
    return Stored.of(path).mapped()


def _write(parts: Sequence[Stored | Array], path: Path, shape: tuple[int, int], memory: int) -> None:
    temporary, dtype = path.with_name(f".{path.name}.{os.getpid()}.tmp"), parts[-1].dtype
    to = reserve(temporary, dtype, shape)
    step = max(1, memory // (4 * max(to.row, 1)))
    for start in range(0, shape[0], step):
        stop = min(start + step, shape[0])
        to.put(start, np.concatenate([part_of(part, start, stop, dtype) for part in parts], axis=1))
    with room(path):
        temporary.replace(path)
