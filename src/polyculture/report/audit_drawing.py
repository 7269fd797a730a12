"""Drawings of an audit as plain data: shapes in the order in which they are drawn, and the same numbers as a table."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from polyculture.report.charts import WIDTH, Scale
from polyculture.report.facts import Shown
from polyculture.report.plain import short, visible


@dataclass(frozen=True)
class Shape:
    """A path, a text, or a group of shapes; `look` is its class, `title` is said when it is pointed at."""

    look: str
    d: str = ""
    text: str = ""
    x: float = 0.0
    y: float = 0.0
    title: str = ""
    inner: Sequence[Shape] = ()


@dataclass(frozen=True)
class Drawing:
    """Everything that the template draws.

    `said` stands for the drawing where it cannot be seen, `about` tells how to read it, `shown` holds its numbers, and
    `size` is ``small`` (a phone shows it whole), ``middle`` or ``wide``.
    """

    key: str
    title: str
    said: str
    about: str
    shapes: Sequence[Shape]
    height: float
    shown: Shown
    width: float = WIDTH
    size: str = "small"


@dataclass(frozen=True)
class Axis:
    """Values to pixels, evenly or by their logarithm.

    Examples
    --------
    >>> from polyculture.report.audit_drawing import Axis
    >>> Axis(0, 1, 20, 120)(0.5), Axis(0.01, 1, 100, 0, log=True)(0.1)
    (70.0, 50.0)
    >>> Axis(0.01, 1, 100, 0, log=True).ticks()
    [(100.0, '0.01'), (50.0, '0.1'), (0.0, '1')]
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def of(cls, values: Iterable[float], start: float, end: float, room: float = 0.05) -> Axis:
        """Wide enough for the finite values, with some room at either end."""
        known = [value for value in values if math.isfinite(value)]
        low, high = min(known), max(known)
        beyond = (high - low) * room or max(abs(low), 1.0) * 0.05
        return cls(low - beyond, high + beyond, start, end)

    def __call__(self, value: float) -> float:
        """Give the place of a value, to a tenth of a pixel; values beyond an end stand at it."""
        low, high, value = (math.log10(v) if self.log else v for v in (self.low, self.high, max(value, self._least)))
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return round(self.start + (self.end - self.start) * share, 1)

    @property
    def _least(self) -> float:
        return self.low if self.log else -math.inf

    def ticks(self, most: int = 5) -> list[tuple[float, str]]:
        """Round values inside, and their places: powers of ten if the axis is logarithmic."""
        if not self.log:
            return [(self(value), f"{value:.6g}") for value in Scale(self.low, self.high).ticks(most)]
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        every = max(1, math.ceil((last - first) / most))
        return [(self(10.0**power), f"{10.0**power:.6g}") for power in range(first, last + 1, every)]


def box(x: float, y: float, width: float, height: float) -> str:
    """Path of a rectangle.

    Examples
    --------
    >>> from polyculture.report.audit_drawing import box
    >>> box(1, 2, 3.04, 4)
    'M1 2h3v4h-3z'
    """
    x, y, width, height = (round(value, 1) for value in (x, y, width, height))
    return f"M{x:g} {y:g}h{width:g}v{height:g}h-{width:g}z"


def line(*points: tuple[float, float]) -> str:
    """Path through points."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def label(text: str, letters: int) -> str:
    r"""Text on one line, with unseen characters spelt out, short enough for so many letters.

    Examples
    --------
    >>> from polyculture.report.plain import label
    >>> label("a\nname", 20), label("漢字漢字漢字漢字", 8)
    ('a name', '漢字…字')
    """
    seen = visible(" ".join(text.split()))
    wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in seen)
    return short(seen, letters // 2 if wide else letters)


def frame(x: Axis, y: Axis, below: str, beside: str, columns: Sequence[tuple[float, str]] | None = None) -> list[Shape]:
    """Lines and numbers of the two axes of a plot, with what they stand for; `columns` stand for the ticks of x."""
    shapes = [
        Shape("tick", text=below, x=(x.start + x.end) / 2, y=y.start + 31),
        Shape("axis", text=beside, y=y.end - 19),
    ]
    for place, said in y.ticks():
        shapes.append(Shape("grid", line((x.start, place), (x.end, place))))
        shapes.append(Shape("y", text=said, x=x.start - 4, y=place + 4))
    for place, said in x.ticks() if columns is None else columns:
        shapes.append(Shape("grid", line((place, y.start), (place, y.start + 4))))
        shapes.append(Shape("tick", text=said, x=place, y=y.start + 15))
    return shapes


def key(names: Sequence[tuple[str, str]], y: float, step: float = 118) -> list[Shape]:
    """What each mark stands for: class and name."""
    return [
        shape
        for i, (look, name) in enumerate(names)
        for shape in (mark(look, 8 + step * i, y - 4), Shape("said", text=name, x=18 + step * i, y=y))
    ]


def mark(look: str, x: float, y: float, title: str = "") -> Shape:
    """A dot, or for some classes a diamond, a square or a short line, so that marks differ without colour."""
    paths = {
        "open": f"M{x:g} {y - 4.5:g}l4.5 4.5-4.5 4.5-4.5-4.5z",
        "square": box(x - 3.5, y - 3.5, 7, 7),
        "bar": box(x - 4, y - 4, 8, 8),
        "expected": f"M{x - 6:g} {y:g}h12",
        "chance": f"M{x - 8:g} {y:g}h14",
    }
    return Shape(look, paths.get(look, f"M{x:g} {y:g}h0"), title=title)
