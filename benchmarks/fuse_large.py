"""What merging large models costs: seconds and memory for files of a quarter of a billion numbers each.

    OMP_NUM_THREADS=1 python benchmarks/fuse_large.py

Writes a base model and experts with the tensors of a Transformer (embeddings of 50,257 words, 16 blocks of width 1,024;
float32, a gigabyte each) into a temporary folder, merges them from disk to disk by every merge that needs no data and
takes time in proportion to the numbers, and beside it copies the files. Each runs in a process of its own, twice: once
with the files out of the page cache, once with what the first run left there. Merges by singular values, whose time
grows with the cube of a side, run on one block of half the width. Eighteen gigabytes of disk are needed, and freed in
the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LINEAR = ("average", "task_arithmetic", "ties", "dare")
CUBIC = ("wudi", "tsv_m", "iso_c")
Shapes = dict[str, tuple[int, ...]]


def shapes(width: int, blocks: int, words: int) -> Shapes:
    """Tensors of a Transformer."""
    found: Shapes = {"embed.words.weight": (words, width), "embed.places.weight": (width, width)}
    for i in range(blocks):
        for name in ("query", "key", "value", "out"):
            found |= {f"{i}.{name}.weight": (width, width), f"{i}.{name}.bias": (width,)}
        found |= {f"{i}.up.weight": (4 * width, width), f"{i}.up.bias": (4 * width,)}
        found |= {f"{i}.down.weight": (width, 4 * width), f"{i}.down.bias": (width,)}
        found |= {f"{i}.norm{j}.{part}": (width,) for j in (1, 2) for part in ("weight", "bias")}
    return found


def numbers(layout: Shapes) -> int:
    """Of one model."""
    return sum(int(np.prod(shape)) for shape in layout.values())


def write_models(folder: Path, layout: Shapes, experts: int) -> list[Path]:
    """A base model and experts a little away from it, a tensor at a time."""
    from polyculture.fuse.writing import writing

    paths = [folder / f"{i}.safetensors" for i in range(experts + 1)]
    kinds = {name: ("F32", shape) for name, shape in layout.items()}
    for i, path in enumerate(paths):
        with writing(path, kinds, {}) as write:
            for place, (name, shape) in enumerate(layout.items()):
                values = 0.02 * np.random.default_rng([0, place]).standard_normal(shape, dtype="f4")
                if i:
                    values += 0.001 * np.random.default_rng([i, place]).standard_normal(shape, dtype="f4")
                write(name, values, 0)
    return paths


def forget(paths: list[Path]) -> None:
    """Drop files from the page cache."""
    for path in paths:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_and_write(experts: list[Path], out: Path) -> None:
    """What no merge can do without: read every expert, write one model."""
    held = bytearray(2**20)
    for path in experts:
        with path.open("rb", buffering=0) as file:
            while file.readinto(held):
                pass
    shutil.copyfile(experts[0], out)
    _synced(out)


def copy(experts: list[Path], out: Path) -> None:
    """Copies of all experts."""
    for i, path in enumerate(experts):
        target = out.with_name(f"copy-{i}")
        shutil.copyfile(path, target)
        _synced(target)


def _synced(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def one(what: str, base: Path, experts: list[Path], out: Path) -> dict[str, float]:
    """Seconds of one job in this process, and how much its memory grew."""
    from polyculture.fuse.files import fuse_files

    before = most()
    start, used = time.perf_counter(), time.process_time()
    if what == "copy":
        copy(experts, out)
    elif what == "read and write":
        read_and_write(experts, out)
    else:
        fuse_files(experts, out, base=base, method=what)
    seconds, used = time.perf_counter() - start, time.process_time() - used
    return {"seconds": seconds, "processor": used, "megabytes": most() - before, "process": most()}


def most() -> float:
    """Megabytes that this process held at most; what started it does not count."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return float(status.partition("VmHWM:")[2].split()[0]) / 1024


def apart(what: str, folder: Path, count: int) -> dict[str, float]:
    """The same in a process of its own, whose memory nothing else has touched."""
    asked = [sys.executable, __file__, "--one", what, "--folder", str(folder), "--experts", str(count)]
    found = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603 - this file itself
    for made in [*folder.glob("copy-*"), folder / "out.safetensors"]:
        made.unlink(missing_ok=True)
    return dict(json.loads(found.stdout))


def rows(jobs: list[str], folder: Path, paths: list[Path], count: int, runs: dict[str, Any]) -> Iterator[str]:
    """A line a job: seconds cold and warm, processor time, and memory."""
    for what in jobs:
        forget(paths)
        cold, warm = (apart(what, folder, count) for _ in range(2))
        runs[what] = {"cold": cold, "warm": warm}
        yield (
            f"| {what} | {cold['seconds']:.1f} | {warm['seconds']:.1f} | {warm['processor']:.1f} | "
            f"{max(cold['megabytes'], warm['megabytes']):.0f} MB |"
        )


def tables(chosen: argparse.Namespace) -> Iterator[str]:
    """Of all jobs on whole models, and of merges by singular values on one block."""
    kept: dict[str, Any] = {}
    whole = shapes(chosen.width, chosen.blocks, chosen.words)
    for layout, jobs in (
        (whole, ["read and write", "copy", *chosen.methods]),
        (shapes(chosen.width // 2, 1, 1), [] if chosen.linear else CUBIC),
    ):
        if not jobs:
            continue
        largest = 4 * max(int(np.prod(shape)) for shape in layout.values()) / 2**20
        with tempfile.TemporaryDirectory(dir=chosen.scratch) as name:
            folder = Path(name)
            paths = write_models(folder, layout, chosen.experts)
            size = numbers(layout) / 1e6
            yield f"{chosen.experts} experts of {size:.0f} million numbers; largest tensor {largest:.0f} MB"
            yield "\n| | seconds, cold | seconds, warm | processor, warm | memory |\n|---|---|---|---|---|"
            yield from rows(list(jobs), folder, paths, chosen.experts, kept.setdefault(f"{size:.0f}", {}))
            yield ""
    if chosen.json:
        chosen.json.write_text(json.dumps(kept, indent=1))


def main() -> None:
    """Print both tables; or do one job and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experts", type=int, default=8)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--blocks", type=int, default=16)
    parser.add_argument("--words", type=int, default=50_257)
    parser.add_argument("--methods", nargs="+", choices=LINEAR, default=list(LINEAR))
    parser.add_argument("--linear", action="store_true", help="leave out merges by singular values")
    parser.add_argument("--scratch", type=Path, help="where the temporary folder is made")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        base, *experts = (chosen.folder / f"{i}.safetensors" for i in range(chosen.experts + 1))
        sys.stdout.write(json.dumps(one(chosen.one, base, experts, chosen.folder / "out.safetensors")))
        return
    for line in tables(chosen):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
