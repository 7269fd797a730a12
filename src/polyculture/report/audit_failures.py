"""How many models fail on the same items, and which few of them to keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polyculture.arrays import Floats
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_drawing import Axis, Drawing, Shape, box, frame, key, mark
from polyculture.report.facts import shown
from polyculture.tables import Table, interval

BINS = 40
"""Numbers of failing models that have a bar each; more are drawn together."""
LEFT, RIGHT, TOP, BOTTOM = 44, 366, 54, 224
HEIGHT = BOTTOM + 38
SERIES = (
    ("joint_failure", "chosen", "dot"),
    ("best_accuracy", "most accurate", "open"),
    ("random", "random", "square"),
)
DECADES, MARKED = 2, 12
"""Decades beyond which the scale is logarithmic; sizes that are all marked on the axis."""


def histogram(found: AuditResult) -> Drawing | None:
    """Share of items on which so many models fail, beside what independent models would give; None without it."""
    given = found.systemic_failure.get("distribution") or {}
    observed, expected = (_shares(given.get(name, ())) for name in ("observed", "expected"))
    if not len(observed) or len(observed) != len(expected):
        return None
    edges = bins(len(observed) - 1)
    seen, chance = (np.add.reduceat(shares, edges[:-1]) for shares in (observed, expected))
    names = [f"{a}–{b - 1}" if b - a > 1 else str(a) for a, b in pairwise(edges)]
    table = Table(
        "failures", "items by how many models fail on them, %", ["models that fail", "observed", "if independent"],
        [list(row) for row in zip(names, seen.tolist(), chance.tolist(), strict=True)],
    )  # fmt: skip
    most = int(np.argmax(seen))
    said = (
        f"The most frequent number of failing models is {names[most]}, with {seen[most]:.1f} % of the items, and "
        f"{chance[most]:.1f} % if models were independent. On {observed[-1]:.2f} % all {len(observed) - 1} fail, "
        f"against {expected[-1]:.2g} %."
    )
    about = (
        "Bars are observed, short lines what independent models of the same accuracies would give. Bars that stand "
        "above their line at either end, with fewer items between, mean that models fail together."
    )
    shapes = _bars(names, seen, chance, edges)
    return Drawing("failures", "How many models fail on an item", said, about, shapes, HEIGHT, shown(table))


def bins(models: int) -> list[int]:
    """First number of failing models of each bar, and one beyond the last; the last is always that all fail.

    Examples
    --------
    >>> from polyculture.report.audit_failures import bins
    >>> bins(3), bins(100)[:3], bins(100)[-3:]
    ([0, 1, 2, 3, 4], [0, 1, 4], [97, 100, 101])
    """
    if models <= BINS:
        return list(range(models + 2))
    width = math.ceil((models - 1) / (BINS - 2))
    return [0, *range(1, models, width), models, models + 1]


def curve(found: AuditResult) -> Drawing | None:
    """Joint failure of k models that are chosen, most accurate, or random; None without portfolios."""
    sizes = found.portfolio.get("sizes", ())
    y = _failure_axis([size[name] for size in sizes for name, _, _ in SERIES])
    if y is None:
        return None
    x = Axis(min(s["k"] for s in sizes) - 0.5, max(s["k"] for s in sizes) + 0.5, LEFT, RIGHT)
    columns = [(x(s["k"]), str(s["k"])) for s in sizes] if len(sizes) <= MARKED else None
    shapes = frame(x, y, "models kept (k)", "share of items on which all k fail", columns)
    shapes += key([(look, name) for _, name, look in SERIES], 14)
    suggested = found.portfolio.get("suggested")
    if suggested:
        shapes.append(Shape("cut", f"M{x(suggested):g} {BOTTOM}V{TOP}", title=f"suggested: {suggested}"))
        shapes.append(Shape("tick", text="suggested", x=min(max(x(suggested), LEFT + 30), RIGHT - 28), y=TOP - 4))
    for at, (name, said, look) in enumerate(SERIES):
        shapes += _series(x, y, [(s["k"] + 0.14 * (at - 1), s[name]) for s in sizes], said, look)
    rows = [[s["k"], *(interval(s[name], 4) for name, _, _ in SERIES)] for s in sizes]
    table = Table("curve", "share of items on which all k models fail", ["k", *(said for _, said, _ in SERIES)], rows)
    lowest = min(sizes, key=lambda s: s["joint_failure"]["estimate"])
    said = (
        f"From {sizes[0]['k']} to {sizes[-1]['k']} models. All of the {lowest['k']} chosen ones fail on "
        f"{interval(lowest['joint_failure'], 4)} of the items, the {lowest['k']} most accurate on "
        f"{interval(lowest['best_accuracy'], 4)}, as many random ones on {interval(lowest['random'], 4)}."
    )
    about = "Chosen on one half of the items and judged on the other. Lower is better. Whiskers are intervals."
    about += " The scale is logarithmic; what is 0 stands on the lowest line." if y.log else ""
    return Drawing("portfolio-curve", "Which few models to keep", said, about, shapes, HEIGHT, shown(table))


def _shares(values: Sequence[float]) -> Floats:
    given = np.asarray(values, dtype=np.float64)
    total = given.sum()
    return np.asarray(100 * given / total) if total > 0 else np.empty(0)


def _bars(names: Sequence[str], seen: Floats, chance: Floats, edges: Sequence[int]) -> list[Shape]:
    x = Axis(-0.5, len(names) - 0.5, LEFT, RIGHT)
    y = Axis(0, float(max(seen.max(), chance.max())) * 1.05, BOTTOM, TOP)
    step = (RIGHT - LEFT) / len(names)
    every = math.ceil(len(names) / 8)
    columns = [(x(i), str(first)) for i, first in enumerate(edges[:-1]) if i % every == 0]
    shapes = frame(x, y, "models that fail", "% of items", columns)
    shapes += key([("bar", "observed"), ("expected", "if independent")], 14)
    for i, name in enumerate(names):
        title = f"{name} fail\nobserved: {seen[i]:.2f} %\nif independent: {chance[i]:.2g} %"
        shapes.append(Shape("bar", box(x(i) - step * 0.4, y(seen[i]), step * 0.8, BOTTOM - y(seen[i])), title=title))
        shapes.append(Shape("expected", f"M{x(i) - step * 0.45:.1f} {y(chance[i]):g}h{step * 0.9:.1f}", title=title))
    return shapes


def _failure_axis(points: Sequence[Mapping[str, float]]) -> Axis | None:
    """Even from 0, or logarithmic where the positive estimates span more than two decades."""
    estimates = [p["estimate"] for p in points if math.isfinite(p["estimate"])]
    if not estimates:
        return None
    ends = [v for p in points for v in (p["estimate"], p["high"]) if math.isfinite(v)]
    positive = [v for v in estimates if v > 0]
    if positive and max(positive) / min(positive) > 10**DECADES:
        # half a decade below the least, so that what is 0 stands apart from it
        return Axis(10 ** (math.log10(min(positive)) - 0.5), max(ends) * 1.1, BOTTOM, TOP, log=True)
    return Axis(0, max(ends) * 1.05 or 1.0, BOTTOM, TOP)


def _series(x: Axis, y: Axis, points: Sequence[tuple[float, Mapping[str, Any]]], name: str, look: str) -> list[Shape]:
    known = [(k, p) for k, p in points if math.isfinite(p["estimate"])]
    path = "L".join(f"{x(k):g} {y(p['estimate']):g}" for k, p in known)
    shapes = [Shape(f"join {look}-join", f"M{path}")] if len(known) > 1 else []
    for k, p in known:
        if math.isfinite(p["low"]) and math.isfinite(p["high"]):
            shapes.append(Shape("whisker", f"M{x(k):g} {y(p['low']):g}V{y(p['high']):g}"))
        shapes.append(mark(look, x(k), y(p["estimate"]), f"{name}, k = {round(k)}\n{interval(p, 4)}"))
    return shapes
