"""Whether accurate models are the alike ones: each pair by its mean accuracy and its likeness."""

from __future__ import annotations

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_likeness import Likeness
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.scatter import POINTS, Axes, scatter
from polyculture.report.facts import Shown, shown
from polyculture.report.language import joined, many, say
from polyculture.report.numbers import measure
from polyculture.tables import Table

GROUPS = 12


def cloud(found: AuditResult, likeness: Likeness | None) -> Chart | None:
    """Draw it; None without accuracies or where no pair has a value."""
    if likeness is None or not found.accuracy:
        return None
    accuracy = np.array([found.accuracy.get(name, np.nan) for name in found.models], dtype=np.float64)
    mean = (accuracy[likeness.a] + accuracy[likeness.b]) / 2
    known = np.flatnonzero(np.isfinite(mean) & np.isfinite(likeness.estimate))
    if not len(known):
        return None
    groups = _groups(mean[known], likeness.estimate[known], likeness.null[known])
    chance = [(at, null) for at, _, _, null in groups if np.isfinite(null)]
    name = measure(likeness.measure)
    few = len(known) <= POINTS
    pairs = list(zip(likeness.a[known].tolist(), likeness.b[known].tolist(), strict=True))
    texts = (_said(mean[known], likeness.estimate[known]), _about(likeness, few=few))
    table = _pairs(found, likeness, mean, known) if few else _grouped(groups, likeness.measure)
    axes = Axes(say("mean accuracy of the two models"), name)
    title = say("Accuracy and likeness of pairs: {measure}", measure=name)
    return scatter(
        "accuracy-likeness",
        title,
        texts,
        axes,
        (mean[known], likeness.estimate[known]),
        pairs,
        found.models,
        table,
        chance=chance,
    )


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
    told = many(
        len(values),
        "{count} pair with a mean accuracy from {a} to {b} and a likeness from {c} to {d}.",
        "{count} pairs with mean accuracies from {a} to {b} and likeness from {c} to {d}.",
        a=f"{mean.min():.3f}",
        b=f"{mean.max():.3f}",
        c=f"{values.min():.3f}",
        d=f"{values.max():.3f}",
    )
    if len(values) < 3 or np.ptp(mean) == 0 or np.ptp(values) == 0:
        return told
    return joined(told, say("Their correlation is {value}.", value=f"{np.corrcoef(mean, values)[0, 1]:.2f}"))


def _about(likeness: Likeness, *, few: bool) -> str:
    each = say("Each dot is a pair of models.") if few else say("The larger a square, the more pairs lie in it.")
    chance = "" if np.isnan(likeness.centre) else say("The dashed line is what chance gives pairs of such accuracy.")
    rest = "" if likeness.whole else say("Only the pairs that the result lists are drawn.")
    told = (each, chance, say("If the cloud rises to the right, better models are more alike."), rest)
    return " ".join(part for part in told if part)


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
