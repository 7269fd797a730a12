"""Columns as a file has them, each row with its place in the file, and several files as one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from polyculture.data.answers import Policy
from polyculture.data.interactions.coding import Values

PARTS = ("user", "item", "domain", "rating", "time", "split", "text")


@dataclass(frozen=True)
class Raw:
    """Interactions before anything was decided about them.

    Parameters
    ----------
    columns : mapping of part to n values
        "user" and "item" at least; see `PARTS`.
    source : str
    lines : sequence of n int, or None
        Line of each row in the file; None: rows are counted from 1.
    item_text : mapping of item name to str, or None
    policies : tuple of Policy
    pieces : tuple of (first row, source, lines)
        Where the rows come from, if from several files.
    """

    columns: Mapping[str, Values]
    source: str
    lines: Sequence[int] | None = None
    item_text: Mapping[str, str] | None = None
    policies: tuple[Policy, ...] = ()
    pieces: tuple[tuple[int, str, Sequence[int] | None], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.columns["user"])

    def where(self, row: int) -> str:
        """What to call a row, by its position, in messages.

        Examples
        --------
        >>> Raw({"user": ["a"], "item": ["b"]}, "likes.inter", [2]).where(0)
        'likes.inter: line 2'
        """
        pieces = self.pieces or ((0, self.source, self.lines),)
        first, source, lines = pieces[bisect_right([piece[0] for piece in pieces], row) - 1]
        return f"{source}: row {row - first + 1}" if lines is None else f"{source}: line {lines[row - first]}"


def joined(parts: Mapping[str, Raw], source: str) -> Raw:
    """Files of a release as one, each under the name of its split; columns that one of them lacks are left out."""
    raws = list(parts.values())
    names = [name for name in raws[0].columns if all(name in raw.columns for raw in raws)]
    columns: dict[str, Any] = {name: [value for raw in raws for value in _plain(raw.columns[name])] for name in names}
    columns["split"] = [split for split, raw in parts.items() for _ in range(len(raw))]
    starts = [sum(map(len, raws[:i])) for i in range(len(raws))]
    texts: dict[str, str] = {}
    for raw in raws:
        texts = dict(raw.item_text or {}) | texts
    return Raw(
        columns,
        source,
        item_text=texts or None,
        policies=tuple(policy for raw in raws for policy in raw.policies),
        pieces=tuple((start, raw.source, raw.lines) for start, raw in zip(starts, raws, strict=True)),
    )


def _plain(values: Values) -> Sequence[Any]:
    found: Sequence[Any] = values.tolist() if hasattr(values, "tolist") else values
    return found
