"""Which models, or families of many models, are tied beyond chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyculture.arrays import Ints
from polyculture.auditing.result import AuditResult
from polyculture.report.audit_likeness import Likeness
from polyculture.report.audit_order import blocked, families
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.network import Tie, most, network
from polyculture.report.facts import shown
from polyculture.report.language import joined, many, say
from polyculture.report.plain import label
from polyculture.tables import Table

CIRCLE = 200
"""Models that stand on the circle by themselves; of more, families do."""


def ties(found: AuditResult, likeness: Likeness, order: Ints) -> Chart | None:
    """Draw who is more alike than chance: models on a circle in the order of the tree, or families of many models."""
    of = families(found)
    if len(order) <= CIRCLE:
        names, sizes = [found.models[i] for i in order], [1.0] * len(order)
        kinds = [_kind(of.get(name)) for name in names]
        ties = _beyond(likeness, order)
        who = say("Dots are models.")
    else:
        names, sizes, ties = _of_families(found, likeness)
        kinds = [say("families")] * len(names)
        who = say("Dots are families of models, larger for more of them; the other models are left out.")
    ranked = sorted(ties, key=lambda tie: -tie[2])
    rows = [[names[a], names[b], strength] for a, b, strength in ranked[: most(len(names))]]
    about = say(
        "Lines join those that are more alike than chance, thicker for more alike; the {most} strongest at most.",
        most=most(len(names)),
    )
    said = many(len(ties), "{count} pair is tied.", "{count} pairs are tied.")
    table = shown(Table("ties", "ties beyond chance, the strongest first", ["a", "b", likeness.measure], rows))
    title = say("Who is tied to whom beyond chance")
    return network("network", title, (joined(who, said), joined(who, about)), names, sizes, kinds, ties, table)


def _kind(family: int | None) -> str:
    if family is None:
        return say("alone")
    return say("family {number}", number=family + 1) if family < 7 else say("other families")


def _beyond(likeness: Likeness, order: Ints) -> list[Tie]:
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
