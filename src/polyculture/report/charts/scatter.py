"""Two numbers of each of many things: a dot each, or how many lie in each square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Floats
from polyculture.report.charts.chart import Chart, Spec, listed, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say

POINTS = 2000
"""Things that are drawn one by one; of more, how many lie in each square is drawn."""
COLUMNS, ROWS = 40, 22


@dataclass(frozen=True)
class Axes:
    """What the two numbers are."""

    x: str
    y: str


def scatter(
    key: str,
    title: str,
    texts: tuple[str, str],
    axes: Axes,
    points: tuple[Floats, Floats],
    names: Sequence[tuple[int, int]],
    called: Sequence[str],
    table: Shown,
    *,
    chance: Sequence[tuple[float, float]] = (),
) -> Chart:
    """Draw the cloud, and a dashed line for what chance gives.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
        What stands for it where it is not seen, and how to read it.
    axes : Axes
    points : (float array, float array)
        The two numbers of each.
    names : sequence of (int, int)
        Which two things each point is about; `called` holds what they are called.
    called : sequence of str
    table : Shown
    chance : sequence of (x, y)
    """
    few = len(points[0]) <= POINTS
    first = _dots(axes, points, names) if few else _squares(axes, points)
    spec: Spec = {
        "params": [listed("names", called if few else [], 60)],
        "width": "container",
        "height": 260,
        "layer": [first, *([_line(chance)] if chance else [])],
    }
    return Chart(key, title, texts[0], texts[1], spec, table, marks=min(len(points[0]), COLUMNS * ROWS))


def _place(name: str, title: str) -> Spec:
    return {"field": name, "type": "quantitative", "title": title, "scale": {"zero": False, "padding": 8}}


def _dots(axes: Axes, points: tuple[Floats, Floats], names: Sequence[tuple[int, int]]) -> Spec:
    rows = [{"x": rounded(x), "y": rounded(y), "a": a, "b": b} for x, y, (a, b) in zip(*points, names, strict=True)]
    return {
        "data": {"values": rows},
        "transform": [{"calculate": f"names[datum.{end}]", "as": f"name_{end}"} for end in ("a", "b")],
        "mark": {"type": "point", "style": "cloud"},
        "encoding": {
            "x": _place("x", axes.x),
            "y": _place("y", axes.y),
            "tooltip": [
                {"field": "name_a", "title": say("first")},
                {"field": "name_b", "title": say("second")},
                {"field": "x", "title": axes.x, "format": ".3f"},
                {"field": "y", "title": axes.y, "format": ".3f"},
            ],
        },
    }


def _squares(axes: Axes, points: tuple[Floats, Floats]) -> Spec:
    counts, across, up = np.histogram2d(*points, bins=(COLUMNS, ROWS))
    rows = [
        {"x": rounded((across[i] + across[i + 1]) / 2), "y": rounded((up[j] + up[j + 1]) / 2), "c": int(counts[i, j])}
        for i, j in zip(*np.nonzero(counts), strict=True)
    ]
    size = {"field": "c", "type": "quantitative", "title": say("pairs"), "scale": {"type": "sqrt", "range": [3, 110]}}
    return {
        "data": {"values": rows},
        "mark": {"type": "square", "style": "cloud", "opacity": 0.85},
        "encoding": {
            "x": _place("x", axes.x),
            "y": _place("y", axes.y),
            "size": size,
            "tooltip": [{"field": "c", "title": say("pairs")}],
        },
    }


def _line(chance: Sequence[tuple[float, float]]) -> Spec:
    return {
        "data": {"values": [{"x": rounded(x), "y": rounded(y)} for x, y in chance]},
        "mark": {"type": "line", "style": "chance"},
        "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}},
    }
