"""Small maps of how alike the layers of two models are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Floats
from polyculture.auditing.result import AuditResult
from polyculture.report.charts.chart import Chart
from polyculture.report.charts.matrix import Shades, matrix
from polyculture.report.facts import Shown, shown
from polyculture.report.language import joined, say
from polyculture.report.numbers import measure
from polyculture.report.plain import label
from polyculture.tables import Table

MAPS = 12
"""Maps that are drawn."""
NAMED, LARGEST = 16, 48
"""Layers up to which all numbers are listed; layers that are drawn at most, evenly chosen."""


def maps(found: AuditResult) -> list[Chart]:
    """The maps of the pairs whose most alike layers are most alike."""
    known = {pair: np.array(drawn["values"], dtype=np.float64) for pair, drawn in found.maps.items()}
    known = {pair: values for pair, values in known.items() if values.ndim == 2 and np.isfinite(values).any()}
    kept = sorted(known, key=lambda pair: (-np.nanmax(known[pair]), pair))[:MAPS]
    if not kept:
        return []
    null = found.summary.get(found.maps[kept[0]].get("measure"), {}).get("null", math.nan)
    return [_map(i, ends(pair, found.models), found.maps[pair], known[pair], null) for i, pair in enumerate(kept)]


def ends(pair: str, models: Sequence[str]) -> tuple[str, str]:
    """The two models of a name such as ``a|b``, also where names hold a bar themselves.

    Examples
    --------
    >>> from polyculture.report.audit_maps import ends
    >>> ends("a|b|c", ["a|b", "c"])
    ('a|b', 'c')
    """
    parts, known = pair.split("|"), set(models)
    splits = [("|".join(parts[:i]), "|".join(parts[i:])) for i in range(1, len(parts))]
    return next((split for split in splits if known.issuperset(split)), (parts[0], "|".join(parts[1:])))


def _map(number: int, models: tuple[str, str], given: Mapping[str, Any], values: Floats, null: float) -> Chart:
    names = [[str(name) for name in given[side]] for side in ("rows", "columns")]
    best = _best(values)
    kept = [_thinned(count, at) for count, at in zip(values.shape, best, strict=True)]
    a, b = (label(name, 30) for name in models)
    first, second = (label(name[at], 30) for name, at in zip(names, best, strict=True))
    said = say(
        "Most alike are {first} of {a} and {second} of {b}: {value}.",
        first=first,
        a=a,
        second=second,
        b=b,
        value=f"{values[best]:.3f}",
    )
    about = joined(said, say("Rows are layers of {a}, columns of {b}.", a=a, b=b))
    if any(len(some) < count for some, count in zip(kept, values.shape, strict=True)):
        about += f" {say('Not all layers are drawn, but every so many.')}"
    called = str(given.get("measure", "likeness"))
    title = say("{a} and {b}: {measure} of layers", a=a, b=b, measure=measure(called))
    drawn = [[name[i] for i in at] for name, at in zip(names, kept, strict=True)]
    table = _numbers(values, names, called)
    return matrix(
        f"map-{number + 1}", title, (said, about), (drawn[0], drawn[1]), values[np.ix_(*kept)], Shades(null), table
    )


def _best(values: Floats) -> tuple[int, int]:
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    return int(row), int(column)


def _thinned(count: int, best: int) -> list[int]:
    """At most so many places, evenly spread, the best among them."""
    every = math.ceil(count / LARGEST)
    return list(range(best % every, count, every))


def _numbers(values: Floats, names: Sequence[Sequence[str]], measure: str) -> Shown:
    rows, columns = names
    if max(values.shape) <= NAMED:
        cells = [[name, *row] for name, row in zip(rows, values.tolist(), strict=True)]
        return shown(
            Table("map", f"{measure} of each pair of layers", ["layer", *columns], cells, range(1, 1 + len(columns)))
        )
    best = [int(np.nanargmax(row)) if np.isfinite(row).any() else -1 for row in values]
    said = [
        [name, columns[at] if at >= 0 else "–", float(row[at]) if at >= 0 else math.nan]
        for name, at, row in zip(rows, best, values, strict=True)
    ]
    return shown(Table("map", "each layer and the one most like it", ["layer", "most like", measure], said))
