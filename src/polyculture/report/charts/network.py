"""Who is tied to whom: things on a circle, neighbours beside each other, ties as lines between them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from polyculture.report.charts.chart import Chart, Spec, centred, listed, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say

TIES, EACH = 400, 3
"""Ties that are drawn at most, and for each thing: the strongest, as more of them are a blot."""
NAMED = 40
"""Things up to which each has its name."""
NARROW = "width < 480"
"""Where names have less room."""
Tie = tuple[int, int, float]
"""Two things, and how strong their tie is."""


def most(things: int) -> int:
    """Ties that are drawn between so many things.

    Examples
    --------
    >>> from polyculture.report.charts.network import most
    >>> most(4), most(21), most(2000)
    (20, 63, 400)
    """
    return min(TIES, max(20, EACH * things))


def network(
    key: str, title: str, texts: tuple[str, str], names: Sequence[str], sizes: Sequence[float], kinds: Sequence[str],
    ties: Sequence[Tie], table: Shown,
) -> Chart | None:  # fmt: skip
    """Draw things on a circle in the order given; None without ties.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
    names : sequence of str
    sizes : sequence of float
        Of the dots.
    kinds : sequence of str
        Which share a colour.
    ties : sequence of (int, int, float)
        The strongest are drawn.
    table : Shown
    """
    if not ties or len(names) < 2:
        return None
    at = [(math.sin(2 * math.pi * i / len(names)), math.cos(2 * math.pi * i / len(names))) for i in range(len(names))]
    strongest = sorted(ties, key=lambda tie: (-tie[2], tie[0], tie[1]))[: most(len(names))]
    edges = [
        {
            "a": a,
            "b": b,
            "x": rounded(at[a][0]),
            "y": rounded(at[a][1]),
            "x2": rounded(at[b][0]),
            "y2": rounded(at[b][1]),
            "v": rounded(strength),
        }
        for a, b, strength in strongest
    ]
    nodes = [
        {"n": n, "x": rounded(x), "y": rounded(y), "size": rounded(sizes[n]), "kind": kinds[n]}
        for n, (x, y) in enumerate(at)
    ]
    # room for names on either side
    scales = {"x": 1.75 if len(names) <= NAMED else 1.1, "y": 1.12}
    place: Spec = {
        name: {"field": name, "type": "quantitative", "axis": None, "scale": {"domain": [-end, end], "nice": False}}
        for name, end in scales.items()
    }
    spec: Spec = {
        "params": [listed("names", names)],
        "width": "container",
        "height": 380,
        "layer": [_edges(edges, place), _nodes(nodes, place), *_words(nodes, place)],
    }
    return Chart(key, title, texts[0], texts[1], spec, table, marks=len(nodes) + len(edges))


def _edges(edges: Sequence[Spec], place: Spec) -> Spec:
    ends = [{"calculate": f"names[datum.{end}]", "as": f"name_{end}"} for end in ("a", "b")]
    return {
        "data": {"values": list(edges)},
        "transform": ends,
        "mark": {"type": "rule", "style": "edge"},
        "encoding": place
        | {
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "strokeWidth": {"field": "v", "type": "quantitative", "legend": None, "scale": {"range": [0.4, 4]}},
            "tooltip": [
                {"field": "name_a", "title": say("first")},
                {"field": "name_b", "title": say("second")},
                {"field": "v", "title": say("value"), "format": ".3~g"},
            ],
        },
    }


def _nodes(nodes: Sequence[Spec], place: Spec) -> Spec:
    several = len({node["kind"] for node in nodes}) > 1
    size = {"field": "size", "type": "quantitative", "legend": None, "scale": {"range": [40, 260], "zero": False}}
    return {
        "data": {"values": list(nodes)},
        "transform": [{"calculate": "names[datum.n]", "as": "name"}],
        "mark": {"type": "circle", "style": "node"},
        "encoding": place
        | {
            "size": size,
            "color": {"field": "kind", "legend": {"columns": 3} if several else None, "sort": None},
            "tooltip": [{"field": "name", "title": say("name")}, {"field": "kind", "title": say("of")}],
        },
    }


def _words(nodes: Sequence[Spec], place: Spec) -> list[Spec]:
    """Names outside the circle, where they are few enough to be read: those on the left end at their dot."""
    if len(nodes) > NAMED:
        return []
    sides = (("left", 9, "datum.x >= 0"), ("right", -9, "datum.x < 0"))
    return [
        {
            "data": {"values": list(nodes)},
            "transform": [
                {"filter": test},
                {"calculate": centred("names[datum.n]", f"{NARROW} ? 8 : 16"), "as": "name"},
            ],
            "mark": {
                "type": "text",
                "style": "words",
                "align": align,
                "dx": dx,
                "limit": {"expr": f"{NARROW} ? 62 : 100"},
                "tooltip": None,
            },
            "encoding": place | {"text": {"field": "name"}},
        }
        for align, dx, test in sides
    ]
