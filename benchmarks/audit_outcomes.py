"""What it costs to compare the outcomes of many models, beside comparing them pair by pair.

Run it with ``python benchmarks/audit_outcomes.py --threads 2``; it needs ``lm-sim``. The first table sets all pairs at
once against a loop over some of them, extrapolated; the second measures many models on many items, in a process of its
own; the third fits how time grows with models and with items.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

Results = dict[str, Any]


def main() -> None:
    """Print every table; keep the numbers as JSON and the growth as a drawing if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--items", type=int, default=12_000)
    parser.add_argument("--options", type=int, default=10)
    parser.add_argument("--looped", type=int, default=30, help="pairs that the loop compares")
    parser.add_argument("--large", type=int, nargs=2, default=(2_000, 100_000), metavar=("MODELS", "ITEMS"))
    parser.add_argument(
        "--growth", type=int, nargs="*", default=(1, 2, 4, 8), help="multiples of 100 models and 5,000 items"
    )
    parser.add_argument("--threads", type=int, help="threads of the matrix products")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--svg", type=Path)
    chosen = parser.parse_args()
    if chosen.threads and os.environ.get("OPENBLAS_NUM_THREADS") != str(chosen.threads):
        # Threads are counted when numpy is loaded, so start once more.
        os.environ |= {"OPENBLAS_NUM_THREADS": str(chosen.threads), "OMP_NUM_THREADS": str(chosen.threads)}
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - this very program
    found = {"peak_gflops": peak(), "threads": chosen.threads}
    found["answers"] = answers(chosen.models, chosen.items, chosen.options, chosen.looped)
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        found["large"] = fresh.apply(large, (*chosen.large, found["peak_gflops"]))
    found["growth"] = growth(chosen.growth)
    sys.stdout.write(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))
    if chosen.svg:
        chosen.svg.write_text(drawing(found["growth"]))


def peak(size: int = 3_000) -> float:
    """Billions of operations a second of a plain product of float32 matrices: the best of five."""
    matrix = np.random.default_rng(0).random((size, size), dtype=np.float32)
    other = matrix.T.copy()
    return 2 * size**3 / 1e9 / min(seconds(lambda: matrix @ other)[0] for _ in range(5))


def answers(m: int, n: int, options: int, looped: int) -> Results:
    """All pairs by their answers, and a loop over some of them."""
    from lmsim.metrics import CAPA, EC

    from polyculture.measure.outcome.pairs import outcome_pairs

    given, labels = drawn_answers(m, n, options)
    counts = np.full(n, options)
    took, found = seconds(lambda: outcome_pairs(None, answers=given, labels=labels, option_counts=counts))
    pairs = list(combinations(range(m), 2))
    some = [pairs[k] for k in np.random.default_rng(1).choice(len(pairs), min(looped, len(pairs)), replace=False)]
    hot = {j: list(np.eye(options)[given[:, j]]) for pair in some for j in pair}
    truth = labels.tolist()
    results: Results = {"models": m, "items": n, "options": options, "looped": len(some), "seconds": took}
    for name, theirs in (("capa", CAPA(prob=False)), ("error_consistency", EC())):
        loop, values = seconds(lambda theirs=theirs: [theirs.compute_k(hot[a], hot[b], truth) for a, b in some])
        ours = [found.measures[name].estimate[pair] for pair in some]
        results[name] = {
            "loop_seconds": loop * len(pairs) / len(some),
            "difference": float(np.max(np.abs(np.subtract(values, ours)))),
        }
    results["ratio"] = sum(results[name]["loop_seconds"] for name in ("capa", "error_consistency")) / took
    return results


def large(m: int, n: int, gflops: float) -> Results:
    """Right and wrong alone, of many models on many items; to be run in a process of its own."""
    from polyculture.measure.inference.interval import random_blocks
    from polyculture.measure.outcome import sums
    from polyculture.measure.outcome.pairs import outcome_pairs

    correct = drawn_outcomes(m, n)
    held = resident()
    took, found = seconds(lambda: outcome_pairs(correct))
    highest = resident()
    order = random_blocks(n, found.blocks, 0)
    products, _ = seconds(lambda: sums.of_blocks(lambda rows: sums.outcome_sums(~correct, None, rows), order))
    # A matrix times its own transpose is symmetric, and half of it is computed.
    reached = n * m * (m + 1) / 1e9 / products
    return {
        "models": m,
        "items": n,
        "blocks": found.blocks,
        "seconds": took,
        "product_seconds": products,
        "product_gflops": reached,
        "share_of_peak": reached / gflops,
        "gib_of_data": held,
        "gib_at_most": highest,
    }


def growth(multiples: list[int]) -> Results:
    """Seconds against models and against items, and the exponents fitted to them."""
    from polyculture.measure.outcome.pairs import outcome_pairs

    results: Results = {}
    for name, sizes in (
        ("models", [(100 * k, 20_000) for k in multiples]),
        ("items", [(400, 5_000 * k) for k in multiples]),
    ):
        rows = []
        for m, n in sizes:
            correct = drawn_outcomes(m, n)
            took = min(seconds(lambda correct=correct: outcome_pairs(correct))[0] for _ in range(3))
            rows.append({"models": m, "items": n, "seconds": took})
        logarithms = np.log([[row[name], row["seconds"]] for row in rows])
        results[name] = {"rows": rows, "exponent": float(np.polyfit(*logarithms.T, 1)[0]) if len(rows) > 1 else None}
    return results


def drawn_answers(m: int, n: int, options: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers of models of different skill to items of different difficulty; some wrong answers tempt many."""
    rng = np.random.default_rng(0)
    labels = rng.integers(options, size=n)
    right = rng.random((n, m)) < np.clip(np.linspace(0.3, 0.9, m) + 0.6 * (0.5 - rng.random((n, 1))), 0, 1)
    elsewhere = np.where(rng.random((n, m)) < 0.4, 1, rng.integers(1, options, (n, m)))
    return np.where(right, labels[:, None], (labels[:, None] + elsewhere) % options), labels


def drawn_outcomes(m: int, n: int) -> np.ndarray:
    """Right and wrong of such models, made in portions so that making them takes little memory."""
    rng, skill = np.random.default_rng(0), np.linspace(0.3, 0.9, m, dtype=np.float32)
    correct = np.empty((n, m), dtype=bool)
    for done in range(0, n, 2_000):
        some = correct[done : done + 2_000]
        ease = 0.6 * (0.5 - rng.random((len(some), 1), dtype=np.float32))
        some[:] = rng.random(some.shape, dtype=np.float32) < skill + ease
    return correct


def seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """Wall-clock time of a call, and what it returns."""
    start = time.perf_counter()
    found = run()
    return time.perf_counter() - start, found


def resident() -> float:
    """GiB of memory that this process has held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def table(found: Results) -> str:
    """Everything as text."""
    few, many = found["answers"], found["large"]
    lines = [
        f"plain float32 product: {found['peak_gflops']:.0f} GFLOP/s",
        "",
        f"| {few['models']} models, {few['items']:,} items, {few['options']} options | seconds | difference |",
        "|---|---|---|",
        f"| here, every measure with intervals | {few['seconds']:.2f} | |",
    ]
    for name in ("capa", "error_consistency"):
        loop = few[name]
        lines.append(
            f"| lm-sim, {name}, from {few['looped']} pairs | {loop['loop_seconds']:,.0f} | {loop['difference']:.1e} |"
        )
    lines += [
        f"| ratio | {few['ratio']:,.0f} | |",
        "",
        f"| {many['models']:,} models, {many['items']:,} items, {many['blocks']} blocks | |",
        "|---|---|",
        f"| seconds | {many['seconds']:.1f} |",
        f"| of which products | {many['product_seconds']:.1f} |",
        f"| products reach | {many['product_gflops']:.0f} GFLOP/s, {many['share_of_peak']:.0%} of the plain product |",
        f"| memory at most | {many['gib_at_most']:.2f} GiB, {many['gib_of_data']:.2f} of it before |",
        "",
        "| models | items | seconds |",
        "|---|---|---|",
    ]
    for name, part in found["growth"].items():
        lines += [f"| {row['models']:,} | {row['items']:,} | {row['seconds']:.2f} |" for row in part["rows"]]
        if part["exponent"] is not None:
            lines.append(f"| seconds grow with {name} to the power of | | {part['exponent']:.2f} |")
    return "\n".join(lines) + "\n"


def drawing(grown: Results) -> str:
    """Growth as SVG, both axes logarithmic."""
    width, height, edge = 360, 260, 50
    parts = []
    for k, (name, part) in enumerate(grown.items()):
        points = np.log10([[row[name], row["seconds"]] for row in part["rows"]])
        low, span = points.min(axis=0), np.ptp(points, axis=0) + 1e-9
        placed = (points - low) / span * [width - 2 * edge, -(height - 2 * edge)] + [edge + k * width, height - edge]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline fill="none" stroke="currentColor" points="{line}"/>')
        for (x, y), row in zip(placed, part["rows"], strict=True):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
            parts.append(f'<text x="{x:.1f}" y="{height - edge + 16}" text-anchor="middle">{row[name]:,}</text>')
            parts.append(f'<text x="{x - 6:.1f}" y="{y - 6:.1f}" text-anchor="end">{row["seconds"]:.2g} s</text>')
        parts.append(f'<text x="{edge + k * width}" y="20">{name}: power {part["exponent"]:.2f}</text>')
    style = 'font-family="sans-serif" font-size="11"'
    size = f'viewBox="0 0 {width * len(grown)} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n' + "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    main()
