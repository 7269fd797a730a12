"""How many models fail on the same items, which family fails on which, and which few to keep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from polyculture.auditing.result import AuditResult
from polyculture.report.audit_order import in_order
from polyculture.report.charts.chart import Chart, Pick
from polyculture.report.charts.dots import dots
from polyculture.report.charts.histogram import Columns, histogram
from polyculture.report.charts.incidence import incidence
from polyculture.report.charts.lines import Places, Series, lines
from polyculture.report.facts import shown
from polyculture.report.language import later, say
from polyculture.report.numbers import interval, measure
from polyculture.report.plain import label
from polyculture.tables import Table

BINS, MEMBERS = 40, 40
"""Numbers of failing models that have a column each, and models of a family whose failures are drawn."""
SERIES = (
    ("joint_failure", later("chosen"), "line"),
    ("best_accuracy", later("most accurate"), "chance"),
    ("random", later("random"), "counted"),
)
DECADES = 2
"""Decades beyond which the scale is logarithmic."""


def failures(found: AuditResult) -> Iterator[Chart | None]:
    """Columns for all models or for a family, the items that it fails on together, and the effective numbers."""
    yield _histogram(found)
    yield effective(found)
    yield _items(found)


def _histogram(found: AuditResult) -> Chart | None:
    told = [each for each in found.failing_together if each["observed"]]
    given = [(each["observed"], each["expected"]) for each in told]
    spread = found.systemic_failure.get("distribution") or {}
    if not given and len(spread.get("observed", ())) and len(spread["observed"]) == len(spread.get("expected", ())):
        given = [(spread["observed"], spread["expected"])]
    data = [columns for columns in (_columns(*each) for each in given) if columns]
    pick = Pick("family", say("models"), _options(told)) if len(told) > 1 and len(data) == len(told) else None
    about = say(
        "Columns are observed, short lines what independent models of the same accuracies would give. Columns that "
        "stand above their line at either end, with fewer items between, mean that models fail together."
    )
    if found.missing:
        about += f" {say('Items that some of the models did not answer are left out.')}"
    return histogram(
        "failures",
        say("How many models fail on an item"),
        about,
        data if pick else data[:1],
        below=say("models that fail"),
        pick=pick,
    )


def _columns(observed: Sequence[float], expected: Sequence[float]) -> Columns:
    seen, chance = (np.asarray(values, dtype=np.float64) for values in (observed, expected))
    if not seen.sum() > 0:
        return []
    edges = bins(len(seen) - 1)
    seen, chance = (np.add.reduceat(100 * values / values.sum(), edges[:-1]) for values in (seen, chance))
    names = [f"{a}–{b - 1}" if b - a > 1 else str(a) for a, b in pairwise(edges)]
    return list(zip(names, seen.tolist(), chance.tolist(), strict=True))


def bins(models: int) -> list[int]:
    """First number of failing models of each column, and one beyond the last; the last is always that all fail.

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


def _options(told: Sequence[Mapping[str, Any]]) -> list[str]:
    def named(i: int, models: Sequence[str]) -> str:
        if not i:
            return say("all {count} models", count=len(models))
        return say("family {number}: {names}", number=i, names=label(", ".join(models), 44))

    return [named(i, each["models"]) for i, each in enumerate(told)]


def _items(found: AuditResult) -> Chart | None:
    told = [each for each in found.failing_together if each.get("hardest")]
    if not told:
        return None
    names = [found.models[i] for i in in_order(found)]
    place = {name: i for i, name in enumerate(names)}
    options = _options(found.failing_together)
    pick = Pick(
        "family", say("models"), [options[i] for i, each in enumerate(found.failing_together) if each.get("hardest")]
    )
    data = [[(_item(row), [place[name] for name in row["by"]]) for row in each["hardest"]] for each in told]
    members = [[place[name] for name in each["models"]][:MEMBERS] for each in told]
    rows = [
        [option, row["item"], row["group"], f"{row['failed']} / {len(each['models'])}", row["others"]]
        for option, each in zip(pick.options, told, strict=True)
        for row in each["hardest"]
    ]
    columns = [pick.label, "item", "group", "fail", "of the others"]
    table = shown(Table("hardest", "items on which most models of a family fail", columns, rows))
    first = told[-1]["hardest"][0]
    said = say(
        "Of {models}, {failed} fail on {item}.",
        models=pick.options[-1],
        failed=first["failed"],
        item=label(_item(first), 60),
    )
    about = say(
        "Pick a family: the items on which most of its models fail, those first on which fewest others do; of all "
        "models, items from those on which most fail to those on which one does. At most {models} models and 30 items "
        "are drawn.",
        models=MEMBERS,
    )
    return incidence(
        "items", say("Which items they fail on together"), (said, about), pick, data, names, members, table
    )


def _item(row: Mapping[str, Any]) -> str:
    return f"{row['item']} ({row['group']})" if row["group"] else str(row["item"])


def effective(found: AuditResult) -> Chart | None:
    """The effective numbers of models by their definitions."""
    rows = [(measure(name), [value]) for name, value in found.effective_models.items()]
    about = say(
        "How many independent models would do as well. The definitions differ: Kish is about averaging errors out, "
        "the other two about the spread of the failures. {count} if all were independent; Kish's is more where errors "
        "exclude each other.",
        count=len(found.models),
    )
    return dots(
        "chart-effective",
        say("Effective number of models, by definition"),
        about,
        ["models"],
        rows,
        kind="bar",
        digits=2,
    )


def curve(found: AuditResult) -> Iterator[Chart | None]:
    """Joint failure of k models that are chosen, most accurate, or random."""
    sizes = found.portfolio.get("sizes", ())
    if not sizes:
        return
    estimates = [size[name]["estimate"] for size in sizes for name, _, _ in SERIES]
    positive = [value for value in estimates if math.isfinite(value) and value > 0]
    log = bool(positive) and max(positive) / min(positive) > 10**DECADES
    series = [
        Series(say(named), look, *([size[name][part] for size in sizes] for part in ("estimate", "low", "high")))
        for name, named, look in SERIES
    ]
    rows = [[size["k"], *(interval(size[name], 4) for name, _, _ in SERIES)] for size in sizes]
    title = "share of items on which all k models fail"
    table = shown(Table("curve", title, ["k", *(named for _, named, _ in SERIES)], rows))
    lowest = min(sizes, key=lambda size: size["joint_failure"]["estimate"])
    said = say(
        "All of the {k} chosen ones fail on {chosen} of the items, the {k} most accurate on {best}, as many random "
        "ones on {random}.",
        k=lowest["k"],
        chosen=interval(lowest["joint_failure"], 4),
        best=interval(lowest["best_accuracy"], 4),
        random=interval(lowest["random"], 4),
    )
    about = say("Chosen on one half of the items and judged on the other. Lower is better. Bands are intervals.")
    about += f" {say('The scale is logarithmic; what is 0 is not drawn.')}" if log else ""
    places = Places([size["k"] for size in sizes], title=say("models kept (k)"))
    yield lines(
        "portfolio-curve",
        say("Which few models to keep"),
        (said, about),
        places,
        [("", series)],
        table,
        unit=say("share of items on which all k fail"),
        log=log,
    )
