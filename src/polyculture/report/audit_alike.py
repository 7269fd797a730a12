"""Which models are alike: the matrix of all pairs, the tree that joins them, and the ties beyond chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_likeness import Likeness
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.matrix import NAMED, Shades, blocks, matrix
from polyculture.report.charts.network import TIES, Tie, network
from polyculture.report.charts.tree import dendrogram, merges
from polyculture.report.facts import Shown, shown
from polyculture.report.language import many, say
from polyculture.report.plain import label
from polyculture.tables import Table

TOLD = 200
"""Models that are listed with the one most like them."""
CIRCLE = 200
"""Models that stand on the circle by themselves; of more, families do."""


def alike(found: AuditResult, likeness: Likeness | None) -> Iterator[Chart | None]:
    """The matrix, the tree and the network; nothing where no pair was measured."""
    if likeness is None:
        return
    order = in_order(found)
    yield _matrix(found, likeness, order)
    yield _tree(found, order)
    yield _network(found, likeness, order)


def in_order(found: AuditResult) -> Ints:
    """Positions of the models in the order of the tree, those that it does not hold last."""
    place = {name: i for i, name in enumerate(found.models)}
    order = [place[name] for name in found.families.get("order", ()) if name in place]
    return np.array([*order, *sorted(set(range(len(place))) - set(order))])


def blocked(likeness: Likeness, order: Ints, edges: Ints) -> Floats:
    """Mean likeness of each block of models with each, without the models with themselves."""
    block = np.empty(len(order), dtype=int)
    block[order] = np.searchsorted(edges, np.arange(len(order)), side="right") - 1
    count = len(edges) - 1
    known = np.isfinite(likeness.estimate)
    first, second = block[likeness.a[known]], block[likeness.b[known]]
    sums, sizes = np.zeros((count, count)), np.zeros((count, count))
    for one, other in ((first, second), (second, first)):
        at = one * count + other
        sums += np.bincount(at, likeness.estimate[known], count**2).reshape(count, count)
        sizes += np.bincount(at, minlength=count**2).reshape(count, count)
    return np.asarray(np.divide(sums, sizes, out=np.full(sums.shape, np.nan), where=sizes > 0))


def families(found: AuditResult) -> dict[str, int]:
    """Number of each model's family; models that stand alone are not there."""
    return {name: i for i, family in enumerate(found.families.get("families", ())) for name in family["models"]}


def _matrix(found: AuditResult, likeness: Likeness, order: Ints) -> Chart:
    edges = blocks(len(order))
    values = blocked(likeness, order, edges)
    names = [_block(found, order[first:last]) for first, last in pairwise(edges)]
    whole = len(names) == len(order)
    shades = Shades(likeness.centre, likeness.sign)
    said = _said(found, likeness)
    texts = (said, f"{_about(likeness, whole=whole, count=len(order))} {said}")
    title = say("Likeness of models: {measure}", measure=likeness.measure.replace("_", " "))
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
    return f"{told} {chance}"


def _said(found: AuditResult, likeness: Likeness) -> str:
    ranked = likeness.ranked(np.arange(len(likeness.a)))
    count = many(len(found.models), "{count} model.", "{count} models.")
    if not len(ranked):
        return f"{count} {say('No pair of them has a value.')}"
    ends = {
        name: f"{label(found.models[likeness.a[p]], 60)}, {label(found.models[likeness.b[p]], 60)}: {likeness.said(p)}"
        for name, p in (("most", ranked[0]), ("least", ranked[-1]))
    }
    return f"{count} {say('Most alike are {most}; least alike are {least}.', **ends)}"


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
    joined = [[round(corners[1][0], 4)] for corners in branches]
    said = say(
        "{count} models are joined one after the other, at distances from {low} to {high}.",
        count=len(order),
        low=f"{min(joined)[0]:.3f}",
        high=f"{max(joined)[0]:.3f}",
    )
    about = say("Models that meet further left are more alike; families are what is joined left of the dashed line.")
    table = shown(Table("tree", "distances at which models are joined", ["distance"], joined))
    return dendrogram("tree", say("Which models are joined first"), (said, about), names, branches, cut, table)


def _network(found: AuditResult, likeness: Likeness, order: Ints) -> Chart | None:
    of = families(found)
    if len(order) <= CIRCLE:
        names, sizes = [found.models[i] for i in order], [1.0] * len(order)
        kinds = [_kind(of.get(name)) for name in names]
        ties = _ties(likeness, order)
        who = say("Dots are models.")
    else:
        names, sizes, ties = _of_families(found, likeness)
        kinds = [say("families")] * len(names)
        who = say("Dots are families of models, larger for more of them; the other models are left out.")
    ranked = sorted(ties, key=lambda tie: -tie[2])
    rows = [[names[a], names[b], strength] for a, b, strength in ranked[:TIES]]
    about = say(
        "Lines join those that are more alike than chance, thicker for more alike; the {most} strongest at most.",
        most=TIES,
    )
    said = many(len(ties), "{count} pair is tied.", "{count} pairs are tied.")
    table = shown(Table("ties", "ties beyond chance, the strongest first", ["a", "b", likeness.measure], rows))
    title = say("Who is tied to whom beyond chance")
    return network("network", title, (f"{who} {said}", f"{who} {about}"), names, sizes, kinds, ties, table)


def _kind(family: int | None) -> str:
    if family is None:
        return say("alone")
    return say("family {number}", number=family + 1) if family < 7 else say("other families")


def _ties(likeness: Likeness, order: Ints) -> list[Tie]:
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    near = likeness.low if likeness.sign > 0 else likeness.high
    beyond = np.flatnonzero(likeness.sign * (near - likeness.null) > 0)
    strength = likeness.sign * likeness.estimate
    return [(int(place[likeness.a[p]]), int(place[likeness.b[p]]), float(strength[p])) for p in beyond]


def _of_families(found: AuditResult, likeness: Likeness) -> tuple[list[str], list[float], list[Tie]]:
    kin = list(found.families.get("families", ()))[:CIRCLE]
    place = {name: i for i, name in enumerate(found.models)}
    order = np.array([place[name] for family in kin for name in family["models"]], dtype=int)
    if len(kin) < 2:
        return [], [], []
    edges = np.cumsum([0, *(len(family["models"]) for family in kin)])
    rest = np.setdiff1d(np.arange(len(found.models)), order)
    values = blocked(likeness, np.concatenate([order, rest]), np.append(edges, len(found.models)))[
        : len(kin), : len(kin)
    ]
    centre = 0.0 if np.isnan(likeness.centre) else likeness.centre
    ties = [
        (a, b, float(likeness.sign * values[a, b]))
        for a in range(len(kin))
        for b in range(a + 1, len(kin))
        if likeness.sign * (values[a, b] - centre) > 0
    ]
    return [_names(family["models"]) for family in kin], [float(len(f["models"])) for f in kin], ties


def _names(models: Sequence[str]) -> str:
    return (
        say("{first} and {more} more", first=label(models[0], 30), more=len(models) - 1)
        if len(models) > 1
        else models[0]
    )
