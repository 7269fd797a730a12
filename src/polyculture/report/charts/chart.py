"""What every chart carries, and what their specifications share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polyculture.report.facts import Shown
from polyculture.report.language import joined, say
from polyculture.report.numbers import interval
from polyculture.report.plain import label, short
from polyculture.tables import cell

Spec = dict[str, Any]
Point = float | Mapping[str, float]
"""A number, or one with its interval: ``estimate``, ``low``, ``high``."""
SPOKEN = 12
"""Rows of a chart that its text alternative tells; the table has all."""
CANVAS = 2000
"""Marks from which a chart is drawn as a picture rather than as a shape for each of them."""


@dataclass(frozen=True)
class Chart:
    """A chart: `said` stands for it where it is not seen, `about` tells how to read it, `shown` holds its numbers.

    `size` is ``small`` (half a line of a wide page), ``middle`` or ``wide``.
    """

    key: str
    title: str
    said: str
    about: str
    spec: Spec
    shown: Shown
    size: str = "small"
    marks: int = 0

    @property
    def renderer(self) -> str:
        """``svg``, or ``canvas`` where there are many marks."""
        return "canvas" if self.marks > CANVAS else "svg"


RESERVED = frozenset({"datum", "event", "group", "item", "parent", "view", "x", "y", "xy"})
"""Names that expressions give to other things."""


@dataclass(frozen=True)
class Pick:
    """A choice that the reader makes; rows of the data carry its number under `name`.

    A name must mean nothing else in an expression, as ``item`` and ``event`` do.
    """

    name: str
    label: str
    options: Sequence[str]

    def __post_init__(self) -> None:
        if self.name in RESERVED:
            raise ValueError(f"{self.name}: means something else in an expression")

    def param(self) -> Spec:
        """The list to choose from."""
        labels = [label(option, 60) for option in self.options]
        bind = {"input": "select", "options": list(range(len(labels))), "labels": labels, "name": f"{self.label} "}
        return {"name": self.name, "value": 0, "bind": bind}

    def filter(self) -> Spec:
        """Keep the rows that were chosen."""
        return {"filter": f"datum.{self.name} == {self.name}"}


def values(point: Point) -> dict[str, float]:
    """A point as the data of a chart have it; what is no number is not there.

    Examples
    --------
    >>> from polyculture.report.charts.chart import values
    >>> values({"estimate": 1.0, "low": float("nan"), "high": 2.0}), values(3.0)
    ({'v': 1.0}, {'v': 3.0})
    """
    if not isinstance(point, Mapping):
        return {"v": rounded(point)} if math.isfinite(point) else {}
    if not math.isfinite(point["estimate"]):
        return {}
    found = {"v": rounded(point["estimate"])}
    if math.isfinite(point["low"]) and math.isfinite(point["high"]):
        found |= {"low": rounded(point["low"]), "high": rounded(point["high"])}
    return found


def rounded(value: float) -> float:
    """Six digits are more than a screen shows, and keep the file small."""
    return float(f"{float(value):.6g}")


def said(point: Point, digits: int) -> str:
    """A point in words."""
    return interval(point, digits) if isinstance(point, Mapping) else cell(float(point))


def spoken(rows: Sequence[tuple[str, str]]) -> str:
    """Names and what is said of them, as many as a listener can bear."""
    told = [say("{name}: {what}.", name=short(name, 60), what=what) for name, what in rows[:SPOKEN]]
    more = len(rows) - len(told)
    return joined(*told, *([f"(+{more})"] if more > 0 else []))


def axis_of(names: str, letters: int = 24, **further: Any) -> Spec:
    """An axis of numbers that stand for names; `names` is the parameter that holds them."""
    told = centred(f"{names}[datum.value]", letters)
    return {"title": None, "labelExpr": told, "grid": False, "ticks": False, **further}


def centred(text: str, letters: int | str) -> str:
    """The expression of a text that lacks letters in its middle, as long names differ at their ends."""
    return f"truncate({text}, {letters}, 'center')"


def listed(name: str, texts: Sequence[str], most: int = 40) -> Spec:
    """Names as a parameter, so that no text from outside stands in an expression."""
    return {"name": name, "value": [label(text, most) for text in texts]}
