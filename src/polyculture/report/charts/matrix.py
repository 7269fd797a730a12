"""A matrix of numbers as shades: of many rows the means of blocks, so that thousands can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats, Ints
from polyculture.report.charts.chart import Chart, Spec, centred, listed, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say

NUMBERED, NAMED, BLOCKS = 14, 60, 120
"""Rows up to which each cell has its number, each row its name, and each row is drawn by itself."""
OUTLYING = 0.98
"""Share of the values that the shades tell apart; a pair of copies would leave one shade for all others."""


@dataclass(frozen=True)
class Shades:
    """What the shades mean: the value in the middle, and whether lower values mean more alike."""

    middle: float
    sign: int = 1
    digits: int = 2


def matrix(
    key: str,
    title: str,
    texts: tuple[str, str],
    names: tuple[Sequence[str], Sequence[str]],
    values: Floats,
    shades: Shades,
    table: Shown,
    *,
    outlines: Sequence[tuple[int, int]] = (),
) -> Chart:
    """Draw it, rows above each other; a cell without a number is left empty.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
        What stands for it where it is not seen, and how to read it.
    names : (sequence of str, sequence of str)
        Of rows and of columns.
    values : float array of shape (rows, columns)
    shades : Shades
    table : Shown
    outlines : sequence of (first, last)
        Runs of rows that belong together, where rows and columns are the same.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.report.charts.matrix import Shades, matrix
    >>> from polyculture.report.facts import shown
    >>> from polyculture.tables import Table
    >>> numbers = shown(Table("m", "m", ["a"], [[0.5]]))
    >>> drawn = matrix("m", "likeness", ("", ""), (["x"], ["y"]), np.array([[0.5]]), Shades(0.0), numbers)
    >>> drawn.spec["data"]["values"]
    [{'i': 0, 'j': 0, 'v': 0.5}]
    """
    rows = [
        {"i": int(i), "j": int(j), "v": rounded(values[i, j])}
        for i, j in zip(*np.nonzero(np.isfinite(values)), strict=True)
    ]
    largest = max(values.shape)
    spec: Spec = {
        "params": [listed("rows", names[0], 60), listed("columns", names[1], 60)],
        "data": {"values": rows},
        "transform": _calculated(),
        "width": "container",
        "height": _height(*values.shape),
        "encoding": {
            "x": _place("j", values.shape[1], "columns", named=False),
            "y": _place("i", values.shape[0], "rows", named=largest <= NAMED),
        },
        "layer": [_cells(values, shades), *([_numbers(shades, values.shape[1])] if largest <= NUMBERED else [])],
    }
    if outlines:
        spec["layer"].append(_outlines(outlines))
    return Chart(key, title, texts[0], texts[1], spec, table, "small" if largest <= NUMBERED else "middle", len(rows))


def blocks(count: int, most: int = BLOCKS) -> Ints:
    """First row of each block, and one beyond the last: a row each where they are few enough.

    Examples
    --------
    >>> from polyculture.report.charts.matrix import blocks
    >>> blocks(4).tolist(), blocks(5, 2).tolist()
    ([0, 1, 2, 3, 4], [0, 3, 5])
    """
    size = math.ceil(count / most)
    return np.append(np.arange(0, count, size), count)


def means(values: Floats, edges: Ints) -> Floats:
    """Mean of the known numbers of each block of rows and columns; NaN where none is known."""
    known = np.isfinite(values)
    sums, counts = (_summed(_summed(part, edges, 0), edges, 1) for part in (np.where(known, values, 0.0), known * 1.0))
    return np.asarray(np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0))


def _summed(values: Floats, edges: Ints, axis: int) -> Floats:
    return np.asarray(np.add.reduceat(values, edges[:-1], axis=axis), dtype=np.float64)


def _height(rows: int, columns: int) -> int:
    return min(max(rows * (24 if max(rows, columns) <= NAMED else 6), 90), 640)


def _calculated() -> list[Spec]:
    steps = {
        "row": "rows[datum.i]",
        "column": "columns[datum.j]",
        "i2": "datum.i + 1",
        "j2": "datum.j + 1",
        "im": "datum.i + 0.5",
        "jm": "datum.j + 0.5",
    }
    return [{"calculate": how, "as": name} for name, how in steps.items()]


def _place(name: str, count: int, texts: str, *, named: bool) -> Spec:
    every = 1 if named else max(1, math.ceil(count / 12))
    at = [i + 0.5 for i in range(0, count, every)]
    label = centred(f"{texts}[floor(datum.value)]", 22) if named else "floor(datum.value) + 1"
    numbered = f"(floor(datum.value) + 1) + '  ' + {label}" if named and texts == "rows" else label
    axis = {"title": None, "values": at, "labelExpr": numbered, "grid": False, "ticks": False, "orient": "top"}
    if texts == "rows":
        axis["orient"] = "left"
    scale = {"domain": [0, count], "nice": False, "zero": False, "reverse": texts == "rows"}
    return {"field": name, "type": "quantitative", "axis": axis, "scale": scale}


def _cells(values: Floats, shades: Shades) -> Spec:
    known = values[np.isfinite(values)]
    middle = 0.0 if math.isnan(shades.middle) else shades.middle
    away = np.abs(known - middle)
    reach = float(np.quantile(away, OUTLYING)) if away.size else 1.0
    reach = reach or float(away.max(initial=0.0)) or 1.0
    # no value below the middle: then there is nothing to tell apart from it on that side
    one_sided = bool((known >= middle).all() or (known <= middle).all())
    ends = [middle - reach, middle, middle + reach]
    scale = {"domain": ends, "range": "diverging", "clamp": True, "reverse": shades.sign < 0}
    if one_sided:
        above = not known.size or bool((known >= middle).all())
        scale = {"domain": ends[1:] if above else ends[:2], "range": "ramp", "clamp": True, "reverse": not above}
    tooltip = [
        {"field": "row", "title": say("row")},
        {"field": "column", "title": say("column")},
        {"field": "v", "title": say("value"), "format": f".{shades.digits + 1}f"},
    ]
    legend = {"gradientLength": 160, "format": f".{shades.digits}f", "orient": "bottom"}
    return {
        "mark": {"type": "rect", "style": "cell"},
        "encoding": {
            "x2": {"field": "j2"},
            "y2": {"field": "i2"},
            "color": {"field": "v", "type": "quantitative", "scale": scale, "legend": legend},
            "tooltip": tooltip,
        },
    }


def _numbers(shades: Shades, columns: int) -> Spec:
    """The number of each cell, where cells are wide enough for it."""
    fits = f"width / {columns} > 30 ? 1 : 0"
    return {
        "mark": {"type": "text", "style": "words", "fontSize": 11, "opacity": {"expr": fits}, "tooltip": None},
        "encoding": {
            "x": {"field": "jm", "type": "quantitative"},
            "y": {"field": "im", "type": "quantitative"},
            "text": {"field": "v", "format": f".{shades.digits}f"},
        },
    }


def _outlines(runs: Sequence[tuple[int, int]]) -> Spec:
    return {
        "data": {"values": [{"i": first, "i2": last + 1} for first, last in runs]},
        "mark": {"type": "rect", "style": "outline", "tooltip": None, "filled": False},
        "encoding": {
            "x": {"field": "i", "type": "quantitative"},
            "x2": {"field": "i2"},
            "y": {"field": "i", "type": "quantitative"},
            "y2": {"field": "i2"},
        },
    }
