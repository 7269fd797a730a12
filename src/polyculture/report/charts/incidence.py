"""Which of some things hold of which others: a square where it does, nothing where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.report.charts.chart import Chart, Pick, Spec, axis_of, listed
from polyculture.report.facts import Shown
from polyculture.report.language import say

Row = tuple[str, Sequence[int]]
"""A name, and the positions of the columns that hold of it."""


def incidence(
    key: str, title: str, texts: tuple[str, str], pick: Pick, data: Sequence[Sequence[Row]], columns: Sequence[str],
    members: Sequence[Sequence[int]], table: Shown,
) -> Chart | None:  # fmt: skip
    """Draw the rows of what the reader picks; None where there are none.

    Parameters
    ----------
    key, title : str
    texts : (str, str)
    pick : Pick
    data : sequence of sequence of (name, positions)
        The rows of each option.
    columns : sequence of str
        What all columns are called.
    members : sequence of sequence of int
        The columns that each option has.
    table : Shown
    """
    names: list[str] = []
    cells: list[Spec] = []
    for option, rows in enumerate(data):
        for name, held in rows:
            true = set(held)
            cells += [{pick.name: option, "n": len(names), "m": m, "f": int(m in true)} for m in members[option]]
            names.append(name)
    if not cells:
        return None
    axes: Spec = {
        "x": {
            "field": "m",
            "type": "ordinal",
            "axis": axis_of("columns", 15, orient="top", labelAngle=-50, labelLimit=110),
        },
        "y": {"field": "n", "type": "ordinal", "axis": axis_of("names", 20, labelLimit=140)},
    }
    spec: Spec = {
        "params": [listed("names", names), listed("columns", columns), pick.param()],
        "data": {"values": cells},
        "transform": [
            pick.filter(),
            {"calculate": "names[datum.n]", "as": "name"},
            {"calculate": "columns[datum.m]", "as": "column"},
        ],
        "width": "container",
        # names at the top lean over the right end
        "padding": {"left": 4, "top": 4, "right": 24, "bottom": 4},
        "height": {"step": 17},
        "mark": {"type": "rect", "style": "tile"},
        "encoding": axes
        | {
            "color": {
                "field": "f",
                "type": "ordinal",
                "scale": {"domain": [1, 0], "range": "incidence"},
                "legend": {"labelExpr": "datum.value == 1 ? fails : holds", "orient": "bottom"},
            },
            "tooltip": [{"field": "name", "title": say("item")}, {"field": "column", "title": say("model")}],
        },
    }
    spec["params"] += [{"name": "fails", "value": say("fails")}, {"name": "holds", "value": say("does not")}]
    return Chart(key, title, texts[0], texts[1], spec, table, "middle", len(cells))
