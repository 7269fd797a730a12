"""Numbers with their intervals: one line a name, one mark a series."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.report.charts.chart import Chart, Pick, Point, Spec, axis_of, listed, said, spoken, values
from polyculture.report.facts import shown
from polyculture.report.language import heard, joined, say
from polyculture.tables import Table

Rows = Sequence[tuple[str, Sequence[Point]]]
"""A name, and a point for each series."""


def dots(
    key: str, title: str, about: str, series: Sequence[str], data: Rows, *, kind: str = "dot", digits: int = 1
) -> Chart | None:
    """Draw a line for each name and a mark for each series; None where no number is finite.

    Parameters
    ----------
    key : str
        Its id.
    title, about : str
        What it shows; how to read it.
    series : sequence of str
    data : sequence of (name, points)
        A point for each series: a number, or a mapping with ``estimate``, ``low`` and ``high``.
    kind : {"dot", "bar"}
        Bars begin at zero.
    digits : int
        Of numbers with an interval.

    Examples
    --------
    >>> from polyculture.report.charts.dots import dots
    >>> drawn = dots("f1", "macro-F1", "right is better", ["mean"], [("fused", [85.5]), ("pooled", [83.0])])
    >>> [row["v"] for row in drawn.spec["data"]["values"]], drawn.shown.rows
    ([85.5, 83.0], [['fused', '85.5'], ['pooled', '83.0']])
    """
    rows = marks(series, data, digits)
    if not rows:
        return None
    spec = specification(series, [name for name, _ in data], rows, kind=kind)
    told = [(name, "; ".join(said(point, digits) for point in points)) for name, points in data]
    lines = [[name, *(said(p, digits) for p in points)] for name, points in data]
    table = shown(Table(key, title, ["", *series], lines))
    return Chart(key, title, joined(about, spoken(told)), about, spec, table, marks=len(rows))


Picked = tuple[tuple[int, ...], Rows]
"""Which options are picked, and the rows that are then seen."""


def picked(
    key: str,
    title: str,
    about: str,
    picks: Sequence[Pick],
    data: Sequence[Picked],
    *,
    series: str = "",
    digits: int = 2,
    most: int = 1000,
) -> Chart | None:  # fmt: skip
    """Draw bars for one of several things, which the reader picks; None where there is nothing.

    Parameters
    ----------
    key, title, about : str
    picks : sequence of Pick
        What there is to pick from.
    data : sequence of (options, rows)
        The rows for each choice, in the order in which they stand below each other.
    series : str
        What the numbers are.
    digits, most : int
        Of numbers with an interval; lines of the table behind it.
    """
    names: dict[tuple[str, int], int] = {}
    rows, lines = [], []
    for options, some in data:
        seen: dict[str, int] = {}
        where = dict(zip((pick.name for pick in picks), options, strict=True))
        at = []
        for name, _ in some:
            seen[name] = seen.get(name, 0) + 1
            at.append(names.setdefault((name, seen[name]), len(names)))
        rows += [{**row, "n": at[row["n"]], "r": row["n"], **where} for row in marks([series], some, digits)]
        chosen = [pick.options[option] for pick, option in zip(picks, options, strict=True)]
        lines += [[*chosen, name, *(said(p, digits) for p in points)] for name, points in some]
    if not rows:
        return None
    spec = specification([series], [name for name, _ in names], [_without(row, "s") for row in rows], kind="bar")
    spec["params"] += [pick.param() for pick in picks]
    spec["transform"] = [*(pick.filter() for pick in picks), *spec["transform"]]
    spec["encoding"]["y"]["sort"] = {"field": "r", "op": "min"}
    few = f" (the first {most} of {len(lines)} lines)" if len(lines) > most else ""
    head = [*(pick.label for pick in picks), "", series or say("value")]
    return Chart(
        key, title, about, about, spec, shown(Table(key, f"{title}{few}", head, lines[:most])), marks=len(rows)
    )


def _without(row: Spec, name: str) -> Spec:
    return {key: value for key, value in row.items() if key != name}


def marks(series: Sequence[str], data: Rows, digits: int) -> list[Spec]:
    """A row of data for each point that is a number."""
    return [
        {"n": n, "s": heard(series[s]), **found, "t": said(point, digits)}
        for n, (_, points) in enumerate(data)
        for s, point in enumerate(points)
        if (found := values(point))
    ]


def specification(series: Sequence[str], names: Sequence[str], rows: Sequence[Spec], *, kind: str) -> Spec:
    """The chart itself, with room for every series beside the others."""
    several, intervals = len(series) > 1, any("low" in row for row in rows)
    y: Spec = {"field": "n", "type": "ordinal", "axis": axis_of("names"), "scale": {"paddingInner": 0.25}}
    shared: Spec = {"y": y} | ({"yOffset": {"field": "s", "sort": None}} if several else {})
    layers = [_whiskers(kind)] if intervals else []
    layers = (
        [_marks(series, kind, several=several), *layers]
        if kind == "bar"
        else [*layers, _marks(series, kind, several=several)]
    )
    if intervals and kind == "dot":
        layers.insert(
            0,
            {
                "data": {"values": [{"z": 0}]},
                "mark": {"type": "rule", "style": "zero"},
                "encoding": {"x": {"field": "z", "type": "quantitative"}, "y": None, "yOffset": None},
            },
        )
    return {
        "params": [listed("names", names)],
        "data": {"values": list(rows)},
        "transform": [{"calculate": "names[datum.n]", "as": "name"}],
        "width": "container",
        "height": {"step": 19 * len(series) + 8, "for": "position"},
        "encoding": shared,
        "layer": layers,
    }


def _whiskers(kind: str) -> Spec:
    ends = {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}}
    # a row without an interval has no ends to draw
    return {
        "transform": [{"filter": "isValid(datum.low)"}],
        "mark": {"type": "rule", "style": "over" if kind == "bar" else "whisker"},
        "encoding": ends,
    }


def _marks(series: Sequence[str], kind: str, *, several: bool) -> Spec:
    x: Spec = {"field": "v", "type": "quantitative", "title": None, "scale": {"zero": kind == "bar"}}
    domain = {"domain": [heard(name) for name in series]}
    encoding: Spec = {"x": x, "tooltip": tooltip(several=several)}
    if kind == "bar":
        return {"mark": {"type": "bar", "style": "quantity", "height": {"band": 0.8}}, "encoding": encoding}
    encoding["color"] = {"field": "s", "scale": domain, "legend": {} if several else None}
    shapes = domain | {"range": ["circle", "diamond", "square", "triangle-up"][: len(series)]}
    encoding["shape"] = {"field": "s", "scale": shapes, "legend": {} if several else None}
    return {"mark": {"type": "point", "style": "dot"}, "encoding": encoding}


def tooltip(*, several: bool) -> list[Spec]:
    """What is said when a mark is pointed at."""
    which = [{"field": "s", "title": say("of")}] if several else []
    return [{"field": "name", "title": say("name")}, *which, {"field": "t", "title": say("value")}]
