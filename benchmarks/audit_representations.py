"""What comparing the representations of many models costs, beside other packages and the bare matrix products.

Run it with ``python benchmarks/audit_representations.py``; pytorch-cka joins if it is installed. Set OMP_NUM_THREADS to
say how many cores all contestants may use.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from polyculture.measure.representation.cka import cka_matrix
from polyculture.measure.representation.streaming import StreamingCKA

# A process that a large one starts is charged with the memory of that, so streaming comes first.
PARTS = ("streaming", "pairs", "scaling")
Rows = list[dict[str, Any]]


def main() -> None:
    """Print every table and, if asked, keep the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--models", type=int, default=64)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--dimensions", type=int, default=768)
    parser.add_argument(
        "--loop-pairs", type=int, default=20, help="pairs that the loop is timed on and extrapolated from"
    )
    parser.add_argument("--stream-items", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="the fastest is reported")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    parts = {"pairs": all_pairs, "streaming": streaming, "scaling": scaling}
    found = {part: parts[part](chosen) for part in chosen.parts}
    for part, rows in found.items():
        sys.stdout.write(f"\n{part}\n{table(rows)}\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def all_pairs(chosen: argparse.Namespace) -> Rows:
    """Debiased linear CKA of all pairs of models, float32."""
    m, n, d = chosen.models, chosen.items, chosen.dimensions
    layers = representations(m, n, d)
    ours, values = fastest(lambda: cka_matrix(layers), chosen.repeats)
    bare, _ = fastest(lambda: bare_products(layers), chosen.repeats)
    # Half of every symmetric product is enough.
    needed = m * n**2 * d + m**2 * n**2 / 2
    share = needed / ours / peak(chosen.repeats)
    rows = [
        {"what": "polyculture, all pairs", "seconds": ours, "times ours": 1.0, "share of peak": share},
        {"what": "bare matrix products", "seconds": bare, "times ours": bare / ours},
    ]
    return rows + peers(layers, values, ours, chosen.loop_pairs)


def peers(layers: list[np.ndarray], values: np.ndarray, ours: float, loop_pairs: int) -> Rows:
    """Pytorch-cka on the same representations, centred for it, since it does not centre."""
    try:
        import torch
        from cka import cka_from_features
    except ImportError:
        sys.stderr.write("pytorch-cka is not installed and is left out.\n")
        return []
    centred = [torch.from_numpy(layer - layer.mean(axis=0)) for layer in layers]
    pairs = list(combinations(range(len(layers)), 2))
    some = pairs[:: max(1, len(pairs) // loop_pairs)]
    loop, looped = fastest(lambda: [float(cka_from_features(centred[k], centred[j])) for k, j in some], 1)
    loop *= len(pairs) / len(some)
    stack, stacked = fastest(lambda: cka_from_features(centred, centred).numpy(), 1)
    # It clamps to [0, 1].
    gap = max(
        np.abs(stacked - values.clip(0, 1)).max(),
        *(abs(v - max(0, values[p])) for v, p in zip(looped, some, strict=True)),
    )
    name = f"pytorch-cka, loop over pairs (from {len(some)} of {len(pairs)})"
    return [
        {"what": name, "seconds": loop, "times ours": loop / ours, "largest difference": float(gap)},
        {
            "what": "pytorch-cka, stacked",
            "seconds": stack,
            "times ours": stack / ours,
            "largest difference": float(gap),
        },
    ]


def bare_products(layers: list[np.ndarray]) -> None:
    """One Gram matrix for each model, and the product of a matrix of as many rows with itself, by blocks of columns."""
    n = len(layers[0])
    gram = np.empty((n, n), dtype=np.float32)
    for layer in layers:
        np.matmul(layer, layer.T, out=gram)
    block = np.ones((len(layers), min(n**2, 2**18)), dtype=np.float32)
    for _ in range(max(1, n**2 // block.shape[1])):
        block @ block.T


def streaming(chosen: argparse.Namespace) -> Rows:
    """One pass over more items than fit in memory; a process of its own, so that the peak is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return [pool.submit(stream, chosen.stream_items, chosen.dimensions, chosen.batch).result()]


def stream(items: int, dimensions: int, batch: int) -> dict[str, Any]:
    """Stream two related representations, generated chunk by chunk, and say what it took."""
    rng, seen, spent = np.random.default_rng(0), StreamingCKA(), 0.0
    for start in range(0, items, batch):
        size = min(batch, items - start)
        x, noise = rng.standard_normal((2, size, dimensions), dtype=np.float32)
        y = x + noise
        began = time.perf_counter()
        seen.update(x, y)
        spent += time.perf_counter() - began
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"items": items, "dimensions": dimensions, "value": seen.value, "seconds": spent, "peak MB": megabytes}


def scaling(chosen: argparse.Namespace) -> Rows:
    """Seconds as one of models, items and dimensions grows, and the exponent of the power law through them."""
    whole = {"models": chosen.models, "items": chosen.items, "dimensions": chosen.dimensions}
    rows: Rows = []
    for grows, most in whole.items():
        sizes = [max(2, most // 2**step) for step in (3, 2, 1, 0)]
        seconds = []
        for size in sizes:
            layers = representations(*{**whole, grows: size}.values())
            seconds.append(fastest(lambda layers=layers: cka_matrix(layers), chosen.repeats)[0])
        exponent = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
        rows += [
            {"grows": grows, "to": size, "seconds": took, "exponent": exponent, "": bar(took, max(seconds))}
            for size, took in zip(sizes, seconds, strict=True)
        ]
    return rows


def representations(m: int, n: int, d: int) -> list[np.ndarray]:
    """Models that have something in common."""
    rng = np.random.default_rng(0)
    common = rng.standard_normal((n, d), dtype=np.float32)
    return [common + rng.standard_normal((n, d), dtype=np.float32) for _ in range(m)]


def peak(repeats: int, side: int = 2048) -> float:
    """Operations a second of a plain float32 matrix product."""
    a, b = np.ones((2, side, side), dtype=np.float32)
    return 2 * side**3 / fastest(lambda: a @ b, repeats + 1)[0]


def fastest(run: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Least of several times, and what was returned."""
    times, value = [], None
    for _ in range(repeats):
        began = time.perf_counter()
        value = run()
        times.append(time.perf_counter() - began)
    return min(times), value


def bar(value: float, largest: float) -> str:
    """A line as long as the share."""
    return "█" * max(1, round(40 * value / largest))


def table(rows: Rows) -> str:
    """Columns under their names."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([cell(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(len(line[c]) for line in cells) for c in range(len(names))]
    return "\n".join("  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip() for line in cells)


def cell(value: Any) -> str:
    """Three digits of a number; the rest as it is."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
