"""Numbers of pairs of communities in shaded squares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from polyculture.report.audit_drawing import Drawing, Shape, box, label
from polyculture.report.facts import Shown

LEFT, TOP, CELL, SHADES = 116, 22, 54, 7
Pair = tuple[str, str]


def matrix(
    key: str,
    title: str,
    told: tuple[str, str],
    names: Sequence[str],
    values: Mapping[Pair, float],
    titles: Mapping[Pair, str],
    outlined: AbstractSet[Pair],
    shown: Shown,
    *,
    digits: int = 0,
) -> Drawing | None:
    """Draw a square for each ordered pair that has a number, darker with more; None where no pair has one.

    Parameters
    ----------
    key, title : str
    told : (str, str)
        What stands for the drawing where it cannot be seen, and how it is read.
    names : sequence of str
        Of rows and columns.
    values : mapping of (row, column) to float
    titles : mapping of (row, column) to str
        What is said of a square that is pointed at.
    outlined : set of (row, column)
    shown : Shown
        The numbers.
    digits : int

    Examples
    --------
    >>> from polyculture.report.facts import shown
    >>> from polyculture.report.survey_matrix import matrix
    >>> from polyculture.tables import Table
    >>> numbers = shown(Table("", "", ["a"], []))
    >>> made = matrix("m", "Pairs", ("", ""), ["CV", "NLP"], {("CV", "NLP"): 3.0}, {}, {("CV", "NLP")}, numbers)
    >>> [shape.look for shape in made.shapes if shape.d]
    ['grid', 'u7', 'grid', 'grid', 'family']
    """
    known = {pair: value for pair, value in values.items() if math.isfinite(value) and {*pair} <= {*names}}
    if not known:
        return None
    most = max(known.values()) or 1.0
    shapes = [_text("tick", label(name, 8), LEFT + (j + 0.5) * CELL, 14) for j, name in enumerate(names)]
    for i, row in enumerate(names):
        at = TOP + i * CELL
        shapes.append(_text("name", label(row, 18), LEFT - 6, at + CELL / 2 + 4))
        for j, column in enumerate(names):
            shapes += _square((row, column), (LEFT + j * CELL, at), known, titles, most, digits)
    places = {name: place for place, name in enumerate(names)}
    for row, column in sorted(outlined & known.keys()):
        shapes.append(Shape("family", box(LEFT + places[column] * CELL, TOP + places[row] * CELL, CELL, CELL)))
    height, width = TOP + len(names) * CELL + 8, LEFT + len(names) * CELL + 8
    return Drawing(key, title, *told, shapes, height, shown, float(width), "middle")


def _text(look: str, text: str, x: float, y: float) -> Shape:
    return Shape(look, text=text, x=x, y=y)


def _square(
    pair: Pair,
    corner: tuple[float, float],
    known: Mapping[Pair, float],
    titles: Mapping[Pair, str],
    most: float,
    digits: int,
) -> list[Shape]:
    left, top = corner
    edge = box(left, top, CELL, CELL)
    if pair not in known:
        return [Shape("grid", edge)]
    shade = max(0, round(SHADES * known[pair] / most))
    text = f"{known[pair]:.{digits}f}"
    return [
        Shape(f"u{shade}", edge, title=titles.get(pair, "")),
        _text("in", text, left + CELL / 2, top + CELL / 2 + 3.5),
    ]
