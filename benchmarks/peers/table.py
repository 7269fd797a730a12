"""Rows as a table: on the screen, and in the page of the documentation."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

from measured import Row, Taken
from work import Work

HEAD = ("work", "peer", "theirs", "ours", "difference or ratio", "seconds", "times as fast", "megabytes", "times less")
UNEXPLAINED = 0.995
"""A ratio that rounds to less than 1."""


def figure(side: Taken) -> float:
    """The mean of what a side computed."""
    return statistics.fmean(side.values) if side.values else math.nan


def difference(row: Row) -> float:
    """Largest distance between what both computed; not a number if they gave different amounts of it."""
    ours, theirs = row.ours.values, row.theirs.values
    if not ours or len(ours) != len(theirs):
        return math.nan
    apart = [0.0 if math.isnan(a) and math.isnan(b) else abs(a - b) for a, b in zip(ours, theirs, strict=True)]
    return math.nan if any(math.isnan(gap) for gap in apart) else max(apart)


def quality(work: Work, row: Row) -> float:
    """Our figure over theirs, so that above 1 is better for us; not a number where both compute the same."""
    if work.kind == "same":
        return math.nan
    ours, theirs = figure(row.ours), figure(row.theirs)
    return over(ours, theirs) if work.kind == "more" else over(theirs, ours)


def speed(row: Row) -> float:
    """How many times as fast ours is; at least that, if theirs was ended."""
    return over(row.theirs.limit or row.theirs.seconds, row.ours.seconds)


def memory(row: Row) -> float:
    """Theirs over ours."""
    return over(row.theirs.megabytes, row.ours.megabytes)


def over(above: float, below: float) -> float:
    """A ratio, or not a number."""
    return above / below if below else math.nan


def below_one(work: Work, row: Row) -> list[str]:
    """Names of the ratios below 1, and of a difference that is too large."""
    ratios = {work.quantity: quality(work, row), "speed": speed(row), "memory": memory(row)}
    found = [name for name, ratio in ratios.items() if ratio < UNEXPLAINED]
    both = row.ours.values and row.theirs.values
    if work.kind == "same" and both and not difference(row) <= work.close:
        found.append("difference")
    return found


def unexplained(works: Sequence[Work], rows: Sequence[Row]) -> list[str]:
    """What is below 1 and not explained, a line each."""
    pairs = by_name(works, rows)
    return [
        f"{work.name}: {', '.join(what)}" for work, row in pairs if (what := below_one(work, row)) and not work.below
    ]


def by_name(works: Sequence[Work], rows: Sequence[Row]) -> list[tuple[Work, Row]]:
    """Each work with its row, in the order of the works, where there is a row."""
    named = {row.work: row for row in rows}
    return [(work, named[work.name]) for work in works if work.name in named]


def cells(work: Work, row: Row) -> tuple[str, ...]:
    """One line of the table."""
    peer = f"{work.peer} {row.theirs.version}".strip()
    if row.skipped:
        return (work.name, peer, f"skipped: {row.skipped}", *[""] * (len(HEAD) - 3))
    quality_of = f"difference {number(difference(row))}" if work.kind == "same" else times(quality(work, row))
    at_least = "> " if row.theirs.limit and not row.ours.error else ""
    return (
        f"{work.name}: {work.quantity}",
        peer,
        row.theirs.error or number(figure(row.theirs)),
        row.ours.error or number(figure(row.ours)),
        "" if row.ours.error or row.theirs.error else quality_of,
        f"{number(row.theirs.seconds)} / {number(row.ours.seconds)}",
        at_least + times(speed(row)),
        f"{number(row.theirs.megabytes)} / {number(row.ours.megabytes)}",
        times(memory(row)),
    )


def times(ratio: float) -> str:
    """A ratio, with two decimals where it is about 1."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}" if ratio < 1e5 else number(ratio)


def number(value: float) -> str:
    """With three or four digits that count."""
    if math.isnan(value):
        return "–"
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.0e}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(works: Sequence[Work], rows: Sequence[Row]) -> Iterator[str]:
    """The table and what is said of each work."""
    pairs = by_name(works, rows)
    yield from lines([HEAD, ["---"] * len(HEAD), *(cells(work, row) for work, row in pairs)])
    for work, row in pairs:
        yield f"\n**{work.name}, {work.peer}** ({row.date}). {work.protocol}"
        yield from (f"{start} {text}" for start, text in said(work, row))


def said(work: Work, row: Row) -> list[tuple[str, str]]:
    """What is said below the protocol of a work."""
    below = ", ".join(below_one(work, row))
    sayings = [
        ("*Limits.*", work.limits),
        ("*Where the peer is better.*", work.better),
        (f"*Below 1 ({below}).*", (work.below or "Unexplained.") if below else ""),
    ]
    return [(start, text) for start, text in sayings if text]


def lines(table: Iterable[Sequence[str]]) -> Iterator[str]:
    """Of a table in Markdown."""
    for row in table:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
