"""The matrix of likeness with its tree: which models are alike, in the order of their families."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Ints
from polyculture.auditing.result import LISTED, AuditResult
from polyculture.report import audit_levels
from polyculture.report.audit_drawing import Axis, Drawing, Shape, box, label, line
from polyculture.report.audit_levels import Levels
from polyculture.report.audit_likeness import Likeness
from polyculture.report.charts import WIDTH
from polyculture.report.facts import Shown, shown
from polyculture.tables import Table

NAMED = 60
"""Most models that are drawn with names, and whose pairs are all listed below the drawing."""
FOR_NUMBERS, FOR_EACH = 18, 16
"""Pixels of a cell from which its number is written in it, and from which each column has its own number."""
TOP = 20


@dataclass(frozen=True)
class Layout:
    """Where things stand; `letters` is the room for names."""

    size: str
    width: float
    left: float
    letters: int
    tree: float
    cell: float

    @classmethod
    def of(cls, count: int, *, tree: bool) -> Layout:
        """The layout for so many models: for few of them it fits a phone, many need a wide page."""
        size, width, left, letters, room = next(
            found
            for most, found in (
                (12, ("small", WIDTH, 122, 15, 64)),
                (30, ("middle", 720, 190, 26, 120)),
                (NAMED, ("wide", 1056, 200, 30, 120)),
                (LISTED, ("wide", 1056, 30, 0, 130)),
            )
            if count <= most
        )
        room = room if tree else 6
        # whole pixels leave no seams between cells
        return cls(size, width, left, letters, room, min((width - left - room) // count, 40))


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: the models chosen, in order, with the pairs between them."""

    found: AuditResult
    likeness: Likeness
    chosen: Ints
    pairs: Ints
    levels: Levels
    layout: Layout

    @property
    def names(self) -> list[str]:
        """Models in the order of rows and columns."""
        return [self.found.models[i] for i in self.chosen]

    @property
    def bottom(self) -> float:
        """Lower edge of the matrix."""
        return TOP + len(self.chosen) * self.layout.cell

    def place(self, position: float) -> float:
        """Height of the middle of a row, which may lie between two."""
        return round(TOP + (position + 0.5) * self.layout.cell, 1)


def matrix(found: AuditResult, likeness: Likeness) -> Drawing:
    """Draw it: names up to 60 models, no names up to 200, and of more models only representatives."""
    chosen, note = drawn(found)
    pairs = likeness.among(chosen)
    known = np.unique(pairs[pairs >= 0])
    levels = Levels.of(likeness.estimate[known], likeness.centre, likeness.sign)
    tree = bool(found.families.get("linkage"))
    picture = Picture(found, likeness, chosen, pairs, levels, Layout.of(len(chosen), tree=tree))
    shapes = [
        *_headings(picture),
        *([Shape("cells", inner=list(_cells(picture)))] if picture.layout.letters else _runs(picture)),
        *_outlines(picture),
        *(_tree(picture) if tree else ()),
        *_legend(picture),
    ]
    title = f"Likeness of models: {likeness.measure.replace('_', ' ')}"
    about = f"{_about(picture)} {note}".strip()
    height = picture.bottom + 86
    return Drawing(
        "likeness-matrix", title, _said(picture, known), about, shapes, round(height, 1), _numbers(picture),
        picture.layout.width, picture.layout.size,
    )  # fmt: skip


def drawn(found: AuditResult) -> tuple[Ints, str]:
    """Positions of the models to draw, in the order of the tree, and a sentence if they are not all."""
    place = {name: i for i, name in enumerate(found.models)}
    order = [place[name] for name in found.families.get("order", ()) if name in place]
    order += sorted(set(range(len(place))) - set(order))
    if len(order) <= LISTED:
        return np.array(order), ""
    families = [sorted(family["models"], key=_worst(found)) for family in found.families.get("families", ())]
    grouped = {name for family in families for name in family}
    alone = sorted((name for name in found.models if name not in grouped), key=_worst(found))
    kept = [*(family[0] for family in families if family), *alone][:LISTED]
    which = "the most accurate" if found.accuracy else "the first"
    note = (
        f"Of {len(order)} models {len(kept)} are drawn: {which} of each of {len(families)} families, then models that "
        f"stand alone, {min(len(alone), max(LISTED - len(families), 0))} of {len(alone)}."
    )
    chosen = {place[name] for name in kept}
    return np.array([i for i in order if i in chosen]), note


def merges(linkage: Sequence[Sequence[float]], leaves: Mapping[int, int]) -> Iterator[list[tuple[float, float]]]:
    """Branches of the tree over some of its leaves: four corners (distance, place) for each merge that joins two.

    Examples
    --------
    >>> from polyculture.report.audit_matrix import merges
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


def _worst(found: AuditResult) -> Callable[[str], float]:
    return lambda name: -found.accuracy.get(name, 0.0)


def _legend(picture: Picture) -> list[Shape]:
    left = picture.layout.left if picture.layout.size != "small" else 0
    middle = "not alike" if np.isnan(picture.likeness.centre) else "by chance"
    return audit_levels.legend(picture.levels, left + 4, picture.bottom + 40, middle)


def _headings(picture: Picture) -> Iterator[Shape]:
    layout, count = picture.layout, len(picture.chosen)
    every = 1 if layout.cell >= FOR_EACH else 5 if layout.letters else 10
    for i, name in enumerate(picture.names):
        place = layout.left + (i + 0.5) * layout.cell
        if layout.letters:
            yield Shape("name", text=label(name, layout.letters), x=layout.left - 20, y=picture.place(i) + 3.5)
        if (i + 1) % every == 0 or not i or count <= every:
            yield Shape("tick", text=str(i + 1), x=round(place, 1), y=TOP - 6)
            yield Shape("y", text=str(i + 1), x=layout.left - 4, y=picture.place(i) + 3.5)


def _cells(picture: Picture) -> Iterator[Shape]:
    """A shape for each cell, which says its numbers."""
    layout, names = picture.layout, [label(name, 60) for name in picture.names]
    levels = _levels(picture)
    for i, j in zip(*np.nonzero(~np.eye(len(names), dtype=bool)), strict=True):
        x, y, pair = layout.left + j * layout.cell, TOP + i * layout.cell, picture.pairs[i, j]
        said = picture.likeness.said(pair) if pair >= 0 else "not known"
        path = audit_levels.square(int(levels[i, j]), x, y, layout.cell, layout.cell)
        # lines of their own, so that a name that is written from right to left leaves the others in their places
        yield Shape(audit_levels.look(int(levels[i, j])), path, title=f"{names[i]}\n{names[j]}\n{said}")
        if layout.cell >= FOR_NUMBERS and pair >= 0 and np.isfinite(picture.likeness.estimate[pair]):
            said = f"{picture.likeness.estimate[pair]:.2f}".replace("0.", ".")
            yield Shape("in", text=said, x=round(x + layout.cell / 2, 1), y=picture.place(i) + 3.5)


def _runs(picture: Picture) -> Iterator[Shape]:
    """A group for each row, which says its model and the one most like it: cells of their own would be too many."""
    layout = picture.layout
    for i, inner in enumerate(audit_levels.rows(_levels(picture), layout.left, TOP, layout.cell)):
        name, other, said, _ = _nearest(picture, i)
        title = f"{i + 1}: {label(name, 60)}\nmost like: {label(other, 60)}\n{said}"
        yield Shape("cells", title=title, inner=inner)


def _levels(picture: Picture) -> Ints:
    values = np.append(picture.likeness.estimate, np.nan)[picture.pairs]
    levels = picture.levels(values)
    np.fill_diagonal(levels, 0)
    return levels


def _outlines(picture: Picture) -> Iterator[Shape]:
    """Squares around the families whose models are neighbours, as the leaves of a tree are."""
    place, cell = {name: i for i, name in enumerate(picture.names)}, picture.layout.cell
    for family in picture.found.families.get("families", ()):
        at = sorted(place[name] for name in family["models"] if name in place)
        if len(at) > 1 and at[-1] - at[0] == len(at) - 1:
            size = len(at) * cell
            yield Shape("family", box(picture.layout.left + at[0] * cell, TOP + at[0] * cell, size, size))


def _tree(picture: Picture) -> Iterator[Shape]:
    layout, linkage = picture.layout, picture.found.families["linkage"]
    leaves = {int(model): i for i, model in enumerate(picture.chosen)}
    branches = list(merges(linkage, leaves))
    heights = [corners[1][0] for corners in branches]
    cut = float(picture.found.families.get("cut", np.nan))
    start = layout.left + len(leaves) * layout.cell + 6
    lowest = min([*heights, cut] if np.isfinite(cut) else heights)
    axis = Axis(lowest - (max(heights) - lowest or 0.1) * 0.25, max(heights), start, start + layout.tree - 14)
    yield Shape("branch", "".join(line(*((axis(h), picture.place(at)) for h, at in corners)) for corners in branches))
    for place, said in axis.ticks(2):
        yield Shape("tick", text=said, x=place, y=picture.bottom + 14)
    yield Shape("tick", text="distance", x=round(start + layout.tree / 2 - 7, 1), y=picture.bottom + 28)
    if np.isfinite(cut):
        yield Shape(
            "cut", f"M{axis(cut):g} {TOP - 2}V{picture.bottom + 2:.1f}", title=f"cut at a distance of {cut:.3f}"
        )
        yield Shape("tick", text="cut", x=axis(cut), y=TOP - 6)


def _nearest(picture: Picture, row: int) -> tuple[str, str, str, float]:
    """A model, the one most like it, what is known of the two, and the model's mean likeness to the others."""
    pairs = picture.pairs[row]
    values = np.where(pairs >= 0, picture.likeness.estimate[pairs], np.nan)
    if not np.isfinite(values).any():
        return picture.names[row], "–", "–", np.nan
    best = int(np.nanargmax(picture.likeness.sign * values))
    return picture.names[row], picture.names[best], picture.likeness.said(int(pairs[best])), float(np.nanmean(values))


def _said(picture: Picture, known: Ints) -> str:
    """The drawing for those who cannot see it: how many models, the ends of the range, the most alike pair."""
    like, models = picture.likeness, picture.found.models
    ranked = like.ranked(known)
    count = f"{len(picture.chosen)} models."
    if not len(ranked):
        return f"{count} No pair of them has a value."
    most, least = (
        f"{label(models[like.a[pair]], 60)} and {label(models[like.b[pair]], 60)}: {like.said(pair)}"
        for pair in (ranked[0], ranked[-1])
    )
    return f"{count} Most alike are {most}; least alike are {least}."


def _about(picture: Picture) -> str:
    like = picture.likeness
    chance = (
        "0, as chance is not known" if np.isnan(like.centre) else f"chance ({like.centre:.3f}, the mean over the pairs)"
    )
    point = "square" if picture.layout.letters else "row"
    families = " Models of an outlined square are a family." if picture.found.families.get("families") else ""
    order = ", in the order of the tree" if picture.found.families.get("linkage") else ""
    return (
        f"Rows and columns are the same models{order}. Full squares are more alike than {chance}, "
        f"half squares less; the stronger, the further from it.{families} Point at a {point} for its numbers."
    )


def _numbers(picture: Picture) -> Shown:
    like, models = picture.likeness, picture.found.models
    if picture.layout.letters:
        pairs = like.ranked(np.unique(picture.pairs[picture.pairs >= 0]))
        rows = [[models[like.a[p]], models[like.b[p]], like.said(p), float(like.null[p])] for p in pairs]
        title, columns = "likeness of each pair, the most alike first", ["a", "b", like.measure, "by chance"]
        return shown(Table("matrix", title, columns, rows))
    found = [[i + 1, *_nearest(picture, i)] for i in range(len(picture.chosen))]
    columns = ["row", "model", "most like", like.measure, "mean over all that are drawn"]
    return shown(Table("matrix", "each model and the one most like it", columns, found))
