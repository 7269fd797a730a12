"""Shares of a whole as areas."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.report.charts.chart import Chart, Spec, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say
from polyculture.report.plain import label

Area = tuple[float, float, float, float]
"""Left, top, width, height."""
WIDTH, HEIGHT = 2.0, 1.0


def treemap(
    key: str, title: str, texts: tuple[str, str], tiles: Sequence[tuple[str, float, str]], table: Shown
) -> Chart:
    """Draw an area for each name, the largest first, coloured by kind.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
        What stands for it where it is not seen, and how to read it.
    tiles : sequence of (name, share, kind)
    table : Shown

    Examples
    --------
    >>> from polyculture.report.charts.treemap import treemap
    >>> from polyculture.report.facts import shown
    >>> from polyculture.tables import Table
    >>> numbers = shown(Table("t", "t", ["a"], [["b"]]))
    >>> drawn = treemap("t", "roots", ("", ""), [("a", 0.75, "x"), ("b", 0.25, "y")], numbers)
    >>> [(tile["x"], tile["x2"]) for tile in drawn.spec["data"]["values"]]
    [(0.0, 1.5), (1.5, 2.0)]
    """
    areas = squarified([share for _, share, _ in tiles], (0.0, 0.0, WIDTH, HEIGHT))
    rows = [
        {
            "x": rounded(x),
            "y": rounded(y),
            "x2": rounded(x + w),
            "y2": rounded(y + h),
            "name": label(name, 60),
            "share": f"{100 * share:.1f} %",
            "kind": kind,
        }
        for (name, share, kind), (x, y, w, h) in zip(tiles, areas, strict=True)
    ]
    place = {"type": "quantitative", "axis": None}
    spec: Spec = {
        "data": {"values": rows},
        "width": "container",
        "height": 380,
        "encoding": {
            "x": {"field": "x", **place, "scale": {"domain": [0, WIDTH], "nice": False}},
            "y": {"field": "y", **place, "scale": {"domain": [0, HEIGHT], "nice": False, "reverse": True}},
        },
        "layer": [_tiles(list(dict.fromkeys(kind for _, _, kind in tiles))), _words("name", 16), _words("share", 31)],
    }
    return Chart(key, title, texts[0], texts[1], spec, table, "wide", len(rows))


def _tiles(kinds: Sequence[str]) -> Spec:
    return {
        "mark": {"type": "rect", "style": "tile", "fillOpacity": 0.32},
        "encoding": {
            "x2": {"field": "x2"},
            "y2": {"field": "y2"},
            "color": {"field": "kind", "scale": {"domain": list(kinds)}},
            "tooltip": [
                {"field": "name", "title": say("name")},
                {"field": "share", "title": say("share")},
                {"field": "kind", "title": say("of")},
            ],
        },
    }


def _words(name: str, below: int) -> Spec:
    """Text in an area, cut to its width; nothing where the area is too low for it."""
    room = f"max(0, (datum.x2 - datum.x) / {WIDTH} * width - 10)"
    fits = f"(datum.y2 - datum.y) * height > {below + 3} && {room} > 28 ? 1 : 0"
    return {
        "mark": {
            "type": "text",
            "style": "words",
            "align": "left",
            "dx": 5,
            "dy": below - 4,
            "baseline": "middle",
            "limit": {"expr": room},
            "opacity": {"expr": fits},
            "tooltip": None,
        },
        "encoding": {"text": {"field": name}},
    }


def squarified(shares: Sequence[float], area: Area) -> list[Area]:
    """Areas as large as the shares, as near to squares as rows of them can be (Bruls, Huizing and van Wijk 2000).

    Examples
    --------
    >>> from polyculture.report.charts.treemap import squarified
    >>> squarified([0.5, 0.25, 0.25], (0, 0, 4, 2))
    [(0, 0, 2.0, 2.0), (2.0, 0, 2.0, 1.0), (2.0, 1.0, 2.0, 1.0)]
    """
    x, y, width, height = area
    scale = width * height / sum(shares)
    sizes, found = [share * scale for share in shares], []
    while sizes:
        side = min(width, height)
        count = 1
        while count < len(sizes) and _worst(sizes[: count + 1], side) <= _worst(sizes[:count], side):
            count += 1
        row, sizes = sizes[:count], sizes[count:]
        thick = sum(row) / side
        at: float = 0
        for size in row:
            long = size / thick
            found.append((x, y + at, thick, long) if width >= height else (x + at, y, long, thick))
            at += long
        if width >= height:
            x, width = x + thick, max(width - thick, 1e-9)
        else:
            y, height = y + thick, max(height - thick, 1e-9)
    return [(x, y or 0, w, h) for x, y, w, h in found]


def _worst(row: Sequence[float], side: float) -> float:
    """How far the least square area of a row is from a square."""
    total = sum(row)
    return max(max(side**2 * size / total**2, total**2 / (side**2 * size)) for size in row)
