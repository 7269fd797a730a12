"""Whether accurate models are the alike ones: each pair by its mean accuracy and its likeness."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_drawing import Axis, Drawing, Shape, box, frame, key, label, line, mark
from polyculture.report.audit_likeness import Likeness
from polyculture.report.facts import Shown, shown
from polyculture.tables import Table

POINTS = 2000
"""Pairs that are drawn one by one; of more, how many lie in each square is drawn."""
COLUMNS, ROWS, GROUPS = 32, 18, 12
LEFT, RIGHT, TOP, BOTTOM = 44, 366, 54, 254
HEIGHT = BOTTOM + 38


def scatter(found: AuditResult, likeness: Likeness) -> Drawing | None:
    """Draw it; None without accuracies or where no pair has a value."""
    accuracy = np.array([found.accuracy.get(name, np.nan) for name in found.models], dtype=np.float64)
    mean = (accuracy[likeness.a] + accuracy[likeness.b]) / 2
    known = np.flatnonzero(np.isfinite(mean) & np.isfinite(likeness.estimate))
    if not len(known):
        return None
    x, values = Axis.of([mean[known].min(), mean[known].max()], LEFT, RIGHT), likeness.estimate[known]
    ends = [values.min(), values.max(), likeness.centre]
    y = Axis.of(ends, BOTTOM, TOP)
    few, name = len(known) <= POINTS, likeness.measure.replace("_", " ")
    groups = _groups(mean[known], values, likeness.null[known])
    shapes = frame(x, y, "mean accuracy of the two models", name)
    shapes += key(
        [("dot" if few else "many", "a pair" if few else "more or fewer pairs"), ("chance", "by chance")], 14, 150
    )
    shapes += _points(found, likeness, x, y, mean, known) if few else _squares(x, y, mean[known], values)
    shapes += [Shape("chance", line(*((x(at), y(null)) for at, _, _, null in groups if np.isfinite(null))))] * bool(
        np.isfinite(likeness.centre)
    )
    title = f"Accuracy and likeness of pairs: {name}"
    return Drawing(
        "accuracy-likeness", title, _said(mean[known], values), _about(likeness, few), shapes, HEIGHT,
        _pairs(found, likeness, mean, known) if few else _grouped(groups, likeness.measure),
    )  # fmt: skip


def _points(found: AuditResult, likeness: Likeness, x: Axis, y: Axis, mean: Floats, known: Ints) -> Iterator[Shape]:
    names = [label(name, 40) for name in found.models]
    for p in known:
        title = f"{names[likeness.a[p]]}\n{names[likeness.b[p]]}\n{likeness.said(p)}, mean accuracy {mean[p]:.3f}"
        yield mark("dot", x(mean[p]), y(likeness.estimate[p]), title)


def _squares(x: Axis, y: Axis, mean: Floats, values: Floats) -> Iterator[Shape]:
    """Squares whose sides grow with the logarithm of the number of pairs in them."""
    limits = ((x.low, x.high), (y.low, y.high))
    counts, across, up = np.histogram2d(mean, values, bins=(COLUMNS, ROWS), range=limits)
    most = np.log1p(counts.max())
    whole = min((RIGHT - LEFT) / COLUMNS, (BOTTOM - TOP) / ROWS)
    for i, j in zip(*np.nonzero(counts), strict=True):
        side = whole * max(0.15, float(np.log1p(counts[i, j]) / most))
        place = x((across[i] + across[i + 1]) / 2) - side / 2, y((up[j] + up[j + 1]) / 2) - side / 2
        yield Shape("many", box(*place, side, side), title=f"{int(counts[i, j])} pairs")


def _groups(mean: Floats, values: Floats, null: Floats) -> list[tuple[float, int, float, float]]:
    """Mean accuracy, number of pairs, their mean likeness and mean null, in groups by rising accuracy."""
    edges = np.linspace(mean.min(), mean.max(), GROUPS + 1)
    group = np.clip(np.searchsorted(edges, mean, side="right") - 1, 0, GROUPS - 1)
    size = np.bincount(group, minlength=GROUPS)
    sums = [np.bincount(group, weights=of, minlength=GROUPS) for of in (mean, values, null)]
    filled = np.flatnonzero(size)
    accuracy, likeness, chance = ((total[filled] / size[filled]).tolist() for total in sums)
    return list(zip(accuracy, size[filled].tolist(), likeness, chance, strict=True))


def _said(mean: Floats, values: Floats) -> str:
    told = f"{len(values)} pairs with mean accuracies from {mean.min():.3f} to {mean.max():.3f} and likeness from "
    told += f"{values.min():.3f} to {values.max():.3f}."
    if len(values) < 3 or np.ptp(mean) == 0 or np.ptp(values) == 0:
        return told
    return f"{told} Their correlation is {np.corrcoef(mean, values)[0, 1]:.2f}."


def _about(likeness: Likeness, few: bool) -> str:
    each = "Each dot is a pair of models" if few else "The larger a square, the more pairs lie in it"
    chance = "" if np.isnan(likeness.centre) else "; the dashed line is what chance gives pairs of such accuracy"
    rest = "" if likeness.whole else " Only the pairs that the result lists are drawn."
    return f"{each}{chance}. If the cloud rises to the right, better models are more alike.{rest}"


def _pairs(found: AuditResult, likeness: Likeness, mean: Floats, known: Ints) -> Shown:
    rows = [
        [found.models[likeness.a[p]], found.models[likeness.b[p]], float(mean[p]), likeness.said(p)]
        for p in known[np.argsort(-mean[known], kind="stable")]
    ]
    columns = ["a", "b", "mean accuracy", likeness.measure]
    return shown(Table("scatter", "mean accuracy and likeness of each pair", columns, rows))


def _grouped(groups: list[tuple[float, int, float, float]], measure: str) -> Shown:
    columns = ["mean accuracy", "pairs", f"mean {measure}", "by chance"]
    return shown(Table("scatter", "pairs in groups by mean accuracy", columns, [list(group) for group in groups]))
