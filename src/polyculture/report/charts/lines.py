"""Numbers over time, with bands for their intervals; several small ones beside each other where that helps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from polyculture.report.charts.chart import Chart, Pick, Spec, listed, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say

DASHES = {"line": [1, 0], "counted": [1, 3], "chance": [6, 4]}
"""How lines differ, so that they do without colour."""
SMALL = 190
"""Width of one of several small drawings."""


@dataclass(frozen=True)
class Series:
    """One line: a value for each place, and the ends of its interval; `look` is one of `DASHES`."""

    name: str
    look: str
    values: Sequence[float]
    low: Sequence[float] = field(default_factory=tuple)
    high: Sequence[float] = field(default_factory=tuple)


@dataclass(frozen=True)
class Places:
    """What the lines run along: years, or other places with names."""

    at: Sequence[int]
    names: Sequence[str] = ()
    title: str = ""


def lines(
    key: str,
    title: str,
    texts: tuple[str, str],
    places: Places,
    panels: Sequence[tuple[str, Sequence[Series]]],
    table: Shown,
    *,
    unit: str = "",
    pick: Pick | None = None,
    options: Sequence[int] = (),
    shared: bool = True,
    log: bool = False,
) -> Chart | None:
    """Draw the lines, a small drawing for each of several panels; None where no number is finite.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
        What stands for it where it is not seen, and how to read it.
    places : Places
    panels : sequence of (name, series)
        With `pick`, a name may stand several times: once for each option.
    table : Shown
    unit : str
    pick : Pick, optional
    options : sequence of int
        Of `pick`, one for each panel.
    shared : bool
        Whether all panels have one scale.
    log : bool
        Whether the scale is logarithmic; what is 0 is then not drawn.
    """
    called = list(dict.fromkeys(name for name, _ in panels))
    rows = [
        {**row, "f": called.index(name), **({pick.name: options[i]} if pick else {})}
        for i, (name, series) in enumerate(panels)
        for row in _rows(places.at, series)
    ]
    if not rows:
        return None
    several = len(called) > 1
    names = list(dict.fromkeys((s.name, s.look) for _, series in panels for s in series))
    inner: Spec = {
        "height": 110 if several else 200,
        "layer": _layers(places, unit, names, log=log, ticks=4 if several else 8),
        "width": SMALL if several else "container",
    }
    spec: Spec = {
        "params": [listed("panels", called), listed("places", places.names), *([pick.param()] if pick else [])],
        "data": {"values": rows},
        "transform": [*([pick.filter()] if pick else []), {"calculate": "panels[datum.f]", "as": "panel"}],
        **(inner if not several else {"spec": inner, **_facet(len(called), shared=shared)}),
    }
    return Chart(key, title, texts[0], texts[1], spec, table, "wide" if several else "small", len(rows))


def _facet(count: int, *, shared: bool) -> Spec:
    head = {"labelExpr": "panels[datum.value]", "title": None}
    return {
        "facet": {"field": "f", "type": "ordinal", "header": head},
        "columns": min(count, 4),
        "spacing": 32,
        **({} if shared else {"resolve": {"scale": {"y": "independent"}}}),
    }


def _rows(at: Sequence[int], series: Sequence[Series]) -> list[Spec]:
    rows = []
    for each in series:
        low, high = each.low or [math.nan] * len(at), each.high or [math.nan] * len(at)
        for place, value, bottom, top in zip(at, each.values, low, high, strict=True):
            row: Spec = {"x": place, "s": each.name, "v": rounded(value) if math.isfinite(value) else None}
            if each.low:
                row["b"] = 1
                # where an end is not known the band is broken off: nothing there breaks it, and no row would bridge it
                ends = (bottom, top) if math.isfinite(bottom) and math.isfinite(top) else (None, None)
                row |= {
                    name: None if end is None else rounded(end) for name, end in zip(("low", "high"), ends, strict=True)
                }
            rows.append(row)
    return rows if any(row["v"] is not None for row in rows) else []


def _layers(places: Places, unit: str, names: Sequence[tuple[str, str]], *, log: bool, ticks: int) -> list[Spec]:
    axis: Spec = {
        "title": places.title or None,
        "format": "d",
        "tickMinStep": 1,
        "grid": False,
        "tickCount": ticks,
    }
    if places.names:
        axis |= {"labelExpr": "places[datum.value]", "values": list(places.at[:: max(1, len(places.at) // 6)])}
        axis.pop("format")
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "axis": axis,
        "scale": {"zero": False, "nice": False, "padding": 6},
    }
    scale: Spec = {"type": "log"} if log else {"zero": True}
    y = {"field": "v", "type": "quantitative", "title": unit or None, "scale": scale}
    above = [{"filter": "datum.v > 0"}] if log else []
    # an end at 0 would take the scale down without limit
    positive = (
        [{"calculate": f"datum.low > 0 ? datum.{end} : null", "as": end} for end in ("high", "low")] if log else []
    )
    domain = {"domain": [name for name, _ in names]}
    legend: Spec | None = {} if len(names) > 1 else None
    dashes = {**domain, "range": [DASHES[look] for _, look in names]}
    which = {"title": say("year")} if not places.names else {"title": places.title}
    line: Spec = {
        "transform": above,
        "mark": {"type": "line", "point": {"size": 16}, "strokeWidth": 2},
        "encoding": {
            "x": x,
            "y": y,
            "color": {"field": "s", "scale": domain, "legend": legend},
            "strokeDash": {"field": "s", "scale": dashes, "legend": legend},
            "tooltip": [
                {"field": "panel", "title": say("name")},
                {"field": "x", **which},
                {"field": "s", "title": say("of")},
                {"field": "v", "title": say("value"), "format": ".4~g"},
            ],
        },
    }
    band: Spec = {
        "transform": [{"filter": "datum.b"}, *positive],
        "mark": {"type": "area", "style": "band"},
        "encoding": {
            "x": x,
            "y": {"field": "low", "type": "quantitative"},
            "y2": {"field": "high"},
            "color": {"field": "s", "scale": domain, "legend": legend},
        },
    }
    return [band, line]
