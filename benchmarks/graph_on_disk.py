"""A graph larger than memory: seconds and peak memory of writing it and of spreading vectors over it in blocks.

Edges are drawn in blocks, one end anywhere, the other the more often the smaller a drawn number is (a power law), names
shuffled; each counts in both directions, and once. Vectors are noise. Steps are processes of their own:

- ``write``: edges in random order to a graph in a folder.
- ``spread``: ``Propagation("sgc").fit`` over it, with the memory that is named, and rows of every hop computed again
  by themselves.
- ``in memory`` (``--compare``): the same with arrays in memory, and whether the numbers are equal.

Peak memory is what the process held at most, pages of mapped files among it. Files that the system keeps in otherwise
free memory are not counted; the column "files read" says how much was asked of them, and "from disk" how much of it was
not there. A cgroup's own peak, where it tells one, counts such files too.

    OMP_NUM_THREADS=1 python benchmarks/graph_on_disk.py --nodes 5_000_000 --edges 100_000_000 --dims 64 --hops 2

``--predict 1_000_000_000`` adds what so many edges would take by the same rates: of as many nodes more, the seconds of
writing grow with the edges, those of computing with entries and hops, and what is read follows from the plan of blocks.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.features.graph.disk.plan import plan
from polyculture.memory import size_of

BLOCK = 2**22
"""Edges that are drawn at once."""
POWER = 2.0
"""Of a uniform number: how much more often the first names are drawn."""
PRIME = 2_654_435_761
CHECKED = 50


def drawn(nodes: int, edges: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Edges in random order."""
    rng = np.random.default_rng(seed)
    for start in range(0, edges, BLOCK):
        count = min(BLOCK, edges - start)
        tail = rng.integers(0, nodes, count)
        head = (nodes * rng.random(count) ** POWER).astype(np.int64) * PRIME % nodes
        yield tail, head


def vectors(path: Path, nodes: int, dims: int) -> None:
    """Noise, written some rows at a time."""
    rng, out = np.random.default_rng(1), np.lib.format.open_memmap(path, "w+", np.float32, (nodes, dims))
    for start in range(0, nodes, 100_000):
        out[start : start + 100_000] = rng.standard_normal((min(100_000, nodes - start), dims), dtype=np.float32)
    out.flush()


def write(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """The graph, from edges that are never all there."""
    from polyculture.features.graph import write_graph

    graph = write_graph(
        drawn(asked.nodes, asked.edges), folder / "graph", nodes=asked.nodes, symmetric=True, memory=asked.memory
    )
    return {"entries": graph.nnz, "bytes": sum(file.stat().st_size for file in (folder / "graph").glob("*.npy"))}


def spread(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """All hops, and the largest difference from rows that are computed by themselves."""
    from polyculture.features.graph import Propagation, open_graph

    shutil.rmtree(folder / "results", ignore_errors=True)
    graph = open_graph(folder / "graph", memory=asked.memory, threads=asked.threads, results=folder / "results")
    fitted = Propagation("sgc", hops=asked.hops, normalise=asked.normalise).fit(folder / "vectors.npy", graph)
    return {"seen": usage(), "difference": max(differences(fitted, graph))}


def differences(fitted: Any, graph: Any) -> Iterator[float]:
    """Of some rows of each hop from their definition in double precision, relative to the largest of the row."""
    scales = fitted.row_
    for row in np.random.default_rng(2).integers(0, graph.shape[0], CHECKED).tolist():
        edges = graph.rows(row, row + 1, np.float64)
        for before, after in zip(fitted.hops_, fitted.hops_[1:], strict=False):
            sums = edges.data * scales.giving[edges.indices].ravel() @ before[edges.indices].astype(np.float64)
            expected = scales.taking[row] * sums + scales.staying[row] * before[row]
            yield float(np.abs(after[row] - expected).max() / np.abs(expected).max())


def in_memory(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """The same with everything in memory, and whether both gave the same bytes."""
    from polyculture.features.graph import Propagation, open_graph

    graph = open_graph(folder / "graph")
    edges, given = graph.rows(0, graph.shape[0]), np.array(np.load(folder / "vectors.npy"))
    start = time.perf_counter()
    fitted = Propagation("sgc", hops=asked.hops, normalise=asked.normalise).fit(given, edges)
    told = {"seconds": time.perf_counter() - start, "seen": usage()}
    (place,) = (folder / "results").glob("hops-*")
    kept = [np.load(place / f"hop-{k + 1}.npy", mmap_mode="r") for k in range(asked.hops)]
    return told | {"equal": all(np.array_equal(a, b) for a, b in zip(fitted.hops_[1:], kept, strict=True))}


def usage() -> dict[str, float]:
    """Peak memory, seconds of processors, and GB that were asked of files and of disks."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    told = {"peak": own.ru_maxrss * 1024 / 1e9, "processor": own.ru_utime + own.ru_stime}
    lines = Path("/proc/self/io").read_text().splitlines() if Path("/proc/self/io").exists() else []
    counts = {name: int(value) / 1e9 for name, value in (line.split(": ") for line in lines)}
    told |= {"asked": counts.get("rchar", float("nan")), "read": counts.get("read_bytes", float("nan"))}
    group = Path("/sys/fs/cgroup/memory.peak")
    return told | ({"group": int(group.read_text()) / 1e9} if group.exists() else {})


def reading(file: Path) -> float:
    """Bytes a second at which a file comes from the disk, where the system lets go of what it keeps of it."""
    with file.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        start = time.perf_counter()
        count = sum(iter(lambda: len(stream.read(2**24)), 0))
    return count / (time.perf_counter() - start)


def predicted(asked: argparse.Namespace, found: dict[str, dict[str, Any]], rate: float) -> Iterator[str]:
    """Lines for more edges, of as many more nodes, with several limits of memory; rows are taken for equally long."""
    times = asked.predict / asked.edges
    nodes, entries = int(asked.nodes * times), int(found["write"]["entries"] * times)
    width, index = 4 * asked.dims, 4 if nodes < 2**31 else 8
    ends = np.linspace(0, entries, nodes + 1).astype(np.int64)
    disk = times * found["write"]["bytes"] + (asked.hops + 1) * nodes * width
    yield f"{asked.predict:,} edges, {nodes:,} nodes: {disk / 1e9:,.0f} GB of disk, read at {rate / 1e9:.2f} GB/s"
    work = times * found["spread"]["seen"]["processor"] / (asked.threads or os.cpu_count() or 1)
    for limit in ("8GB", "16GB", "64GB"):
        cut = plan(ends, width, index, size_of(limit))
        vectors = nodes * width * (1 if cut.held else len(cut.rows))
        read = asked.hops * (entries * index + vectors) / rate
        parts = {"writing the graph": times * found["write"]["seconds"], "computing": work, "reading": read}
        first = max(parts, key=lambda part: parts[part])
        told = ", ".join(f"{part} {seconds:,.0f} s" for part, seconds in parts.items())
        yield f"  {limit:>4}: {sum(parts.values()):8,.0f} s ({told}; {len(cut.rows)} blocks of rows); first: {first}"


KINDS = {"write": write, "spread": spread, "in memory": in_memory}


def measured(kind: str, folder: Path) -> dict[str, Any]:
    """One step in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--folder", str(folder), "--kind", kind]
    start = time.perf_counter()
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - this very script
    return {"seconds": time.perf_counter() - start, **json.loads(found.stdout.splitlines()[-1])}


def told(kind: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    seen = found["seen"]
    seconds = f"{found['seconds']:8.1f} s  processor {seen['processor']:6.1f} s"
    files = f"files read {seen['asked']:6.1f} GB, from disk {seen['read']:6.1f} GB"
    more = {key: value for key, value in found.items() if key not in ("seen", "seconds")}
    more |= {"cgroup peak, GB": round(seen["group"], 2)} if "group" in seen else {}
    return f"{kind:10} {seconds}  peak {seen['peak']:6.2f} GB  {files}  {more}"


def main() -> None:
    """Print a line for each step."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--nodes", type=int, default=5_000_000)
    parser.add_argument("--edges", type=int, default=100_000_000)
    parser.add_argument("--dims", type=int, default=64)
    parser.add_argument("--hops", type=int, default=2)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--normalise", default="row", choices=("row", "symmetric"))
    parser.add_argument("--predict", type=int, help="edges of a larger graph; not with a graph that is there already")
    parser.add_argument("--compare", action="store_true", help="do it in memory as well")
    parser.add_argument(
        "--keep", type=Path, help="a folder whose graph and vectors are used again where they are there"
    )
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.kind:
        found = KINDS[asked.kind](asked.folder, asked)
        sys.stdout.write(json.dumps({"seen": usage(), **found}) + "\n")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "vectors.npy").exists():
            vectors(folder / "vectors.npy", asked.nodes, asked.dims)
        found = dict[str, dict[str, Any]]()
        for kind in ("write", "spread", *(("in memory",) if asked.compare else ())):
            if kind != "write" or not (folder / "graph" / "manifest.json").exists():
                found[kind] = measured(kind, folder)
                sys.stdout.write(told(kind, found[kind]) + "\n")
                sys.stdout.flush()
        if asked.predict:
            sys.stdout.write("\n".join(predicted(asked, found, reading(folder / "vectors.npy"))) + "\n")


if __name__ == "__main__":
    main()
