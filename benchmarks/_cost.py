r"""A model of cost from measured pieces of work: what many workers would take, and what gives out first.

.. math:: T(W) = S + \max(P t / W, t) + P o + (P b + c \min(W, P)) / B

with S what the asking process does alone, P pieces of t seconds and b bytes both ways, c bytes that all pieces share, o
seconds of the scheduler for a piece and B bytes a second between two processes. S and P grow with the work as said in
`GROWTH`; memory of the asking process likewise.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture import engine

WORKERS = (2, 100, 1000)
ROOM = 24 * 2**30
"""Bytes of memory of the asking process."""


@dataclass(frozen=True)
class Measured:
    """What a question took, at the size at which it was measured."""

    alone: float
    pieces: int
    seconds: float
    longest: float
    back_and_forth: float
    common: float
    peak: float


def measured(row: Mapping[str, Any]) -> Measured:
    """From the record of a run on two workers; the asking process is alone when no pieces can be worked on."""
    pieces = row["pieces"]
    seconds = np.array([piece["seconds"] for piece in pieces])
    common = {piece["function"]: piece["common"] for piece in pieces}
    return Measured(
        max(0.0, row["seconds"] - float(seconds.sum()) / 2),
        len(pieces),
        float(seconds.sum()),
        float(seconds.max()),
        float(sum(piece["sent"] + piece["back"] for piece in pieces)),
        float(sum(common.values())),
        row["peak_mib"] * 2**20,
    )


def grown(found: Measured, pieces: float, alone: float, longest: float = 1.0, peak: float = 1.0) -> Measured:
    """The same of more work: so many times the pieces' work, what is done alone, the longest piece, and memory."""
    return Measured(
        found.alone * alone,
        round(found.pieces * pieces / longest),
        found.seconds * pieces,
        found.longest * longest,
        found.back_and_forth * pieces,
        found.common * longest,
        found.peak * peak,
    )


def costs(found: Measured, workers: int, overhead: float, bandwidth: float) -> dict[str, float]:
    """Seconds by what they go to."""
    return {
        "asking process": found.alone,
        "pieces": max(found.seconds / workers, found.longest),
        "scheduler": found.pieces * overhead,
        "network": (found.back_and_forth + found.common * min(workers, found.pieces)) / bandwidth,
    }


def constants() -> tuple[float, float]:
    """Seconds of Dask for a piece, and bytes a second from a worker to this process."""
    with engine.use("dask", workers=2):
        engine.run(pow, [(2, 2)] * 20)
        start = time.perf_counter()
        engine.run(pow, [(2, 2)] * 2000)
        overhead = (time.perf_counter() - start) / 2000
        start = time.perf_counter()
        engine.run(np.zeros, [(2**23,)] * 8)
        bandwidth = 8 * 2**26 / (time.perf_counter() - start)
    return overhead, bandwidth


def predicted(rows: Mapping[str, Mapping[str, Any]], papers: int, models: int) -> str:
    """A table: as measured, and for 10⁵ models and 2.5 · 10⁸ papers with 100 and 1,000 workers."""
    overhead, bandwidth = constants()
    told = [
        f"a piece costs the scheduler {1000 * overhead:.2f} ms; {bandwidth / 2**20:.0f} MiB/s come back from a worker"
    ]
    for what, row in rows.items():
        found = measured(row)
        told += _lines(f"{what}, as measured", found, overhead, bandwidth)
        if what == "answers":
            times = (10**5 / models) ** 2
            told += _lines("answers of 10⁵ models", grown(found, times, times, times, times), overhead, bandwidth)
        if what == "survey":
            times = 2.5e8 / papers
            # what is drawn and measured does not grow with the papers, but with their communities and years
            told += _lines("survey of 2.5 · 10⁸ papers", grown(found, times, 1.0, 1.0, times), overhead, bandwidth)
    return "\n".join(told) + "\n"


def _lines(name: str, found: Measured, overhead: float, bandwidth: float) -> list[str]:
    lines = [f"{name}: {found.pieces:,} pieces, {found.seconds:,.0f} s of work, {found.peak / 2**30:,.1f} GiB here"]
    for workers in WORKERS:
        parts = costs(found, workers, overhead, bandwidth)
        first = max(parts, key=lambda part: parts[part])
        limit = "memory of the asking process" if found.peak > ROOM else first
        whole = ", ".join(f"{part} {seconds:,.1f}" for part, seconds in parts.items())
        lines.append(f"  {workers:5,} workers {sum(parts.values()):12,.1f} s ({whole}); first: {limit}")
    return lines
