"""Shares of a whole as columns, beside what is expected of them."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.report.charts.chart import Chart, Pick, Spec, axis_of, listed, rounded, spoken
from polyculture.report.facts import shown
from polyculture.report.language import joined, say
from polyculture.tables import Table

Columns = Sequence[tuple[str, float, float]]
"""Name, what was observed, and what is expected."""


def histogram(
    key: str, title: str, about: str, data: Sequence[Columns], *, below: str, unit: str = "%", pick: Pick | None = None
) -> Chart | None:
    """Draw columns with a line for what is expected of each; with `pick`, one set of columns is seen at a time.

    Parameters
    ----------
    key, title, about : str
    data : sequence of columns
        One set of them for each option of `pick`, or one alone.
    below : str
        What the names of the columns are.
    unit : str
    pick : Pick, optional

    Examples
    --------
    >>> from polyculture.report.charts.histogram import histogram
    >>> drawn = histogram("f", "failures", "how many fail", [[("0", 80.0, 75.0), ("1", 20.0, 25.0)]], below="models")
    >>> [row["o"] for row in drawn.spec["data"]["values"]]
    [80.0, 20.0]
    """
    which = pick.name if pick else "p"
    rows = [
        {which: option, "n": n, "o": rounded(observed), "e": rounded(expected)}
        for option, columns in enumerate(data)
        for n, (_, observed, expected) in enumerate(columns)
    ]
    if not rows:
        return None
    longest = max(data, key=len)
    names = [name for name, _, _ in longest]
    every = max(1, len(names) // 10)
    shared: Spec = {
        "x": {
            "field": "n",
            "type": "ordinal",
            "axis": axis_of("names", title=below, labelAngle=0, values=list(range(0, len(names), every))),
        },
        "tooltip": [
            {"field": "name", "title": below},
            {"field": "o", "title": say("observed")},
            {"field": "e", "title": say("if independent")},
        ],
    }
    spec: Spec = {
        "params": [listed("names", names), *([pick.param()] if pick else [])],
        "data": {"values": rows},
        "transform": [*([pick.filter()] if pick else []), {"calculate": "names[datum.n]", "as": "name"}],
        "width": "container",
        "height": 190,
        "encoding": shared,
        "layer": [
            {"mark": {"type": "bar", "style": "quantity"}, "encoding": _columns("o", say("observed"), unit)},
            {
                "mark": {"type": "tick", "style": "expected", "thickness": 2.5},
                "encoding": _columns("e", say("if independent"), unit),
            },
        ],
    }
    told = [(name, f"{observed:.3g} ({expected:.3g}) {unit}") for name, observed, expected in data[0]]
    lines = [
        [*([pick.options[option]] if pick else []), name, observed, expected]
        for option, columns in enumerate(data)
        for name, observed, expected in columns
    ]
    head = [*([pick.label] if pick else []), below, say("observed"), say("if independent")]
    return Chart(
        key, title, joined(about, spoken(told)), about, spec, shown(Table(key, title, head, lines)), marks=len(rows)
    )


def _columns(name: str, title: str, unit: str) -> Spec:
    return {
        "y": {"field": name, "type": "quantitative", "title": unit},
        "color": {"datum": title, "scale": {"domain": [say("observed"), say("if independent")]}},
    }
