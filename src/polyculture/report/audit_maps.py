"""Small maps of how alike the layers of two models are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from polyculture.arrays import Floats
from polyculture.auditing.result import AuditResult
from polyculture.report import audit_levels
from polyculture.report.audit_drawing import Drawing, Shape, box, label
from polyculture.report.audit_levels import Levels
from polyculture.report.charts import WIDTH
from polyculture.report.facts import Shown, shown
from polyculture.tables import Table

MAPS = 12
"""Maps that are drawn."""
NAMED, LARGEST = 16, 48
"""Layers up to which each has its name and each cell its number; layers that are drawn at most, evenly chosen."""
TOP, TALLEST = 20, 240


def maps(found: AuditResult) -> list[Drawing]:
    """The maps of the pairs whose most alike layers are most alike, in shades that are the same for all."""
    known = {pair: np.array(drawn["values"], dtype=np.float64) for pair, drawn in found.maps.items()}
    known = {pair: values for pair, values in known.items() if values.ndim == 2 and np.isfinite(values).any()}
    kept = sorted(known, key=lambda pair: (-np.nanmax(known[pair]), pair))[:MAPS]
    if not kept:
        return []
    null = found.summary.get(found.maps[kept[0]].get("measure"), {}).get("null", math.nan)
    levels = Levels.of(np.concatenate([known[pair].ravel() for pair in kept]), null)
    return [_map(i, _ends(pair, found.models), found.maps[pair], known[pair], levels) for i, pair in enumerate(kept)]


def _ends(pair: str, models: Sequence[str]) -> tuple[str, str]:
    """The two models of a name such as ``a|b``, also where names hold a bar themselves."""
    parts, known = pair.split("|"), set(models)
    splits = [("|".join(parts[:i]), "|".join(parts[i:])) for i in range(1, len(parts))]
    return next((split for split in splits if known.issuperset(split)), (parts[0], "|".join(parts[1:])))


def _map(number: int, models: tuple[str, str], given: Mapping[str, Any], values: Floats, levels: Levels) -> Drawing:
    names = [[str(name) for name in given[side]] for side in ("rows", "columns")]
    best = _best(values)
    kept = [_thinned(count, at) for count, at in zip(values.shape, best, strict=True)]
    drawn = [[name[i] for i in at] for name, at in zip(names, kept, strict=True)]
    a, b = (label(name, 30) for name in models)
    first, second = (label(name[at], 30) for name, at in zip(names, best, strict=True))
    said = f"Most alike are {first} of {a} and {second} of {b}: {values[best]:.3f}."
    about = f"{said} Rows are layers of {a}, columns of {b}; the outlined cell is the most alike."
    if drawn != names:
        shares = (f"{len(some)} of {len(every)}" for some, every in zip(drawn, names, strict=True))
        about += f" Only {' and '.join(shares)} layers are drawn."
    measure = str(given.get("measure", "likeness"))
    shapes, height = _cells(values[np.ix_(*kept)], drawn, kept, levels)
    title = f"{a} and {b}: {measure} of layers"
    return Drawing(f"map-{number + 1}", title, said, about, shapes, height, _numbers(values, names, measure))


def _best(values: Floats) -> tuple[int, int]:
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    return int(row), int(column)


def _thinned(count: int, best: int) -> list[int]:
    """At most so many places, evenly spread, the best among them."""
    every = math.ceil(count / LARGEST)
    return list(range(best % every, count, every))


def _cells(
    values: Floats, names: Sequence[Sequence[str]], numbers: Sequence[Sequence[int]], levels: Levels
) -> tuple[list[Shape], float]:
    rows, columns = names
    named = max(values.shape) <= NAMED
    left = 110 if named else 34
    cell = min((WIDTH - left - 8) // len(columns), TALLEST // len(rows), 30)
    drawn = audit_levels.rows(levels(values), left, TOP, cell)
    row, column = _best(values)
    shapes = [
        Shape("cells", title=_row_said(rows[i], columns, values[i]), inner=inner) for i, inner in enumerate(drawn)
    ]
    shapes.append(Shape("family", box(left + column * cell, TOP + row * cell, cell, cell)))
    places = [TOP + (i + 0.5) * cell + 3.5 for i in range(len(rows))]
    if named:
        letters = [label(name, 14) for name in rows]
        shapes += [Shape("name", text=text, x=left - 20, y=y) for text, y in zip(letters, places, strict=True)]
    every = 1 if named else math.ceil(max(values.shape) / 8)
    shapes += [Shape("y", text=str(numbers[0][i] + 1), x=left - 4, y=places[i]) for i in range(0, len(rows), every)]
    at = range(0, len(columns), every)
    shapes += [Shape("tick", text=str(numbers[1][j] + 1), x=left + (j + 0.5) * cell, y=TOP - 6) for j in at]
    bottom = TOP + len(rows) * cell
    return [*shapes, *audit_levels.legend(levels, left, bottom + 12)], bottom + 58


def _row_said(row: str, columns: Sequence[str], values: Floats) -> str:
    if not np.isfinite(values).any():
        return f"{label(row, 40)}\nno value"
    best = int(np.nanargmax(values))
    return f"{label(row, 40)}\nmost like: {label(columns[best], 40)}\n{values[best]:.3f}"


def _numbers(values: Floats, names: Sequence[Sequence[str]], measure: str) -> Shown:
    rows, columns = names
    if max(values.shape) <= NAMED:
        cells = [[name, *row] for name, row in zip(rows, values.tolist(), strict=True)]
        return shown(Table("map", f"{measure} of each pair of layers", ["layer", *columns], cells))
    best = [int(np.nanargmax(row)) if np.isfinite(row).any() else -1 for row in values]
    said = [
        [name, columns[at] if at >= 0 else "–", float(row[at]) if at >= 0 else math.nan]
        for name, at, row in zip(rows, best, values, strict=True)
    ]
    return shown(Table("map", "each layer and the one most like it", ["layer", "most like", measure], said))
