"""The ancestry of an ecosystem as a map: each root has an area as large as its share."""

from __future__ import annotations

from collections.abc import Sequence

from polyculture.ancestry.result import LineageResult
from polyculture.ancestry.tables import percent
from polyculture.report.audit_drawing import Drawing, Shape, box, label
from polyculture.report.facts import shown
from polyculture.tables import Table

WIDTH, TOP, HEIGHT = 720.0, 26.0, 400.0
LETTER, LINE = 7.5, 14.0
"""Pixels of a letter and of a line of text."""
LOOKS = {"says it has none": "sure", "declares none": "silent", "not listed": "strange"}
OTHERS = "all other roots"
LEAST = 1e-3
"""Share of all other roots from which they have an area."""
Area = tuple[float, float, float, float]
"""Left, top, width, height."""


def treemap(found: LineageResult) -> Drawing | None:
    """Roots as areas, largest first; None without roots."""
    told = [(str(r["name"]), float(r["estimate"]), str(r["parents"])) for r in found.roots if r["estimate"] > 0]
    if not told:
        return None
    rest = 1 - sum(share for _, share, _ in told)
    width = WIDTH * (1 - rest) if rest > LEAST else WIDTH
    areas = squarified([share for _, share, _ in told], (0.0, TOP, width, HEIGHT))
    if rest > LEAST:
        told.append((OTHERS, rest, ""))
        areas.append((width, TOP, WIDTH - width, HEIGHT))
    shapes = _legend()
    for root, area in zip(told, areas, strict=True):
        shapes += _tile(*root, area)
    rows = [[name, percent(share), said] for name, share, said in told]
    largest = ", ".join(f"{label(name, 40)} {percent(share)}" for name, share, _ in told[:5])
    about = (
        "Areas are shares of the ancestry as far as parents are declared: a model with k parents has 1/k from each. "
        "Dashed roots are not listed themselves, dotted ones are listed and declare no parents."
    )
    return Drawing(
        "treemap", "Which roots the models go back to", f"The largest areas: {largest}.", about, shapes, TOP + HEIGHT,
        shown(Table("treemap", "shares of the roots", ["root", "share", "its parents"], rows)), WIDTH, "wide",
    )  # fmt: skip


def squarified(shares: Sequence[float], area: Area) -> list[Area]:
    """Areas as large as the shares, as near to squares as rows of them can be (Bruls, Huizing and van Wijk 2000).

    Examples
    --------
    >>> from polyculture.report.lineage_treemap import squarified
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


def _tile(name: str, share: float, said: str, area: Area) -> list[Shape]:
    x, y, width, height = area
    title = f"{name}: {percent(share)}{', ' * bool(said)}{said}"
    look = LOOKS.get(said, "others")
    shapes = [Shape(f"tile {look}", box(x + 0.5, y + 0.5, max(width - 1, 0.1), max(height - 1, 0.1)), title=title)]
    letters = int((width - 8) / LETTER)
    if letters >= 4 and height >= LINE + 4:
        shapes.append(_text(label(name, letters), x + 5, y + 15))
        if height >= 2 * LINE + 4:
            shapes.append(_text(percent(share), x + 5, y + 15 + LINE))
    return shapes


def _legend() -> list[Shape]:
    shapes = []
    for i, (said, look) in enumerate(LOOKS.items()):
        shapes.append(Shape(f"tile {look}", box(4 + 190 * i, 5, 10, 10)))
        shapes.append(Shape("said", text=said, x=20 + 190 * i, y=14))
    return shapes


def _text(said: str, x: float, y: float) -> Shape:
    return Shape("in-tile", text=said, x=round(x, 1), y=round(y, 1))
