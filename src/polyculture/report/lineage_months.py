"""Effective founders of the models of each month."""

from __future__ import annotations

import math

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import number
from polyculture.report.audit_drawing import Axis, Drawing, Shape, frame, mark
from polyculture.report.facts import shown
from polyculture.tables import Table

LEFT, RIGHT, TOP, BOTTOM = 48, 700, 40, 240
FEWEST = 5
"""Models of a month below which it is left out of the drawing; the table has it."""


def months(found: LineageResult) -> Drawing | None:
    """Effective founders by month with their bounds; None where fewer than two months have models enough."""
    told = [each for each in found.months if each["models"] >= FEWEST]
    if len(told) < 2:
        return None
    places = {each["month"]: _place(each["month"]) for each in told}
    x = Axis(min(places.values()) - 0.5, max(places.values()) + 0.5, LEFT, RIGHT)
    highest = max(each["effective_founders"]["estimate"] for each in told)
    y = Axis(0, highest * 1.05, BOTTOM, TOP)
    every = math.ceil(len(told) / 10)
    columns = [(x(places[each["month"]]), each["month"]) for each in told[::every]]
    shapes = frame(x, y, "month", "effective founders", columns)
    for each in told:
        founders, at = each["effective_founders"], x(places[each["month"]])
        low = founders["named"]["low"]
        title = f"{each['month']}: {number(founders['estimate'])} for {each['models']} models"
        shapes.append(Shape("whisker", f"M{at:g} {y(low):g}V{y(founders['estimate']):g}"))
        shapes.append(mark("dot", at, y(founders["estimate"]), title))
    rows = [
        [e["month"], e["models"], number(e["effective_founders"]["estimate"]), number(e["effective_founders"]["low"])]
        for e in told
    ]
    first, last = told[0], told[-1]
    said = (
        f"From {number(first['effective_founders']['estimate'])} in {first['month']} to "
        f"{number(last['effective_founders']['estimate'])} in {last['month']}."
    )
    about = (
        "Points take every model without a declared parent for a root; lines reach down to what is left if those that "
        f"nobody names came from the largest root of the month. Months with fewer than {FEWEST} models are left out."
    )
    table = Table("months-drawn", "effective founders by month", ["month", "models", "founders", "low"], rows)
    title = "From how few founders the models of each month descend"
    return Drawing("months-drawing", title, said, about, shapes, BOTTOM + 38, shown(table), RIGHT + 20.0, "wide")


def _place(month: str) -> int:
    year, _, number_ = month.partition("-")
    return int(year) * 12 + int(number_)
