"""A survey in a few sentences: what the trends show, asked both ways, and what speaks against it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyculture.surveying.result import SurveyResult

ASKED = {True: "among papers that name a method", False: "among all papers"}
"""What conditional and unconditional measures are about."""
WORDS = {
    "converging": "communities came closer",
    "diverging": "communities moved apart",
    "cannot tell": "whether communities came closer cannot be told",
}
UNEVEN = 0.2
"""Difference between the shares of two communities' papers that have abstracts from which it is said."""
Row = Mapping[str, Any]


def headline(found: SurveyResult) -> str:
    """How many papers of how many communities, whether these came closer, asked both ways, and what speaks against it.

    The trends among papers that name a method and among all papers may differ, so that neither is told alone. A
    community whose loss would change what a trend shows is named, and so are abstracts that only some have.
    """
    first, last = found.years
    said = f"{found.papers:,} papers of {len(found.communities)} communities, {first} to {last}"
    trends = {
        row["conditional"]: row
        for row in found.convergence
        if row["measure"] == "jensen_shannon" and row["level"] == main_level(found)
    }
    if trends:
        one = next(iter(trends.values()))
        of = f"{len(one['communities'])} communities, {one['first_year']} to {one['last_year']}, {one['level']} level"
        told = "; ".join(f"{asked}, {_told(trends.get(conditional))}" for conditional, asked in ASKED.items())
        said = f"{said}: {told} (change of the Jensen-Shannon divergence in bits a year; {of})"
    return " ".join([f"{said}.", *(line for row in trends.values() for line in hanging(row)), *uneven(found)])


def main_level(found: SurveyResult) -> str:
    """Families; or methods, where all are of one family, which cannot differ.

    Examples
    --------
    >>> from polyculture.surveying.result import SurveyResult
    >>> main_level(SurveyResult(1, ["a"], [2020, 2020], families=["S"], methods=["cnn", "rnn"]))
    'method'
    """
    return "method" if len(found.families) == 1 else "family"


def plural(found: SurveyResult) -> str:
    """What the names of the main level are called."""
    return {"family": "families", "method": "methods"}[main_level(found)]


def hanging(row: Row) -> Iterator[str]:
    """Say of a trend which community it hangs on: without whom its verdict, or its sign, would be another.

    The sign of a trend of which nothing can be told means nothing, and is not looked at.
    """
    told = row["verdict"] != "cannot tell"
    others = [
        each
        for each in row.get("without", ())
        if known(each.get("corrected"))
        and (each["verdict"] != row["verdict"] or (told and each["corrected"] * row["corrected"] < 0))
    ]
    if others:
        most = max(others, key=lambda each: abs(each["corrected"] - row["corrected"]))
        rest = [each["community"] for each in others if each is not most]
        more = f" It is also another without {' or '.join(rest)}." if rest else ""
        yield (
            f"The verdict {ASKED[row['conditional']]} hangs on {most['community']}: without it, the change is "
            f"{most['corrected']:+.4f} and {WORDS[most['verdict']]}.{more}"
        )


def uneven(found: SurveyResult) -> Iterator[str]:
    """Warn where methods were looked for in abstracts that only some communities have."""
    if not found.settings.get("abstracts"):
        return
    papers, some = Counter[str](), Counter[str]()
    for row in found.cells:
        if row["level"] == "family" and row.get("abstracts") is not None:
            papers[row["community"]] += row["papers"]
            some[row["community"]] += row["abstracts"] * row["papers"]
    shares = sorted((some[name] / papers[name], name) for name in papers)
    if shares and shares[-1][0] - shares[0][0] > UNEVEN:
        (least, few), (most, many) = shares[0], shares[-1]
        yield (
            f"Abstracts were read, which {100 * least:.0f} % of the papers of {few} have and {100 * most:.0f} % of "
            f"those of {many}: who has them names more methods for that alone, so compare with titles only."
        )


def known(value: float | None) -> bool:
    """Whether there is a number."""
    return value is not None and not math.isnan(value)


def _told(trend: Row | None) -> str:
    if trend is None:
        return "it was not measured"
    return f"{WORDS[trend['verdict']]}: {trend['corrected']:+.4f} [{trend['low']:+.4f}, {trend['high']:+.4f}]"
