"""Charts as plain data: where each mark stands, what it says, and the same numbers as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polyculture.report.facts import Shown, shown
from polyculture.report.plain import short
from polyculture.tables import Table, cell, interval

Point = float | Mapping[str, float]
"""A number, or one with its interval: ``estimate``, ``low``, ``high``."""

# All charts are narrow enough for a phone to show their letters at their own size.
WIDTH, LEFT, RIGHT = 376, 12, 250
LEGEND, LABEL, LINE, AXIS = 26, 20, 18, 22


@dataclass(frozen=True)
class Mark:
    """One number: its place in pixels, the ends of its interval where it has one, and which series it belongs to."""

    series: int
    x: float
    y: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """A line of text beside marks."""

    y: float
    text: str


@dataclass(frozen=True)
class Row:
    """One model or population."""

    label: Line
    said: Sequence[Line]
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws; `shown` is the table of the numbers behind it."""

    key: str
    title: str
    about: str
    kind: str
    series: Sequence[str]
    rows: Sequence[Row]
    ticks: Sequence[tuple[float, str]]
    zero: float | None
    top: float
    bottom: float
    height: float
    shown: Shown
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT


def chart(
    key: str,
    title: str,
    about: str,
    series: Sequence[str],
    data: Sequence[tuple[str, Sequence[Point]]],
    *,
    kind: str = "dot",
    digits: int = 1,
) -> Chart | None:
    """Lay a chart out: a row for each name, a mark for each series; None where no number is finite.

    Parameters
    ----------
    key : str
        Its id.
    title, about : str
        What it shows; how to read it.
    series : sequence of str
        One or two.
    data : sequence of (name, points)
        A point for each series.
    kind : {"dot", "bar"}
        Bars begin at zero.
    digits : int
        Of numbers with an interval.

    Examples
    --------
    >>> from polyculture.report.charts import chart
    >>> drawn = chart("f1", "macro-F1", "right is better", ["mean"], [("fused", [85.5]), ("pooled", [83.0])])
    >>> [(row.label.text, row.said[0].text) for row in drawn.rows]
    [('fused', '85.5'), ('pooled', '83.0')]
    """
    numbers = [v for _, points in data for p in points for v in _values(p) if math.isfinite(v)]
    if not numbers:
        return None
    whiskers = any(isinstance(p, Mapping) for _, points in data for p in points)
    numbers += [0.0] if whiskers else []
    low, high = min(numbers), max(numbers)
    scale = Scale(low, high) if high > low else Scale(low - 0.5, high + 0.5)
    lines = len(series) if whiskers else 1
    top, step = (LEGEND if len(series) > 1 else 4), LABEL + LINE * lines
    rows = [_row(name, points, top + i * step, scale, lines, digits) for i, (name, points) in enumerate(data)]
    bottom = float(top + len(data) * step)
    zero = scale(0.0) if whiskers else None
    ticks = [(scale(v), f"{v:.6g}") for v in scale.ticks()]
    table = Table(key, title, ["", *series], [[n, *(said(p, digits) for p in points)] for n, points in data])
    return Chart(key, title, about, kind, series, rows, ticks, zero, float(top), bottom, bottom + AXIS, shown(table))


@dataclass(frozen=True)
class Scale:
    """Values to pixels from left to right.

    Examples
    --------
    >>> from polyculture.report.charts import Scale
    >>> Scale(0, 1)(0.5), Scale(0, 1).ticks()
    (131.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    """

    low: float
    high: float

    def __call__(self, value: float) -> float:
        """Give the place of a value, to a tenth of a pixel."""
        return round(LEFT + (RIGHT - LEFT) * (value - self.low) / (self.high - self.low), 1)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values inside, at even distances of 1, 2 or 5 times a power of ten."""
        span = self.high - self.low
        unit = 10.0 ** math.floor(math.log10(span / most))
        step = next(unit * k for k in (1, 2, 5, 10) if span / (unit * k) <= most + 1e-9)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(i * step, 12) for i in range(first, last + 1)]


def said(point: Point, digits: int) -> str:
    """A point in words."""
    return interval(point, digits) if isinstance(point, Mapping) else cell(float(point))


def _values(point: Point) -> list[float]:
    return [point["estimate"], point["low"], point["high"]] if isinstance(point, Mapping) else [float(point)]


def _row(name: str, points: Sequence[Point], y: float, scale: Scale, lines: int, digits: int) -> Row:
    texts = [said(p, digits) for p in points]
    texts = texts if lines == len(points) else [" · ".join(texts)]
    heights = [y + LABEL + LINE * (min(i, lines - 1) + 0.5) for i in range(len(points))]
    marks = [_mark(i, p, h, scale) for i, (p, h) in enumerate(zip(points, heights, strict=True))]
    spoken = [Line(heights[i], text) for i, text in enumerate(texts)]
    return Row(Line(y + LABEL - 5, short(name, 44)), spoken, [m for m in marks if m is not None])


def _mark(series: int, point: Point, y: float, scale: Scale) -> Mark | None:
    values = _values(point)
    if not math.isfinite(values[0]):
        return None
    ends = [scale(v) for v in values[1:] if math.isfinite(v)]
    low, high = ends if len(ends) == 2 else (None, None)
    return Mark(series, scale(values[0]), y, low, high)
