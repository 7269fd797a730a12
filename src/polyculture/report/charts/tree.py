"""Trees: who descends from whom, and in which order models were joined."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from polyculture.report.charts.chart import Chart, Pick, Spec, axis_of, listed, rounded
from polyculture.report.facts import Shown
from polyculture.report.language import say
from polyculture.report.lineage_tree import Branch


def merges(linkage: Sequence[Sequence[float]], leaves: Mapping[int, int]) -> Iterator[list[tuple[float, float]]]:
    """Branches of the tree over some of its leaves: four corners (distance, place) for each merge that joins two.

    Examples
    --------
    >>> from polyculture.report.charts.tree import merges
    >>> list(merges([[0, 1, 0.2, 2], [2, 3, 0.6, 3]], {0: 0, 1: 1, 2: 2}))
    [[(0.0, 0), (0.2, 0), (0.2, 1), (0.0, 1)], [(0.0, 2), (0.6, 2), (0.6, 0.5), (0.2, 0.5)]]
    """
    nodes: dict[int, tuple[float, float]] = {leaf: (0.0, place) for leaf, place in leaves.items()}
    for merge, (a, b, distance, _) in enumerate(linkage, start=len(linkage) + 1):
        ends = [nodes.pop(int(end)) for end in (a, b) if int(end) in nodes]
        if len(ends) == 2:
            (near, one), (far, other) = ends
            yield [(near, one), (distance, one), (distance, other), (far, other)]
            nodes[merge] = (distance, (one + other) / 2)
        elif ends:
            nodes[merge] = ends[0]


def dendrogram(
    key: str,
    title: str,
    texts: tuple[str, str],
    names: Sequence[str],
    branches: Sequence[Sequence[tuple[float, float]]],
    cut: float,
    table: Shown,
) -> Chart:  # fmt: skip
    """Draw the order in which models were joined: the further right, the less alike."""
    rows = [
        {"b": b, "o": o, "d": rounded(distance), "n": place}
        for b, corners in enumerate(branches)
        for o, (distance, place) in enumerate(corners)
    ]
    at = list(range(len(names)))
    y = {
        "field": "n",
        "type": "quantitative",
        "axis": axis_of("names", values=at),
        "scale": {"domain": [-0.6, len(names) - 0.4], "nice": False, "reverse": True, "zero": False},
    }
    x = {"field": "d", "type": "quantitative", "title": say("distance")}
    line: Spec = {
        "mark": {"type": "line", "style": "branch", "interpolate": "linear"},
        "encoding": {"x": x, "y": y, "detail": {"field": "b"}, "order": {"field": "o"}},
    }
    at_cut: Spec = {
        "data": {"values": [{"d": rounded(cut)}]},
        "mark": {"type": "rule", "style": "chance"},
        "encoding": {"x": x},
    }
    spec: Spec = {
        "params": [listed("names", names)],
        "data": {"values": rows},
        "width": "container",
        "height": max(70, 17 * len(names)),
        "layer": [line, *([at_cut] if math.isfinite(cut) else [])],
    }
    return Chart(key, title, texts[0], texts[1], spec, table, marks=len(rows))


def descent(
    key: str, title: str, texts: tuple[str, str], pick: Pick, trees: Sequence[Branch], table: Shown
) -> Chart | None:
    """Draw the descendants of the root that the reader picks, one generation a column.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
    pick : Pick
        The roots.
    trees : sequence of Branch
        The descendants of each.
    table : Shown
    """
    nodes: list[Spec] = []
    edges: list[Spec] = []
    names: list[str] = []
    for option, tree in enumerate(trees):
        _placed(tree, pick.name, option, 0, [0.0], nodes, edges, names)
    if not edges:
        return None
    deepest = max(node["x"] for node in nodes)
    place: Spec = {"type": "quantitative", "axis": None}
    scales: Spec = {
        "x": {"field": "x", **place, "scale": {"domain": [0, deepest + 0.9], "nice": False}},
        "y": {"field": "y", **place, "scale": {"zero": False, "reverse": True, "nice": False, "padding": 8}},
    }
    room = f"width / {deepest + 1} - 12"
    keep = [pick.filter(), {"calculate": "names[datum.n]", "as": "name"}]
    spec: Spec = {
        "params": [listed("names", names), pick.param()],
        "width": "container",
        "height": max(120, 17 * int(1 + max(node["y"] for node in nodes))),
        "layer": [
            {
                "data": {"values": edges},
                "transform": [pick.filter()],
                "mark": {"type": "rule", "style": "branch"},
                "encoding": scales | {"x2": {"field": "x2"}, "y2": {"field": "y2"}},
            },
            {
                "data": {"values": nodes},
                "transform": keep,
                "mark": {"type": "circle", "style": "node", "size": 46},
                "encoding": scales
                | {
                    "color": {"field": "x", "legend": None, "type": "ordinal", "scale": {"range": "category"}},
                    "tooltip": [{"field": "name", "title": say("name")}],
                },
            },
            # names of models with children stand above their lines
            *(
                {
                    "data": {"values": nodes},
                    "transform": [*keep, {"filter": test}],
                    "mark": {
                        "type": "text",
                        "style": "words",
                        "align": "left",
                        "dx": 6,
                        "dy": dy,
                        "limit": {"expr": room},
                        "tooltip": None,
                    },
                    "encoding": scales | {"text": {"field": "name"}},
                }
                for test, dy in (("datum.leaf", 0), ("!datum.leaf", -9))
            ),
        ],
    }
    return Chart(key, title, texts[0], texts[1], spec, table, "wide", len(nodes))


def _placed(
    tree: Branch,
    which: str,
    option: int,
    deep: int,
    row: list[float],
    nodes: list[Spec],
    edges: list[Spec],
    names: list[str],
) -> float:
    """Leaves below each other, and each parent in the middle of its children; gives back its height."""
    own = [(deep + 1, _placed(child, which, option, deep + 1, row, nodes, edges, names)) for child in tree.inner]
    if own:
        y = (own[0][1] + own[-1][1]) / 2
    else:
        y, row[0] = row[0], row[0] + 1
    edges += [{which: option, "x": deep, "y": y, "x2": x2, "y2": y2} for x2, y2 in own]
    nodes.append({which: option, "x": deep, "y": y, "n": len(names), "leaf": not own})
    names.append(tree.name)
    return y
