"""Which models are alike: the matrix of all pairs, the tree that joins them, and the ties beyond chance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from polyculture.arrays import Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_likeness import Likeness
from polyculture.report.audit_order import blocked, in_order
from polyculture.report.audit_ties import ties
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.matrix import NAMED, Shades, blocks, matrix
from polyculture.report.charts.tree import dendrogram, merges
from polyculture.report.facts import Shown, shown
from polyculture.report.language import joined, many, say
from polyculture.report.numbers import measure
from polyculture.report.plain import label
from polyculture.tables import Table

TOLD = 200
"""Models that are listed with the one most like them."""


def alike(found: AuditResult, likeness: Likeness | None) -> Iterator[Chart | None]:
    """The matrix, the tree and the network; nothing where no pair was measured."""
    if likeness is None:
        return
    order = in_order(found)
    yield _matrix(found, likeness, order)
    yield _tree(found, order)
    yield ties(found, likeness, order)


def _matrix(found: AuditResult, likeness: Likeness, order: Ints) -> Chart:
    edges = blocks(len(order))
    values = blocked(likeness, order, edges)
    names = [_block(found, order[first:last]) for first, last in pairwise(edges)]
    whole = len(names) == len(order)
    shades = Shades(likeness.centre, likeness.sign)
    said = _said(found, likeness)
    texts = (said, joined(_about(likeness, whole=whole, count=len(order)), said))
    title = say("Likeness of models: {measure}", measure=measure(likeness.measure))
    outlines = _runs(found, order) if whole else ()
    return matrix(
        "likeness-matrix", title, texts, (names, names), values, shades, _numbers(found, likeness), outlines=outlines
    )


def _block(found: AuditResult, positions: Ints) -> str:
    first = str(found.models[positions[0]])
    if len(positions) == 1:
        return first
    return say("{first} and {more} more", first=label(first, 40), more=len(positions) - 1)


def _about(likeness: Likeness, *, whole: bool, count: int) -> str:
    told = say("Rows and columns are the same models, in the order of the tree where there is one.")
    if not whole:
        told = say(
            "Rows and columns are groups of neighbours in the tree of {count} models; a cell is the mean over its "
            "pairs.",
            count=f"{count:,}",
        )
    if np.isfinite(likeness.centre):
        chance = say("Chance gives {value}.", value=f"{likeness.centre:.3f}")
    else:
        chance = say("What chance gives is not known.")
    return joined(told, chance)


def _said(found: AuditResult, likeness: Likeness) -> str:
    ranked = likeness.ranked(np.arange(len(likeness.a)))
    count = many(len(found.models), "{count} model.", "{count} models.")
    if not len(ranked):
        return joined(count, say("No pair of them has a value."))
    ends = {
        name: f"{label(found.models[likeness.a[p]], 60)}, {label(found.models[likeness.b[p]], 60)}: {likeness.said(p)}"
        for name, p in (("most", ranked[0]), ("least", ranked[-1]))
    }
    return joined(count, say("Most alike are {most}; least alike are {least}.", **ends))


def _runs(found: AuditResult, order: Ints) -> list[tuple[int, int]]:
    """Families whose models are neighbours, as the leaves of a tree are."""
    place = {found.models[model]: i for i, model in enumerate(order)}
    runs = []
    for family in found.families.get("families", ()):
        at = sorted(place[name] for name in family["models"] if name in place)
        if len(at) > 1 and at[-1] - at[0] == len(at) - 1:
            runs.append((at[0], at[-1]))
    return runs


def _numbers(found: AuditResult, likeness: Likeness) -> Shown:
    ranked = likeness.ranked(np.arange(len(likeness.a)))
    if len(found.models) <= NAMED:
        rows = [
            [found.models[likeness.a[p]], found.models[likeness.b[p]], likeness.said(p), float(likeness.null[p])]
            for p in ranked
        ]
        columns = ["a", "b", likeness.measure, "by chance"]
        return shown(Table("matrix", "likeness of each pair, the most alike first", columns, rows))
    nearest = np.full(len(found.models), -1)
    for ends in (likeness.a, likeness.b):
        # the most alike pair of each model is written last
        nearest[ends[ranked[::-1]]] = np.where(
            _better(likeness, nearest[ends[ranked[::-1]]], ranked[::-1]), ranked[::-1], nearest[ends[ranked[::-1]]]
        )
    rows = [[found.models[i], _other(found, likeness, i, p), likeness.said(p)] for i, p in enumerate(nearest) if p >= 0]
    few = f" (the first {TOLD} of {len(rows)})" if len(rows) > TOLD else ""
    return shown(
        Table(
            "matrix", f"each model and the one most like it{few}", ["model", "most like", likeness.measure], rows[:TOLD]
        )
    )


def _better(likeness: Likeness, old: Ints, new: Ints) -> Ints:
    values = np.append(likeness.sign * likeness.estimate, -np.inf)
    return np.asarray(values[new] > values[old])


def _other(found: AuditResult, likeness: Likeness, model: int, pair: int) -> str:
    return str(found.models[likeness.b[pair] if likeness.a[pair] == model else likeness.a[pair]])


def _tree(found: AuditResult, order: Ints) -> Chart | None:
    linkage = found.families.get("linkage")
    if not linkage or not 2 < len(order) <= NAMED:
        return None
    branches = list(merges(linkage, {int(model): i for i, model in enumerate(order)}))
    names = [found.models[i] for i in order]
    cut = float(found.families.get("cut", np.nan))
    meet = [[round(corners[1][0], 4)] for corners in branches]
    said = say(
        "{count} models are joined one after the other, at distances from {low} to {high}.",
        count=len(order),
        low=f"{min(meet)[0]:.3f}",
        high=f"{max(meet)[0]:.3f}",
    )
    about = say("Models that meet further left are more alike.")
    if np.isfinite(cut):
        about = joined(about, say("Families are what is joined left of the dashed line."))
    table = shown(Table("tree", "distances at which models are joined", ["distance"], meet))
    return dendrogram("tree", say("Which models are joined first"), (said, about), names, branches, cut, table)
