"""Numbers of a report in the language that is spoken, and what measures are called in it."""

from __future__ import annotations

from collections.abc import Mapping

from polyculture import tables
from polyculture.report.language import heard, listed, say
from polyculture.report.plain import short

NAMELESS = (
    "frame",
    "the answers",
    "the cards",
    "the embeddings",
    "the files",
    "the items",
    "the models",
    "the objects",
    "the table",
)
"""What sources are called that have no name."""


def interval(found: Mapping[str, float] | None, digits: int = 1) -> str:
    """What :func:`polyculture.tables.interval` says.

    Examples
    --------
    >>> from polyculture.report.language import speaking
    >>> from polyculture.report.numbers import interval
    >>> with speaking("zh"):
    ...     interval({"estimate": 0.5, "low": float("nan"), "high": 1.0})
    '0.5 [无法判断]'
    """
    return heard(tables.interval(found, digits))


def measure(name: str) -> str:
    """What a measure is called in a sentence.

    Examples
    --------
    >>> from polyculture.report.numbers import measure
    >>> measure("error_consistency"), measure("a_measure_of_mine")
    ('error consistency', 'a measure of mine')
    """
    return heard(name.replace("_", " "))


def source(text: str, most: int = 120) -> str:
    """Where a result comes from: a name from outside, or what the program calls what has none.

    Examples
    --------
    >>> from polyculture.report.language import speaking
    >>> from polyculture.report.numbers import source
    >>> with speaking("zh"):
    ...     source("the answers"), source("a.csv and 2 more"), source("mean b.csv")
    ('答案', 'a.csv 等，另有 2 个', 'mean b.csv')
    """
    return short(heard(text) if text in NAMELESS else listed(text), most)


def lacking(found: Mapping[str, str], most: int) -> list[str]:
    """What was not measured and why, a line each of at most so many letters.

    Examples
    --------
    >>> from polyculture.report.numbers import lacking
    >>> lacking({"kinship": "no parents"}, 80)
    ['kinship: no parents']
    """
    return [short(say("{name}: {why}", name=heard(name), why=heard(why)), most) for name, why in found.items()]
