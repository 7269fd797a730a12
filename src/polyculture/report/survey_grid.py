"""Many small drawings over years in rows and columns: one column a community, one scale a row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from polyculture.report.audit_drawing import Axis, Drawing, Shape, box, label
from polyculture.report.facts import Shown
from polyculture.report.survey_lines import Series, drawn

LEFT, TOP, CELL, HIGH, GAP = 130, 24, 68, 40, 6
Cells = Mapping[tuple[str, str], Sequence[Series]]


def grid(
    key: str,
    title: str,
    about: str,
    names: tuple[Sequence[str], Sequence[str]],
    years: Sequence[int],
    cells: Cells,
    shown: Shown,
    *,
    times: float = 1.0,
    unit: str = "",
) -> Drawing | None:
    """Draw a small line chart for each row and column that has numbers; None where none has.

    Parameters
    ----------
    key, title, about : str
    names : (sequence of str, sequence of str)
        Of the rows and of the columns.
    years : sequence of int
    cells : mapping of (row, column) to series
    shown : Shown
        The numbers.
    times, unit : float, str
        How the largest number of a row is told: 100 and "%" of shares.

    Examples
    --------
    >>> from polyculture.report.facts import shown
    >>> from polyculture.report.survey_grid import grid
    >>> from polyculture.report.survey_lines import Series
    >>> from polyculture.tables import Table
    >>> cells = {("cnn", "CV"): [Series("share", "line", [0.1, 0.4])]}
    >>> made = grid("g", "Shares", "", (["cnn"], ["CV"]), [2020, 2021], cells, shown(Table("", "", ["a"], [])),
    ...     times=100, unit=" %")
    >>> made.said
    'cnn: at most 40 %, in CV.'
    """
    rows, columns = names
    kept = [row for row in rows if any(_numbers(cells.get((row, column), ())) for column in columns)]
    if not kept:
        return None
    shapes = [_text("tick", label(name, 11), LEFT + (j + 0.5) * CELL, 14) for j, name in enumerate(columns)]
    said = []
    for i, row in enumerate(kept):
        own = {column: cells.get((row, column), ()) for column in columns}
        least, most, where = _span(own)
        top = f"{times * most:.3g}{unit}"
        said.append(f"{label(row, 40)}: at most {top}, in {label(where, 40)}.")
        at = TOP + i * (HIGH + GAP)
        shapes += [_text("name", label(row, 21), LEFT - 8, at + 18), _text("y", f"to {top}", LEFT - 8, at + 32)]
        for j, column in enumerate(columns):
            shapes += _panel(own[column], years, (LEFT + j * CELL, at), (least, most))
    bottom = TOP + len(kept) * (HIGH + GAP)
    ends = f"{years[0]} – {years[-1]}"
    shapes += [_text("tick", ends, LEFT + (j + 0.5) * CELL, bottom + 8) for j in range(len(columns))]
    width = LEFT + len(columns) * CELL + 8
    size = "wide" if width > 700 else "middle"
    return Drawing(key, title, " ".join(said), about, shapes, bottom + 16, shown, float(width), size)


def _text(look: str, text: str, x: float, y: float) -> Shape:
    return Shape(look, text=text, x=x, y=y)


def _numbers(series: Sequence[Series]) -> list[float]:
    return [value for each in series for value in each.numbers()]


def _span(row: Mapping[str, Sequence[Series]]) -> tuple[float, float, str]:
    """Where a row begins and ends, and whose main line is highest."""
    numbers = [value for series in row.values() for value in _numbers(series)]
    peaks = {
        column: max((v for v in series[0].values if math.isfinite(v)), default=-math.inf) if series else -math.inf
        for column, series in row.items()
    }
    return min(0.0, *numbers), max(numbers), max(peaks, key=lambda column: peaks[column])


def _panel(
    series: Sequence[Series], years: Sequence[int], corner: tuple[float, float], ends: tuple[float, float]
) -> list[Shape]:
    left, top = corner
    shapes = [Shape("grid", box(left + 2, top, CELL - 4, HIGH))]
    if _numbers(series):
        x = Axis(years[0] - 0.5, years[-1] + 0.5, left + 4, left + CELL - 4)
        y = Axis(ends[0], ends[1] if ends[1] > ends[0] else ends[0] + 1, top + HIGH - 2, top + 2)
        shapes += [shape for each in series for shape in drawn(each, [x(year) for year in years], y)]
    return shapes
