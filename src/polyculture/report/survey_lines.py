"""Numbers over years as lines with bands, beside what chance gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polyculture.report.audit_drawing import Axis, Drawing, Shape, frame, line
from polyculture.report.facts import shown
from polyculture.tables import Table, interval

LEFT, RIGHT, TOP, BOTTOM = 44, 366, 54, 204
TICKS = 6


@dataclass(frozen=True)
class Series:
    """Numbers by year, NaN where there is none, with ends or without; `look` is ``line``, ``counted`` or ``chance``."""

    name: str
    look: str
    values: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()

    def numbers(self) -> list[float]:
        """All that must find room on an axis."""
        return [value for part in (self.values, self.low, self.high) for value in part if math.isfinite(value)]


def timeline(
    key: str, title: str, about: str, years: Sequence[int], series: Sequence[Series], unit: str, *, digits: int = 3
) -> Drawing | None:
    """Draw lines over years, the first with its band; None where no number is known.

    Examples
    --------
    >>> from polyculture.report.survey_lines import Series, timeline
    >>> one = Series("difference", "line", [0.5, 0.25], [0.4, 0.2], [0.6, 0.3])
    >>> drawn = timeline("d", "Difference", "Lower is more alike.", [2020, 2021], [one], "bits")
    >>> drawn.said, drawn.shown.rows[1]
    ('From 0.500 [0.400, 0.600] in 2020 to 0.250 [0.200, 0.300] in 2021.', ['2021', '0.250 [0.200, 0.300]'])
    """
    numbers = [value for each in series for value in each.numbers()]
    told = [place for place, value in enumerate(series[0].values) if math.isfinite(value)]
    if not told:
        return None
    x = Axis(years[0] - 0.5, years[-1] + 0.5, LEFT, RIGHT)
    y = Axis(min(0.0, *numbers), max(numbers) * 1.05 or 1.0, BOTTOM, TOP)
    every = math.ceil(len(years) / TICKS)
    columns = [(x(year), str(year)) for year in years[:: every or 1]]
    shapes = [*frame(x, y, "year", unit, columns), *_key(series)]
    for each in series:
        shapes += drawn(each, [x(year) for year in years], y)
    first = series[0]
    cells = [[_cell(each, place, digits) for each in series] for place in range(len(years))]
    table = Table(key, title, ["year", *(each.name for each in series)],
                  [[str(year), *row] for year, row in zip(years, cells, strict=True)])  # fmt: skip
    ends = " to ".join(f"{_cell(first, place, digits)} in {years[place]}" for place in (told[0], told[-1]))
    said = f"From {ends}." if len(told) > 1 else f"{_cell(first, told[0], digits)} in {years[told[0]]}."
    return Drawing(key, title, said, about, shapes, BOTTOM + 38, shown(table))


def drawn(series: Series, places: Sequence[float], y: Axis) -> list[Shape]:
    """Shapes of a series: its band where it has ends, its line, and dots for years that stand alone."""
    shapes = []
    if series.low:
        for run in _runs([lo + hi for lo, hi in zip(series.low, series.high, strict=True)]):
            up = [(places[i], y(series.high[i])) for i in run]
            down = [(places[i], y(series.low[i])) for i in reversed(run)]
            path = line(*up, *down) + "z" if len(run) > 1 else line(up[0], down[0])
            shapes.append(Shape("band" if len(run) > 1 else "whisker", path))
    path = "".join(_track([(places[i], y(series.values[i])) for i in run]) for run in _runs(series.values))
    return [*shapes, *([Shape(series.look, path)] if path else [])]


def _track(points: list[tuple[float, float]]) -> str:
    return line(*points) if len(points) > 1 else f"{line(*points)}h0"


def _runs(values: Sequence[float]) -> Iterator[list[int]]:
    """Places of neighbouring values that are known."""
    run: list[int] = []
    for place, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            run.append(place)
        elif run:
            yield run
            run = []


def _cell(series: Series, place: int, digits: int) -> str:
    value = series.values[place]
    if not series.low or math.isnan(value):
        return "–" if math.isnan(value) else f"{value:.{digits}f}"
    return interval({"estimate": value, "low": series.low[place], "high": series.high[place]}, digits)


def _key(series: Sequence[Series]) -> list[Shape]:
    shapes, x = [], 4.0
    for each in series if len(series) > 1 else ():
        shapes.append(Shape(each.look, f"M{x:g} 8h16"))
        shapes.append(Shape("said", text=each.name, x=x + 21, y=12))
        x += 32 + 6.4 * len(each.name)
    return shapes
