"""Likeness as colour: from less alike than chance to more alike, never by colour alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyculture.arrays import Array, Floats, Ints
from polyculture.report.audit_drawing import Shape, box

LEVELS = 7
"""Shades on either side of chance."""
UNKNOWN = LEVELS + 1
OUTLYING = 0.98
"""Share of the values that the shades tell apart; a pair of copies would leave one shade for all others."""


@dataclass(frozen=True)
class Levels:
    """Values to shades, evenly on both sides of what chance gives.

    Parameters
    ----------
    centre : float
        What chance gives.
    reach : float
        Distance from it to the last shade.
    sign : {1, -1}
        -1 where lower values mean more alike.

    Examples
    --------
    >>> import numpy as np
    >>> from polyculture.report.audit_levels import Levels
    >>> Levels(0.2, 0.7)(np.array([0.2, 0.4, 0.1, 5.0, np.nan])).tolist()
    [0, 2, -1, 7, 8]
    """

    centre: float
    reach: float
    sign: int = 1

    @classmethod
    def of(cls, values: Array, centre: float, sign: int = 1) -> Levels:
        """Shades for these values; 0 stands for chance where it is not known."""
        middle = 0.0 if np.isnan(centre) else float(centre)
        away = np.abs(values[np.isfinite(values)] - middle)
        reach = float(np.quantile(away, OUTLYING)) if away.size else 0.0
        return cls(middle, reach or float(away.max(initial=0.0)) or 1.0, sign)

    def __call__(self, values: Floats) -> Ints:
        """Give shades from -7 to 7, more alike upwards, and 8 where there is no value."""
        share = self.sign * (np.asarray(values, dtype=np.float64) - self.centre) / self.reach
        shades = np.rint(LEVELS * np.clip(share, -1, 1))
        return np.where(np.isnan(share), UNKNOWN, shades).astype(int)


def look(level: int) -> str:
    """Class of a shade."""
    return "none" if level == UNKNOWN else f"u{level}" if level >= 0 else f"d{-level}"


def square(level: int, x: float, y: float, width: float, height: float) -> str:
    """Path of a cell, or a run of equal ones: whole above chance, the lower half below it, a dash without a value."""
    if level == UNKNOWN:
        return f"M{x + width * 0.3:.1f} {y + height / 2:.1f}h{width * 0.4:.1f}"
    return box(x, y + height / 2, width, height / 2) if level < 0 else box(x, y, width, height)


def rows(levels: Ints, left: float, top: float, cell: float) -> Iterator[list[Shape]]:
    """Cells of each row of a matrix, one path for each shade: few shapes for many cells.

    Parameters
    ----------
    levels : int array of shape (r, c)
        As `Levels` gives them.
    left, top, cell : float
        Where the first cell stands and how large each is.
    """
    for i, row in enumerate(levels):
        starts = np.flatnonzero(np.diff(row, prepend=row[0] - 1))
        ends = np.append(starts[1:], len(row))
        paths: dict[int, str] = {}
        for start, end in zip(starts, ends, strict=True):
            level = int(row[start])
            path = square(level, left + start * cell, top + i * cell, (end - start) * cell, cell)
            paths[level] = paths.get(level, "") + path
        yield [Shape(look(level), path) for level, path in sorted(paths.items())]


def legend(levels: Levels, x: float, y: float, middle: str = "by chance") -> list[Shape]:
    """All shades with the values of the first, the middle and the last, and what these mean."""
    step, shades = 14, range(-LEVELS, LEVELS + 1)
    cells = [Shape(look(s), square(s, x + (s + LEVELS) * step, y, step, step)) for s in shades]
    shapes = [Shape("cells", inner=cells)]
    for shade, said in ((-LEVELS, "less alike"), (0, middle), (LEVELS, "more alike")):
        value = levels.centre + levels.sign * levels.reach * shade / LEVELS
        place = x + 26 + (shade + LEVELS) / LEVELS / 2 * (step * len(shades) - 52)
        shapes.append(Shape("tick", text=f"{value:.2f}", x=place, y=y + step + 13))
        shapes.append(Shape("tick", text=said, x=place, y=y + step + 26))
    return shapes
